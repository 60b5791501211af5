"""What stands around the optimizer of a stack: gradient noise before it, lookahead and averaging after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from gdrun.arrays import aligned_copy, aligned_zeros
from gdrun.component import stack
from gdrun.optim.averaging import Averaging
from gdrun.optim.gradient_noise import GradientNoise
from gdrun.optim.lookahead import Lookahead
from gdrun.optim.optimizer import Array
from gdrun.optim.schedule import RunLength


class Wrapped(Protocol):
    """What there is around the optimizer of one run: of a `RunWork`, or a config with an objective."""

    @property
    def seed(self) -> int: ...
    @property
    def lookahead(self) -> Lookahead | None: ...
    @property
    def averaging(self) -> Averaging | None: ...
    @property
    def gradient_noise(self) -> GradientNoise | None: ...


class Wrappers:
    """Bound to the buffers of a stack; the runs agree in which of the three they have.

    Args:
        length: of the runs, as it was planned.
        runs: those that are in the stack now.
        parameters, gradient: (runs, parameters).

    Attributes:
        state: name → (runs, parameters): what a checkpoint has to keep; restored in place.
        before: to be called when the gradient is there, with the number of updates done.
        after: to be called after the optimizer, with the number of updates done.
    """

    def __init__(
        self, length: RunLength, runs: Sequence[Wrapped], parameters: Array, gradient: Array
    ) -> None:
        self.length = length
        self.averaging = runs[0].averaging
        self.state: dict[str, Array] = {}
        self.before: list[Callable[[int], None]] = []
        self.after: list[Callable[[int], None]] = []
        if noises := [run.gradient_noise for run in runs if run.gradient_noise]:
            self.before.append(stack(noises).bind(gradient, [run.seed for run in runs]))
        if lookaheads := [run.lookahead for run in runs if run.lookahead]:
            slow = self.state["lookahead.slow"] = aligned_copy(parameters)
            self.after.append(stack(lookaheads).bind(parameters, slow))
        if averagings := [run.averaging for run in runs if run.averaging]:
            mean = self.state["averaging.mean"] = aligned_zeros(parameters.shape, parameters.dtype)
            self.after.append(stack(averagings).bind(parameters, mean, length))

    def average(self, updates: int) -> Array | None:
        """The averaged weights (runs, parameters) after so many updates; None as long as there are none."""
        if self.averaging is None or not self.averaging.samples(updates, self.length):
            return None
        return self.state["averaging.mean"]
