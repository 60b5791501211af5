"""Small convolutional networks beside PyTorch: two convolutions with relu and pooling, then a dense layer.

Everyone takes turns in one process on one core: gdrun's training loop with one run, with a stack of the size
that every plan gives such runs, and with a larger one, which no plan makes, to see why; PyTorch with its
default memory layout and with channels last, the faster of which is what counts. Images of 28×28,
batches of 64 gathered by index, softmax cross entropy, Adam, float32.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

import numpy as np

from benchmarks.own import Stopwatch
from benchmarks.problem import LEARNING_RATE, clock
from benchmarks.targets import Finding
from gdrun.data import Table
from gdrun.data import prepare as prepare_data
from gdrun.data.split import SplitRows
from gdrun.experiments.tiles import fastest_size
from gdrun.nn.activations.relu import Relu
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layers.conv2d import Conv2d
from gdrun.nn.layers.dense import Dense
from gdrun.nn.layers.pooling import MaxPool2d
from gdrun.nn.layers.reshape import Flatten
from gdrun.nn.losses.softmax_cross_entropy import SoftmaxCrossEntropy
from gdrun.nn.network import Network
from gdrun.optim import Adam
from gdrun.optim.schedules.constant import Constant
from gdrun.training.trainer import Trainer
from gdrun.training.work import RunWork, StackWork

SIZE, CLASSES, BATCH, ROWS = 28, 10, 64, 640
STACKED = 4
LEVEL = 0.95  # of the time alone; below it a stack would be slower than the noise of a measurement


@dataclass(frozen=True)
class Images:
    """A network: filters of both convolutions, and the size of their kernels."""

    filters: tuple[int, int]
    kernel_size: int

    def __str__(self) -> str:
        first, second = self.filters
        return f"convolutions of {first} and {second} filters {self.kernel_size}×{self.kernel_size}"

    @property
    def flattened(self) -> int:
        """Features of the dense layer."""
        side = SIZE
        for _ in self.filters:
            side = (side - self.kernel_size + 1) // 2
        return side * side * self.filters[1]


NETWORKS = [Images((8, 16), 5), Images((32, 64), 3)]
Train = Callable[[int], float]


def data() -> tuple[np.ndarray, np.ndarray]:
    """Images (rows, height, width, channels) and classes: random, since only time is measured."""
    source = np.random.default_rng(0)
    images = source.standard_normal((ROWS, SIZE, SIZE, 1), np.float32)
    return images, np.arange(ROWS) % CLASSES


def work_of(images: Images, runs: int, epochs: int = 1) -> StackWork:
    """So many runs, which are evaluated at the ends alone."""
    pixels, classes = data()
    names = tuple(f"pixel_{place}" for place in range(SIZE * SIZE))
    labels = tuple(map(str, range(CLASSES)))
    table = Table(
        "images",
        "classification",
        pixels.reshape(ROWS, -1),
        names,
        classes,
        row_shape=pixels.shape[1:],
        classes=labels,
    )
    nothing = np.empty(0, np.int64)
    prepared = prepare_data(table, SplitRows(np.arange(ROWS), nothing, nothing), features="none")
    first, second = (Conv2d(filters, images.kernel_size, activation=Relu()) for filters in images.filters)
    layers = [first, MaxPool2d(), second, MaxPool2d(), Flatten(), Dense(CLASSES)]
    optimizer, initializer = Adam(learning_rate=LEARNING_RATE), INITIALIZERS["he_normal"]()

    return StackWork(
        network=Network(layers, pixels.shape[1:]),
        loss=SoftmaxCrossEntropy(),
        metrics=(),
        dtype=np.dtype(np.float32),
        data=[prepared],
        runs=[RunWork(seed, optimizer, Constant(), initializer) for seed in range(runs)],
        epochs=epochs,
        batch_size=BATCH,
        evaluate_every=epochs,
    )


def gdrun(images: Images, runs: int) -> Train:
    """The training loop of every command; milliseconds of an update of a run."""

    def train(epochs: int) -> float:
        watch = Stopwatch()
        Trainer(work_of(images, runs, epochs + 1), watch).run()  # the closing evaluation follows the last one
        return (watch.times[-1] - watch.times[0]) / (epochs * (ROWS // BATCH) * runs) * 1e3

    return train


def pytorch(images: Images, *, channels_last: bool) -> Train:
    """The usual eager loop, with the usual advice taken."""
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    pixels, classes = (torch.from_numpy(array) for array in data())
    layout = torch.channels_last if channels_last else torch.contiguous_format
    pixels = pixels.permute(0, 3, 1, 2).contiguous(memory_format=layout)
    (first, second), size = images.filters, images.kernel_size
    model = nn.Sequential(
        *(nn.Conv2d(1, first, size), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(first, second, size), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(images.flattened, CLASSES)),
    ).to(memory_format=layout)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    loss_function = nn.CrossEntropyLoss()

    def train(epochs: int) -> float:
        began = clock()
        for _ in range(epochs):
            order = torch.randperm(ROWS)
            for rows in order.split(BATCH):
                optimizer.zero_grad(set_to_none=True)
                loss_function(model(pixels[rows]), classes[rows]).backward()
                optimizer.step()
        return (clock() - began) / (epochs * (ROWS // BATCH)) * 1e3

    return train


def findings(repetitions: int) -> list[Finding]:
    """The ratios of the times; in every round each contender has its turn.

    Args:
        repetitions: rounds.
    """
    return [finding for images in NETWORKS for finding in _of_network(images, repetitions)]


def _of_network(images: Images, repetitions: int) -> list[Finding]:
    planned = fastest_size(work_of(images, STACKED))
    stacks = sorted({planned, STACKED})
    alone, of_stack = gdrun(images, 1), {size: gdrun(images, size) for size in stacks}
    peers = [pytorch(images, channels_last=layout) for layout in (False, True)]
    for train in (alone, *of_stack.values(), *peers):
        train(1)
    rounds = [
        (alone(2), min(peer(2) for peer in peers), [train(2) for train in of_stack.values()])
        for _ in range(repetitions)
    ]
    own, theirs = (median(times[place] for times in rounds) for place in (0, 1))
    ahead = median(peer / mine for mine, peer, _ in rounds)
    found = [
        Finding(
            f"{images}: PyTorch eager / gdrun, one run",
            "≥ 1",
            f"{ahead:.2f} ({theirs:.1f} ms / {own:.1f} ms an update)",
            ahead >= 1,
        )
    ]
    for place, size in enumerate(stacks):
        together = median(mine / each[place] for mine, _, each in rounds)
        each = median(times[place] for *_, times in rounds)
        as_planned = size == planned
        found.append(
            Finding(
                f"{images}: gdrun, one run / gdrun, stacks of {size}{', as planned' * as_planned}, each",
                f"≥ {LEVEL:g}" if as_planned else "",
                f"{together:.2f} ({own:.1f} ms / {each:.1f} ms an update)",
                together >= LEVEL or not as_planned,
            )
        )
    return found
