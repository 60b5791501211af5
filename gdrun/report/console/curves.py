"""What a component does, as a curve: of a schedule, an activation, a loss, an optimizer's way down."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from gdrun.nn.activation import Activation
from gdrun.nn.layer import Workspace
from gdrun.nn.loss import Loss
from gdrun.optim.method import Method
from gdrun.optim.optimizer import Array, Float64, Optimizer
from gdrun.optim.schedule import RunLength, Schedule
from gdrun.optim.schedules import Cosine, Linear, Plateau, Sequence
from gdrun.optim.schedules.sequence import Part
from gdrun.optim.search_stepper import SearchStepper
from gdrun.optim.searcher import Searcher
from gdrun.optim.stepper import Stepper
from gdrun.report.console.pictures import Curve, Picture

_POINTS = 961
_STEPS_PER_EPOCH = 40
_EPOCHS = 30  # of the run over which a schedule is drawn, if its lengths fit in
_UPDATES = 300
_LEAST = 1e-9  # below that a value counts as the minimum
_CURVATURES = np.array([1.0, 25.0])


def picture_of(component: Any) -> Picture | None:
    """A picture of what a component does; None for a kind, or a component, that has none."""
    try:
        with np.errstate(all="ignore"):
            picture = _picture_of(component)
    except Exception:  # a component of the user's own may raise anything, and has then no picture
        return None
    return picture if picture and all(np.isfinite(curve.y).any() for curve in picture.curves) else None


def _picture_of(component: Any) -> Picture | None:
    match component:
        case Schedule():
            return _schedule(component)
        case Activation():
            return _activation(component)
        case Loss():
            return _loss(component)
        case Method():
            return _method(component)
    return None


def example_of(cls: type[Any]) -> Any:
    """An instance for a picture, where some option must be given: lengths of 10 epochs, places at 10 and 20.

    Returns:
        None where that isn't enough.
    """
    options: dict[str, Any] = {}
    if issubclass(cls, Schedule):
        for length, required in cls.lengths.items():
            if required:
                options[f"{length}_epochs"] = (10.0, 20.0) if length == "at" else 10.0
        if "factors" in {field.name for field in dataclasses.fields(cls)}:
            options["factors"] = (1.0, 0.5, 0.1)
        if issubclass(cls, Sequence):
            options["parts"] = (Part(Linear(end_factor=0.5), for_epochs=10.0), Part(Cosine()))
    try:
        return cls(**options)
    except (ValueError, TypeError):
        return None


def _schedule(schedule: Schedule) -> Picture:
    run = RunLength(_epochs_for(schedule), _STEPS_PER_EPOCH)
    factors = schedule.learning_rate_factors(run)
    title = f"factor of the learning rate over {run.epochs} epochs of {run.steps_per_epoch} updates"
    if isinstance(schedule, Plateau):  # what it does is shown by a metric that never improves
        state = schedule.begin()
        for epoch in range(run.epochs):
            factors[epoch * _STEPS_PER_EPOCH :] = factors[epoch * _STEPS_PER_EPOCH] * 0 + state.factor
            state = schedule.observe(state, 1.0)
        factors *= schedule.learning_rate_factors(run)
        title += ", none of which improves anything"
    return Picture(title, 0, run.epochs, "epochs", [Curve("factor", factors)], zero=True)


def _epochs_for(schedule: Schedule) -> int:
    """Epochs enough for the lengths and places that the schedule was given."""
    longest = schedule.warmup_length(RunLength(_EPOCHS, _STEPS_PER_EPOCH)) / _STEPS_PER_EPOCH
    for length in schedule.lengths:
        for unit, epochs in (("epochs", 1.0), ("steps", 1 / _STEPS_PER_EPOCH)):
            given = getattr(schedule, f"{length}_{unit}", None)
            values = given if isinstance(given, tuple) else (given,)
            longest = max([longest, *(value * epochs for value in values if value is not None)])
    if isinstance(schedule, Plateau):
        longest = float(schedule.patience + schedule.cooldown + 2)
    return min(max(_EPOCHS, math.ceil(2 * longest)), 10_000)


def _activation(activation: Activation) -> Picture:
    x = np.zeros((1, _POINTS, 2))  # a second feature stays 0: some look at the whole row
    x[..., 0] = np.linspace(-4, 4, _POINTS)
    bound = activation.bind(x.copy(), Workspace(1, _POINTS, np.float64, training=False))
    bound.forward()
    y = bound.output[0, :, 0].copy()
    slope = bound.backward(np.array([1.0, 0.0]) * np.ones_like(x))
    curves = [Curve("y", y)] if slope is None else [Curve("y", y), Curve("y′", slope[0, :, 0])]
    return Picture("y and its derivative y′", -4, 4, "x", curves)


def _loss(loss: Loss) -> Picture:
    if loss.task == "regression":
        prediction = np.linspace(-2, 4, _POINTS).reshape(-1, 1, 1)
        encoded = loss.encode(np.ones((1, 1)), 1, np.dtype(np.float64))
        title, axis = "loss of a row whose target is 1", "prediction"
    else:
        outputs = loss.outputs(2)
        score = np.linspace(-4, 4, _POINTS).reshape(-1, 1, 1)
        prediction = np.concatenate([np.zeros_like(score)] * (outputs - 1) + [score], axis=-1)
        encoded = loss.encode(np.ones(1, np.int64), outputs, np.dtype(np.float64))
        title, axis = "loss of a row, by the lead of the right one of two classes' scores", "lead"
    y = loss.value(prediction, np.asarray(encoded)[None])
    first, last = float(prediction[0, 0, -1]), float(prediction[-1, 0, -1])
    return Picture(title, first, last, axis, [Curve("loss", y)], zero=True)


def _method(method: Method) -> Picture:
    theta = np.ones((1, 2))
    gradients = np.empty_like(theta)

    def evaluate(theta: Array, with_gradient: bool) -> tuple[Float64, Array]:
        return (_CURVATURES * theta**2).sum(axis=1) / 2, theta * _CURVATURES

    stepper: Stepper | SearchStepper
    if isinstance(method, Searcher):
        stepper = SearchStepper([method], theta, evaluate, seeds=[0], steps=_UPDATES)
    elif isinstance(method, Optimizer):
        stepper = Stepper(method, theta, gradients)
    if "estimate" in stepper.state:  # of the curvature: an exact one
        stepper.state["estimate"][...] = _CURVATURES
    stepper.prepare(np.full((_UPDATES, 1), method.base_rate), first_step=0)
    values = np.empty(_UPDATES + 1)
    values[0] = _CURVATURES.sum() / 2
    for k in range(_UPDATES):
        np.multiply(theta, _CURVATURES, out=gradients)
        stepper.step(k)
        values[k + 1] = (_CURVATURES * theta**2).sum() / 2
    values[~(values < 1e12)] = np.nan  # it diverges; the rest of the way isn't worth an axis
    rate = f"{method.rate_option.replace('_', ' ')} {method.base_rate:g}"
    title = f"value of ½(x² + 25y²) on the way from (1, 1), {rate}"
    curve = Curve("value", np.maximum(values, _LEAST))
    return Picture(title, 0, _UPDATES, "updates", [curve], logarithmic=True)
