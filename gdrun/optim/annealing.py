"""Simulated annealing: chance goes uphill, too, as long as it is hot."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from gdrun.component import Count, Positive
from gdrun.optim.optimizer import State
from gdrun.optim.searcher import Moment, Point, Search, Searcher
from gdrun.randomness import Purpose, generator


@dataclass(frozen=True)
class Annealing(Searcher):
    """Simulated annealing: random proposals, of which worse ones are accepted more and more rarely.

    Formula:
        θ′ = θ + σ·z, z standard normal; accepted if Δ = f(θ′) − f(θ) < 0, else with probability exp(−Δ/T)
        geometric: T = T₀·(T₁/T₀)^(t/n); linear: T = T₀ + (T₁ − T₀)·t/n; logarithmic: T = T₀·ln 2/ln(2 + t)
        t = 0, 1, … the update, n updates in all

    Options:
        step_size: σ, how far a proposal is from here in each parameter; a schedule multiplies it, and what
            comes of that is called the learning rate in metrics.csv.
        temperature: T₀, in the unit of the loss: a proposal that is worse by T₀ is accepted in 37 % of cases.
        final_temperature: T₁, which geometric and linear cooling would reach after the last update.
        cooling: how the temperature falls; logarithmic is the one for which convergence is proved, and slow.
        proposals: tried at each temperature; one update makes them all.

    Variant:
        All parameters move in one proposal. The random numbers of an update depend on the run's seed and
        the update's number alone. What a run returns is chosen as for any optimizer: by the validation rows
        where there are any. Gradients are never computed: there is no gradient norm, and a tolerance never
        stops a run. For objectives and small models: the share of proposals that are better vanishes as
        parameters become many.

    Reference:
        Kirkpatrick, Gelatt & Vecchi, "Optimization by simulated annealing", Science 220, 1983; logarithmic:
        Geman & Geman, "Stochastic relaxation, Gibbs distributions, and the Bayesian restoration of images",
        IEEE Transactions on Pattern Analysis and Machine Intelligence 6, 1984.
    """

    needs_gradient: ClassVar[bool] = False
    draws: ClassVar[bool] = True
    rate_option: ClassVar[str] = "step_size"
    step_size: Positive = 0.1
    temperature: Positive = 1.0
    final_temperature: Positive = 1e-3
    cooling: Literal["geometric", "linear", "logarithmic"] = "geometric"
    proposals: Count = 1

    @property
    def gradient_count(self) -> float:
        return self.proposals / 3

    def temperature_at(self, step: int, steps: int) -> float:
        """T of an update (from 0) of so many."""
        first, last = self.temperature, self.final_temperature
        match self.cooling:
            case "geometric":
                return first * math.exp(math.log(last / first) * step / steps)
            case "linear":
                return first + (last - first) * step / steps
            case "logarithmic":
                return first * math.log(2) / math.log(2 + step)

    def search(self, here: Point, state: State, moment: Moment) -> Search:
        source = generator(moment.seed, Purpose.ANNEALING, moment.step)
        temperature = self.temperature_at(moment.step, moment.steps)
        for _ in range(self.proposals):
            move = moment.rate * source.standard_normal(len(here.theta))
            chance = source.random()
            there = yield here.theta + move.astype(here.theta.dtype)
            worse = there.loss - here.loss
            if worse < 0 or chance < np.exp(-worse / temperature):  # never where it is no number
                here = there
        return here
