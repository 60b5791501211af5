"""PyTorch, eager: one model, Adam in its fused form, one thread."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from benchmarks.problem import LEARNING_RATE, Problem, clock


def prepare(problem: Problem, runs: int) -> Callable[[int], float]:
    """The usual loop, with the usual advice taken: tensors made once, an epoch shuffled by one indexing,
    gradients set to None, the loss never read."""
    assert runs == 1, "eager PyTorch trains one model at a time"
    torch.set_num_threads(1)
    torch.manual_seed(0)
    features, classes = (torch.from_numpy(array) for array in problem.data())
    layers: list[nn.Module] = []
    for fan_in, fan_out in zip(problem.sizes, problem.sizes[1:], strict=False):
        layers += [nn.Linear(fan_in, fan_out), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    loss_function = nn.CrossEntropyLoss()

    def train(epochs: int) -> float:
        began = clock()
        for _ in range(epochs):
            order = torch.randperm(problem.rows)
            batches = zip(
                features[order].split(problem.batch), classes[order].split(problem.batch), strict=True
            )
            for x, y in batches:
                optimizer.zero_grad(set_to_none=True)
                loss_function(model(x), y).backward()
                optimizer.step()
        return clock() - began

    return train
