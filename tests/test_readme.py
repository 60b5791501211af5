"""What the README shows must work as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gdrun import errors
from gdrun.config import load
from gdrun.config.load import read_source

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def run_gdrun(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gdrun", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_it_begins_with_the_two_commands() -> None:
    shown = blocks("console")
    assert shown[0] == "$ make demo\n"
    assert shown[1] == "$ make test\n"
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:`|\$ )make ([a-z]+)", README)) <= targets


def test_the_config_is_the_one_of_the_demo(tmp_path: Path) -> None:
    shown, *others = blocks("yaml")
    (compared,) = (block for block in others if "compare:" in block)
    (objective,) = (block for block in others if "objective:" in block)
    assert yaml.safe_load(shown) == yaml.safe_load((ROOT / "configs" / "digits-mlp.yaml").read_text())
    path = tmp_path / "shown.yaml"
    path.write_text(shown)
    assert load(path).config.name == "digits-mlp"
    path.write_text(f"dataset: digits\n{compared}")
    compare = load(path).config.compare
    assert compare is not None
    assert [contestant.name for contestant in compare.optimizers or ()] == ["sgd", "adam-both"]
    path.write_text(objective)
    assert read_source(path).load_objective().config.steps == 500


def test_the_config_for_images_is_one(tmp_path: Path) -> None:
    (shown,) = (block for block in blocks("yaml") if "augmentation:" in block)
    (tmp_path / "images.yaml").write_text(shown)
    answer = run_gdrun("validate", "images.yaml", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr


def test_every_command_of_the_tour_exists(tmp_path: Path) -> None:
    commands = set(re.findall(r"^\$ gdrun (\w+)", "".join(blocks("console")), re.MULTILINE))
    assert len(commands) > 8
    text = run_gdrun("--help", folder=tmp_path).stdout
    for command in commands:
        assert re.search(rf"^\W*{command}\b", text, re.MULTILINE), command


def test_from_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    experiment, numerics, *_ = blocks("python")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "configs").mkdir()
    config = (ROOT / "configs" / "digits-mlp.yaml").read_text()
    (tmp_path / "configs" / "digits-mlp.yaml").write_text(config.replace("epochs: 30", "epochs: 1"))
    names: dict[str, object] = {}
    exec(experiment.replace('gdrun.load("runs/…")', "gdrun.load(run.path)"), names)
    assert names["run"].result["test"]["accuracy"] > 0.1  # type: ignore[attr-defined]  # a dict of objects
    exec(numerics, names)
    assert abs(names["theta"]).max() < 1e-3  # type: ignore[arg-type]  # likewise


def test_a_component_of_your_own(tmp_path: Path) -> None:
    plugin = blocks("python")[-1]
    (tmp_path / "sign_descent.py").write_text(plugin)
    (tmp_path / "experiment.yaml").write_text("dataset: iris\nepochs: 2\n")
    arguments = (
        "train",
        "experiment.yaml",
        "optimizer=sign_descent",
        "--plugin",
        "sign_descent.py",
        "--quiet",
    )
    done = run_gdrun(*arguments, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    explained = run_gdrun("explain", "sign_descent", "--plugin", "sign_descent.py", folder=tmp_path)
    assert "sign(g)" in explained.stdout


def test_its_exit_codes_are_those_of_the_errors() -> None:
    section = README.partition("## Exit codes")[2].partition("\n## ")[0]
    listed = {
        int(code) for row in re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE) for code in row.split(",")
    }
    defined = {
        error.exit_code
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.GdrunError)
    }
    assert listed == defined | {0}
