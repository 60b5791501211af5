"""The bits of a run: alone or in company, whole or resumed, they are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gdrun.config.sections import EarlyStopping
from gdrun.data import Category, Table, prepare, split
from gdrun.errors import StoppedError
from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layers import LAYERS
from gdrun.nn.losses import LOSSES
from gdrun.nn.metrics import METRICS
from gdrun.nn.network import Network
from gdrun.optim import AVERAGINGS, OPTIMIZERS, Searcher
from gdrun.optim.clipping import GradientClipping
from gdrun.optim.gradient_noise import GradientNoise
from gdrun.optim.lookahead import Lookahead
from gdrun.optim.penalty import Penalty
from gdrun.optim.schedules import SCHEDULES
from gdrun.training import evaluation
from gdrun.training.evaluation import Evaluator
from gdrun.training.record import Outcome, Record
from gdrun.training.snapshot import Snapshot
from gdrun.training.trainer import Trainer
from gdrun.training.work import RunWork, StackWork


class Recorder:
    """An observer that keeps everything, and interrupts after a given number of questions."""

    def __init__(self, *, interrupt_after: int | None = None, save_every_epoch: bool = False) -> None:
        self.records: dict[int, list[Record]] = {}
        self.outcomes: dict[int, Outcome] = {}
        self.snapshots: list[Snapshot] = []
        self.left = interrupt_after
        self.save_every_epoch = save_every_epoch

    def evaluated(self, run: int, record: Record) -> None:
        self.records.setdefault(run, []).append(record)

    def finished(self, run: int, outcome: Outcome) -> None:
        self.outcomes[run] = outcome

    def epoch_ended(self, epoch: int) -> None:
        pass

    def checkpoint_due(self) -> bool:
        return self.save_every_epoch

    def save(self, snapshot: Snapshot) -> None:
        arrays = {name: array.copy() for name, array in snapshot.arrays.items()}
        self.snapshots.append(Snapshot(arrays, snapshot.document))

    def interrupted(self) -> bool:
        if self.left is None:
            return False
        self.left -= 1
        return self.left < 0


def small_table(rows: int = 150, classes: int = 3, seed: int = 7) -> Table:
    random = np.random.default_rng(seed)
    target = random.integers(0, classes, rows)
    numbers = random.standard_normal((rows, 5)) + target[:, None] * 0.8
    names = tuple(f"x{i}" for i in range(5))
    return Table(
        "small",
        "classification",
        numbers,
        names,
        target.astype(np.int64),
        classes=tuple("abcdefgh"[:classes]),
    )


def make_work(runs: list[RunWork], dtype: str = "float32", **changes: Any) -> StackWork:
    table = small_table()
    data = prepare(table, split(table, 0.2, 0.1), dtype=dtype)
    layers = [
        LAYERS["dense"](12, activation=ACTIVATIONS["relu"]()),
        LAYERS["dropout"](0.2),
        LAYERS["dense"](7, activation=ACTIVATIONS["tanh"]()),
        LAYERS["dense"](3),
    ]
    values = {
        "network": Network(layers, (5,)),
        "loss": LOSSES["softmax_cross_entropy"](),
        "metrics": [METRICS["accuracy"](), METRICS["log_loss"]()],
        "dtype": np.dtype(dtype),
        "data": [data],
        "runs": runs,
        "epochs": 6,
        "batch_size": 16,
        "monitor": "val_loss",
    }
    return StackWork(**(values | changes))


def make_run(seed: int, **changes: Any) -> RunWork:
    run = RunWork(
        seed,
        OPTIMIZERS["adam"](learning_rate=0.01 * (1 + seed % 3)),
        SCHEDULES["cosine"]() if seed % 2 else SCHEDULES["constant"](),
        INITIALIZERS["he_normal"]() if seed % 2 else INITIALIZERS["xavier_uniform"](),
        Penalty(l2=1e-3 * (seed % 2)),
    )
    return replace(run, **changes)


def train(work: StackWork, observer: Recorder | None = None, snapshot: Snapshot | None = None) -> Recorder:
    observer = observer or Recorder()
    Trainer(work, observer, snapshot).run()
    return observer


def bits(recorder: Recorder, run: int) -> tuple[bytes, list[dict[str, Any]]]:
    """Everything of a run that must not depend on its company: weights and records without times."""
    rows = [{**vars(record), "seconds": 0} for record in recorder.records[run]]
    return recorder.outcomes[run].variables.tobytes(), rows


def resumed_bits(work: StackWork, interrupt_after: int, run: int) -> tuple[bytes, list[dict[str, Any]]]:
    """The same of a run that was interrupted and resumed, as often as it takes."""
    rows: list[Record] = []
    snapshot = None
    for _ in range(1000):
        observer = Recorder(interrupt_after=interrupt_after)
        try:
            train(work, observer, snapshot)
        except StoppedError:
            (snapshot,) = observer.snapshots
            rows += observer.records.get(run, [])
            if run in observer.outcomes:
                observer.records[run] = rows
                return bits(observer, run)
            continue
        observer.records[run] = rows + observer.records.get(run, [])
        return bits(observer, run)
    raise AssertionError("it never ended")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [2, 5, 11])
def test_a_run_in_a_stack_has_the_bits_it_has_alone(dtype: str, size: int) -> None:
    runs = [make_run(seed) for seed in range(size)]
    together = train(make_work(runs, dtype))
    for place, run in enumerate(runs):
        alone = train(make_work([run], dtype))
        assert bits(together, place) == bits(alone, 0)


SEARCHERS = [name for name, cls in OPTIMIZERS.items() if issubclass(cls, Searcher)]


@pytest.mark.parametrize("name", [name for name in OPTIMIZERS if name not in SEARCHERS])
def test_every_optimizer_trains_to_the_same_bits_alone_and_stacked(name: str) -> None:
    runs = [make_run(seed, optimizer=OPTIMIZERS[name]()) for seed in range(3)]
    together = train(make_work(runs, epochs=3))
    assert bits(together, 2) == bits(train(make_work(runs[2:], epochs=3)), 0)


def test_an_optimizer_that_needs_tensors_gets_those_of_the_network() -> None:
    # One step of lars changes each weight matrix by a tenth of its length, and not all of them together.
    run = make_run(0, optimizer=OPTIMIZERS["lars"](learning_rate=0.1), schedule=SCHEDULES["constant"]())
    work = make_work([run], "float64", epochs=1, batch_size=None, keep_best=False)
    before = work.network.initial_parameters(run.initializer, run.seed)
    change = train(work).outcomes[0].variables - before
    weights = [slot for slot in work.network.slots if slot.parameter.is_weight]
    assert len(weights) == 3
    for slot in weights:
        own = slice(slot.start, slot.stop)
        assert np.linalg.norm(change[own]) == pytest.approx(0.1 * np.linalg.norm(before[own]))


def test_runs_on_data_of_their_own_have_the_bits_they_have_alone() -> None:
    table = small_table()
    data = [prepare(table, split(table, 0.2, 0.1, seed=seed)) for seed in range(3)]
    runs = [make_run(seed, data=seed % 3) for seed in range(5)]
    together = train(make_work(runs, data=data))
    for place, run in enumerate(runs):
        alone = train(make_work([replace(run, data=0)], data=[data[run.data]]))
        assert bits(together, place) == bits(alone, 0)


@pytest.mark.parametrize("group_bytes", [1, 2600])  # one run; two, two and one
def test_evaluated_in_groups_of_any_size(group_bytes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    work = make_work([make_run(seed) for seed in range(5)])
    whole = train(work)
    evaluated: list[int] = []
    scores = Evaluator.scores

    def counted(self: Evaluator, parameters: Any) -> Any:
        evaluated.append(len(parameters))
        return scores(self, parameters)

    monkeypatch.setattr(Evaluator, "scores", counted)
    monkeypatch.setattr(evaluation, "_GROUP_BYTES", group_bytes)
    in_groups = train(work)
    assert min(evaluated) == 1
    for run in range(5):
        assert bits(in_groups, run) == bits(whole, run)


@pytest.mark.parametrize(
    "changes",
    [
        {"early_stopping": EarlyStopping(patience=1), "epochs": 30},
        {"tolerance": 0.6, "epochs": 12},
        {"gradient_clipping": GradientClipping(norm=0.5)},
        {"evaluate_every": 4},
        {"batch_size": None},
        {"batch_size": 40, "drop_last": True, "shuffle": False},
        {"evaluated_rows": 30},
    ],
    ids=["early_stopping", "tolerance", "clipping", "evaluate_every", "full", "drop_last", "sample"],
)
def test_company_that_leaves_early_changes_nothing(changes: dict[str, Any]) -> None:
    runs = [make_run(seed) for seed in range(6)]
    together = train(make_work(runs, **changes))
    for place, run in enumerate(runs):
        assert bits(together, place) == bits(train(make_work([run], **changes)), 0)


def test_a_run_that_diverges_leaves_the_others_alone() -> None:
    wild = make_run(1, optimizer=OPTIMIZERS["sgd"](learning_rate=1e30))
    runs = [make_run(0, optimizer=OPTIMIZERS["sgd"]()), wild, make_run(2, optimizer=OPTIMIZERS["sgd"]())]
    together = train(make_work(runs))
    assert together.outcomes[1].status == "diverged"
    assert "epoch 1" in together.outcomes[1].reason
    assert np.isfinite(together.outcomes[1].variables).all()
    for place in (0, 2):
        assert together.outcomes[place].status == "completed"
        assert bits(together, place) == bits(train(make_work([runs[place]])), 0)


@pytest.mark.parametrize("interrupt_after", [1, 3, 7, 20])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"early_stopping": EarlyStopping(patience=2), "epochs": 15},
        {"batch_size": None},
        {"evaluate_every": 2},
    ],
    ids=["plain", "early_stopping", "full", "evaluate_every"],
)
def test_an_interrupted_stack_resumes_to_the_same_bits(interrupt_after: int, changes: dict[str, Any]) -> None:
    plateau = SCHEDULES["plateau"](patience=0, factor=0.5)
    runs = [make_run(seed, **({"schedule": plateau} if seed == 2 else {})) for seed in range(3)]
    work = make_work(runs, **changes)
    whole = train(work)
    for run in range(3):
        assert resumed_bits(work, interrupt_after, run) == bits(whole, run)


@pytest.mark.parametrize(
    "forget",
    [
        lambda document, arrays: document.update(order_generators=document["order_generators"][::-1]),
        lambda document, arrays: document.update(noise_generators={"1": document["order_generators"]}),
        lambda document, arrays: arrays["optimizer.m"].fill(0),
        lambda document, arrays: arrays["order"].sort(),
        lambda document, arrays: document.update(batch=0),
    ],
    ids=["batch order", "dropout", "optimizer state", "permutation", "place in the epoch"],
)
def test_a_snapshot_that_lacks_something_is_noticed(forget: Callable[[Any, Any], None]) -> None:
    """The negative control of the test above: each thing in a snapshot is needed."""
    work = make_work([make_run(seed) for seed in range(2)])
    whole = train(work)
    observer = Recorder(interrupt_after=9)
    with pytest.raises(StoppedError):
        train(work, observer)
    (snapshot,) = observer.snapshots
    forget(snapshot.document, snapshot.arrays)
    assert bits(train(work, snapshot=snapshot), 0)[0] != bits(whole, 0)[0]


def test_training_leaves_its_inputs_alone_and_takes_read_only_ones() -> None:
    work = make_work([make_run(0)])
    arrays = [part.features for part in (work.data[0].train, work.data[0].validation) if part]
    before = [array.copy() for array in arrays]
    for array in arrays:
        array.setflags(write=False)
    train(work)
    assert all((array == copy).all() for array, copy in zip(arrays, before, strict=True))


def test_zero_epochs_give_the_initial_weights_and_their_metrics() -> None:
    work = make_work([make_run(3)], epochs=0)
    recorder = train(work)
    start = work.network.initial_parameters(work.runs[0].initializer, 3)
    assert (recorder.outcomes[0].variables == start.astype(np.float32)).all()
    assert [record.epoch for record in recorder.records[0]] == [0]
    assert recorder.outcomes[0].status == "completed"


def test_categories_and_one_row_batches_train() -> None:
    table = small_table(60)
    colour = Category("colour", (np.arange(60) % 3).astype(np.int32), ("blue", "green", "red"))
    table = replace(table, categories=(colour,))
    data = prepare(table, split(table, 0.2, 0.1))
    network = Network([LAYERS["dense"](3)], (8,))
    recorder = train(make_work([make_run(0)], data=[data], network=network, batch_size=1, epochs=2))
    assert recorder.outcomes[0].steps == 2 * len(data.train.rows)


def deterministic() -> Network:
    layers = [LAYERS["dense"](7, activation=ACTIVATIONS["tanh"]()), LAYERS["dense"](3)]
    return Network(layers, (5,))


WRAPPERS: dict[str, dict[str, Any]] = {
    "lookahead": {"lookahead": Lookahead(steps=3, alpha=0.4)},
    "ema": {"averaging": AVERAGINGS["ema"](decay=0.9)},
    "swa": {"averaging": AVERAGINGS["swa"](start_epoch=2)},
    "polyak": {"averaging": AVERAGINGS["polyak"](start_epoch=1)},
    "noise": {"gradient_noise": GradientNoise(variance=0.3)},
}
WRAPPERS["all"] = WRAPPERS["lookahead"] | WRAPPERS["ema"] | WRAPPERS["noise"]


def wrapped(seed: int, kind: str) -> RunWork:
    """A run with numbers of its own in every wrapper."""
    around = dict(WRAPPERS[kind])
    numbers = {"lookahead": "alpha", "averaging": "decay", "gradient_noise": "variance"}
    for key, value in around.items():
        if hasattr(value, numbers[key]):
            around[key] = replace(value, **{numbers[key]: getattr(value, numbers[key]) * (1 - 0.2 * seed)})
    return make_run(seed, **around)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", WRAPPERS)
def test_wrapped_runs_have_the_bits_they_have_alone(kind: str, dtype: str) -> None:
    runs = [wrapped(seed, kind) for seed in range(4)]
    stopping = EarlyStopping(patience=1)
    together = train(make_work(runs, dtype, early_stopping=stopping, epochs=12))
    plain = train(make_work([make_run(seed) for seed in range(4)], dtype, early_stopping=stopping, epochs=12))
    for place, run in enumerate(runs):
        alone = train(make_work([run], dtype, early_stopping=stopping, epochs=12))
        assert bits(together, place) == bits(alone, 0)
        assert bits(together, place) != bits(plain, place)


@pytest.mark.parametrize("kind", WRAPPERS)
@pytest.mark.parametrize("interrupt_after", [3, 7])
def test_wrapped_runs_resume_to_the_same_bits(kind: str, interrupt_after: int) -> None:
    work = make_work([wrapped(seed, kind) for seed in range(3)])
    whole = train(work)
    for run in range(3):
        assert resumed_bits(work, interrupt_after, run) == bits(whole, run)


@pytest.mark.parametrize("name", ["lookahead.slow", "averaging.mean"])
def test_a_snapshot_without_what_wrappers_remember_is_noticed(name: str) -> None:
    work = make_work([wrapped(seed, "all") for seed in range(2)])
    whole = train(work)
    observer = Recorder(interrupt_after=9)
    with pytest.raises(StoppedError):
        train(work, observer)
    (snapshot,) = observer.snapshots
    snapshot.arrays[name].fill(0)
    assert bits(train(work, snapshot=snapshot), 0)[0] != bits(whole, 0)[0]


@pytest.mark.parametrize("name", SEARCHERS)
def test_searchers_resume_and_leave_early_with_the_bits_they_have_alone(name: str) -> None:
    shared: dict[str, Any] = {
        "network": deterministic(),
        "batch_size": None,
        "gradient_clipping": GradientClipping(norm=5.0),
        "early_stopping": EarlyStopping(patience=3),
        "epochs": 25,
    }
    runs = [make_run(seed, optimizer=OPTIMIZERS[name]()) for seed in range(4)]
    runs = [
        replace(run, averaging=AVERAGINGS["ema"](decay=0.5)) for run in runs
    ]  # looks on, and may stand beside a searcher
    work = make_work(runs, **shared)
    together = train(work)
    assert len({outcome.epochs for outcome in together.outcomes.values()}) > 1
    for place, run in enumerate(runs):
        assert bits(together, place) == bits(train(make_work([run], **shared)), 0)
        assert bits(together, place) == resumed_bits(work, 4, place)


@pytest.mark.parametrize("changes", [{}, {"batch_size": None}, {"gradient_clipping": GradientClipping(0.5)}])
def test_estimates_of_the_curvature_are_a_run_s_own(changes: dict[str, Any]) -> None:
    sophia = OPTIMIZERS["sophia"](every_steps=3, beta2=0.5, curvature_scale=1.0)
    runs = [make_run(seed, optimizer=replace(sophia, beta1=0.9 - seed / 10)) for seed in range(3)]
    work = make_work(runs, **changes)
    together = train(work)
    for place, run in enumerate(runs):
        assert bits(together, place) == bits(train(make_work([run], **changes)), 0)
        assert bits(together, place) == resumed_bits(work, 4, place)
    once = make_run(0, optimizer=replace(sophia, beta1=0.9, every_steps=10**6))
    assert bits(train(make_work([once], **changes)), 0) != bits(together, 0)


def test_what_is_evaluated_and_kept_is_the_average() -> None:
    run = make_run(0, averaging=AVERAGINGS["polyak"](start_epoch=2))
    observer = Recorder(save_every_epoch=True)
    work = make_work([run], "float64", epochs=4, network=deterministic(), keep_best=False)
    averaged = train(work, observer)
    steps = len(work.batches)
    # without averaging, snapshots between epochs 2 and 4 are the samples: interrupted after every update
    plain = make_work([make_run(0)], "float64", epochs=4, network=deterministic(), keep_best=False)
    points, snapshot = [], None
    while True:
        stopper = Recorder(interrupt_after=0)
        try:
            last = train(plain, stopper, snapshot)
            break
        except StoppedError:
            (snapshot,) = stopper.snapshots
            if not points or not (points[-1] == snapshot.arrays["parameters"][0]).all():
                points.append(snapshot.arrays["parameters"][0])
    points.append(last.outcomes[0].variables)
    samples = points[-2 * steps :]
    assert averaged.outcomes[0].variables == pytest.approx(np.mean(samples, axis=0), rel=1e-12)
    # until epoch 2 the records are those of the weights themselves
    assert [r.train for r in averaged.records[0][:3]] == [r.train for r in train(plain).records[0][:3]]
    assert averaged.records[0][3].train != train(plain).records[0][3].train
    # both the weights and their average are in a checkpoint
    arrays = observer.snapshots[-1].arrays
    assert not np.array_equal(arrays["parameters"], arrays["averaging.mean"])


def test_gradient_noise_fades_and_is_a_run_s_own() -> None:
    gradients = np.zeros((2, 20_000))
    before = GradientNoise(variance=0.25, power=1.0).bind(gradients, [3, 4])
    before(0)
    assert gradients.std(axis=1) == pytest.approx([0.5, 0.5], rel=0.02)
    assert abs(np.corrcoef(gradients)[0, 1]) < 0.05
    first = gradients.copy()
    gradients[...] = 0
    before(3)  # variance 0.25/4
    assert gradients.std(axis=1) == pytest.approx([0.25, 0.25], rel=0.02)
    gradients[...] = 0
    before(0)
    assert (gradients == first).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_that_fit_the_first_batch_are_those_of_the_runs_own_rows(dtype: str) -> None:
    table = small_table()
    data = [prepare(table, split(table, 0.2, 0.1, seed=seed), dtype=dtype) for seed in range(3)]
    runs = [make_run(seed, data=seed, initializer=INITIALIZERS["lsuv"]()) for seed in range(3)]
    together = train(make_work(runs, dtype, data=data))
    for place, run in enumerate(runs):
        alone = make_work([replace(run, data=0)], dtype, data=[data[run.data]])
        assert bits(together, place) == bits(train(alone), 0)
    start = train(make_work(runs[2:], dtype, data=data, epochs=0)).outcomes[0].variables
    x, weight = data[2].train.features.astype(float), start[: 5 * 12].reshape(5, 12)
    assert (x @ weight).var() == pytest.approx(1, rel=1e-5)
    assert resumed_bits(make_work(runs, dtype, data=data), 5, 1) == bits(together, 1)
