"""The parts of a config that are not numerics: plain options, each with its type and its bounds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from gdrun.component import Component, Count, Ge, Lt, NonNegative, WholeNumber

Share = Annotated[float, Ge(0), Lt(1)]


@dataclass(frozen=True)
class Fold(Component):
    """One fold of a cross-validation: its rows are the test rows, whatever the sizes of the split say.

    Options:
        number: which fold, from 0.
        of: how many there are.
        repeat: which repetition, from 0; each draws folds of its own.
        strategy: plain, stratified by class, whole groups, or blocks in the order of time; auto takes what
            fits the data.
    """

    number: WholeNumber = 0
    of: Annotated[int, Ge(2)] = 5
    repeat: WholeNumber = 0
    strategy: Literal["auto", "plain", "stratified", "group", "time-series"] = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.number >= self.of:
            raise ValueError(f"Fold: number must be less than of, {self.of}, not {self.number}")


@dataclass(frozen=True)
class Split(Component):
    """Which rows train, which choose the best epoch, and which are kept for the final test.

    Options:
        validation: share of the rows from 0 to below 1, or a number of rows; 0 for none.
        test: likewise.
        train: at most so many training rows, evenly taken from those that are left; null for all.
        stratify: whether every part has the classes in the same proportions; auto does so for
            classification where every class has enough rows.
        seed: of the split alone, so that runs with different seeds are compared on the same rows.
        validation_path, test_path: for a dataset of files, where other files hold those rows; they become
            the dataset's options of that name.
        time_ordered: the first rows train, then come validation and test; nothing is shuffled.
        fold: one fold of a cross-validation in place of the test share, as `gdrun kfold` sets it: the fold
            number (from 0) of so many, in which repetition (from 0; each draws folds of its own), and the
            strategy by which rows are dealt out; validation rows are then some of the fold's training rows.
        resample: whether every seed has a split of its own: the split's seed is then split.seed plus the
            run's seed. In a cross-validation the folds of a repetition share a seed, and are dealt out by it.
    """

    validation: Share | Count = 0.15
    test: Share | Count = 0.15
    train: Count | None = None
    stratify: bool | Literal["auto"] = "auto"
    seed: WholeNumber = 0
    validation_path: Path | None = None
    test_path: Path | None = None
    time_ordered: bool = False
    fold: Fold | None = None
    resample: bool = False


@dataclass(frozen=True)
class Preprocessing(Component):
    """What is done to the columns before training, always fitted on the training rows alone.

    Options:
        features: standardize to mean 0 and standard deviation 1, min_max to 0…1, or none. For images also
            scale, by the largest value that a pixel can have (to 0…1), and standardize_channels: standardize
            with one mean and deviation for all pixels of a channel.
        missing: fill a missing number with the mean or the median of its column, or stop with an error.
        target: for regression, standardize the target for training, since networks with the usual initial
            weights learn best when it has mean 0 and standard deviation 1; losses are in that unit, while
            metrics and predictions are always in the target's own. Classification leaves the target alone.
    """

    features: Literal["standardize", "standardize_channels", "min_max", "scale", "none"] = "standardize"
    missing: Literal["mean", "median", "error"] = "mean"
    target: Literal["standardize", "none"] = "standardize"


@dataclass(frozen=True)
class EarlyStopping(Component):
    """Stop when a quantity hasn't improved for a while.

    Options:
        monitor: a column of metrics.csv, such as val_loss or val_accuracy.
        patience: evaluations without improvement before the run stops.
        min_delta: an improvement by less than this doesn't count.
        restore_best: whether the best weights are the result, and not the last ones.
    """

    monitor: str = "val_loss"
    patience: Count = 10
    min_delta: NonNegative = 0.0
    restore_best: bool = True


@dataclass(frozen=True)
class Checkpoint(Component):
    """How often the state is saved that `gdrun resume` continues from.

    Options:
        every_epochs: epochs between two checkpoints.
        keep: how many are kept; never fewer than two, so that one may be damaged.
        min_seconds: at most one is written in so many seconds, so that the disk doesn't slow a fast run.
    """

    every_epochs: Count = 1
    keep: Annotated[int, Ge(2)] = 2
    min_seconds: NonNegative = 5.0


@dataclass(frozen=True)
class Evaluation(Component):
    """When losses and metrics are computed, and on how many training rows.

    Options:
        every_epochs: epochs between two evaluations; the first and the last state are always evaluated.
        train_rows: more training rows than this are evaluated on a fixed sample of so many, or all.
    """

    every_epochs: Count = 1
    train_rows: Count | Literal["all"] = 10_000


@dataclass(frozen=True)
class Compute(Component):
    """How the work is spread; it never changes a result.

    Options:
        blas_threads: threads inside one matrix product; more than one seldom pays.
        workers: processes that share the runs; auto takes the machine's cores where it pays.
    """

    blas_threads: Count = 1
    workers: Count | Literal["auto"] = "auto"
