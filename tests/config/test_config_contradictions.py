"""Keys of a config that contradict each other, though each is right by itself, and those without effect."""

from __future__ import annotations

from typing import Any

import pytest

from gdrun.config import from_plain
from gdrun.config.checks import descent_warnings, warnings
from gdrun.config.load import plain_source
from gdrun.errors import ConfigError
from gdrun.objectives import LINE_METHODS
from gdrun.optim import OPTIMIZERS, Searcher

SEARCHERS = [name for name, cls in OPTIMIZERS.items() if issubclass(cls, Searcher)]


def loaded(**keys: Any) -> Any:
    plain = {"dataset": "iris", "batch_size": "full", "preprocessing": {"features": "none"}}
    return from_plain(plain | keys).config


@pytest.mark.parametrize("name", SEARCHERS)
@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"batch_size": 32}, "batch_size: {} compares losses, which must be of the same rows"),
        ({"lookahead": {}}, "lookahead: {} evaluates the loss itself"),
        ({"gradient_noise": {}}, "gradient_noise: {} evaluates the loss itself"),
        ({"augmentation": {}}, "augmentation: {} compares losses, which must be of the same images"),
    ],
)
def test_searchers_refuse_what_changes_the_loss_behind_them(
    name: str, keys: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message.format(name)):
        loaded(optimizer=name, **keys)
    assert loaded(optimizer="adam", **keys)  # all others take it


def test_sophia_needs_a_loss_that_targets_can_be_drawn_for() -> None:
    with pytest.raises(ConfigError, match=r"loss: sophia estimates .* multiclass_svm gives no distribution"):
        loaded(optimizer="sophia", loss="multiclass_svm")
    assert loaded(optimizer="sophia").loss.name == "softmax_cross_entropy"
    with pytest.raises(ConfigError, match=r"sophia estimates the curvature .* an objective has none"):
        plain_source({"objective": "rosenbrock", "start": [0, 0], "optimizer": "sophia"}).load_objective()


def test_all_contradictions_are_said_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(optimizer="lbfgs", batch_size=8, lookahead={}, gradient_noise={})
    assert all(f"{key}: " in str(caught.value) for key in ("batch_size", "lookahead", "gradient_noise"))


@pytest.mark.parametrize("name", SEARCHERS)
def test_an_average_may_look_on(name: str) -> None:
    assert loaded(optimizer=name, averaging="ema").averaging.decay == 0.999


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"averaging": {"name": "ema", "start_epoch": 30}}, "averaging.start_epoch is 30 and the run has 30"),
        ({"lookahead": {"steps": 31}}, "lookahead.steps is 31 and the run has 30 updates: no effect"),
        ({"optimizer": "annealing", "tolerance": 1e-3}, "tolerance has no effect: annealing computes no"),
    ],
)
def test_what_has_no_effect_is_said(keys: dict[str, Any], message: str) -> None:
    assert any(said.startswith(message) for said in warnings(loaded(**keys), 100))
    fewer = {key: value for key, value in keys.items() if key == "optimizer"}
    assert not warnings(loaded(**fewer), 100)


WARMUP = "schedule: the warm-up of 12 epochs lasts as long as the run of 10"
PLATEAU = {"name": "plateau", "patience": 5}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"schedule": {"name": "linear", "warmup_epochs": 12}}, WARMUP),
        ({"schedule": PLATEAU, "early_stopping": {"patience": 4}}, "schedule: early stopping ends the run"),
        ({"schedule": PLATEAU, "epochs": 5}, "schedule: a patience of 5 is not over in 5 evaluations"),
        (
            {"schedule": PLATEAU, "evaluation": {"every_epochs": 2}},
            "schedule: a patience of 5 is not over in 5 evaluations",
        ),
    ],
)
def test_schedules_out_of_reach_are_told_before_the_data_is_read(keys: dict[str, Any], message: str) -> None:
    config = loaded(**({"epochs": 10} | keys))
    (said,) = warnings(config)
    assert said.startswith(message)
    (said,) = warnings(config, 100)
    assert said.startswith(message.replace("12 epochs", "12 updates"))
    assert not warnings(loaded(epochs=10, schedule={"name": "plateau", "patience": 3}))


