"""Overrides of keys that are there, that are defaults, and that are neither."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gdrun.config import ConfigProblemsError, Overrides, from_plain, load, to_plain

BASE: dict[str, Any] = {
    "dataset": "digits",
    "model": {
        "name": "sequential",
        "layers": [{"name": "dense", "units": 32}, {"name": "dense", "units": 10}],
    },
    "optimizer": {"name": "adam", "learning_rate": 0.01, "beta1": 0.8},
    "schedule": {"name": "cosine", "warmup_epochs": 1},
}


def overridden(overrides: Overrides, base: dict[str, Any] = BASE) -> tuple[Any, tuple[str, ...]]:
    loaded = from_plain(base, overrides)
    return to_plain(loaded.config), loaded.notices


def value(plain: Any, key: str) -> Any:
    for part in key.split("."):
        plain = plain[int(part)] if isinstance(plain, list) else plain[part]
    return plain


@pytest.mark.parametrize(
    ("override", "key", "expected"),
    [
        ("optimizer.learning_rate=1e-2", "optimizer.learning_rate", 1e-2),
        ("optimizer.learning_rate=1", "optimizer.learning_rate", 1.0),
        ("seed=3", "seed", 3),
        ("seed=010", "seed", 10),
        ("shuffle=false", "shuffle", False),
        ("name=a.b-c", "name", "a.b-c"),
        ("batch_size=full", "batch_size", "full"),
        ("model.layers.0.units=16", "model.layers.0.units", 16),
        ("model.layers.1.activation=tanh", "model.layers.1.activation.name", "tanh"),
        ("model.layers.1={name: dense, units: 5}", "model.layers.1.units", 5),
        ("schedule=null", "schedule.name", "constant"),
        ("schedule=", "schedule.name", "constant"),
        ("schedule.warmup_epochs=null", "schedule.warmup_epochs", None),
        ("early_stopping.patience=4", "early_stopping.patience", 4),
        ("split.test=0.2", "split.test", 0.2),
        ("split.test=100", "split.test", 100),
        ("metrics=[]", "metrics", []),
        ("penalty.l2=1e-4", "penalty.l2", 1e-4),
        ("epochs=2 # two", "epochs", 2),
    ],
)
def test_one_override(override: str, key: str, expected: object) -> None:
    plain, notices = overridden([override])
    assert value(plain, key) == expected
    assert type(value(plain, key)) is type(expected)
    assert not notices


@pytest.mark.parametrize(
    ("override", "key", "expected"),
    [
        ("optimizer.beta1=0.5", "optimizer.beta1", 0.5),
        ("model.hidden=[8]", "model.hidden", [8]),
        ("model.hidden.0=8", "model.hidden.0", 8),
        ("model.activation=tanh", "model.activation.name", "tanh"),
        ("model.activation.name=tanh", "model.activation.name", "tanh"),
        ("optimizer.name=sgd", "optimizer.learning_rate", 0.01),  # of sgd; adam's own default is left behind
        ("checkpoint.keep=5", "checkpoint.keep", 5),
        ("checkpoint.keep=5", "checkpoint.min_seconds", 5.0),
    ],
)
def test_what_the_file_leaves_out_starts_from_its_default(override: str, key: str, expected: object) -> None:
    plain, notices = overridden([override], {"dataset": "digits"})
    assert value(plain, key) == expected
    assert not notices


def test_a_name_alone_in_the_file_can_be_given_options() -> None:
    plain, _ = overridden(
        ["optimizer.momentum=0.5", "dataset.name=iris"], {"dataset": "digits", "optimizer": "sgd"}
    )
    assert plain["optimizer"]["momentum"] == 0.5
    assert plain["dataset"]["name"] == "iris"


def test_a_new_name_keeps_the_options_that_it_has_and_drops_the_others_with_a_notice() -> None:
    plain, notices = overridden(["optimizer.name=sgd"])
    assert plain["optimizer"] == {
        **to_plain(from_plain({"dataset": "digits", "optimizer": "sgd"}).config)["optimizer"],
        "learning_rate": 0.01,
    }
    assert notices == ("optimizer.name: dropped beta1, which 'sgd' doesn't have",)


def test_a_whole_component_replaces_the_old_one_with_a_notice() -> None:
    plain, notices = overridden(
        ["optimizer=sgd", "schedule={name: cosine, warmup_epochs: 2}", "dataset=iris"]
    )
    assert (
        plain["optimizer"]
        == to_plain(from_plain({"dataset": "digits", "optimizer": "sgd"}).config)["optimizer"]
    )
    assert notices == ("optimizer: replaces 'adam' together with its learning_rate, beta1",)


def test_later_overrides_win_and_may_build_on_earlier_ones() -> None:
    plain, _ = overridden(["seed=1", "early_stopping={}", "seed=2", "early_stopping.patience=3"])
    assert plain["seed"] == 2
    assert plain["early_stopping"]["patience"] == 3


def test_null_is_built_up_key_by_key() -> None:
    base = {"dataset": "digits", "schedule": None, "loss": None}
    plain, _ = overridden(
        ["schedule.name=cosine", "schedule.warmup_epochs=2", "loss.name=multiclass_svm"], base
    )
    assert plain["schedule"]["warmup_epochs"] == 2.0
    assert plain["loss"]["name"] == "multiclass_svm"


def test_a_mapping_overrides_from_python() -> None:
    plain, _ = overridden(
        {"optimizer.learning_rate": 0.5, "model": {"name": "mlp", "hidden": (1, 2)}, "loss": None}
    )
    assert plain["optimizer"]["learning_rate"] == 0.5
    assert plain["model"]["hidden"] == [1, 2]


def test_an_override_may_correct_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("dataset: digits\noptimizer: {name: adm, eps: -1}\n")
    assert load(path, ["optimizer=sgd"]).config.optimizer.name == "sgd"
    assert load(path, ["optimizer.name=adam", "optimizer.eps=1"]).config.optimizer.name == "adam"


def test_overrides_of_shared_aliases_change_one_place(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("dataset: digits\nmodel: {name: sequential, layers: [&d {name: dense, units: 10}, *d]}\n")
    plain = to_plain(load(path, ["model.layers.0.units=3"]).config)
    assert [layer["units"] for layer in plain["model"]["layers"]] == [3, 10]


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        (
            "optimizer.lerning_rate=1",
            "'optimizer.lerning_rate=…': optimizer.lerning_rate: is unknown; did you mean learning_rate?",
        ),
        ("name='=x'", "'name=…': name: found '=x', expected 1 to 64"),
        ("optimiser.eps=1", "'optimiser.eps=…': optimiser: is unknown; did you mean optimizer?"),
        ("optimiser=sgd", "'optimiser=…': optimiser: is unknown; did you mean optimizer?"),
        ("optimizer=sgdd", "'optimizer=…': optimizer: 'sgdd' is not an optimizer; did you mean sgd?"),
        (
            "optimizer.name=sgdd",
            "'optimizer.name=…': optimizer.name: 'sgdd' is not an optimizer; did you mean sgd?",
        ),
        (
            "optimizer.beta1=1",
            "'optimizer.beta1=…': optimizer.beta1: found 1, expected a number of at least 0 and less than 1",
        ),
        ("optimizer.beta1.x=1", "'optimizer.beta1.x=…': optimizer.beta1: is 0.8 and has no options to set"),
        ("seed", "'seed': has no '='; write KEY=VALUE"),
        ("", "'': has no '='; write KEY=VALUE"),
        ("=1", "'=…': the key is not a dotted path"),
        ("a..b=1", "'a..b=…': the key is not a dotted path"),
        ("seed.=1", "'seed.=…': the key is not a dotted path"),
        ("--seed=1", "'--seed=…': --seed: is unknown; did you mean seed?"),
        ("seed=[1", "'seed=…': not YAML: "),
        ("seed=*x", "'seed=…': *x stands for nothing"),
        ("seed=!!int 1", "'seed=…': the tag"),
        ("seed=1\n---\n2", "'seed=…': a second document"),
        ("seed=\x00", "'seed=…': character U+0000 is not allowed"),
        ("seed=\udcff", "'seed=…': character U+DCFF is not allowed"),
        (
            "model.layers.2.units=1",
            "'model.layers.2.units=…': model.layers: is a list: a number goes here, from 0 to 1, not '2'",
        ),
        (
            "model.layers.-1.units=1",
            "'model.layers.-1.units=…': model.layers: is a list: a number goes here, from 0 to 1, not '-1'",
        ),
        ("model.layers.²=1", "'model.layers.²=…': model.layers: is a list: a number goes here"),
        ("model.layers.x=1", "'model.layers.x=…': model.layers: is a list: a number goes here"),
        ("loss.label_smoothing=0.1", "'loss.label_smoothing=…': loss: doesn't say which loss: add name: …"),
        (
            "early_stopping.patience=0",
            "'early_stopping.patience=…': early_stopping.patience: found 0, expected a whole",
        ),
        (
            "early_stopping.patiense=1",
            "'early_stopping.patiense=…': early_stopping.patiense: is unknown; did you mean patience?",
        ),
    ],
)
def test_every_mistake_points_to_its_override(override: str, problem: str) -> None:
    with pytest.raises(ConfigProblemsError) as raised:
        overridden(["epochs=1", override])
    assert len(raised.value.problems) == 1
    assert str(raised.value).startswith(f"override 2 {problem}")
    assert str(raised.value).isprintable()


def test_a_mapping_points_to_its_key() -> None:
    with pytest.raises(
        ConfigProblemsError, match=r"^override 'optimizer.eps': optimizer.eps: found 0, expected"
    ):
        overridden({"optimizer.eps": 0})
    with pytest.raises(ConfigProblemsError, match=r"^override 3: the key is not a dotted path"):
        overridden({3: 0})  # type: ignore[dict-item]  # the mistake is the test


def test_problems_of_the_file_and_of_overrides_come_together(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("dataset: digits\nepochs: -1\n")
    with pytest.raises(ConfigProblemsError) as raised:
        load(path, ["sed=1", "x"])
    assert len(raised.value.problems) == 3
