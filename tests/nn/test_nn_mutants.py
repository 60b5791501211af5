"""Every layer, activation and loss with every mistake planted in its gradient: the check notices each one."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from gradient_check import RIGHT, Case, relative_error
from gradient_mutants import NOTICED, Mistake, changes, differs, mistakes_in, mutant_of
from nn_samples import outputs

from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.layer import Array, Shape
from gdrun.nn.layers import LAYERS
from gdrun.nn.loss import Loss
from gdrun.nn.losses import LOSSES

FEWEST = 40  # mistakes planted in each
Dense, Flatten, ActivationLayer = LAYERS["dense"], LAYERS["flatten"], LAYERS["activation"]
Tanh, Softmax = ACTIVATIONS["tanh"], LOSSES["softmax_cross_entropy"]
OPTIONS: dict[str, Any] = {  # for options that have no default, by their names
    "units": 4,
    "filters": 3,
    "kernel_size": 2,
    "rate": 0.4,
    "vocabulary": 6,
    "groups": 2,
    "shape": (2, 2),
    "layers": (Dense(4, activation=Tanh()),),
    "activation": Tanh(),
    "pieces": 2,
    "return_sequences": True,
}
SHAPES: list[Shape] = [(4,), (4, 4), (4, 4, 2)]  # of a row; the last that a layer takes has the most axes


def layer_named(name: str) -> Any:
    """A layer of any kind: options without a default by their names, and those that hide no axis."""
    cls = LAYERS[name]
    required = {
        field.name: OPTIONS[field.name]
        for field in dataclasses.fields(cls)
        if (field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING)
        or field.name in ("return_sequences", "groups" if "norm" in name else "")
    }
    return cls(**required)


def shape_for(layer: Any) -> Shape:
    """The shape of a row with the most axes that a layer takes."""
    for shape in reversed(SHAPES):
        try:
            if layer.output_shape(shape):
                return shape
        except ValueError:
            continue
    raise AssertionError(f"no shape for {layer}")


def case_of(layer: Any) -> Case:
    """The layer in front of a dense one."""
    rest = [Flatten(), Dense(3)] if len(layer.output_shape(shape_for(layer))) > 1 else [Dense(3)]
    codes = getattr(layer, "vocabulary", None)
    return Case([layer, *rest], Softmax(), shape_for(layer), batch=4, codes=codes)


def survivors(make: Callable[[Mistake | None, dict[str, Array]], Any]) -> tuple[int, list[str]]:
    """How many mistakes were planted, and which of them the check didn't notice.

    Args:
        make: a layer with a mistake, and where to keep the arrays of its backward pass.
    """
    right: dict[str, Array] = {}
    case = case_of(make(None, right))
    numeric = case.central_differences()
    assert relative_error(case.backpropagated(), numeric) < RIGHT
    planted, unnoticed = 0, []
    for mistake in mistakes_in(right):
        seen: dict[str, Array] = {}
        found = case_of(make(mistake, seen)).backpropagated()
        leaving = [name for name in seen if name != "output gradient"]
        if any(differs(seen[name], right[name]) for name in leaving):
            planted += 1
            if relative_error(found, numeric) < NOTICED:
                unnoticed.append(str(mistake))
    return planted, unnoticed


def layer_with(name: str) -> Callable[[Mistake | None, dict[str, Array]], Any]:
    given = layer_named(name)
    options = {field.name: getattr(given, field.name) for field in dataclasses.fields(given)}
    return lambda mistake, seen: mutant_of(type(given), mistake, seen)(**options)


@pytest.mark.parametrize("name", LAYERS)
def test_every_mistake_in_a_layer_is_noticed(name: str) -> None:
    planted, unnoticed = survivors(layer_with(name))
    assert unnoticed == []
    assert planted >= FEWEST


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_mistake_in_an_activation_is_noticed(name: str) -> None:
    planted, unnoticed = survivors(
        lambda mistake, seen: ActivationLayer(mutant_of(ACTIVATIONS[name], mistake, seen)())
    )
    assert unnoticed == []
    assert planted >= FEWEST


def loss_with(cls: type[Any], mistake: Mistake | None, seen: dict[str, Array]) -> Loss:
    """A loss whose gradient is wrong: itself, or by what it is derived from."""

    @dataclass(frozen=True)
    class Mutant(cls):  # type: ignore[misc]  # a base that only the test knows
        name = cls.name  # by which its targets are drawn

        def bind(self, prediction: Array, encoded: Array) -> Callable[[], Array]:
            own, target = prediction.copy(), encoded.copy()
            derive = super().bind(own, target)
            seen.update({"prediction": own, "target": target})

            def wrong() -> Array:
                own[...], target[...] = prediction, encoded
                for place, array in (("prediction", own), ("target", target)):
                    if mistake is not None and mistake.place == place:
                        array[...] = mistake.change(array.copy())
                gradient = derive()
                if mistake is not None and mistake.place == "gradient":
                    gradient = np.array(mistake.change(gradient.copy()))
                seen["gradient"] = gradient.copy()
                return gradient

            return wrong

    return Mutant()


def order_alone(mistake: Mistake) -> bool:
    """Whether a mistake only mixes up what is there, so that classes stay classes."""
    return any(word in mistake.name for word in ("another", "first run", "one off", "reversed"))


@pytest.mark.parametrize("name", LOSSES)
def test_every_mistake_in_a_loss_is_noticed(name: str) -> None:
    def case(mistake: Mistake | None, seen: dict[str, Array]) -> Case:
        loss = loss_with(LOSSES[name], mistake, seen)
        return Case([Dense(4, activation=Tanh()), Dense(outputs(loss))], loss, (3,))

    right: dict[str, Array] = {}
    unharmed = case(None, right)
    numeric = unharmed.central_differences()
    assert relative_error(unharmed.backpropagated(), numeric) < RIGHT
    planted, unnoticed = 0, []
    for mistake in mistakes_in(dict(right)):
        if mistake.place == "target" and not order_alone(mistake):
            continue
        seen: dict[str, Array] = {}
        found = case(mistake, seen).backpropagated()
        if differs(seen["gradient"], right["gradient"]):
            planted += 1
            if relative_error(found, numeric) < NOTICED:
                unnoticed.append(str(mistake))
    assert unnoticed == []
    assert planted >= FEWEST


def test_a_check_that_looks_at_weights_alone_lets_mistakes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = Case.central_differences, Case.backpropagated
    monkeypatch.setattr(Case, "central_differences", lambda self: everything[0](self)[:1])
    monkeypatch.setattr(Case, "backpropagated", lambda self: everything[1](self)[:1])
    _, unnoticed = survivors(layer_with("dense"))
    assert "input gradient: sign" in unnoticed
    assert not [name for name in unnoticed if name.startswith("weight")]


def test_a_check_of_one_run_lets_mistakes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    everything = Case.central_differences, Case.backpropagated
    monkeypatch.setattr(Case, "central_differences", lambda self: [a[:1] for a in everything[0](self)])
    monkeypatch.setattr(Case, "backpropagated", lambda self: [a[:1] for a in everything[1](self)])
    _, unnoticed = survivors(layer_with("dense"))
    assert "weight: of the first run for all" in unnoticed


def test_every_kind_of_mistake_changes_something() -> None:
    array = np.random.default_rng(0).normal(size=(2, 3, 4, 4))
    for name, change in changes(array):
        assert differs(np.array(change(array.copy())), array), name
