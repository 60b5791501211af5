"""The wheel: it holds what it should, every file's licence is known, and it runs where there is no source."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "gdrun"
LICENCES = (PACKAGE / "LICENSES.md").read_text()
LOCKED = (ROOT / ".ci" / "locked.txt").read_text()


def shipped() -> set[str]:
    """The files of the package, as its wheel names them."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def unlisted(files: set[str], text: str) -> set[str]:
    """The files that are no Python code and have no line in the list of licences."""
    patterns = [
        name
        for line in text.splitlines()
        if line.startswith("| `")
        for name in re.findall("`([^`]+)`", line.split("|")[1])
    ]
    others = {file.removeprefix("gdrun/") for file in files if not file.endswith(".py")}
    for pattern in patterns:
        assert any(fnmatch(file, pattern) for file in others), f"{pattern} is listed and not there"
    return {file for file in others if not any(fnmatch(file, pattern) for pattern in patterns)}


def check_wheel(wheel: Path) -> None:
    """Everything of the package, and nothing beside it but what a wheel says of itself."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = {Path(name).name: archive.read(name).decode() for name in names if ".dist-info/" in name}
    held = {name for name in names if ".dist-info/" not in name}
    assert held == shipped()
    assert not [name for name in names if "test" in Path(name).parts]
    assert {"gdrun/py.typed", "gdrun/report/html/assets/d3.min.js", "gdrun/data/files/iris.npz"} <= held
    assert "gdrun = gdrun.__main__:main" in metadata["entry_points.txt"]
    assert {"LICENSE", "LICENSES.md", "LICENSES.txt", "METADATA", "RECORD"} <= metadata.keys()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("needs hatchling: pip install 'gdrun[test]'")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (found,) = folder.glob("gdrun-*-py3-none-any.whl")
    return found


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    check_wheel(wheel)


@pytest.mark.parametrize("change", ["without an asset", "with a test"])
def test_a_wrong_wheel_is_noticed(change: str, wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as good, zipfile.ZipFile(tmp_path / "wrong.whl", "w") as wrong:
        for name in good.namelist():
            if change == "with a test" or not name.endswith("report.css"):
                wrong.writestr(name, good.read(name))
        if change == "with a test":
            wrong.writestr("tests/test_something.py", "")
    with pytest.raises(AssertionError):
        check_wheel(tmp_path / "wrong.whl")


def test_the_wheel_trains_where_there_is_no_source(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "iris.yaml").write_text("dataset: iris\nepochs: 2\n")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "installed"), "OPENBLAS_NUM_THREADS": "1"}

    def python(*words: str) -> str:
        """What Python says on stdout, with the wheel's content alone in the place of gdrun."""
        done = subprocess.run(
            [sys.executable, "-P", *words], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    where = python("-c", "import gdrun.report.html.page as page; print(page.__file__)")
    assert Path(where.strip()).is_relative_to(tmp_path / "installed")
    document = json.loads(python("-m", "gdrun", "train", "iris.yaml", "--json"))
    assert document["status"] == "completed"
    (report,) = folder.glob("runs/*/report.html")
    assert "Observable" in report.read_text()
    assert "adam" in python("-m", "gdrun", "explain", "adam")
    assert "epochs" in python("-m", "gdrun", "schema")


def test_every_file_that_is_shipped_has_its_licence_listed() -> None:
    assert unlisted(shipped(), LICENCES) == set()


def test_a_file_without_a_licence_is_noticed() -> None:
    assert unlisted(shipped() | {"gdrun/report/html/assets/new.woff2"}, LICENCES) == {
        "report/html/assets/new.woff2"
    }
    with pytest.raises(AssertionError, match=r"gone\.js is listed"):
        unlisted(shipped(), LICENCES + "| `report/html/assets/gone.js` | | MIT |\n")


def unlocked(text: str) -> set[str]:
    """The direct dependencies, development's included, that a lock doesn't pin to a version with digests."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    names = {re.split(r"[\[<>=~;! ]", one)[0].lower() for one in wanted} - {"gdrun"}
    pinned = re.findall(
        r"^([a-z0-9._-]+)==\S+(?: ;[^\\]+)? \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE
    )
    return names - set(pinned)


def test_the_lock_pins_every_dependency_with_its_digests() -> None:
    assert unlocked(LOCKED) == set()
    assert not [line for line in LOCKED.splitlines() if re.match(r"[a-z]", line) and "==" not in line]


def test_a_dependency_that_is_not_locked_is_noticed() -> None:
    assert unlocked(re.sub(r"^rich==.*\n(    --hash.*\n)+", "", LOCKED, flags=re.MULTILINE)) == {"rich"}
    assert unlocked(LOCKED.replace("--hash=sha256:", "--hash=md5:")) >= {"numpy", "scipy"}
