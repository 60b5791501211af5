"""What can be named as `optimizer` in a config: an update rule, or a search."""

from __future__ import annotations

from typing import ClassVar

from gdrun.component import Component


class Method(Component):
    """The base of everything that goes down a slope.

    There are two kinds: an `Optimizer` makes a step of a gradient that it is given, a `Searcher` evaluates
    the objective itself, as often as it needs to.

    Attributes:
        rate_option: the option that schedules multiply.
        momentum_option: the option that a schedule which cycles the momentum takes the place of.
        full_batch: whether it is made for all training rows at once: smaller batches get a warning for an
            `Optimizer`, and are an error for a `Searcher`.
        draws: whether it draws random numbers, by the seed of the run.
    """

    rate_option: ClassVar[str] = "learning_rate"
    momentum_option: ClassVar[str | None] = None
    full_batch: ClassVar[bool] = False
    draws: ClassVar[bool] = False

    @property
    def base_rate(self) -> float:
        """The value of `rate_option`: the learning rate before any schedule."""
        rate: float = getattr(self, self.rate_option)
        return rate

    @property
    def array_count(self) -> int:
        """How many arrays of the size of the parameters it needs, beside these and their gradient."""
        raise NotImplementedError

    @property
    def gradient_count(self) -> float:
        """About how many gradients an update costs; the loss alone is a third of one."""
        return 1.0
