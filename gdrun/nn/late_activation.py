"""An activation moved behind the maxima that follow it, where that changes nothing but the time it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from gdrun.nn.activation import Activation
from gdrun.nn.activations.identity import Identity
from gdrun.nn.layer import Array, Bound, Layer, Workspace


def with_late_activations(layers: Sequence[Layer]) -> list[Layer]:
    """The same layers, with relu moved behind the maxima that follow it.

    The largest of some relu(x) is relu of the largest x, and the gradient goes to the same x, or nowhere; but
    there are fewer maxima than values, so relu has less to do in both passes.
    """
    result = list(layers)
    for index, (layer, following) in enumerate(pairwise(layers)):
        activation = getattr(layer, "activation", None)
        if following.takes_maxima and isinstance(activation, Activation) and activation.is_maximum:
            before: Any = layer
            result[index] = replace(before, activation=Identity())
            result[index + 1] = _Activated(following, activation)
    return result


@dataclass(frozen=True)
class _Activated(Layer):
    """A layer with an activation behind it."""

    layer: Layer
    activation: Activation

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        inner = self.layer.bind(x, weights, gradients, workspace)
        workspace.overwritable = inner.overwritable
        outer = self.activation.bind(inner.output, workspace)

        def forward() -> None:
            inner.forward()
            outer.forward()

        def backward(dy: Array) -> Array | None:
            between = outer.backward(dy)
            return None if between is None else inner.backward(between)

        return Bound(outer.output, forward, backward, outer.overwritable)