def descent(**keys: Any) -> Any:
    start: dict[str, Any] = {"objective": {"name": "sphere", "dimension": 1}, "steps": 20}
    return plain_source(start | keys).load_objective().config


AROUND: dict[str, Any] = {
    "gradient_clipping": {"norm": 1},
    "lookahead": {},
    "averaging": "ema",
    "gradient_noise": {},
}


@pytest.mark.parametrize("key", AROUND)
@pytest.mark.parametrize("line_method", LINE_METHODS)
def test_line_methods_refuse_what_is_made_for_steps_of_gradients(line_method: str, key: str) -> None:
    where: dict[str, Any] = {"interval": [-3, 4]} if LINE_METHODS[line_method].on_interval else {"start": 1}
    with pytest.raises(ConfigError, match=f"{key}: {line_method} closes in on one point and makes no steps"):
        descent(optimizer=line_method, **where, **{key: AROUND[key]})
    assert descent(optimizer=line_method, **where)
    assert descent(optimizer="sgd", **{key: AROUND[key]})


@pytest.mark.parametrize("key", ["lookahead", "gradient_noise"])
@pytest.mark.parametrize("name", SEARCHERS)
def test_searchers_of_an_objective_refuse_what_changes_it_behind_them(name: str, key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key}: {name} evaluates the objective itself"):
        descent(optimizer=name, **{key: AROUND[key]})
    assert descent(optimizer=name, averaging="ema")


def test_without_gradients_there_is_nothing_to_clip() -> None:
    clipping = {"gradient_clipping": {"norm": 1}}
    for load in (loaded, descent):
        with pytest.raises(ConfigError, match="gradient_clipping: annealing computes no gradients"):
            load(optimizer="annealing", **clipping)
        assert load(optimizer="lbfgs", **clipping)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"averaging": {"name": "ema", "start_epoch": 20}},
            "averaging.start_epoch is 20 and the run has 20 s",
        ),
        ({"lookahead": {"steps": 21}}, "lookahead.steps is 21 and the run has 20 updates: no effect"),
    ],
)
def test_what_has_no_effect_on_a_descent_is_said(keys: dict[str, Any], message: str) -> None:
    assert any(said.startswith(message) for said in descent_warnings(descent(**keys)))
    assert not descent_warnings(descent())


def sequential(*layers: Any, **keys: Any) -> Any:
    plain = {"dataset": "adding", "model": {"name": "sequential", "layers": [*layers]}}
    return from_plain(plain | keys).config


SCALED: dict[str, dict[str, Any]] = {
    "lstm": {"units": 3},
    "gru": {"units": 3},
    "attention": {},
}


@pytest.mark.parametrize("name", SCALED)
def test_lsuv_is_refused_for_layers_that_it_cannot_scale(name: str) -> None:
    layer = {"name": name, **SCALED[name]}
    own = {**layer, "weight_initializer": "lsuv"}
    with pytest.raises(ConfigError, match=rf"model\.layers\.0\.weight_initializer: lsuv .* \({name}\) don't"):
        sequential(own)
    with pytest.raises(
        ConfigError, match=rf"initializer: lsuv scales .* model\.layers\.1 \({name}\) don't .* ort"
    ):
        sequential({"name": "dense", "units": 4}, layer, initializer="lsuv")
    inside = {"name": "residual", "layers": [{"name": "dense", "units": 2}, own]}
    with pytest.raises(ConfigError, match=r"model\.layers\.0\.layers\.1\.weight_initializer: lsuv"):
        sequential(inside)
    assert sequential({**layer, "weight_initializer": "orthogonal"}, initializer="lsuv")
    assert sequential(layer, initializer="lsuv", initial_weights="w.npz")  # then nothing is drawn


def test_lsuv_scales_one_array_of_a_recurrent_layer() -> None:
    for name in ("lstm", "gru"):
        with pytest.raises(ConfigError, match=r"model\.layers\.0\.recurrent_initializer: lsuv"):
            sequential({"name": name, "units": 3, "recurrent_initializer": "lsuv"})
    rnn = {"name": "rnn", "units": 3, "weight_initializer": "lsuv"}
    assert sequential(rnn)
    with pytest.raises(ConfigError, match=r"model\.layers\.0\.weight_initializer: lsuv"):
        sequential({**rnn, "recurrent_initializer": "lsuv"})
