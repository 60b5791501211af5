"""`gdrun explain`: every name in a config has an explanation, whatever it names."""

from __future__ import annotations

import json

import pytest
from rich.cells import cell_len

from gdrun.cli.main import run
from gdrun.component import option_types
from gdrun.config import FAMILIES, Config
from gdrun.config.describe import entries

ALL = [(entry.kind, entry.name) for entry in entries()]
SCHEDULES = list(FAMILIES["schedule"].components)


def test_there_is_something_to_explain():
    assert len(ALL) > 60
    assert SCHEDULES


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_every_component_and_section_is_explained(kind, name, capsys):
    assert run(["explain", f"{kind}/{name}"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{name}  ")
    assert err == ""
    lines = out.splitlines()
    assert max(map(cell_len, lines)) <= 100  # a hat over a letter takes no cell
    assert not [line for line in lines if line != line.rstrip()]
    entry = next(entry for entry in entries() if (entry.kind, entry.name) == (kind, name))
    for option in option_types(entry.cls):
        assert option in out


@pytest.mark.parametrize(("kind", "name"), ALL)
def test_json_says_the_same(kind, name, capsys):
    assert run(["explain", f"{kind}/{name}", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["kind"], document["name"]) == (kind, name)
    entry = next(entry for entry in entries() if (entry.kind, entry.name) == (kind, name))
    assert {option["name"] for option in document["options"]} == set(option_types(entry.cls))


@pytest.mark.parametrize("key", list(option_types(Config)))
def test_every_key_of_the_config_is_explained(key, capsys):
    assert run(["explain", key]) == 0
    assert key.rstrip("s") in capsys.readouterr().out


def test_formula_options_variant_and_reference_are_there(capsys):
    assert run(["explain", "adam"]) == 0
    out = capsys.readouterr().out
    for part in ("Formula\n", "Options\n", "Picture\n", "Variant\n", "Reference\n", "Kingma & Ba"):
        assert part in out
    assert "a number of at least 0 and less than 1; default 0.9" in out


def test_options_of_json_have_values_and_not_words(capsys):
    run(["explain", "dense", "--json"])
    options = {option["name"]: option for option in json.loads(capsys.readouterr().out)["options"]}
    assert options["units"]["required"] is True
    assert options["units"]["default"] is None
    assert options["bias"]["default"] is True


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_has_a_picture_over_a_run(schedule, capsys):
    run(["explain", f"schedule/{schedule}"])
    out = capsys.readouterr().out
    assert "factor of the learning rate over" in out
    assert " epochs\n" in out


@pytest.mark.parametrize("kind", ["activation", "optimizer"])
def test_every_activation_and_optimizer_has_a_picture(kind, capsys):
    for name in FAMILIES[kind].components:
        run(["explain", f"{kind}/{name}"])
        assert "\nPicture\n" in capsys.readouterr().out


def test_options_change_the_picture_and_are_checked(capsys):
    run(["explain", "step", "every_epochs=10"])
    tenth = capsys.readouterr().out
    assert run(["explain", "step", "every_epochs=10", "factor=0.5"]) == 0
    half = capsys.readouterr().out
    assert "every_epochs=10.0, factor=0.5" in half
    assert "schedule: {name: step, every_epochs: 10.0, factor: 0.5}" in half
    assert tenth.split("Picture")[1].split("Variant")[0] != half.split("Picture")[1].split("Variant")[0]
    assert run(["explain", "step", "every_epochs=-1", "facto=2"]) == 2
    err = capsys.readouterr().err
    assert "every_epochs" in err
    assert "did you mean factor?" in err


def test_a_name_of_several_kinds_is_explained_in_each(capsys):
    said = {}
    for name in ("mse", "loss/mse", "metric/mse"):
        assert run(["explain", name]) == 0
        said[name] = capsys.readouterr().out
    assert said["mse"] == said["loss/mse"] + "\n" + said["metric/mse"]
    assert run(["explain", "mse", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [meaning["kind"] for meaning in document["meanings"]] == ["loss", "metric"]
    assert run(["explain", "loss/mse", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == document["meanings"][0]


def test_options_are_those_of_one_kind(capsys):
    assert run(["explain", "linear", "end_factor=0.5"]) == 2
    err = capsys.readouterr().err
    assert "a dataset, a model and a schedule; write dataset/linear, model/linear or schedule/linear" in err
    assert run(["explain", "schedule/linear", "end_factor=0.5"]) == 0


@pytest.mark.parametrize(
    ("wrong", "near"), [("adm", "adam"), ("schedule/cosin", "cosine"), ("patiense", "patience")]
)
def test_the_nearest_name_is_suggested(wrong, near, capsys):
    assert run(["explain", wrong]) == 2
    assert f"did you mean {near}?" in capsys.readouterr().err


def test_an_option_is_explained_in_each_of_its_senses(capsys):
    assert run(["explain", "learning_rate"]) == 0
    out = capsys.readouterr().out
    assert "an option of adam, adamw" in out
    assert "an option of sgd" in out
    assert run(["explain", "adam.beta1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [use["of"] for use in document["options"]] == [[{"kind": "optimizer", "name": "adam"}]]
    assert document["options"][0]["default"] == 0.9


def test_a_kind_is_explained_with_its_components(capsys):
    assert run(["explain", "optimizer"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("optimizer  a key of the config")
    assert "  adamw " in out
    assert run(["explain", "optimizers", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert len(document["components"]) == len(set(FAMILIES["optimizer"].components.values()))


def test_settings_of_what_has_no_options_are_refused(capsys):
    assert run(["explain", "batch_size", "a=1"]) == 2
    assert "has no options to set" in capsys.readouterr().err


def test_aliases_are_named(capsys):
    run(["explain", "swish"])
    assert "also called silu" in capsys.readouterr().out


def test_a_component_that_fails_is_explained_without_a_picture(tmp_path, capsys):
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "from dataclasses import dataclass\n"
        "from gdrun.optim.schedule import Schedule\n\n\n"
        "@dataclass(frozen=True)\n"
        "class Failing(Schedule):\n"
        '    """Fails."""\n\n'
        "    def curve(self, step, span):\n"
        "        raise KeyError\n"
    )
    try:
        assert run(["explain", "failing", "--plugin", str(plugin)]) == 0
        out = capsys.readouterr().out
        assert "Fails." in out
        assert "Picture" not in out
    finally:
        FAMILIES["schedule"].components.pop("failing", None)
