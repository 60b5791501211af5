"""The arrays of a stack and one update of all its runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gdrun.arrays import aligned_copy, aligned_zeros
from gdrun.component import stack
from gdrun.errors import ConfigError
from gdrun.nn.layer import Array
from gdrun.optim.clipping import gradient_norm
from gdrun.optim.optimizer import Float64, Optimizer
from gdrun.optim.search_stepper import SearchStepper
from gdrun.optim.searcher import Searcher
from gdrun.optim.stepper import Stepper
from gdrun.randomness import Purpose, generator
from gdrun.training.batches import BatchOrder, TrainingRows
from gdrun.training.curvature import bind_estimate
from gdrun.training.objective import StackObjective
from gdrun.training.work import RunWork, StackWork
from gdrun.training.wrappers import Wrappers


class Stack:
    """Runs in training: their parameters and layer state, optimizer state, batch order and generators.

    Attributes:
        runs: places in the plan of the runs that are still here.
        parameters: (runs, parameters), in the order of `runs`.
        layer_state: (runs, state), what layers remember that isn't trained.
        gradient: like `parameters`, of the last update, penalty included; before clipping once `keep_norm`
            was asked.
        order: the batch order.
        generators: index of a stochastic layer → a generator a run.
        augmenting: a generator a run for its images, if they are augmented.
        optimizer: applies the updates and owns the optimizer's state.
        wrappers: what is done to gradients before, and with the weights after it.
    """

    def __init__(self, work: StackWork) -> None:
        self.work = work
        self.rows = TrainingRows(work)
        self.runs = list(range(len(work.runs)))
        starts = np.array([self._start(run) for run in work.runs], work.dtype)
        count = work.network.parameter_count
        self.parameters, self.layer_state = starts[:, :count], starts[:, count:]
        self.order = BatchOrder(work, self.runs)
        seeds = [run.seed for run in work.runs]
        self.generators = work.network.generators(seeds)
        augmented = work.augmentation is not None
        self.augmenting = [generator(seed, Purpose.AUGMENTATION) for seed in seeds] if augmented else []
        self._bind()

    def _start(self, run: RunWork) -> NDArray[np.float64]:
        """The variables (variables,) that a run starts with."""
        if run.start is not None:
            return run.start
        network = self.work.network
        parameters = network.initial_parameters(run.initializer, run.seed)
        if network.looks_at_rows(run.initializer):
            from gdrun.nn.unit_variance import scale_to_unit_variance

            rows = self.work.data[run.data].train.features
            try:
                scale_to_unit_variance(network, parameters, run.initializer, run.seed, rows)
            except ValueError as error:
                raise ConfigError(f"initializer: {error}") from error
        return np.concatenate([parameters, network.initial_state()])

    @property
    def variables(self) -> Array:
        """(runs, variables), parameters and state as they are now."""
        return self._with_layer_state(self.parameters)

    def result(self, updates: int) -> Array:
        """The variables (runs, variables) that count after so many updates: the averaged weights, if any.

        What layers remember beside them is never averaged: it is as it is now.
        """
        average = self.wrappers.average(updates)
        return self._with_layer_state(self.parameters if average is None else average)

    def _with_layer_state(self, parameters: Array) -> Array:
        if not self.layer_state.shape[1]:
            return parameters
        return np.concatenate([parameters, self.layer_state], axis=1)

    def _bind(self) -> None:
        """Make the buffers for the runs that are here, and the functions that work on them."""
        work = self.work
        runs = [work.runs[run] for run in self.runs]
        self.parameters, self.layer_state = aligned_copy(self.parameters), aligned_copy(self.layer_state)
        self.gradient = aligned_zeros(self.parameters.shape, work.dtype)
        self.norm: NDArray[np.float64] = np.zeros(len(runs))
        penalized = any(run.penalty.l1 or run.penalty.l2 for run in runs)
        penalty = stack([run.penalty for run in runs])
        count = work.network.weight_count
        self.add_penalty = penalty.bind(self.parameters, self.gradient, count) if penalized else None
        self.optimizer = self._bind_optimizer()
        method = runs[0].optimizer
        self.estimate_every = method.estimate_every if isinstance(method, Optimizer) else 0
        self.wrappers = Wrappers(work.length, runs, self.parameters, self.gradient)
        self.passes: dict[int, Callable[[NDArray[np.intp]], None]] = {}
        if isinstance(self.optimizer, Stepper) and work.epochs:  # a layer may refuse batches that never come
            sizes = {stop - start for start, stop in work.batches}
            self.passes = {size: self._bind_batch(size) for size in sizes}

    def _bind_optimizer(self) -> Stepper | SearchStepper:
        """What makes the updates: from gradients that it is given, or by evaluating for itself."""
        work = self.work
        runs = [work.runs[run] for run in self.runs]
        optimizers = [run.optimizer for run in runs if isinstance(run.optimizer, Optimizer)]
        if optimizers:
            tensors = [slot.parameter.shape for slot in work.network.slots]
            return Stepper(stack(optimizers), self.parameters, self.gradient, tensors=tensors)
        self.objective = StackObjective(
            *(work, self.runs, self.rows, self.order.order, self.parameters, self.gradient),
            *(self.layer_state, self.generators, self.add_penalty),
        )
        return SearchStepper(
            [run.optimizer for run in runs if isinstance(run.optimizer, Searcher)],
            self.parameters,
            self.objective,
            seeds=[run.seed for run in runs],
            steps=work.length.steps,
            clipping=work.gradient_clipping,
        )

    def _bind_batch(self, size: int) -> Callable[[NDArray[np.intp]], None]:
        """A function that fills `gradient` from the rows (runs, size) of one batch."""
        x, y = self.rows.buffers(len(self.runs), size)
        bound = self.work.network.bind(
            x, self.parameters, self.gradient, state=self.layer_state, generators=self.generators
        )
        derive = self.work.loss.bind(bound.output, y)
        gather = self.rows.bind_gather(x, y, self.augmenting)
        seeds = [self.work.runs[run].seed for run in self.runs]
        estimate = bind_estimate(bound, self.work.loss, derive, y, self.gradient, self.layer_state, seeds)
        forward, backward = bound.forward, bound.backward
        if self.work.full_batch and self.work.augmentation is None:  # the rows never change
            gather(self.order.order)

            def full_pass(rows: NDArray[np.intp]) -> None:
                if self.estimate_due:
                    estimate(self.optimizer.state["estimate"], self.updates)
                forward()
                backward(derive())

            return full_pass

        def batch_pass(rows: NDArray[np.intp]) -> None:
            gather(rows)
            if self.estimate_due:
                estimate(self.optimizer.state["estimate"], self.updates)
            forward()
            backward(derive())

        return batch_pass

    @property
    def has_gradient(self) -> bool:
        """Whether there are gradients at all."""
        return not isinstance(self.optimizer, SearchStepper) or self.optimizer.with_gradient

    def update(self, batch: int, *, keep_norm: bool) -> None:
        """One update of every run from a batch of the epoch, by its number.

        Args:
            batch: its number in the epoch, for which `prepare` was called.
            keep_norm: whether `norm` shall hold the gradient's norms (runs,) before clipping.
        """
        if isinstance(self.optimizer, SearchStepper):  # it asks for gradients when it needs them
            self.optimizer.step(batch)
            self.norm = self.optimizer.norm
            self.objective.settle()
        else:
            self._fill_gradient(batch, keep_norm)
            for change in self.wrappers.before:
                change(self.first_step + batch)
            self.optimizer.step(batch)
        for follow in self.wrappers.after:
            follow(self.first_step + batch + 1)

    def _fill_gradient(self, batch: int, keep_norm: bool) -> None:
        start, stop = self.work.batches[batch]
        self.updates = self.first_step + batch
        self.estimate_due = self.estimate_every > 0 and self.updates % self.estimate_every == 0
        self.passes[stop - start](self.order.order[:, start:stop])
        if self.add_penalty is not None:
            self.add_penalty()
        clipping = self.work.gradient_clipping
        if keep_norm or clipping is not None:
            norm = gradient_norm(self.gradient)
            if keep_norm:
                self.norm = norm
            if clipping is not None:
                clipping.clip(self.gradient, norm)

    def prepare(
        self, learning_rate: Float64, first_step: int, momentum: Mapping[int, Float64] | None = None
    ) -> None:
        """Get ready for the updates of an epoch; see `Stepper.prepare`."""
        self.first_step = first_step
        self.optimizer.prepare(learning_rate, first_step, momentum)

    @property
    def state(self) -> dict[str, Array]:
        """All arrays that last from update to update beside the parameters, (runs, …); restored in place."""
        own = {f"optimizer.{name}": values for name, values in self.optimizer.state.items()}
        return own | self.wrappers.state

    def keep(self, places: Sequence[int]) -> None:
        """Go on with the runs at these places only; their bits don't notice."""
        state = {name: values[places] for name, values in self.state.items()}
        norm = self.norm[places]
        self._select(places)
        self.parameters, self.layer_state = self.parameters[places], self.layer_state[places]
        if places:
            self._bind()
            self.norm = norm
            for name, values in self.state.items():  # perhaps fewer: none of these may need one
                values[...] = state[name]

    def restore(
        self, runs: Sequence[int], parameters: Array, layer_state: Array, order: NDArray[np.intp]
    ) -> None:
        """Take up the runs of a snapshot; the optimizer's state is then the caller's to fill."""
        self._select([self.runs.index(run) for run in runs])
        self.parameters, self.layer_state = parameters, layer_state
        self.order.order = order.copy()
        self._bind()

    def _select(self, places: Sequence[int]) -> None:
        self.runs = [self.runs[place] for place in places]
        self.order.keep(places)
        self.generators = {
            layer: [sources[place] for place in places] for layer, sources in self.generators.items()
        }
        if self.augmenting:
            self.augmenting = [self.augmenting[place] for place in places]
