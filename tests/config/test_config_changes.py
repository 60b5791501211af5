"""`with_changes` against the long way: the same config, or the same message."""

from __future__ import annotations

from typing import Any

import pytest
from config_strategies import plain_value, section
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gdrun.component import option_types
from gdrun.config import Config, ConfigProblemsError, from_plain, to_plain, with_changes
from gdrun.config import changes as changes_module
from gdrun.config.annotations import class_at
from gdrun.config.plain import to_node
from gdrun.config.problems import Position, Problems
from gdrun.errors import ConfigError

WRONG = st.sampled_from(
    [None, True, -1, 1.5, "", "sgd", "no such thing", [], [3, "x"], {}, {"name": "adam"}, "\x00"]
)


@st.composite
def changes(draw: st.DrawFn, config: Config) -> dict[str, Any]:
    """Some changes of a config, at any depth; about half of the keys get what fits them."""
    drawn: dict[str, Any] = {}
    for _ in range(draw(st.integers(1, 3))):
        cls: Any = Config
        value: Any = config
        keys: list[str] = []
        annotation: Any = Config
        while cls is not None and (not keys or draw(st.booleans())):
            option = draw(st.sampled_from([*option_types(cls), "name", "nothing"]))
            annotation = option_types(cls).get(option)
            value = getattr(value, option, None)
            keys.append(option)
            node = to_node(None if annotation is None else to_plain(value), Position(""), Problems())
            cls = None if annotation is None else class_at(annotation, node)[1]
        fitting = WRONG if annotation is None else plain_value(annotation, 1)
        drawn[".".join(keys)] = draw(st.one_of(fitting, WRONG))
    return drawn


def outcome(make: Any) -> tuple[Config | None, str]:
    try:
        return make(), ""
    except ConfigError as error:
        return None, str(error)


@settings(deadline=None, max_examples=300)
@given(data=st.data(), drawn=section(Config))
def test_it_is_the_same_as_building_all_of_it(data: st.DataObject, drawn: dict[str, Any]) -> None:
    try:
        config = from_plain(drawn).config
    except ConfigProblemsError:
        assume(False)
    chosen = data.draw(changes(config))
    expected = outcome(lambda: from_plain(to_plain(config), chosen).config)
    assert outcome(lambda: with_changes(config, chosen)) == expected


@pytest.mark.parametrize(
    "chosen",
    [
        {"seed": 7},
        {"optimizer.learning_rate": 0.5, "seed": 1},
        {"optimizer.name": "sgd", "optimizer.momentum": 0.5},
        {"optimizer": "sgd", "optimizer.learning_rate": 1},
        {"model.hidden": [8, 8], "model.hidden.0": 4},
        {"split.fold": {"number": 2}, "split.fold.of": 7},
        {"loss": None, "metrics": None, "penalty": None, "schedule": None},
        {"initial_weights": "some.npz", "name": "other"},
        {"dataset": {"name": "csv", "path": "a.csv", "target": "y"}, "split.test_path": "b.csv"},
        {},
    ],
)
def test_usual_changes_take_the_short_way(chosen: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    config = from_plain({"dataset": "digits"}).config
    expected = from_plain(to_plain(config), chosen).config
    monkeypatch.delattr(changes_module, "plain_source")
    found = with_changes(config, chosen)
    assert found == expected
    assert to_plain(found) == to_plain(expected)
    parts = {key.partition(".")[0] for key in chosen} | {"dataset", "split", "loss", "metrics"}
    assert all(getattr(found, part) is getattr(config, part) for part in option_types(Config).keys() - parts)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"optimiser.learning_rate": 1}, "did you mean optimizer"),
        ({"optimizer.learning_rat": 1}, "did you mean learning_rate"),
        ({"optimizer.learning_rate": -1}, "greater than 0"),
        ({"metrics": ["rmse"]}, "rmse is for regression, but the data is classification"),
        ({"early_stopping.monitor": "val_rmse"}, "'val_rmse' is not computed"),
        ({"split.test_path": "b.csv"}, "the dataset digits isn't read from files"),
        ({"split.fold.number": 5}, "less than of"),
        ({"a..b": 1}, "not a dotted path"),
        ({"name": "a/b"}, "letters"),
        ({"seed": 1, "epochs": "three"}, "epochs"),
    ],
)
def test_what_is_wrong_is_said_as_ever(chosen: dict[str, Any], message: str) -> None:
    config = from_plain({"dataset": "digits", "early_stopping": {}}).config
    with pytest.raises(ConfigError, match=message) as found:
        with_changes(config, chosen)
    with pytest.raises(ConfigError) as expected:
        from_plain(to_plain(config), chosen)
    assert str(found.value) == str(expected.value)
