"""A network: layers in a row, their parameters in one flat buffer, and the chain rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
from numpy.typing import NDArray

from gdrun.nn.initializer import Initializer
from gdrun.nn.layer import Array, Layer, Parameter, Shape, Workspace
from gdrun.randomness import Purpose, generator


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
        for index, layer in enumerate(self.layers):
            try:
                self.shapes.append(layer.output_shape(self.shapes[-1]))
            except ValueError as error:
                raise ValueError(f"layers.{index} ({layer.name}): {error}\n{self.describe()}") from error
            described += [
                (f"layers.{index}.{name}", index, parameter)
                for name, parameter in layer.parameters(self.shapes[-2]).items()
            ]
        self.slots: list[Slot] = []
        start = 0
        for name, index, parameter in sorted(described, key=lambda entry: not entry[2].is_weight):
            self.slots.append(Slot(name, index, start, parameter))
            start = self.slots[-1].stop
        self.parameter_count = start
        self.weight_count = max((slot.stop for slot in self.slots if slot.parameter.is_weight), default=0)

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

    def views(self, flat: Array) -> dict[str, Array]:
        """Name → view (runs, *shape) of every parameter in a buffer (runs, parameters)."""
        return {
            slot.name: flat[:, slot.start : slot.stop].reshape(len(flat), *slot.parameter.shape)
            for slot in self.slots
        }

    def flat(self, arrays: Mapping[str, Array]) -> NDArray[np.float64] | None:
        """The parameters (parameters,) of one run from arrays by name; None if they don't fit here."""
        expected = {slot.name: slot.parameter.shape for slot in self.slots}
        if {name: array.shape for name, array in arrays.items()} != expected:
            return None
        flat = np.empty(self.parameter_count)
        for slot in self.slots:
            flat[slot.start : slot.stop] = arrays[slot.name].ravel()
        return flat

    def bind(
        self,
        x: Array,
        parameters: Array,
        gradients: Array | None = None,
        *,
        generators: Mapping[int, Sequence[np.random.Generator]] | None = None,
        input_gradient: bool = False,
    ) -> BoundNetwork:
        """Bind the network to its buffers, for training if `gradients` is there, else for evaluation.

        Args:
            x: (runs, batch, *input_shape), filled before every forward pass; (1, batch, …) is one input for
                all runs.
            parameters: (runs, parameters), updated in place by the optimizer.
            gradients: like `parameters`, overwritten by every backward pass.
            generators: index of a stochastic layer → a generator a run.
            input_gradient: whether `backward` returns ∂L/∂x.
        """
        workspace = Workspace(len(parameters), x.shape[1], parameters.dtype, training=gradients is not None)
        weights = self.views(parameters)
        slopes = {} if gradients is None else self.views(gradients)
        forward_passes, backward_passes = [], []
        output, outputs = x, []
        overwritable = False
        earlier_parameters = input_gradient
        for index, layer in enumerate(self.layers):
            prefix = f"layers.{index}."
            own = {
                name.removeprefix(prefix): view for name, view in weights.items() if name.startswith(prefix)
            }
            own_slopes = {k.removeprefix(prefix): view for k, view in slopes.items() if k.startswith(prefix)}
            workspace.input_gradient = earlier_parameters
            workspace.overwritable = overwritable
            workspace.generators = (generators or {}).get(index, ())
            bound = layer.bind(output, own, own_slopes, workspace)
            output, overwritable = bound.output, bound.overwritable
            outputs.append(output)
            forward_passes.append(bound.forward)
            backward_passes.append(bound.backward)
            earlier_parameters = earlier_parameters or bool(own)
        return BoundNetwork(tuple(outputs), tuple(forward_passes), tuple(reversed(backward_passes)))

    def generators(self, seeds: Sequence[int]) -> dict[int, list[np.random.Generator]]:
        """A generator a run for every stochastic layer."""
        return {
            index: [generator(seed, Purpose.NOISE, index) for seed in seeds]
            for index, layer in enumerate(self.layers)
            if layer.stochastic
        }
