"""A learned vector for each of a vocabulary of codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gdrun.arrays import aligned_empty
from gdrun.component import Count
from gdrun.errors import DataError
from gdrun.nn.initializer import Initializer
from gdrun.nn.initializers.distributions import Uniform
from gdrun.nn.layer import Array, Bound, Layer, Parameter, Shape, Workspace, evaluate_only


@dataclass(frozen=True)
class Embedding(Layer):
    """Looks up a learned vector for every code: words, characters, places.

    Formula:
        y_t = W[x_t], with x (runs, batch, *shape) whole numbers from 0 to vocabulary − 1,
        W (runs, vocabulary, units) and y (runs, batch, *shape, units)
        ∂L/∂W[k] = Σ ∂L/∂y_t over all t with x_t = k

    Options:
        vocabulary: how many codes there are.
        units: size of a vector.
        weight_initializer: of W.

    Variant:
        For the first layer, and with `preprocessing: {features: none}`, since a standardized code is none;
        its gradient with respect to the codes is 0. W starts uniform in ±0.05 as in Keras, whatever the
        model's initializer; PyTorch's starts from N(0, 1).

    Reference:
        Bengio, Ducharme, Vincent & Jauvin, "A neural probabilistic language model", JMLR 3, 2003.
    """

    vocabulary: Count
    units: Count
    weight_initializer: Initializer = Uniform(0.05)

    def output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.units)

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        shape = (self.vocabulary, self.units)
        return {"weight": Parameter(shape, self.vocabulary, self.units, self.weight_initializer)}

    def multiplications(self, input_shape: Shape) -> int:
        return 0

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        runs, units, weight = workspace.runs, self.units, weights["weight"]
        codes = np.empty(x.shape, np.intp)
        y = aligned_empty((runs, workspace.batch, *x.shape[2:], units), x.dtype)
        own_codes = [codes[run % len(x)] for run in range(runs)]

        def forward() -> None:
            with np.errstate(invalid="ignore"):  # of what is no number: it is found out here
                np.copyto(codes, x, casting="unsafe")
            if not (codes == x).all() or codes.min() < 0 or codes.max() >= self.vocabulary:
                raise DataError(self._refusal(x))
            for run, own in enumerate(own_codes):
                weight[run].take(own, 0, y[run], "clip")

        if not gradients:
            return Bound(y, forward, evaluate_only)

        gradient = gradients["weight"]
        places = np.empty((codes[0].size, units), np.intp)  # in the gradient of one run as one row
        within = np.arange(units)
        upstream = aligned_empty(y.shape[1:], x.dtype)
        no_gradient = np.zeros((runs, *x.shape[1:]), x.dtype) if workspace.input_gradient else None

        def backward(dy: Array) -> Array | None:
            for run, own in enumerate(own_codes):
                np.multiply(own.reshape(-1, 1), units, out=places)
                np.add(places, within, out=places)
                np.copyto(upstream, dy[run])
                flat = gradient[run].reshape(-1)
                flat.fill(0)
                np.add.at(flat, places.reshape(-1), upstream.reshape(-1))
            return no_gradient

        return Bound(y, forward, backward)

    def _refusal(self, x: Array) -> str:
        is_code = (x == np.floor(x)) & (x >= 0) & (x < self.vocabulary)
        found = x[~is_code].flat[0]
        return (
            f"embedding takes whole numbers from 0 to {self.vocabulary - 1}, and there is {found:g}: raise "
            "vocabulary, or leave codes as they are with preprocessing.features: none"
        )
