"""What every component has in common: names, bounds, stacking, and the dictionaries that list them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pytest

from gdrun.component import (
    Component,
    Count,
    Decay,
    NonNegative,
    Positive,
    Probability,
    Registry,
    WholeNumber,
    option_types,
    stack,
    stacking_key,
)
from gdrun.data.datasets import DATASETS
from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layers import LAYERS
from gdrun.nn.losses import LOSSES
from gdrun.nn.metrics import METRICS
from gdrun.nn.models import MODELS
from gdrun.optim import AVERAGINGS, OPTIMIZERS
from gdrun.optim.schedules import SCHEDULES

DICTIONARIES = {
    "datasets": (DATASETS, 10),
    "activations": (ACTIVATIONS, 15),
    "initializers": (INITIALIZERS, 10),
    "layers": (LAYERS, 4),
    "losses": (LOSSES, 5),
    "metrics": (METRICS, 6),
    "models": (MODELS, 3),
    "optimizers": (OPTIMIZERS, 8),
    "averagings": (AVERAGINGS, 3),
    "schedules": (SCHEDULES, 8),
}
ALL = [(name, key) for name, (components, _) in DICTIONARIES.items() for key in components]


@dataclass(frozen=True)
class Everything(Component):
    """One option of every kind."""

    positive: Positive = 1.0
    non_negative: NonNegative = 0.0
    probability: Probability = 0.5
    decay: Decay = 0.9
    count: Count = 1
    whole: WholeNumber = 0
    either: Positive | Count | None = None
    text: str = "a"


class TestBounds:
    @pytest.mark.parametrize(
        ("option", "good", "bad"),
        [
            ("positive", [1e-300, 1.0, 1e300], [0.0, -1.0, float("nan")]),
            ("non_negative", [0.0, 1.0], [-1e-300, float("nan")]),
            ("probability", [0.0, 0.5, 1.0], [-0.1, 1.0000001]),
            ("decay", [0.0, 0.999], [1.0, -0.1]),
            ("count", [1, 10**9], [0, -1]),
            ("whole", [0, 1], [-1]),
            ("either", [None, 1, 0.5], [0, -0.5]),
        ],
    )
    def test_hold_however_a_component_is_made(self, option: str, good: list[Any], bad: list[Any]) -> None:
        for value in good:
            assert getattr(Everything(**{option: value}), option) == value
        for value in bad:
            with pytest.raises(ValueError, match=f"^Everything: {option} must be "):
                Everything(**{option: value})

    def test_are_different_bounds_for_different_options(self) -> None:
        """Equal figures in different bounds must not be taken for one another."""
        types = option_types(Everything)
        assert types["positive"] != types["non_negative"]
        assert types["count"] != types["whole"]
        assert types["probability"] != types["decay"]

    def test_whole_numbers_become_floats_where_floats_are_meant(self) -> None:
        made = Everything(positive=2, count=3)
        assert (type(made.positive), type(made.count)) == (float, int)
        assert type(Everything(positive=np.float32(0.5)).positive) is float

    def test_the_message_names_class_option_bound_and_value(self) -> None:
        with pytest.raises(ValueError, match=r"^Everything: positive must be greater than 0, not -1\.0$"):
            Everything(positive=-1)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("Sgd", "sgd"),
            ("MyThing", "my_thing"),
            ("HTTPThing", "http_thing"),
            ("Relu6", "relu6"),
            ("Mnist5k", "mnist5k"),
        ],
    )
    def test_come_from_the_class(self, name: str, expected: str) -> None:
        assert type(name, (Component,), {}).name == expected

    def test_may_be_given(self) -> None:
        assert type("Other", (Component,), {"name": "an-other"}).name == "an-other"


class TestStack:
    def test_float_options_become_columns(self) -> None:
        stacked = stack([Everything(positive=1.0, count=4), Everything(positive=3.0, count=4)])
        np.testing.assert_array_equal(stacked.positive, [[1.0], [3.0]])
        assert stacked.positive.dtype == np.float64
        assert stacked.count == 4

    def test_what_is_no_float_must_agree(self) -> None:
        with pytest.raises(ValueError, match="count must be the same in every stacked run"):
            stack([Everything(count=1), Everything(count=2)])

    def test_the_key_says_what_may_be_stacked(self) -> None:
        assert stacking_key(Everything(positive=1.0)) == stacking_key(Everything(positive=2.0))
        assert stacking_key(Everything(count=1)) != stacking_key(Everything(count=2))
        assert stacking_key(Everything(either=1)) != stacking_key(Everything(either=0.5))


class TestDictionaries:
    @pytest.mark.parametrize("name", list(DICTIONARIES))
    def test_are_not_empty(self, name: str) -> None:
        components, least = DICTIONARIES[name]
        assert len(components) >= least

    @pytest.mark.parametrize(("name", "key"), ALL)
    def test_hold_components_with_a_docstring_and_typed_options(self, name: str, key: str) -> None:
        cls = DICTIONARIES[name][0][key]
        assert issubclass(cls, Component)
        assert cls.__doc__
        assert not cls.__doc__.startswith(f"{cls.__name__}(")  # what dataclasses write where there is none
        types = option_types(cls)
        assert set(types) == {field.name for field in fields(cls) if field.init}
        assert not any(isinstance(kind, str) for kind in types.values())

    @pytest.mark.parametrize(("name", "key"), ALL)
    def test_name_each_by_its_own_name_or_another(self, name: str, key: str) -> None:
        components = DICTIONARIES[name][0]
        assert components[components[key].name] is components[key]

    def test_import_what_is_asked_for(self) -> None:
        optimizers: Registry[Any] = Registry("gdrun.optim", sgd="sgd.Sgd", adam="adam.Adam")
        assert list(optimizers) == ["sgd", "adam"]
        assert optimizers["sgd"] is OPTIMIZERS["sgd"]
        assert optimizers.by_class_name("Adam") is OPTIMIZERS["adam"]
        assert optimizers.by_class_name("Nothing") is None
        with pytest.raises(KeyError):
            optimizers["nothing"]

    def test_take_further_ones(self) -> None:
        mine: Registry[Any] = Registry("gdrun.optim")
        mine["mine"] = Everything
        assert mine["mine"] is Everything
        assert mine.by_class_name("Everything") is Everything
        del mine["mine"]
        assert len(mine) == 0
