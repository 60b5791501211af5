"""The command line itself: exit codes, one clear message, streams, and what it costs to start."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cli_commands import PROJECT, Answer, config_file, finish, gdrun, start

from gdrun import __version__, errors
from gdrun.cli import main
from gdrun.engines.engine import available_cores

COMMANDS = ("train", "resume", "evaluate", "predict", "report", "runs", "validate", "list", "explain")


def fail(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let `gdrun report` end with an exception."""

    def resolve(*arguments: Any) -> Path:
        raise error

    monkeypatch.setattr("gdrun.run_directory.listing.resolve", resolve)


@pytest.mark.parametrize(
    "words", [["trane"], ["train", "--wrong"], ["train"], ["evaluate"], ["predict", "x"]]
)
def test_a_wrong_command_line(words: list[str]) -> None:
    answer = gdrun(*words)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.last_line.startswith("gdrun: `gdrun")
    assert answer.last_line.endswith("--help` shows what can be said")


def test_the_nearest_command_is_suggested() -> None:
    assert "train" in gdrun("trian").err


_THREADS = """
import contextlib, importlib, os, sys
if {chosen}:
    sys.argv = ["gdrun", "explain", "sgd"]
    with contextlib.suppress(SystemExit):
        importlib.import_module("gdrun.__main__").main()
import numpy
print(len(os.listdir("/proc/self/task")))
"""


@pytest.mark.skipif(available_cores() < 2 or sys.platform != "linux", reason="wants two cores, and /proc")
@pytest.mark.parametrize("chosen", [True, False])
def test_no_thread_turns_in_circles(chosen: bool) -> None:
    """OpenBLAS starts one a core as it is loaded, unless it is told not to; the products are set to one."""
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    words = [sys.executable, "-c", _THREADS.format(chosen=chosen)]
    out = subprocess.run(words, env=environ, capture_output=True, text=True, check=True).stdout
    assert (out.split()[-1] == "1") == chosen


def test_without_words_help_is_shown() -> None:
    answer = gdrun()
    assert "Usage" in answer.out + answer.err
    assert answer.code in (0, 2)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help(command: str, option: str) -> None:
    answer = gdrun(command, option)
    assert answer.code == 0
    assert "Usage" in answer.out
    assert "[bold]" not in answer.out
    assert max(map(len, answer.out.splitlines())) <= 100


def test_version() -> None:
    assert gdrun("--version") == Answer(0, f"gdrun {__version__}\n", "")
    assert re.fullmatch(r"\d+\.\d+\.\d+\S*", __version__)


