"""`gdrun init`: a starter config that loads, never written over anything."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from gdrun.cli.main import run
from gdrun.config import load
from gdrun.config.templates import template, template_names
from gdrun.run_directory import files


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_config_yaml_is_written_with_what_to_do_next(capsys):
    assert run(["init"]) == 0
    out = capsys.readouterr().out
    assert "gdrun train config.yaml" in out
    assert load("config.yaml").config.name == "config"


def test_there_are_templates():
    assert template_names()


@pytest.mark.parametrize("name", template_names())
def test_every_template_is_written_as_it_is(name, capsys):
    assert run(["init", f"folder/{name}.yaml", "--template", name, "--json"]) == 0
    path = f"folder/{name}.yaml"
    assert json.loads(capsys.readouterr().out) == {"path": path, "template": name}
    assert Path(path).read_text(encoding="utf-8") == template(name)


def test_a_file_that_is_there_stays_as_it_is(folder, capsys):
    (folder / "config.yaml").write_text("mine")
    assert run(["init"]) == 5
    out, err = capsys.readouterr()
    assert (folder / "config.yaml").read_text() == "mine"
    assert "config.yaml exists already" in err
    assert out == ""


def test_a_broken_link_is_not_written_through(folder, capsys):
    (folder / "config.yaml").symlink_to(folder / "elsewhere")
    assert run(["init"]) == 5
    assert not (folder / "elsewhere").exists()


def test_a_folder_is_no_file(folder, capsys):
    (folder / "sub").mkdir()
    assert run(["init", "sub"]) == 5
    assert "sub is a folder; name a file in it" in capsys.readouterr().err
    (folder / "file").write_text("")
    assert run(["init", "file/config.yaml"]) == 5
    assert "file is a file" in capsys.readouterr().err


def test_a_full_disk_leaves_no_half_of_a_file(folder, monkeypatch, capsys):
    class Full(files.Disk):
        def write(self, descriptor, data):
            super().write(descriptor, bytes(data)[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(files, "disk", Full())
    assert run(["init"]) == 7
    assert "config.yaml cannot be written: No space left on device" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_an_unknown_template_suggests_the_nearest_and_writes_nothing(folder, capsys):
    assert run(["init", "--template", "regresion"]) == 2
    assert "did you mean regression?" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_missing_data_is_said(capsys):
    assert run(["init", "mine.yaml", "--template", "csv"]) == 0
    assert "dataset.path: there is no data.csv yet" in capsys.readouterr().out


def test_list_shows_all_templates_and_writes_nothing(folder, capsys):
    assert run(["init", "--list"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in template_names())
    assert run(["init", "--list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["templates"]
    assert [row["name"] for row in listed] == template_names()
    assert all(row["summary"] for row in listed)
    assert list(folder.iterdir()) == []


def test_a_path_with_blanks_can_be_copied_from_the_screen(capsys):
    assert run(["init", "my config.yaml"]) == 0
    assert "gdrun train 'my config.yaml'" in capsys.readouterr().out
