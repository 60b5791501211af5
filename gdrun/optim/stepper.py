"""Applies an optimizer to the flat buffers of a stack: state, coefficient tables, slices."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from gdrun.arrays import aligned_zeros
from gdrun.errors import ConfigError
from gdrun.optim.optimizer import Array, Float64, Optimizer, State, take
from gdrun.optim.slices import SLICE

FLUSH_EVERY = 128
"""Steps between two searches of the state for vanishing values."""


class Stepper:
    """Owns the state of an optimizer for a stack of runs and applies its steps, in place.

    A step is prepared together with many others and then costs its array passes and little else:

        stepper = Stepper(stack([Adam(), Adam(learning_rate=0.1)]), theta, gradients)
        for epoch in range(epochs):
            stepper.prepare(learning_rate, first_step=epoch * steps_per_epoch)
            for k in range(steps_per_epoch):
                ...  # fill `gradients`
                stepper.step(k)

    The bits of a run depend on nothing but its own numbers: not on other runs, slices, or where `prepare`
    begins. State values that have decayed to less than about a million times the smallest normal number are
    set to 0 every 128 steps, counted from the start of the run: they change nothing that is visible, but once
    they are denormal, every pass over them takes 40 times as long (the means of a dead unit would).

    Args:
        optimizer: stacked (`gdrun.component.stack`), or a single one for one run.
        theta: (runs, parameters), contiguous, best made with `aligned_zeros`; updated in place.
        gradients: likewise; filled by the caller before each step and overwritten by it.
        tensors: shapes of the parameter tensors, in the order in which they lie in a run's parameters; None
            for a single one. Only optimizers with `per_tensor` look at them.
        slice_values: values that are updated at a time; a matter of speed alone.

    Attributes:
        state: name → (runs, parameters): what a checkpoint has to keep, besides the step; restored in place.
            What an array means is the optimizer's business (many are scaled means).
    """

    def __init__(
        self,
        optimizer: Optimizer,
        theta: Array,
        gradients: Array,
        *,
        tensors: Sequence[tuple[int, ...]] | None = None,
        slice_values: int = SLICE,
    ) -> None:
        if not theta.flags.c_contiguous or not gradients.flags.c_contiguous:
            raise ValueError("theta and gradients must be contiguous arrays (runs, parameters)")
        if theta.shape != gradients.shape or theta.dtype != gradients.dtype or theta.ndim != 2:
            raise ValueError(
                "theta and gradients must both be (runs, parameters) of one dtype, "
                f"not {theta.shape} {theta.dtype} and {gradients.shape} {gradients.dtype}"
            )
        self.tensors = [theta.shape[1:]] if tensors is None else list(tensors)
        if sum(map(math.prod, self.tensors)) != theta.shape[1]:
            raise ValueError(f"tensors {self.tensors} do not fill the {theta.shape[1]} parameters of a run")
        self.optimizer = optimizer
        self.theta = theta
        self.gradients = gradients
        self.slice_values = slice_values
        self.state: State = {}
        for name in optimizer.state_names():
            self.state[name] = aligned_zeros(theta.shape, theta.dtype)
            if np.any(initial := optimizer.initial_value(name)):
                self.state[name][...] = initial
        self._vanishing = np.finfo(theta.dtype).tiny * 2.0**20
        self._cycled: frozenset[int] = frozenset()
        self._groups: list[_Group] = []
        self._first_step = 0

    def prepare(
        self,
        learning_rate: Float64,
        first_step: int,
        momentum: Mapping[int, Float64] | None = None,
    ) -> None:
        """Work out the numbers of the coming steps. Some hundreds or thousands at a time are best.

        Args:
            learning_rate: (steps, runs), base times the schedule's factor.
            first_step: how many steps were taken before these, since the start of the run.
            momentum: run → (steps,), for the runs whose schedule cycles the momentum: it takes the place of
                the optimizer's momentum or beta1.

        Raises:
            ConfigError: momentum is given for an optimizer without one, see `has_momentum`.
        """
        steps, runs = learning_rate.shape
        if runs != len(self.theta):
            raise ValueError(
                f"learning_rate must be (steps, {len(self.theta)} runs), not {learning_rate.shape}"
            )
        momentum = momentum or {}
        for run in momentum:
            if not has_momentum(take(self.optimizer, [run])):
                raise ConfigError(
                    f"{self.optimizer.name} has no momentum that a schedule could cycle; "
                    "take one that has, such as momentum or adam, or set cycle_momentum: false"
                )
        if not self._groups or self._cycled != frozenset(momentum):
            self._cycled = frozenset(momentum)
            self._groups = [_Group(self, rows) for rows in self._alike()]
        self._first_step = first_step
        step = np.arange(first_step + 1.0, first_step + steps + 1)[:, None, None]
        for group in self._groups:
            group.prepare(learning_rate[:, group.rows, None], step, momentum)

    def step(self, k: int) -> None:
        """Apply the k-th prepared step (from 0) with what is in the gradients now; these are lost."""
        for group in self._groups:
            update = group.update
            group.current[...] = group.table[k]
            for arguments in group.slices:
                update(*arguments)
        if (self._first_step + k + 1) % FLUSH_EVERY == 0:
            self._flush()

    def run_state(self, run: int) -> dict[str, Array]:
        """The state of one run, name → (parameters,), views: just the arrays that it would have alone."""
        return {name: self.state[name][run] for name in take(self.optimizer, [run]).state_names()}

    def select(self, runs: Sequence[int], theta: Array, gradients: Array) -> Stepper:
        """A stepper for some of the runs and their own buffers, with a copy of their state."""
        other = Stepper(
            take(self.optimizer, runs),
            theta,
            gradients,
            tensors=self.tensors,
            slice_values=self.slice_values,
        )
        for name, values in other.state.items():
            values[...] = self.state[name][list(runs)]
        return other

    def _alike(self) -> Iterator[slice]:
        """Neighbouring runs that make the same passes: alike in which options are 0 and in cycling."""

        def kind(run: int) -> tuple[bool, ...]:
            one = take(self.optimizer, [run])
            return (run in self._cycled, *(bool(np.any(getattr(one, name, 0))) for name in one.switches))

        for _, members in groupby(range(len(self.theta)), key=kind):
            runs = list(members)
            yield slice(runs[0], runs[-1] + 1)

    def _flush(self) -> None:
        for values in self.state.values():
            flat = values.reshape(-1)
            for start in range(0, len(flat), self.slice_values):
                part = flat[start : start + self.slice_values]
                part[np.abs(part) < self._vanishing] = 0


def has_momentum(optimizer: Optimizer) -> bool:
    """Whether a schedule can cycle the momentum of this optimizer."""
    option = optimizer.momentum_option
    return option is not None and bool(np.all(getattr(optimizer, option)))


class _Group:
    """Neighbouring runs that make the same passes, with the numbers and the slices of their steps."""

    def __init__(self, stepper: Stepper, rows: slice) -> None:
        self.stepper = stepper
        self.rows = rows
        self.runs = range(rows.start, rows.stop)
        whole = len(self.runs) == len(stepper.theta)
        self.optimizer = stepper.optimizer if whole else take(stepper.optimizer, self.runs)
        self.update = self.optimizer.update
        self.columns: dict[str, slice] = {}  # where each coefficient stands in a row of the table
        self.table: Array  # (steps, numbers)
        self.current: Array  # (numbers,): the row of the step being taken
        self.slices: list[tuple[Any, ...]] = []  # the arguments of `update`

    def prepare(self, learning_rate: Float64, step: Float64, momentum: Mapping[int, Float64]) -> None:
        """Fill the table, and make `current` and the slices anew if its columns have changed."""
        cycled = None
        if self.runs[0] in momentum:
            cycled = np.stack([momentum[run] for run in self.runs], axis=1)[:, :, None]
        dtype = self.stepper.theta.dtype
        numbers: list[Array] = []
        columns: dict[str, slice] = {}
        start = 0
        for name, value in self.optimizer.coefficients(learning_rate, step, cycled).items():
            number = np.asarray(value, np.float64).astype(dtype)
            number = number.reshape((1,) * (3 - number.ndim) + number.shape)[:, :, 0]
            if (number == number[:, :1]).all():
                number = number[:, :1]  # the same in all runs
            numbers.append(number)
            columns[name] = slice(start, start := start + number.shape[1])
        self.table = np.empty((len(learning_rate), start), dtype)
        for number, column in zip(numbers, columns.values(), strict=True):
            self.table[:, column] = number
        if columns != self.columns:
            self.columns = columns
            self.current = np.empty(start, dtype)
            self.slices = list(self._tensors() if self.optimizer.per_tensor else self._slices())

    def _slices(self) -> Iterator[tuple[Any, ...]]:
        """The arguments of every call of `update` in a step: views that are made once.

        Where the runs share all numbers, slices needn't care for the borders between them. Else a slice is
        some whole runs, or a piece of one.
        """
        stepper, size = self.stepper, self.stepper.slice_values
        runs, parameters = len(self.runs), stepper.theta.shape[1]
        if all(column.stop - column.start == 1 for column in self.columns.values()):
            shapes = [(0, 1, min(size, runs * parameters - i)) for i in range(0, runs * parameters, size)]
        elif parameters <= size:
            rows = size // max(parameters, 1)
            shapes = [(i, min(rows, runs - i), parameters) for i in range(0, runs, rows)]
        else:
            widths = [min(size, parameters - i) for i in range(0, parameters, size)]
            shapes = [(run, 1, width) for run in range(runs) for width in widths]
        scratch = self._scratch(max((rows * width for _, rows, width in shapes), default=0))
        start = self.rows.start * parameters
        for first, rows, width in shapes:
            part, shape = slice(start, start := start + rows * width), (rows, width)
            yield (
                stepper.theta.reshape(-1)[part].reshape(shape),
                stepper.gradients.reshape(-1)[part].reshape(shape),
                {name: values.reshape(-1)[part].reshape(shape) for name, values in stepper.state.items()},
                self._numbers(first, rows),
                [buffer[: rows * width].reshape(shape) for buffer in scratch],
            )

    def _tensors(self) -> Iterator[tuple[Any, ...]]:
        """Likewise, for an optimizer with `per_tensor`: every tensor, of as many runs as fit into a slice."""
        stepper, runs = self.stepper, len(self.runs)
        widths = [math.prod(shape) for shape in stepper.tensors]
        most = [min(max(stepper.slice_values // max(width, 1), 1), runs) for width in widths]
        scratch = self._scratch(max(map(operator.mul, most, widths), default=0))
        stop = 0
        for shape, width, step in zip(stepper.tensors, widths, most, strict=True):
            start, stop = stop, stop + width
            for first in range(0, runs if width else 0, step):
                rows = min(step, runs - first)
                row = self.rows.start + first
                part, whole = (slice(row, row + rows), slice(start, stop)), (rows, *shape)
                yield (
                    stepper.theta[part].reshape(whole),
                    stepper.gradients[part].reshape(whole),
                    {name: values[part].reshape(whole) for name, values in stepper.state.items()},
                    self._numbers(first, rows, len(shape)),
                    [buffer[: rows * width].reshape(whole) for buffer in scratch],
                )

    def _scratch(self, values: int) -> list[Array]:
        """The buffers in which `update` keeps values in between."""
        count = self.optimizer.scratch_count
        return [aligned_zeros((values,), self.stepper.theta.dtype) for _ in range(count)]

    def _numbers(self, first: int, rows: int, dimensions: int = 1) -> dict[str, Array]:
        """Views of the current numbers for some of the runs: one number is a 0-dimensional array.

        Those of several runs are (rows, 1, …), with so many dimensions after the first.
        """
        numbers = {}
        for name, column in self.columns.items():
            own = self.current[column]
            own = own if len(own) == 1 else own[first : first + rows]
            numbers[name] = own.reshape(() if len(own) == 1 else (-1, *(1,) * dimensions))
        return numbers