def test_a_bug_says_so_and_leaves_the_traceback_to_debug(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, ZeroDivisionError("by zero"))
    answer = gdrun("report", "x")
    assert answer.code == 1
    assert "ZeroDivisionError: by zero" in answer.err
    assert "this is a bug in gdrun" in answer.last_line
    assert "Traceback" not in answer.err
    with pytest.raises(ZeroDivisionError):
        gdrun("report", "x", "--debug")


ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("cls", ERRORS)
def test_every_error_has_its_exit_code(cls: type[errors.GdrunError], monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(ERRORS) >= 10
    fail(monkeypatch, cls("what was wrong; what to do"))
    answer = gdrun("report", "x")
    assert answer == Answer(cls.exit_code, "", "gdrun: what was wrong; what to do\n")


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (MemoryError(), 7, "out of memory"),
        (OSError(28, "No space left on device", "/full"), 7, "No space left on device"),
    ],
)
def test_what_the_system_says(
    error: BaseException, code: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, error)
    answer = gdrun("report", "x")
    assert answer.code == code
    assert answer.err.count("\n") == 1
    assert message in answer.err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals(number: int, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*arguments: Any) -> None:
        try:
            signal.raise_signal(number)
        except Exception as error:
            raise errors.ConfigError("taken for a fault of the config") from error

    before = signal.getsignal(number)
    monkeypatch.setattr("gdrun.run_directory.listing.resolve", resolve)
    answer = gdrun("report", "x")
    assert answer.code == code
    assert answer.err == f"gdrun: {'terminated' if number == signal.SIGTERM else 'interrupted'}\n"
    assert signal.getsignal(number) == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signals_while_text_is_evaluated(number: int, code: int) -> None:
    """Python itself would end the process by SIGINT, had a plain KeyboardInterrupt passed through `eval`."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import signal, sys, gdrun.run_directory.listing as listing\n"
            f"listing.resolve = lambda *arguments: eval('signal.raise_signal({int(number)})')\n"
            "from gdrun.cli.main import run\n"
            "sys.exit(run(['report', 'x']))",
        ],
        cwd=PROJECT,
        capture_output=True,
    )
    assert done.returncode == code


def test_messages_do_not_steer_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, errors.DataError("column '\x1b[2Jred\x07' is odd\nsecond line\r"))
    answer = gdrun("report", "x")
    assert answer.err == "gdrun: column '\\x1b[2Jred\\x07' is odd\ngdrun: second line\n"


@pytest.mark.parametrize("command", ["train", "evaluate", "resume", "report", "predict"])
def test_arguments_do_not_steer_the_terminal(command: str, tmp_path: Path) -> None:
    answer = gdrun(command, "no\x1b[2Jthing", *(["data.csv"] if command == "predict" else []))
    assert answer.code == 2
    assert "\x1b" not in answer.err
    answer = gdrun(command, "--no\x1b[2Jthing")
    assert answer.code == 2
    assert "\x1b" not in answer.err


def test_a_reader_that_leaves_is_no_failure(tmp_path: Path) -> None:
    command = f"{sys.executable} -m gdrun train {config_file(tmp_path)} --print-config"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | head -1"], capture_output=True, text=True, cwd=PROJECT
    )
    assert done.stdout.count("\n") == 1
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_reader_of_notices_that_leaves_does_not_stop_the_work(tmp_path: Path) -> None:
    command = f"{sys.executable} -m gdrun train {config_file(tmp_path)} --runs-dir {tmp_path / 'runs'} --json"
    done = subprocess.run(
        ["bash", "-c", f"{command} 2> >(exec true)"], capture_output=True, text=True, cwd=PROJECT
    )
    assert done.returncode == 0
    assert '"status": "completed"' in done.stdout


def test_colours_only_where_somebody_sees_them(classifier: Path) -> None:
    assert "\x1b" not in gdrun("evaluate", classifier).out
    seen = finish(start("evaluate", classifier, environment={"FORCE_COLOR": "1"}))
    assert "\x1b[36m" in seen.out
    plain = finish(start("evaluate", classifier, environment={"FORCE_COLOR": "1", "NO_COLOR": "1"}))
    assert "\x1b[36m" not in plain.out


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "code",
    [
        "import gdrun",
        "import gdrun; gdrun.__version__, dir(gdrun)",
        "import sys; sys.argv = ['gdrun', '--version']; import gdrun.__main__ as m\n"
        "try: m.main()\nexcept SystemExit: pass",
    ],
)
def test_what_starts_at_once_imports_nothing_heavy(code: str) -> None:
    heavy = ["numpy", "typer", "rich", "yaml", "pydantic", "scipy", "jinja2", "threadpoolctl"]
    shown = run_python(
        f"{code}\nimport sys; print('found', [name for name in {heavy} if name in sys.modules])"
    )
    assert shown.splitlines()[-1] == "found []"


def test_help_and_plain_errors_do_without_numpy() -> None:
    code = "import sys; from gdrun.cli.main import run; run(['--help']); run(['trane'])"
    assert run_python(f"{code}; print('numpy' in sys.modules)").endswith("False")


def test_run_reads_the_arguments_of_the_process(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["gdrun", "--version"])
    assert main.run() == 0
    assert __version__ in capsys.readouterr().out


def test_in_a_thread_of_somebody_else() -> None:
    shown = run_python(
        "import threading; from gdrun.cli.main import run\n"
        "thread = threading.Thread(target=run, args=(['--version'],)); thread.start(); thread.join()"
    )
    assert shown == f"gdrun {__version__}"


def test_a_closed_stdin_is_fine(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "gdrun", "train", config_file(tmp_path), "--dry-run"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        cwd=PROJECT,
        env=os.environ | {"TERM": "dumb", "COLUMNS": "40"},
    )
    assert done.returncode == 0


@pytest.mark.parametrize(
    "words", [["explain", "polynomial"], ["explain", "polynomial", "--json"], ["list", "loss"]]
)
def test_a_terminal_without_greek_letters_is_no_error(words: list[str]) -> None:
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "gdrun", *words]
    found = subprocess.run(command, env=environment, capture_output=True, check=True, cwd=PROJECT)
    assert found.stderr == b""
    assert found.stdout.isascii()
