"""The interface of a layer: what it needs to know of its input, and its equation bound to buffers.

Shapes are written with named axes. Every array has the run axis first: an activation is
`(runs, batch, *features)`, a parameter `(runs, *shape)`. One run is a stack of one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from gdrun.arrays import aligned_empty, aligned_like
from gdrun.component import Component
from gdrun.nn.initializer import Initializer

Array = NDArray[Any]
Shape = tuple[int, ...]  # of one row, without the axes runs and batch

_NARROW = 32  # outputs; see Workspace.activations


@dataclass(frozen=True)
class Parameter:
    """One trainable array of a layer, described before it exists.

    Attributes:
        shape: of one run.
        fan_in, fan_out: values that one output is computed from, and outputs that one value takes part in.
        initializer: the layer's own, or None for the model's.
        is_weight: penalties touch weights and leave biases alone.
    """

    shape: Shape
    fan_in: int
    fan_out: int
    initializer: Initializer | None = None
    is_weight: bool = True


@dataclass(frozen=True)
class State:
    """One array of a layer that is not trained: training forwards update it, evaluation only reads it.

    Optimizers, penalties, clipping and the count of parameters pass it by; it is saved with the weights.

    Attributes:
        shape: of one run.
        initial: the value that all of it starts with.
    """

    shape: Shape
    initial: float = 0.0


class Bound(NamedTuple):
    """A layer's equation, bound once to the buffers that it reads and writes at every step.

    Attributes:
        output: (runs, batch, *output_shape), written by `forward`.
        forward: computes `output` from the input it was bound to.
        backward: takes ∂L/∂output, which it may overwrite, fills the gradients of the layer's parameters and
            returns ∂L/∂input; None where nobody asked for that.
        overwritable: whether a following layer may write over `output`, because `backward` doesn't read it.
    """

    output: Array
    forward: Callable[[], None]
    backward: Callable[[Array], Array | None]
    overwritable: bool = True


class Workspace:
    """Makes the buffers of a stack for one batch shape, and says what a layer may do with them.

    Attributes:
        runs, batch: the first two axes of every activation.
        dtype: of every buffer.
        training: whether stochastic layers are active.
        input_gradient: whether the layer being bound must return ∂L/∂input (the first one need not).
        overwritable: whether the layer being bound may write over its input.
        generators: a generator a run for the layer being bound, in training, if it is stochastic.
        state: name → (runs, *shape), the state of the layer being bound, if it has any.
    """

    def __init__(self, runs: int, batch: int, dtype: DTypeLike, *, training: bool) -> None:
        self.runs = runs
        self.batch = batch
        self.dtype = np.dtype(dtype)
        self.training = training
        self.input_gradient = False
        self.overwritable = False
        self.generators: Sequence[np.random.Generator] = ()
        self._scratch: dict[str, Array] = {}
        self.state: Mapping[str, Array] = {}

    def activations(self, *shape: int) -> Array:
        """An uninitialised buffer (runs, batch, *shape).

        A narrow one (at most 32 features: class scores, mostly) lies in memory with the batch axis last,
        since NumPy's reductions over a short last axis are several times slower than over a middle one.
        """
        if len(shape) == 1 and shape[0] <= _NARROW:
            return aligned_empty((self.runs, shape[0], self.batch), self.dtype).transpose(0, 2, 1)
        return aligned_empty((self.runs, self.batch, *shape), self.dtype)

    def over(self, x: Array) -> Array:
        """`x` itself where the layer being bound may write over its input, else an uninitialised copy."""
        return x if self.overwritable else aligned_like(x)

    def like(self, x: Array) -> Array:
        """An uninitialised buffer (runs, batch, *features), laid out as `x` (runs or 1, batch, …)."""
        return aligned_like(x) if len(x) == self.runs else self.activations(*x.shape[2:])

    def scratch(self, name: str, *shape: int) -> Array:
        """An uninitialised buffer for what is over when a layer's pass is: all layers share its memory."""
        size = prod(shape)
        if name not in self._scratch or self._scratch[name].size < size:
            self._scratch[name] = aligned_empty((size,), self.dtype)
        return self._scratch[name][:size].reshape(shape)


class Layer(Component):
    """The base of every layer. A subclass is a frozen dataclass whose fields are its options."""

    stochastic: ClassVar[bool] = False  # whether it draws random numbers in training
    scalable: ClassVar[bool] = True  # whether its outputs grow with one array of weights, as `lsuv` needs it
    takes_maxima: ClassVar[bool] = False  # whether every output is the largest of some inputs

    def output_shape(self, input_shape: Shape) -> Shape:
        """The shape of one output row, given that of an input row.

        Raises:
            ValueError: the layer doesn't fit this input; the message says what it needs.
        """
        return input_shape

    def parameters(self, input_shape: Shape) -> dict[str, Parameter]:
        """The layer's trainable arrays by name, for an input that `output_shape` has accepted."""
        return {}

    def multiplications(self, input_shape: Shape) -> int:
        """How many a forward pass takes for one row, about."""
        return sum(prod(parameter.shape) for parameter in self.parameters(input_shape).values())

    def scratch(self, input_shape: Shape, batch: int, itemsize: int) -> int:
        """Values of working memory beside activations and gradients, for any number of runs."""
        return 0

    def kept(self, input_shape: Shape) -> int:
        """Values that it keeps in training for one row, beside its output and the gradient of that."""
        return 0

    def state(self, input_shape: Shape) -> dict[str, State]:
        """The layer's arrays that are not trained, by name; none has the name of a parameter."""
        return {}

    def least_rows(self, input_shape: Shape) -> int:
        """How many rows a batch must have in training."""
        return 1

    def bind(
        self, x: Array, weights: Mapping[str, Array], gradients: Mapping[str, Array], workspace: Workspace
    ) -> Bound:
        """Bind the layer's equation to its input buffer, its parameters and their gradients.

        Args:
            x: (runs or 1, batch, *input_shape).
            weights: name → (runs, *shape), views that the optimizer updates in place.
            gradients: likewise; empty when only `forward` will be called.
            workspace: makes the buffers.
        """
        raise NotImplementedError


def evaluate_only(dy: Array) -> Array | None:
    """The `backward` of a layer bound without gradients."""
    raise RuntimeError("this network was bound for evaluation and has no backward pass")
