"""State of layers that isn't trained: its bits, that it is saved and used, and that nothing optimizes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_training_bits import Recorder, bits, make_run, make_work, resumed_bits, train

import gdrun
from gdrun.config.sections import EarlyStopping
from gdrun.errors import ConfigError, StoppedError, WeightsError
from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.layers import LAYERS
from gdrun.nn.network import Network
from gdrun.optim import AVERAGINGS, OPTIMIZERS
from gdrun.optim.clipping import GradientClipping
from gdrun.optim.penalty import Penalty
from gdrun.optim.schedules import SCHEDULES
from gdrun.run_directory.weights import write_arrays
from gdrun.training.work import StackWork


def normalized(runs: list[Any], dtype: str = "float32", **changes: Any) -> StackWork:
    layers = [
        LAYERS["dense"](12),
        LAYERS["batch_norm"](),
        LAYERS["activation"](ACTIVATIONS["relu"]()),
        LAYERS["dropout"](0.2),
        LAYERS["dense"](3),
        LAYERS["batch_norm"](momentum=0.7),
    ]
    return make_work(runs, dtype, network=Network(layers, (5,)), drop_last=True, **changes)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_run_with_state_has_the_bits_it_has_alone(dtype: str) -> None:
    runs = [make_run(seed) for seed in range(4)]
    together = train(normalized(runs, dtype))
    for place, run in enumerate(runs):
        assert bits(together, place) == bits(train(normalized([run], dtype)), 0)


@pytest.mark.parametrize("name", ["lbfgs", "annealing"])
def test_points_that_were_only_tried_leave_no_trace_in_the_state(name: str) -> None:
    network = Network([LAYERS["dense"](6), LAYERS["batch_norm"](), LAYERS["dense"](3)], (5,))
    shared: dict[str, Any] = {"network": network, "batch_size": None, "epochs": 8, "keep_best": False}
    runs = [make_run(seed, optimizer=OPTIMIZERS[name]()) for seed in range(4)]
    together = train(make_work(runs, "float64", **shared))
    for place, run in enumerate(runs):
        assert bits(together, place) == bits(train(make_work([run], "float64", **shared)), 0)
    # one update of momentum 0.9 an epoch, from 1
    once = train(make_work(runs[:1], "float64", **shared | {"epochs": 1})).outcomes[0].variables
    work = make_work(runs[:1], "float64", **shared)
    flat = network.variables(once[None])
    hidden = work.data[0].train.features @ flat["layers.0.weight"][0] + flat["layers.0.bias"][0]
    expected = 0.9 + 0.1 * hidden.var(axis=0, ddof=1)
    assert flat["layers.1.running_variance"][0] == pytest.approx(expected, rel=1e-9)


def test_an_estimate_of_the_curvature_leaves_no_trace_in_the_state() -> None:
    network = Network([LAYERS["dense"](6), LAYERS["batch_norm"](), LAYERS["dense"](3)], (5,))
    run = make_run(0, optimizer=OPTIMIZERS["sophia"](every_steps=1))
    work = make_work([run], "float64", network=network, batch_size=None, epochs=1, keep_best=False)
    start = network.views(network.initial_parameters(run.initializer, 0)[None])
    hidden = work.data[0].train.features @ start["layers.0.weight"][0]
    found = network.variables(train(work).outcomes[0].variables[None])["layers.1.running_variance"][0]
    assert found == pytest.approx(0.9 + 0.1 * hidden.var(axis=0, ddof=1), rel=1e-9)  # momentum 0.9, from 1


def test_averaged_weights_keep_the_state_as_it_is() -> None:
    network = Network([LAYERS["dense"](6), LAYERS["batch_norm"](), LAYERS["dense"](3)], (5,))
    shared: dict[str, Any] = {"network": network, "keep_best": False}
    averaged = train(make_work([make_run(0, averaging=AVERAGINGS["ema"](decay=0.9))], **shared))
    plain = train(make_work([make_run(0)], **shared))
    own, other = (network.variables(found.outcomes[0].variables[None]) for found in (averaged, plain))
    assert np.array_equal(own["layers.1.running_mean"], other["layers.1.running_mean"])
    assert not np.array_equal(own["layers.1.scale"], other["layers.1.scale"])


def test_company_that_leaves_early_leaves_everyone_its_own_state() -> None:
    changes: dict[str, Any] = {"early_stopping": EarlyStopping(patience=1), "epochs": 30}
    runs = [make_run(seed) for seed in range(4)]
    together = train(normalized(runs, **changes))
    assert len({outcome.epochs for outcome in together.outcomes.values()}) > 1
    for place, run in enumerate(runs):
        assert bits(together, place) == bits(train(normalized([run], **changes)), 0)


@pytest.mark.parametrize("interrupt_after", [1, 4, 11])
def test_state_is_resumed_to_the_same_bits(interrupt_after: int) -> None:
    work = normalized([make_run(seed) for seed in range(2)])
    whole = train(work)
    for run in range(2):
        assert resumed_bits(work, interrupt_after, run) == bits(whole, run)


def test_a_snapshot_without_the_state_is_noticed() -> None:
    """The negative control of the test above."""
    work = normalized([make_run(seed) for seed in range(2)])
    whole = train(work)
    observer = Recorder(interrupt_after=9)
    with pytest.raises(StoppedError):
        train(work, observer)
    (snapshot,) = observer.snapshots
    snapshot.arrays["layer_state"][...] = work.network.initial_state()
    assert bits(train(work, snapshot=snapshot), 0)[0] != bits(whole, 0)[0]


def test_nothing_but_the_forward_pass_touches_the_state() -> None:
    """One full batch: the state is what two passes give, whatever optimizer, penalty and clipping do."""
    network = Network([LAYERS["batch_norm"](), LAYERS["dense"](3)], (5,))
    clipping = GradientClipping(norm=1e-3)
    optimizer = OPTIMIZERS["adamw"](learning_rate=0.1, weight_decay=0.5)
    run = make_run(0, optimizer=optimizer, schedule=SCHEDULES["constant"](), penalty=Penalty(l1=0.3, l2=0.4))
    work = make_work(
        [run], "float64", network=network, batch_size=None, epochs=2, keep_best=False,
        gradient_clipping=clipping,
    )  # fmt: skip
    outcome = train(work).outcomes[0]
    state = network.state_views(outcome.variables[None, network.parameter_count :])
    x = work.data[0].train.features
    np.testing.assert_allclose(state["layers.0.running_mean"][0], (1 - 0.9**2) * x.mean(0), atol=1e-14)
    variance = 0.9**2 + (1 - 0.9**2) * x.var(0, ddof=1)
    np.testing.assert_allclose(state["layers.0.running_variance"][0], variance)


def test_the_state_kept_is_that_of_the_best_epoch() -> None:
    run = make_run(1, schedule=SCHEDULES["constant"](), optimizer=OPTIMIZERS["adam"](learning_rate=0.1))
    work = normalized([run], epochs=12)
    recorder = train(work)
    best = recorder.outcomes[0].best
    assert best is not None
    assert 0 < best.epoch < 12
    until_best = train(normalized([run], epochs=best.epoch, keep_best=False)).outcomes[0].variables
    assert recorder.outcomes[0].variables.tobytes() == until_best.tobytes()


CONFIG: dict[str, Any] = {
    "name": "normalized",
    "dataset": "iris",
    "model": {"name": "mlp", "hidden": [8], "batch_norm": True},
    "epochs": 3,
    "batch_size": 16,
    "drop_last": True,
}


def test_the_state_is_saved_with_the_weights_and_used(tmp_path: Path) -> None:
    run = gdrun.train(CONFIG, runs_dir=tmp_path)
    weights = run.weights()
    assert {name: weights[name].shape for name in weights if "running" in name} == {
        "layers.1.running_mean": (8,),
        "layers.1.running_variance": (8,),
    }
    assert (weights["layers.1.running_variance"] != 1).all()
    evaluated = gdrun.load(run.path).evaluate()
    assert evaluated["test"] == run.result["test"]
    # The same weights with other statistics say something else: the saved ones are those that were used.
    again = CONFIG | {"initial_weights": str(run.path / "weights.npz"), "epochs": 0}
    assert gdrun.train(again, runs_dir=tmp_path).result["test"] == run.result["test"]
    weights["layers.1.running_variance"] *= 50
    write_arrays(tmp_path / "changed.npz", weights)
    changed = CONFIG | {"initial_weights": str(tmp_path / "changed.npz"), "epochs": 0}
    assert gdrun.train(changed, runs_dir=tmp_path).result["test"] != run.result["test"]


def test_initial_weights_without_the_state_are_refused(tmp_path: Path) -> None:
    weights = gdrun.train(CONFIG, runs_dir=tmp_path).weights()
    del weights["layers.1.running_mean"]
    write_arrays(tmp_path / "less.npz", weights)
    with pytest.raises(WeightsError, match=r"layers\.1\.running_mean is missing"):
        gdrun.train(CONFIG | {"initial_weights": str(tmp_path / "less.npz")}, runs_dir=tmp_path)


def test_a_batch_of_one_row_is_refused_before_training(tmp_path: Path) -> None:
    config = CONFIG | {"split": {"train": 33, "validation": 20, "test": 20}, "drop_last": False}
    with pytest.raises(ConfigError) as caught:
        gdrun.train(config, runs_dir=tmp_path)
    assert "the last batch of an epoch has 1 row, and layers.1 (batch_norm) needs at least 2" in str(
        caught.value
    )
    assert "set drop_last: true" in str(caught.value)
    assert gdrun.train(config | {"drop_last": True, "epochs": 1}, runs_dir=tmp_path).status == "completed"


def test_batches_that_never_come_need_no_rows(tmp_path: Path) -> None:
    run = gdrun.train(CONFIG | {"batch_size": 1, "epochs": 0}, runs_dir=tmp_path)
    assert run.status == "completed"
