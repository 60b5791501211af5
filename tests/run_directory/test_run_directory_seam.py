"""One seam to the disk: nothing in the package writes a file but through `gdrun.run_directory.files`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gdrun

PACKAGE = Path(gdrun.__file__).parent
SEAM = "run_directory/files.py"

# Names that change a disk, however they are called: `shutil.rmtree`, `path.write_text` …
WRITERS = frozenset(
    (
        *(
            "write_text",
            "write_bytes",
            "touch",
            "mkdir",
            "makedirs",
            "rmdir",
            "removedirs",
            "unlink",
            "rmtree",
        ),
        *("rename", "renames", "symlink", "symlink_to", "link", "hardlink_to", "mkfifo", "mknod", "truncate"),
        *(
            "ftruncate",
            "pwrite",
            "writev",
            "sendfile",
            "fsync",
            "fdatasync",
            "copyfile",
            "copytree",
            "copyfileobj",
        ),
        *("savez", "savez_compressed", "savetxt", "tofile", "memmap", "open_memmap", "chmod", "chown"),
        *("mkdtemp", "mkstemp", "NamedTemporaryFile", "TemporaryDirectory", "TemporaryFile", "FileHandler"),
    )
)
OF_MODULES = {  # names that other things have, too
    "os": frozenset({"open", "write", "replace", "remove", "link", "fdopen"}),
    "shutil": frozenset({"copy", "copy2", "move"}),
    "np": frozenset({"save"}),
}
OPENERS = frozenset({"open", "ZipFile"})
READING = frozenset({"r", "rb", "rt"})

EXCEPTIONS = {  # with their reasons
    ("cli/main.py", "os.open"): "the null device takes what nobody reads",
    ("run_directory/lock.py", "os.open"): "for reading, without the file's creation",
    ("run_directory/weights.py", "ZipFile"): "into memory",
    ("engines/local_cluster.py", "os.open"): "the null device takes what Dask's processes say as they end",
    ("engines/local_cluster.py", "mkdtemp"): "Dask's own scratch folder, which nothing relies on",
    ("engines/local_cluster.py", "rmtree"): "the same",
}


def writing_calls(path: Path, package: Path = PACKAGE) -> Iterator[tuple[str, str, int]]:
    """Every call in a file that may write: the file, what is called, and the line."""
    name = path.relative_to(package).as_posix()
    if name == SEAM:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module in OF_MODULES:
            for alias in node.names:
                if alias.name in OF_MODULES[node.module] | WRITERS:
                    yield name, f"{node.module}.{alias.name}", node.lineno
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Attribute):
            owner = called.value.id if isinstance(called.value, ast.Name) else ""
            word = called.attr
        elif isinstance(called, ast.Name):
            owner, word = "", called.id
        else:
            continue
        if owner in ("disk", "files") or is_seams_disk(called):
            continue
        if word in OF_MODULES.get(owner, ()):
            yield name, f"{owner}.{word}", node.lineno
        elif word in WRITERS or (word in OPENERS and owner != "os" and not opens_for_reading(node)):
            yield name, word, node.lineno


def is_seams_disk(called: ast.expr) -> bool:
    """Whether this is `files.disk.…`."""
    return (
        isinstance(called, ast.Attribute)
        and isinstance(called.value, ast.Attribute)
        and called.value.attr == "disk"
    )


def is_module(owner: ast.expr, name: str) -> bool:
    return isinstance(owner, ast.Name) and owner.id == name


def opens_for_reading(node: ast.Call) -> bool:
    """Whether an `open` has no mode but for reading, or is no `open` of a file."""
    called = node.func
    of_path = (
        isinstance(called, ast.Attribute) and called.attr == "open" and not is_module(called.value, "io")
    )
    place = 0 if of_path else 1  # path.open(mode), else open(path, mode)
    modes = [keyword.value for keyword in node.keywords if keyword.arg == "mode"] + node.args[
        place : place + 1
    ]
    if not modes:
        return True
    mode = modes[0]
    if isinstance(mode, ast.Constant):
        return not isinstance(mode.value, str) or mode.value in READING
    return of_path  # an archive's member, a run directory


def found() -> list[tuple[str, str, int]]:
    return [call for path in sorted(PACKAGE.rglob("*.py")) for call in writing_calls(path)]


def test_all_writing_goes_through_the_seam() -> None:
    others = [call for call in found() if call[:2] not in EXCEPTIONS]
    assert others == [], "write by a function of gdrun.run_directory.files, whose operations tests can fail"


def test_every_exception_is_there() -> None:
    there = {call[:2] for call in found()}
    assert [exception for exception in EXCEPTIONS if exception not in there] == []


@pytest.mark.parametrize(
    "code",
    [
        "path.open('w')",
        "path.open(mode='ab')",
        "open(path, 'x')",
        "open(path, mode)",
        "io.open(path, 'r+')",
        "os.write(1, b'')",
        "os.open(path, os.O_WRONLY)",
        "os.replace(a, b)",
        "a.rename(b)",
        "a.write_bytes(b'')",
        "(folder / 'a').write_text('')",
        "folder.mkdir()",
        "np.savez(path, a=1)",
        "np.save(path, a)",
        "array.tofile(path)",
        "shutil.copy(a, b)",
        "shutil.rmtree(a)",
        "tempfile.NamedTemporaryFile()",
        "zipfile.ZipFile(path, 'w')",
        "logging.FileHandler(path)",
        "from os import replace",
        "from shutil import rmtree",
    ],
)
def test_a_way_round_it_would_be_noticed(tmp_path: Path, code: str) -> None:
    """Negative control: one such line in a module of its own."""
    (tmp_path / "module.py").write_text(f"def write(path):\n    {code}\n")
    assert list(writing_calls(tmp_path / "module.py", tmp_path))


@pytest.mark.parametrize(
    "code",
    [
        "path.open()",
        "open(path, encoding='utf-8')",
        "path.open('rb')",
        "archive.open(member)",
        "RunDirectory.open(path, lock=False)",
        "text.replace('a', 'b')",
        "files.disk.truncate(1, 0)",
        "files.write_atomically(path, b'')",
    ],
)
def test_reading_is_none(tmp_path: Path, code: str) -> None:
    (tmp_path / "module.py").write_text(f"def read(path):\n    {code}\n")
    assert list(writing_calls(tmp_path / "module.py", tmp_path)) == []
