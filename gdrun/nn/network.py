"""A network: layers in a row, their parameters in one flat buffer, and the chain rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.initializer import Initializer
from gdrun.nn.late_activation import with_late_activations
from gdrun.nn.layer import Array, Layer, Parameter, Shape, State, Workspace
from gdrun.randomness import Purpose, generator

Value = TypeVar("Value")


@dataclass(frozen=True)
class Slot:
    """Where one parameter lives in the flat buffer of a run."""

    name: str  # "layers.<i>.<parameter>"
    layer: int
    start: int
    parameter: Parameter

    @property
    def stop(self) -> int:
        return self.start + prod(self.parameter.shape)


@dataclass(frozen=True)
class StateSlot:
    """Where one array of a layer's state lives in the flat buffer of a run's state."""

    name: str
    start: int
    state: State

    @property
    def stop(self) -> int:
        return self.start + prod(self.state.shape)


@dataclass(frozen=True)
class BoundNetwork:
    """A network's equations bound to an input buffer; see `Network.bind`.

    `outputs` are those of every layer; one may be overwritten by the forward pass of the next layer.
    """

    outputs: tuple[Array, ...]
    forward_passes: tuple[Callable[[], None], ...]
    backward_passes: tuple[Callable[[Array], Array | None], ...]  # last layer first

    @property
    def output(self) -> Array:
        """The last layer's."""
        return self.outputs[-1]

    def forward(self) -> None:
        """Compute `output` (runs, batch, *output_shape) from the input buffer and the weights."""
        for forward in self.forward_passes:
            forward()

    def backward(self, dy: Array) -> Array | None:
        """Fill the gradients from ∂L/∂output, which is overwritten; returns ∂L/∂input if it was asked for."""
        gradient: Array | None = dy
        for backward in self.backward_passes:
            assert gradient is not None  # noqa: S101 - only the first layer may withhold it
            gradient = backward(gradient)
        return gradient


