"""The runs of a comparison one after the other in PyTorch and scikit-learn: training and evaluation alone.

Each peer has the same rows, standardized, in batches of 32 shuffled every epoch; after every epoch the loss
and the accuracy on training and validation rows, in the end on the test rows. It trains every setting once,
which stands for its seeds; the middle one of an optimizer, its published default, stands for the evaluation
runs too. A run whose loss is no longer finite ends there, as in gdrun.
"""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.problem import clock
from gdrun.config import Config, load
from gdrun.data import Prepared
from gdrun.experiments.build import load_data
from gdrun.experiments.comparison.plan import plan_comparison

HIDDEN, BATCH = 64, 32
Rows = tuple[NDArray[np.float32], NDArray[np.int64]]  # features, classes


class Network(Protocol):
    """What a peer trains."""

    def train(self) -> None:
        """One epoch."""

    def evaluate(self, part: str) -> tuple[float, float]:
        """Loss and accuracy on the rows of a part."""


Make = Callable[[str, float, dict[str, Rows]], Network]


@dataclass(frozen=True)
class Setting:
    """An optimizer with a learning rate, and how many runs of the comparison have it, about."""

    optimizer: str
    learning_rate: float
    runs: int


def settings(config: Config) -> list[Setting]:
    """What is tried, from gdrun's own plan; together they stand for every run of it."""
    plan = plan_comparison([config])
    tried = dict.fromkeys((entry["optimizer"], entry["optimizer.learning_rate"]) for entry in plan.entries)
    contestants = dict.fromkeys(optimizer for optimizer, _ in tried)
    seeds, trials = len(plan.entries) // len(tried), len(tried) // len(contestants)
    evaluated = plan.later // len(contestants)
    found = [
        Setting(*pair, seeds + (evaluated if number % trials == trials // 2 else 0))
        for number, pair in enumerate(tried)
    ]
    assert sum(setting.runs for setting in found) == plan.runs
    return found


def parts_of(data: Prepared) -> dict[str, Rows]:
    parts = {"train": data.train, "validation": data.validation, "test": data.test}
    return {name: (part.features, part.target) for name, part in parts.items() if part is not None}


def seconds_of_run(make: Make, setting: Setting, parts: dict[str, Rows], epochs: int) -> float:
    """How long one run takes."""
    began = clock()
    network = make(setting.optimizer, setting.learning_rate, parts)
    for _ in range(epochs):
        network.train()
        losses = [network.evaluate(part)[0] for part in ("train", "validation")]
        if not all(map(math.isfinite, losses)):
            return clock() - began
    network.evaluate("test")
    return clock() - began


def pytorch() -> Make:
    """Eager, one thread; the fused form of an optimizer where it has one and that is the fastest."""
    import torch
    from torch import nn, optim

    torch.set_num_threads(1)
    torch.manual_seed(0)
    steps: dict[str, Callable[..., Any]] = {
        "sgd": lambda p, rate: optim.SGD(p, rate, foreach=False),
        "momentum": lambda p, rate: optim.SGD(p, rate, momentum=0.9, fused=True),
        "nesterov": lambda p, rate: optim.SGD(p, rate, momentum=0.9, nesterov=True, fused=True),
        "adagrad": lambda p, rate: optim.Adagrad(p, rate, fused=True),
        "rmsprop": lambda p, rate: optim.RMSprop(p, rate, foreach=False),
        "adam": lambda p, rate: optim.Adam(p, rate, fused=True),
        "adamw": lambda p, rate: optim.AdamW(p, rate, fused=True),
    }

    class Eager:
        def __init__(self, optimizer: str, learning_rate: float, parts: dict[str, Rows]) -> None:
            self.parts = {
                name: (torch.from_numpy(features), torch.from_numpy(classes))
                for name, (features, classes) in parts.items()
            }
            features, classes = parts["train"]
            self.model = nn.Sequential(
                nn.Linear(features.shape[1], HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, int(classes.max()) + 1)
            )
            self.loss = nn.CrossEntropyLoss()
            self.optimizer = steps[optimizer](self.model.parameters(), learning_rate)

        def train(self) -> None:
            features, classes = self.parts["train"]
            order = torch.randperm(len(features))
            batches = zip(features[order].split(BATCH), classes[order].split(BATCH), strict=True)
            for x, y in batches:
                self.optimizer.zero_grad(set_to_none=True)
                self.loss(self.model(x), y).backward()
                self.optimizer.step()

        def evaluate(self, part: str) -> tuple[float, float]:
            features, classes = self.parts[part]
            with torch.inference_mode():
                scores = self.model(features)
                right = (scores.argmax(1) == classes).float().mean()
                return float(self.loss(scores, classes)), float(right)

    return Eager


def scikit_learn() -> Make:
    """`partial_fit`, an epoch a call. It has no Adagrad, RMSprop and AdamW: its Adam stands for them."""
    from sklearn.neural_network import MLPClassifier

    steps = {
        "sgd": {"solver": "sgd", "momentum": 0.0, "nesterovs_momentum": False},
        "momentum": {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": False},
        "nesterov": {"solver": "sgd", "momentum": 0.9, "nesterovs_momentum": True},
    }
    warnings.simplefilter("ignore", RuntimeWarning)  # overflow on the way to a divergence

    class Classifier:
        def __init__(self, optimizer: str, learning_rate: float, parts: dict[str, Rows]) -> None:
            self.parts = parts
            self.labels = np.unique(parts["train"][1])
            options = {"alpha": 0.0, "batch_size": BATCH, "learning_rate_init": learning_rate}
            self.model = MLPClassifier(
                (HIDDEN,), random_state=0, **options, **steps.get(optimizer, {"solver": "adam"})
            )
            self.diverged = False

        def train(self) -> None:
            try:
                self.model.partial_fit(*self.parts["train"], classes=self.labels)
            except ValueError as error:
                if "non-finite" not in str(error):
                    raise
                self.diverged = True

        def evaluate(self, part: str) -> tuple[float, float]:
            if self.diverged:
                return math.nan, 0.0
            features, classes = self.parts[part]
            probabilities = self.model.predict_proba(features)
            loss = -np.log(probabilities[np.arange(len(classes)), classes] + 1e-30).mean()
            return float(loss), float((probabilities.argmax(axis=1) == classes).mean())

    return Classifier


PEERS: dict[str, Callable[[], Make]] = {"PyTorch eager": pytorch, "scikit-learn": scikit_learn}


def seconds_of_runs(name: str, config: Config) -> Iterator[float]:
    """The time of each setting's run, times the runs that it stands for."""
    config, data = load_data(config)
    parts, make = parts_of(data), PEERS[name]()
    network = make("adam", 1e-3, parts)
    for _ in range(5):  # what comes late is imported first
        network.train()
    assert network.evaluate("validation")[1] > 0.8, "it doesn't learn"
    for setting in settings(config):
        yield setting.runs * seconds_of_run(make, setting, parts, config.epochs)


if __name__ == "__main__":
    sys.stdout.write(f"{sum(seconds_of_runs(sys.argv[1], load(Path(sys.argv[2])).config))}\n")
