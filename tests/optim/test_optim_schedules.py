"""Every schedule against PyTorch, by its ends, and by what must hold for any run length."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optim_samples import case_name, golden

from gdrun.optim.schedule import RunLength
from gdrun.optim.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    CosineRestarts,
    Cyclic,
    Exponential,
    InverseSqrt,
    InverseTime,
    Linear,
    MultiStep,
    Noam,
    OneCycle,
    Piecewise,
    Plateau,
    Sequence,
    Step,
    WarmupStableDecay,
)
from gdrun.optim.schedules.plateau import PlateauState
from gdrun.optim.schedules.sequence import Part

CASES = golden("schedules")
PLATEAUS = golden("plateau")

SAMPLES = {  # options that each schedule needs, or that show more of it
    "step": {"every_epochs": 2},
    "multi_step": {"at_epochs": (1, 2.5)},
    "piecewise": {"at_steps": (3, 7), "factors": (1.0, 0.5, 0.2)},
    "cosine_restarts": {"period_epochs": 1.5, "multiply": 1.3},
    "cyclic": {"half_period_epochs": 0.7, "mode": "exp_range"},
    "sequence": {"parts": (Part(Linear(warmup_steps=2), for_epochs=1.4), Part(Cosine(), for_steps=3))},
}


def sample(name, **options):
    return SCHEDULES[name](**(SAMPLES.get(name, {}) | options))


def made(plain):
    options = {key: value for key, value in plain.items() if key != "name"}
    if "parts" in options:
        options["parts"] = [Part(**{**part, "schedule": made(part["schedule"])}) for part in plain["parts"]]
    return SCHEDULES[plain["name"]](**options)


def test_the_dictionary_is_there_and_most_of_it_has_golden_numbers():
    assert SCHEDULES
    covered = {case["schedule"]["name"] for case in CASES} | {"plateau"}
    by_hand = {"inverse_time", "inverse_sqrt", "warmup_stable_decay", "piecewise"}
    assert covered | by_hand == set(SCHEDULES)


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_learning_rate_is_pytorchs(case):
    schedule = made(case["schedule"])
    run = RunLength(case["epochs"], case["steps_per_epoch"])
    rates = case["base"] * schedule.learning_rate_factors(run)
    np.testing.assert_allclose(rates, case["learning_rate"], rtol=1e-12, atol=0)
    momentum = schedule.momentum(run)
    assert (momentum is not None) == ("momentum" in case)
    if momentum is not None:
        np.testing.assert_allclose(momentum, case["momentum"], rtol=1e-12, atol=0)


@pytest.mark.parametrize("case", PLATEAUS, ids=case_name)
def test_plateau_is_pytorchs(case):
    plateau = Plateau(**case["options"])
    state = plateau.begin()
    factors = []
    for value in case["values"]:
        state = PlateauState.from_plain(state.to_plain())  # as through a checkpoint
        value = math.nan if value is None else value
        state = plateau.observe(state, value, higher_is_better=case["higher_is_better"])
        factors.append(state.factor)
    np.testing.assert_allclose(factors, case["factors"], rtol=1e-12, atol=0)


def test_plateau_with_a_negative_best_value_takes_only_better_ones():
    plateau = Plateau(patience=0, threshold=0.1, factor=0.5)
    state = plateau.observe(plateau.begin(), -1.0)
    assert plateau.observe(state, -0.95) == PlateauState(factor=0.5, best=-1.0)
    assert plateau.observe(state, -1.05).factor == 0.5
    assert plateau.observe(state, -1.11) == PlateauState(best=-1.11)
    higher = plateau.observe(state, -0.89, higher_is_better=True)
    assert higher == PlateauState(best=-0.89)


def test_schedules_without_a_peer_by_hand():
    run = RunLength(2, 5)
    assert InverseTime(decay=0.5).learning_rate_factors(run)[:4] == pytest.approx(
        [1, 1 / 1.5, 1 / 2, 1 / 2.5]
    )
    assert InverseSqrt().learning_rate_factors(run)[:4] == pytest.approx([1, 1 / 2**0.5, 1 / 3**0.5, 1 / 2])
    # warm-up of 4: 1/4, 2/4, 3/4, 4/4, then √(4/T) at T = 4, 5, … 9
    expected = [0.25, 0.5, 0.75, 1, *(math.sqrt(4 / t) for t in range(4, 10))]
    assert InverseSqrt(warmup_steps=4).learning_rate_factors(run) == pytest.approx(expected)
    assert Piecewise(at_steps=(2, 5), factors=(0.5, 0.1)).learning_rate_factors(run).tolist() == (
        [1, 1, 0.5, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1]
    )
    assert (
        Piecewise(at_epochs=(1,), factors=(0.5, 2)).learning_rate_factors(run).tolist()
        == [0.5] * 5 + [2.0] * 5
    )
    # 2 steps of warm-up, 4 stable, then 4 down: 1, 3/4, 2/4, 1/4 (0 would be next)
    stable = WarmupStableDecay(warmup_steps=2, decay_steps=4)
    assert stable.learning_rate_factors(run) == pytest.approx([0.5, 1, 1, 1, 1, 1, 1, 0.75, 0.5, 0.25])
    # by default a twentieth and a fifth (of the 95 that are left)
    factors = WarmupStableDecay().learning_rate_factors(RunLength(10, 10))
    assert factors[:6] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1])
    assert (factors[4:82] == 1).all()
    assert factors[-1] == pytest.approx(1 / 19)
    continuous = Exponential(rate=0.5, continuous=True).learning_rate_factors(run)
    assert continuous == pytest.approx(0.5 ** (np.arange(10) / 5))


def test_places_are_counted_from_the_start_and_other_lengths_after_the_warm_up():
    run = RunLength(4, 3)
    places = MultiStep(at_epochs=(2,), factor=0.5, warmup_epochs=1)
    assert places.learning_rate_factors(run) == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1, *[0.5] * 6])
    steps = Step(every_epochs=2, factor=0.5, warmup_epochs=1)
    assert steps.learning_rate_factors(run) == pytest.approx([1 / 3, 2 / 3, 1, 1, 1, 1, 1, 1, 1, *[0.5] * 3])


def test_parts_of_a_sequence_are_runs_of_their_own():
    run = RunLength(4, 5)
    parts = [Part(Linear(), for_steps=4), Part(MultiStep(at_steps=(2,), factor=0.5), for_epochs=1)]
    # 4 steps down to 0, of which the last is one short; 5 steps that halve at their third; then as it was
    expected = [1, 0.75, 0.5, 0.25, 1, 1, 0.5, 0.5, 0.5]
    held = Sequence(parts).learning_rate_factors(run)
    assert held == pytest.approx([*expected, *[0.5] * 11])
    nested = Sequence([Part(Sequence(parts), for_steps=9), Part(Cosine())])
    assert nested.learning_rate_factors(run)[:9] == pytest.approx(expected)
    assert nested.learning_rate_factors(run)[9:] == pytest.approx(
        Cosine().learning_rate_factors(RunLength(1, 11))
    )
    assert Sequence(parts).learning_rate_factors(RunLength(1, 3)) == pytest.approx(expected[:3])
    warm = Sequence(parts, warmup_steps=2).learning_rate_factors(run)
    assert warm == pytest.approx([0.5, 1, *expected, *[0.5] * 9])


def test_a_part_longer_than_any_run_costs_no_memory():
    endless = Sequence([Part(Cosine(), for_epochs=1e15)])
    assert endless.learning_rate_factors(RunLength(1, 3)) == pytest.approx([1, 1, 1])


@pytest.mark.parametrize("length", [1e18, 1e300, 1.7e308])
def test_lengths_beyond_any_run_are_lengths(length):
    run = RunLength(1, 40)
    assert Cosine(warmup_epochs=length).learning_rate_factors(run)[-1] == pytest.approx(40 / 1e15)
    assert Step(every_epochs=length).learning_rate_factors(run).tolist() == [1] * 40
    parts = [Part(Step(every_epochs=length), for_epochs=length), Part(Cosine())]
    assert Sequence(parts).learning_rate_factors(run).tolist() == [1] * 40


def test_fractional_epochs_are_rounded_to_whole_steps():
    # 0.29·100 is 28.999999999999996 in floating point and 0.07·100 is 7.000000000000001
    factors = Step(every_epochs=0.29, factor=0.5).learning_rate_factors(RunLength(1, 100))
    assert np.flatnonzero(np.diff(factors)).tolist() == [28, 57, 86]
    factors = Step(every_epochs=0.07, factor=0.5).learning_rate_factors(RunLength(1, 100))
    assert np.flatnonzero(np.diff(factors)).tolist() == list(range(6, 99, 7))
    assert Step(every_epochs=0.01).learning_rate_factors(RunLength(1, 3)) == pytest.approx([1, 0.1, 0.01])


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(SCHEDULES)),
    epochs=st.integers(0, 12),
    steps_per_epoch=st.integers(1, 9),
    warmup=st.one_of(st.none(), st.integers(1, 30)),
    start=st.floats(0, 1),
)
def test_factors_stay_within_bounds_for_every_length(name, epochs, steps_per_epoch, warmup, start):
    run = RunLength(epochs, steps_per_epoch)
    options = {} if warmup is None else {"warmup_steps": warmup, "warmup_start_factor": start}
    schedule = sample(name, **options)
    factors = schedule.learning_rate_factors(run)
    assert factors.shape == (run.steps,)
    assert factors.dtype == np.float64
    assert (factors >= 0).all()
    assert (factors <= 1 + 1e-12).all()
    if run.steps and name != "one_cycle":
        assert factors[0] > 0
    if warmup is not None and run.steps > 1:
        rise = factors[: min(warmup, run.steps)]
        if not schedule.from_start:
            assert (np.diff(rise) >= -1e-15).all()
    assert all(isinstance(warning, str) for warning in schedule.warnings(run, 3))


@settings(max_examples=60, deadline=None)
@given(
    epochs=st.integers(1, 20),
    steps=st.integers(1, 20),
    peak=st.floats(0, 1),
    kind=st.sampled_from(["cosine", "linear"]),
)
def test_one_cycle_ends_at_its_end_whatever_the_peak(epochs, steps, peak, kind):
    run = RunLength(epochs, steps)
    cycle = OneCycle(peak_at=peak, anneal=kind, cycle_momentum=True)
    factors, momentum = cycle.learning_rate_factors(run), cycle.momentum(run)
    assert np.isfinite(factors).all()
    assert ((momentum >= 0.85 - 1e-12) & (momentum <= 0.95 + 1e-12)).all()
    if peak * run.steps > 1:
        assert factors[0] == pytest.approx(0.04)
    if peak < 1 and run.steps > 1:
        assert factors[-1] == pytest.approx(1e-4)
        assert momentum[-1] == pytest.approx(0.95)


@pytest.mark.parametrize("name", SCHEDULES)
def test_equal_options_are_equal_and_hashable(name):
    assert sample(name) == sample(name)
    assert len({sample(name), sample(name)}) == 1
    assert sample(name).learning_rate_factors(RunLength(0, 4)).shape == (0,)


@pytest.mark.parametrize(("make", "message"), [
    (lambda: Step(), "exactly one of every_steps and every_epochs, not none"),
    (lambda: Step(every_steps=3, every_epochs=1), "exactly one of every_steps and every_epochs, not both"),
    (lambda: Cosine(warmup_steps=3, warmup_epochs=1), "at most one of warmup_steps and warmup_epochs"),
    (lambda: Step(every_steps=0), "every_steps must be at least 1"),
    (lambda: Constant(warmup_epochs=-1), "warmup_epochs must be greater than 0"),
    (lambda: Constant(warmup_start_factor=1.5), "warmup_start_factor must be at most 1"),
    (lambda: MultiStep(at_steps=(5, 5)), "at_steps must be one or more rising numbers"),
    (lambda: MultiStep(at_epochs=()), "at_epochs must be one or more rising numbers"),
    (lambda: MultiStep(), "exactly one of at_steps and at_epochs"),
    (lambda: Piecewise(at_steps=(2, 5), factors=(1.0,)), "2 places need 3 factors"),
    (lambda: Piecewise(at_steps=(2,), factors=(1.0, -1.0)), "factors must be at least 0"),
    (lambda: Plateau(factor=1.0), "factor must be less than 1"),
    (lambda: CosineRestarts(period_steps=5, multiply=0.5), "multiply must be at least 1"),
    (lambda: Cyclic(), "exactly one of half_period_steps and half_period_epochs"),
    (lambda: Exponential(rate=0), "rate must be greater than 0"),
    (lambda: Noam(model_size=0), "model_size must be at least 1"),
    (lambda: Sequence(()), "parts must be one schedule or more"),
    (lambda: Sequence([Part(Linear()), Part(Cosine())]), r"part 1 \(linear\) needs for_steps or for_epochs"),
    (lambda: Sequence([Part(Plateau())]), "part 1 cannot be plateau, which waits for a metric"),
    (lambda: Sequence([Part(OneCycle(cycle_momentum=True))]), "part 1 .one_cycle. cannot cycle the momentum"),
    (lambda: Part(Linear(), for_steps=3, for_epochs=1), "at most one of for_steps and for_epochs"),
    (lambda: Part(Linear(), for_steps=0), "for_steps must be at least 1"),
])  # fmt: skip
def test_senseless_options_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_lists_are_taken_as_tuples():
    assert MultiStep(at_epochs=[3, 7]).at_epochs == (3, 7)
    assert Piecewise(at_steps=[3], factors=[1, 2]).factors == (1.0, 2.0)


RUN = RunLength(10, 5)


@pytest.mark.parametrize(("schedule", "patience", "word"), [
    (Linear(warmup_epochs=10), None, "warm-up of 50 updates lasts as long"),
    (Plateau(patience=5), 5, "early stopping ends the run after 5"),
    (Plateau(patience=10), None, "is not over in 10 evaluations"),
    (Step(every_epochs=10), None, "the run ends before"),
    (MultiStep(at_epochs=(5, 30)), None, "epoch 30 is never reached: the run has 10 epochs"),
    (MultiStep(at_steps=(50, 70)), None, "update 50 is never reached: the run has 50 updates"),
    (CosineRestarts(period_epochs=10), None, "first restart"),
    (WarmupStableDecay(decay_steps=60, warmup_steps=5), None, "longer than the 45"),
    (Noam(), None, "warm-up of 4000 updates lasts as long as the run of 50"),
    (Sequence([Part(Linear(), for_epochs=10), Part(Cosine())]), None, "part 2 (cosine) would begin after 50"),
    (Sequence([Part(Linear(warmup_steps=9), for_steps=9)]), None, "part 1 (linear) is over after 9 updates"),
])  # fmt: skip
def test_warnings(schedule, patience, word):
    (warning,) = schedule.warnings(RUN, patience)
    assert word in warning


@pytest.mark.parametrize("schedule", [
    Constant(warmup_epochs=1), Plateau(patience=5), Step(every_epochs=3), MultiStep(at_epochs=(3, 9)),
    OneCycle(), CosineRestarts(period_epochs=3), WarmupStableDecay(), Noam(warmup_steps=49),
    Sequence([Part(Linear(), for_epochs=9.8), Part(Cosine())]),
])  # fmt: skip
def test_no_warning_without_reason(schedule):
    assert schedule.warnings(RUN) == []
    assert schedule.warnings(RUN, 6) == []
    assert schedule.warnings(RunLength(0, 5)) == []