class Network:
    """Layers in a row; the parameters of all runs are one array (runs, parameters), weights before biases.

    What layers remember beside them, as running statistics, is a second array (runs, state). Both in one row,
    the parameters first, are a run's variables: all that its outputs depend on, and what is saved.

    Args:
        layers: in forward order.
        input_shape: of one row.

    Raises:
        ValueError: a layer doesn't fit; the message shows the shapes up to it.
    """

    def __init__(self, layers: Sequence[Layer], input_shape: Shape) -> None:
        self.layers = tuple(layers)
        self.input_shape = input_shape
        self.shapes = [input_shape]  # shapes[i] is the input of layer i, shapes[-1] the output
        described: list[tuple[str, int, Parameter]] = []
        self.state_slots: list[StateSlot] = []
        self.state_count = 0
        self.least_rows = 1  # of a batch in training
        for index, layer in enumerate(self.layers):
            try:
                self.shapes.append(layer.output_shape(self.shapes[-1]))
            except ValueError as error:
                raise ValueError(f"layers.{index} ({layer.name}): {error}\n{self.describe()}") from error
            described += [
                (f"layers.{index}.{name}", index, parameter)
                for name, parameter in layer.parameters(self.shapes[-2]).items()
            ]
            for name, state in layer.state(self.shapes[-2]).items():
                self.state_slots.append(StateSlot(f"layers.{index}.{name}", self.state_count, state))
                self.state_count = self.state_slots[-1].stop
            self.least_rows = max(self.least_rows, layer.least_rows(self.shapes[-2]))
        self.slots: list[Slot] = []
        start = 0
        for name, index, parameter in sorted(described, key=lambda entry: not entry[2].is_weight):
            self.slots.append(Slot(name, index, start, parameter))
            start = self.slots[-1].stop
        self.parameter_count = start
        self.weight_count = max((slot.stop for slot in self.slots if slot.parameter.is_weight), default=0)

    @property
    def multiplications(self) -> int:
        """How many a forward pass takes for one row, about."""
        return sum(layer.multiplications(shape) for layer, shape in self._with_inputs())

    def scratch(self, batch: int, itemsize: int) -> int:
        """Values of working memory beside activations and gradients, for any number of runs."""
        return sum(layer.scratch(shape, batch, itemsize) for layer, shape in self._with_inputs())

    def _with_inputs(self) -> Iterator[tuple[Layer, Shape]]:
        """Every layer with the shape of its input."""
        return zip(self.layers, self.shapes, strict=False)

    @property
    def values(self) -> int:
        """Values that a forward pass leaves of one row: all outputs, and what layers keep inside."""
        kept = (layer.kept(shape) for layer, shape in zip(self.layers, self.shapes, strict=False))
        return sum(map(prod, self.shapes)) + sum(kept) // 2  # those have no gradients beside them

    @property
    def output_shape(self) -> Shape:
        return self.shapes[-1]

    def describe(self) -> str:
        """The shapes so far, as "(64,) → dense (32,) → …"."""
        steps = [f"{layer.name} {shape}" for layer, shape in zip(self.layers, self.shapes[1:], strict=False)]
        return " → ".join([str(self.input_shape), *steps])

    def described_layers(self) -> list[str]:
        """Every layer's name and output shape, as "dense 64" or "conv2d 24 × 24 × 8"."""
        return [
            f"{layer.name} {' × '.join(map(str, shape))}"
            for layer, shape in zip(self.layers, self.shapes[1:], strict=True)
        ]

    def initial_parameters(self, initializer: Initializer, seed: int) -> NDArray[np.float64]:
        """The starting parameters (parameters,) of the run with this seed, in float64.

        A parameter's own initializer comes first; else weights take `initializer` and biases are 0.
        """
        flat = np.zeros(self.parameter_count)
        for index, slot in enumerate(sorted(self.slots, key=lambda slot: (slot.layer, slot.name))):
            parameter = slot.parameter
            chosen = parameter.initializer or (initializer if parameter.is_weight else None)
            if chosen is not None:
                source = generator(seed, Purpose.INITIAL_WEIGHTS, index)
                values = chosen.sample(parameter.shape, parameter.fan_in, parameter.fan_out, source)
                flat[slot.start : slot.stop] = values.ravel()
        return flat

    def looks_at_rows(self, initializer: Initializer) -> bool:
        """Whether starting weights have to be fitted to training rows; see `gdrun.nn.unit_variance`."""
        used = [
            slot.parameter.initializer or initializer
            for slot in self.slots
            if slot.parameter.initializer or slot.parameter.is_weight
        ]
        return any(chosen.looks_at_rows for chosen in used)

    def initial_state(self) -> NDArray[np.float64]:
        """The starting state (state,) of any run."""
        flat = np.empty(self.state_count)
        for slot in self.state_slots:
            flat[slot.start : slot.stop] = slot.state.initial
        return flat

    def views(self, flat: Array) -> dict[str, Array]:
        """Name → view (runs, *shape) of every parameter in a buffer (runs, parameters)."""
        return {
            slot.name: flat[:, slot.start : slot.stop].reshape(len(flat), *slot.parameter.shape)
            for slot in self.slots
        }

    def state_views(self, flat: Array) -> dict[str, Array]:
        """The same of a buffer (runs, state)."""
        return {
            slot.name: flat[:, slot.start : slot.stop].reshape(len(flat), *slot.state.shape)
            for slot in self.state_slots
        }

    def variables(self, flat: Array) -> dict[str, Array]:
        """The same of both: a buffer (runs, variables), parameters before state. What weights.npz has."""
        return self.views(flat) | self.state_views(flat[:, self.parameter_count :])

    def variable_shapes(self) -> dict[str, Shape]:
        """Name → shape of every array of `variables`."""
        shapes = {slot.name: slot.parameter.shape for slot in self.slots}
        return shapes | {slot.name: slot.state.shape for slot in self.state_slots}

    def flat(self, arrays: Mapping[str, Array]) -> NDArray[np.float64] | None:
        """The variables (variables,) of one run from arrays by name; None if they don't fit here."""
        if {name: array.shape for name, array in arrays.items()} != self.variable_shapes():
            return None
        flat = np.empty(self.parameter_count + self.state_count)
        for name, view in self.variables(flat[None]).items():
            view[0] = arrays[name]
        return flat

    def bind(
        self,
        x: Array,
        parameters: Array,
        gradients: Array | None = None,
        *,
        state: Array | None = None,
        generators: Mapping[int, Sequence[np.random.Generator]] | None = None,
        input_gradient: bool = False,
        each_output: bool = False,
    ) -> BoundNetwork:
        """Bind the network to its buffers, for training if `gradients` is there, else for evaluation.

        Args:
            x: (runs, batch, *input_shape), filled before every forward pass; (1, batch, …) is one input for
                all runs.
            parameters: (runs, parameters), updated in place by the optimizer.
            gradients: like `parameters`, overwritten by every backward pass.
            state: (runs, state), updated by every forward pass in training; None for the initial one.
            generators: index of a stochastic layer → a generator a run.
            input_gradient: whether `backward` returns ∂L/∂x.
            each_output: whether every layer's output is wanted as it is, though relu would be faster later.
        """
        runs = len(parameters)
        if state is None:
            state = np.tile(self.initial_state().astype(parameters.dtype), (runs, 1))
        workspace = Workspace(runs, x.shape[1], parameters.dtype, training=gradients is not None)
        workspace.input_gradient = input_gradient
        slopes = {} if gradients is None else self.views(gradients)
        return bind_layers(
            self.layers if each_output else with_late_activations(self.layers),
            x,
            self.views(parameters),
            slopes,
            self.state_views(state),
            generators or {},
            workspace,
        )

    def generators(self, seeds: Sequence[int]) -> dict[int, list[np.random.Generator]]:
        """A generator a run for every stochastic layer."""
        return {
            index: [generator(seed, Purpose.NOISE, index) for seed in seeds]
            for index, layer in enumerate(self.layers)
            if layer.stochastic
        }


