"""`gdrun list`: all that can be named, by kind."""

from __future__ import annotations

import json
import subprocess
import sys
from subprocess import PIPE

import pytest

from gdrun.cli.main import run
from gdrun.component import option_types
from gdrun.config import FAMILIES, Config


def test_everything_is_listed(capsys):
    assert FAMILIES
    assert run(["list"]) == 0
    words = capsys.readouterr().out.replace("`", " ").replace(".", " ").replace(";", " ").split()
    for family in FAMILIES.values():
        assert family.components
        assert not [name for name in family.components if name not in words]


@pytest.mark.parametrize("kind", list(FAMILIES))
def test_a_kind_is_listed_by_its_singular_and_its_plural(kind, capsys):
    assert run(["list", kind]) == 0
    one = capsys.readouterr().out
    assert run(["list", FAMILIES[kind].plural]) == 0
    assert capsys.readouterr().out == one
    assert "next  gdrun explain" in one


def test_keys_of_the_config(capsys):
    assert run(["list", "config", "--json"]) == 0
    keys = json.loads(capsys.readouterr().out)["config"]
    assert [key["name"] for key in keys] == list(option_types(Config))
    assert all(key["summary"] for key in keys)


def test_json_names_every_component_once_with_its_aliases(capsys):
    assert run(["list", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert list(document) == [*FAMILIES, "config"]
    for kind, family in FAMILIES.items():
        names = [name for row in document[kind] for name in (row["name"], *row["aliases"])]
        assert sorted(names) == sorted(family.components)
        assert all(row["summary"] for row in document[kind])


def test_lines_fit_and_end_without_blanks(capsys):
    run(["list"])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert not [line for line in lines if line != line.rstrip()]


def test_unknown_kind_suggests_the_nearest(capsys):
    assert run(["list", "optimiser"]) == 2
    out, err = capsys.readouterr()
    assert "did you mean optimizer?" in err
    assert out == ""


def test_a_plugin_is_listed(tmp_path, capsys):
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "from dataclasses import dataclass\n"
        "from gdrun.optim.schedule import Schedule\n\n\n"
        "@dataclass(frozen=True)\n"
        "class ListedOnce(Schedule):\n"
        '    """Falls in a way of its own."""\n'
    )
    try:
        assert run(["list", "schedule", "--plugin", str(plugin)]) == 0
        assert "listed_once" in capsys.readouterr().out
    finally:
        FAMILIES["schedule"].components.pop("listed_once", None)


def test_a_missing_plugin_is_an_error(capsys):
    assert run(["list", "--plugin", "nowhere.py"]) == 2
    assert "nowhere.py" in capsys.readouterr().err


def test_a_reader_who_leaves_early_is_no_failure():
    program = subprocess.Popen([sys.executable, "-m", "gdrun", "list"], stdout=PIPE, stderr=PIPE)
    assert program.stdout is not None
    program.stdout.close()
    _, err = program.communicate()
    assert (program.returncode, err) == (0, b"")
