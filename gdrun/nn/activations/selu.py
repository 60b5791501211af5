"""The self-normalizing exponential linear unit."""

from __future__ import annotations

from dataclasses import dataclass

from gdrun.nn.activation import Activation
from gdrun.nn.activations.exponential_linear import bind_exponential_linear
from gdrun.nn.layer import Array, Bound, Workspace

_LAMBDA = 1.0507009873554805
_ALPHA = 1.6732632423543772


@dataclass(frozen=True)
class Selu(Activation):
    """Scaled exponential linear unit: keeps activations near mean 0 and variance 1 from layer to layer.

    Formula:
        y = λx where x > 0, else λα(exp(x) − 1); y′ = λ where x > 0, else y + λα (also at 0)
        with λ = 1.0507009873554805 and α = 1.6732632423543772

    Variant:
        Made for `lecun_normal` weights; other initializers lose the self-normalization.

    Reference:
        Klambauer et al., "Self-normalizing neural networks", NeurIPS 2017.
    """

    def bind(self, x: Array, workspace: Workspace) -> Bound:
        return bind_exponential_linear(x, workspace, scale=_LAMBDA, alpha=_ALPHA)