def bind_layers(
    layers: Sequence[Layer],
    x: Array,
    weights: Mapping[str, Array],
    gradients: Mapping[str, Array],
    state: Mapping[str, Array],
    generators: Mapping[int, Sequence[np.random.Generator]],
    workspace: Workspace,
) -> BoundNetwork:
    """Bind layers in a row to their buffers, each with its own share of the arrays "layers.<i>.<name>".

    Args:
        layers: in forward order.
        x: (runs or 1, batch, *input_shape).
        weights, gradients, state: name → (runs, *shape).
        generators: index of a stochastic layer → a generator a run.
        workspace: as the first layer shall find it; afterwards `overwritable` is that of the output.
    """
    forward_passes, backward_passes = [], []
    output, outputs = x, []
    for index, layer in enumerate(layers):
        prefix = f"layers.{index}."
        own = share_of(weights, prefix)
        needed = workspace.input_gradient or bool(own)
        workspace.generators = generators.get(index, ())
        workspace.state = share_of(state, prefix)
        bound = layer.bind(output, own, share_of(gradients, prefix), workspace)
        output = bound.output
        outputs.append(output)
        forward_passes.append(bound.forward)
        if needed:  # a flatten before the first parameters passes nothing on
            backward_passes.append(bound.backward)
        workspace.overwritable, workspace.input_gradient = bound.overwritable, needed
    return BoundNetwork(tuple(outputs), tuple(forward_passes), tuple(reversed(backward_passes)))


def share_of(values: Mapping[str, Value], prefix: str) -> dict[str, Value]:
    """What is named "<prefix><name>", by that name."""
    return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}
