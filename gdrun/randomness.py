"""Every random number comes from here: one generator a run and purpose, from stable identifiers.

A generator depends on the run's seed, on what it is used for and on the identifiers that the caller names;
never on the order in which generators are made, on the process, or on a run's company in a stack.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Purpose(IntEnum):
    """What a stream of random numbers is for. The numbers are part of every result: never reuse one."""

    SPLIT = 1  # which rows train, validate and test; takes the split's own seed
    INITIAL_WEIGHTS = 2  # followed by the index of the parameter
    BATCH_ORDER = 3  # the permutation of every epoch
    NOISE = 4  # dropout and other stochastic layers; followed by the index of the layer
    SYNTHETIC_DATA = 5  # takes the dataset's own seed
    EVALUATION_SAMPLE = 6  # which training rows are evaluated when there are too many
    FOLDS = 7  # of a cross-validation; takes the seed of the split; followed by the repetition
    TRIALS = 9  # settings that a comparison tries
    RESAMPLES = 10  # of the statistics of a comparison
    SWEEP = 11  # points of a random sweep
    AUGMENTATION = 12  # how training images are moved and mirrored
    GRADIENT_NOISE = 13  # added to the gradient; followed by the number of the update
    ANNEALING = 14  # proposals of simulated annealing; followed by the number of the update
    START = 15  # of a descent on an objective; takes the seed of the starts; followed by their number
    CURVATURE = 16  # targets drawn from predictions; followed by the number of the update


def generator(seed: int, purpose: Purpose, *identifiers: int) -> np.random.Generator:
    """The generator of one run (by its seed) for one purpose.

    Args:
        seed: a non-negative integer.
        purpose: what the numbers are for.
        identifiers: non-negative integers that tell streams of one purpose apart.
    """
    key = (int(purpose), *identifiers)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))
