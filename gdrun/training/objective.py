"""What searchers evaluate: the loss of all training rows as a function of the parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from gdrun.nn.layer import Array
from gdrun.optim.optimizer import Float64
from gdrun.training.batches import Rows, TrainingRows
from gdrun.training.evaluation import penalties
from gdrun.training.work import StackWork


class StackObjective:
    """The loss of every run of a stack with its penalty, and the gradient of both.

    What layers remember is left as it is by evaluations, of which many are of points that are not taken;
    `settle` lets them remember the point that was reached.

    Args:
        work: of the stack.
        runs: places in its plan of the runs that are in it.
        rows, order: the training rows, and which of them each run has, (runs, rows).
        parameters, gradient: (runs, parameters); both are overwritten by an evaluation.
        layer_state: (runs, state).
        generators: index of a stochastic layer → a generator a run.
        add_penalty: adds the penalty's gradient to `gradient`, where there is a penalty.
    """

    def __init__(
        self,
        work: StackWork,
        runs: Sequence[int],
        rows: TrainingRows,
        order: Rows,
        parameters: Array,
        gradient: Array,
        layer_state: Array,
        generators: Mapping[int, Sequence[np.random.Generator]],
        add_penalty: Callable[[], None] | None,
    ) -> None:
        self.work = work
        self.runs = list(runs)
        self.parameters = parameters
        self.gradient = gradient
        self.layer_state = layer_state
        self.add_penalty = add_penalty
        x, self.targets = rows.buffers(*order.shape)
        rows.gather(order, x, self.targets)
        self.bound = work.network.bind(x, parameters, gradient, state=layer_state, generators=generators)
        self.derive = work.loss.bind(self.bound.output, self.targets)

    def __call__(self, theta: Array, with_gradient: bool) -> tuple[Float64, Array | None]:
        """The loss (runs,) at theta (runs, parameters), and the gradient if it is asked for."""
        self.parameters[...] = theta
        remembered = self.layer_state.copy()
        self.bound.forward()
        self.layer_state[...] = remembered
        loss = self.work.loss.value(self.bound.output, self.targets)
        loss = loss + penalties(self.work, self.parameters, self.runs)
        if not with_gradient:
            return loss, None
        self.bound.backward(self.derive())
        if self.add_penalty is not None:
            self.add_penalty()
        return loss, self.gradient

    def settle(self) -> None:
        """Go to the parameters as they are: layers remember that they saw all rows once."""
        if self.layer_state.shape[1]:
            self.bound.forward()
