"""One run, described completely: the keys of a config file in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from gdrun.component import Count, Positive, WholeNumber
from gdrun.config.comparison import Compare
from gdrun.config.marks import NAME, NullMeans
from gdrun.config.sections import Checkpoint, Compute, EarlyStopping, Evaluation, Preprocessing, Split
from gdrun.data.augmentation import Augmentation
from gdrun.data.table import Dataset
from gdrun.nn.initializer import Initializer
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.loss import Loss
from gdrun.nn.metric import Metric
from gdrun.nn.model import Model
from gdrun.nn.models import MODELS
from gdrun.optim import OPTIMIZERS
from gdrun.optim.averaging import Averaging
from gdrun.optim.clipping import GradientClipping
from gdrun.optim.gradient_noise import GradientNoise
from gdrun.optim.lookahead import Lookahead
from gdrun.optim.method import Method
from gdrun.optim.penalty import Penalty
from gdrun.optim.scaling import LearningRateScaling
from gdrun.optim.schedule import Schedule
from gdrun.optim.schedules import SCHEDULES


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything that a run is a function of.

    Options:
        name: of the run directory and in tables; letters, digits, dot, underscore and hyphen, at most 64.
        seed: initial weights, batch order and dropout; one seed = one run.
        dtype: of weights, activations and gradients.
        dataset: what is learned.
        split: which rows train, validate and test.
        preprocessing: what is done to the columns.
        augmentation: how training images are changed whenever they are shown.
        model: the network.
        initializer: of the weights; biases start at 0.
        loss: what is minimized; null for the usual one of the task.
        metrics: what is reported beside the loss; null for the usual ones of the task.
        penalty: added to the loss.
        gradient_clipping: keeps gradients short.
        learning_rate_scaling: lets the learning rate grow with the batch size.
        optimizer: makes a step of a gradient.
        lookahead: slow weights that follow the optimizer's.
        averaging: an average of the weights along the way, evaluated and kept in their place.
        gradient_noise: noise that is added to gradients.
        schedule: changes the learning rate during the run; null for constant.
        batch_size: rows a step, or full for all of them.
        shuffle: whether every epoch has a new order of the rows.
        drop_last: whether a last batch with fewer rows is left out.
        epochs: passes over the training rows; 0 evaluates the initial weights.
        early_stopping: stops when nothing improves any more.
        tolerance: stops when the gradient norm falls below it.
        checkpoint: how often the state is saved.
        evaluation: how often losses and metrics are computed.
        diagnostics: whether report.html shows how the activations, gradients and weights of every layer are
            distributed, at a few epochs; it makes no difference to the result.
        initial_weights: a weights.npz to start from, instead of the initializer.
        compute: how the work is spread.
        compare: what compare-optimizers compares, and how.
    """

    name: Annotated[str, NAME] = "run"
    seed: WholeNumber = 0
    dtype: Literal["float32", "float64"] = "float32"
    dataset: Dataset
    split: Split = Split()
    preprocessing: Preprocessing = Preprocessing()
    augmentation: Augmentation | None = None
    model: Model = MODELS["mlp"]()
    initializer: Initializer = INITIALIZERS["he_normal"]()
    loss: Loss | None = None
    metrics: tuple[Metric, ...] | None = None
    penalty: Annotated[Penalty, NullMeans({})] = Penalty()
    gradient_clipping: GradientClipping | None = None
    learning_rate_scaling: LearningRateScaling | None = None
    optimizer: Method = OPTIMIZERS["adam"]()
    lookahead: Lookahead | None = None
    averaging: Averaging | None = None
    gradient_noise: GradientNoise | None = None
    schedule: Annotated[Schedule, NullMeans("constant")] = SCHEDULES["constant"]()
    batch_size: Count | Literal["full"] = 32
    shuffle: bool = True
    drop_last: bool = False
    epochs: WholeNumber = 30
    early_stopping: EarlyStopping | None = None
    tolerance: Positive | None = None
    checkpoint: Checkpoint = Checkpoint()
    evaluation: Evaluation = Evaluation()
    diagnostics: bool = False
    initial_weights: Path | None = None
    compute: Compute = Compute()
    compare: Compare | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(NAME.regex, self.name):
            raise ValueError(f"Config: name must be {NAME.words}, not {self.name!r}")
        names = [metric.name for metric in self.metrics or ()]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"Config: metrics must be different ones, not {twice} twice")
