"""Layers with a way around them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from gdrun.arrays import aligned_empty
from gdrun.nn.layer import Array, Bound, Layer, Parameter, Shape, State, Workspace, evaluate_only
from gdrun.nn.network import Network, bind_layers


@dataclass(frozen=True)
class Residual(Layer):
    """Adds its input to what some layers make of it.

    Formula:
        y = x + f(x), f the layers in a row; ∂L/∂x = ∂L/∂y + what they pass back of ∂L/∂y

    Options:
        layers: in forward order; the shape that the last one gives must be that of the input.

    Variant:
        Arrays of the layers inside are called `layers.<i>.layers.<j>.<name>`. Nothing follows the sum; for
        an activation after it, as in the paper, put an `activation` behind.

    Reference:
        He, Zhang, Ren & Sun, "Deep residual learning for image recognition", CVPR 2016.
    """

    stochastic: ClassVar[bool] = True  # layers inside may be: they draw from the same generator
    layers: tuple[Layer, ...]

    def output_shape(self, input_shape: Shape) -> Shape:
        if not self.layers:
            raise ValueError("residual needs at least one layer inside; leave it out")
        inside = Network(self.layers, input_shape)
        if inside.output_shape != input_shape:
            raise ValueError(
                f"the layers inside give {inside.output_shape}, which cannot be added to an input of "
                f"{input_shape}: {inside.describe()}"
            )
        return input_shape

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        return {slot.name: slot.parameter for slot in Network(self.layers, input_shape).slots}

    def state(self, input_shape: Shape) -> dict[str, State]:
        return {slot.name: slot.state for slot in Network(self.layers, input_shape).state_slots}

    def least_rows(self, input_shape: Shape) -> int:
        return Network(self.layers, input_shape).least_rows

    def multiplications(self, input_shape: Shape) -> int:
        return Network(self.layers, input_shape).multiplications

    def scratch(self, input_shape: Shape, batch: int, itemsize: int) -> int:
        return Network(self.layers, input_shape).scratch(batch, itemsize)

    def kept(self, input_shape: Shape) -> int:
        return 2 * Network(self.layers, input_shape).values

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        input_gradient = workspace.input_gradient
        generators = dict.fromkeys(range(len(self.layers)), workspace.generators)
        workspace.overwritable = False  # x is needed for the sum
        inside = bind_layers(self.layers, x, weights, gradients, workspace.state, generators, workspace)
        shape = (workspace.runs, workspace.batch, *x.shape[2:])
        is_free = workspace.overwritable and inside.output.shape == shape
        y = inside.output if is_free else aligned_empty(shape, x.dtype)

        def forward() -> None:
            inside.forward()
            np.add(inside.output, x, out=y)

        if not workspace.training:
            return Bound(y, forward, evaluate_only)

        around = aligned_empty(shape, x.dtype)

        def backward(dy: Array) -> Array | None:
            np.copyto(around, dy)
            passed_back = inside.backward(dy)
            if not input_gradient or passed_back is None:
                return None
            np.add(around, passed_back, out=around)
            return around

        return Bound(y, forward, backward)
