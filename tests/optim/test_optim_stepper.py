"""A run's bits depend on its own numbers alone: not on company, slices, pieces or restarts."""

from __future__ import annotations

import math

import numpy as np
import pytest
from optim_samples import RULES, Runs, kinds, random_options

from gdrun.arrays import aligned_zeros
from gdrun.component import stack, stacking_key
from gdrun.errors import ConfigError
from gdrun.optim import OPTIMIZERS, Adam, Momentum, Sgd
from gdrun.optim.optimizer import take
from gdrun.optim.stepper import FLUSH_EVERY, Stepper, has_momentum

STEPS = 23
DTYPES = [np.float32, np.float64]


def some_runs(name, kind, dtype, runs, parameters, *, equal=False):
    """Random optimizers, weights, gradients and rates; a few gradients and weights are −0 and 0."""
    rng = np.random.default_rng([runs, parameters, len(name)])
    cls = OPTIMIZERS[name]
    optimizers = [random_options(cls, rng) for _ in range(runs)]
    optimizers = [optimizers[0]] * runs if equal else optimizers
    if kind:
        own = [{k: getattr(o, k) for k in vars(o)} | kind for o in optimizers]
        if kind.get("nesterov"):
            own = [o | {"momentum": o["momentum"] or 0.5, "dampening": 0.0} for o in own]
        optimizers = [cls(**o) for o in own]
    theta = rng.normal(size=(runs, parameters)).astype(dtype)
    gradients = rng.normal(size=(STEPS, runs, parameters)).astype(dtype)
    theta[:, ::7] = 0
    gradients[:, :, ::5] = 0
    gradients[:, :, 1::5] *= -0.0
    rates = np.array([[o.learning_rate for o in optimizers]]) * rng.uniform(
        0, 1, (STEPS, 1 if equal else runs)
    )
    rates[3] = 0  # a schedule may go down to nothing
    return optimizers, theta, gradients, rates


CASES = [
    pytest.param(name, kind, id=f"{name} {kind or ''}") for name, cls in RULES.items() for kind in kinds(cls)
]


def same_bits(a, b):
    return a.tobytes() == b.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "kind"), CASES)
@pytest.mark.parametrize(("parameters", "slice_values"), [(37, 16_384), (37, 100), (150, 64)])
def test_stacked_is_alone_to_the_bit(name, kind, dtype, parameters, slice_values):
    optimizers, theta, gradients, rates = some_runs(name, kind, dtype, 6, parameters)
    stacked = Runs(optimizers, theta, gradients, rates, slice_values=slice_values).go(0, STEPS)
    assert np.isfinite(stacked.theta).all()
    assert not np.equal(stacked.theta, theta).all(axis=1).any()
    for run, optimizer in enumerate(optimizers):
        alone = Runs([optimizer], theta[[run]], gradients[:, [run]], rates[:, [run]]).go(0, STEPS)
        assert same_bits(alone.theta[0], stacked.theta[run])
        own = stacked.stepper.run_state(run)
        assert list(own) == list(alone.stepper.state)
        assert all(same_bits(alone.stepper.state[name][0], own[name]) for name in own)


SHAPES = [(4, 3), (5,), (), (0, 2), (2, 5, 2)]  # 38 parameters
PER_TENSOR = [name for name, cls in RULES.items() if cls.per_tensor]


def test_some_optimizers_need_tensors():
    assert {"lars", "lamb", "muon"} <= set(PER_TENSOR)


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", PER_TENSOR)
def test_each_tensor_goes_its_way_as_if_alone_to_the_bit(name, dtype, equal):
    optimizers, theta, gradients, rates = some_runs(name, {}, dtype, 5, 38, equal=equal)
    theta[2, 12:17] = 0  # as biases at the start
    if not equal and "momentum" in vars(optimizers[0]):  # one without couldn't be cycled
        optimizers = [type(o)(**(vars(o) | {"momentum": 0.4 + i / 10})) for i, o in enumerate(optimizers)]
    every = np.broadcast_to(rates, (STEPS, 5))
    cycles = {} if equal else {1: np.linspace(0.95, 0.85, STEPS)}
    stacked = Runs(optimizers, theta, gradients, every, cycles, slice_values=25, tensors=SHAPES).go(0, STEPS)
    whole = Runs(optimizers, theta, gradients, every, cycles).go(0, STEPS)
    assert not same_bits(whole.theta, stacked.theta)  # it does matter where the borders are
    half = Runs(optimizers, theta, gradients, every, cycles, tensors=SHAPES).go(0, 9)
    kept = Runs(optimizers[3:], half.theta[3:], gradients[:, 3:], every[:, 3:], tensors=SHAPES)
    kept.stepper = half.stepper.select([3, 4], kept.theta, kept.g)
    assert same_bits(kept.go(9, STEPS).theta, stacked.theta[3:])
    stop = 0
    for shape in SHAPES:
        start, stop = stop, stop + math.prod(shape)
        for run, optimizer in enumerate(optimizers):
            own = theta[[run], start:stop], gradients[:, [run], start:stop], every[:, [run]]
            cycle = {0: cycles[run]} if run in cycles else {}
            alone = Runs([optimizer], *own, cycle, tensors=[shape]).go(0, STEPS)
            assert same_bits(alone.theta[0], stacked.theta[run, start:stop].copy())


@pytest.mark.parametrize("name", ["lars", "lamb"])
def test_a_tensor_of_zeros_and_one_without_gradient_have_a_ratio_of_one(name):
    # The first step is 0.1·v of lars (v = g = 3) and 0.1·m̂/√v̂ = 0.1·1 of lamb; the other tensor stays.
    optimizer = OPTIMIZERS[name](learning_rate=0.1, weight_decay=0.0)
    theta, g = np.array([[0.0, 0.0, 1.0, 2.0]]), np.array([[3.0, 3.0, 0.0, 0.0]])
    stepper = Stepper(optimizer, theta, g, tensors=[(2,), (2,)])
    stepper.prepare(np.full((1, 1), 0.1), 0)
    stepper.step(0)
    step = {"lars": 0.3, "lamb": 0.1}[name]
    assert theta[0] == pytest.approx([-step, -step, 1, 2], rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "kind"), CASES)
def test_equal_numbers_are_collapsed_to_the_same_bits(name, kind, dtype):
    # Equal options make slices that ignore the borders between runs; one odd run brings them back.
    optimizers, theta, gradients, rates = some_runs(name, kind, dtype, 4, 41, equal=True)
    together = Runs(optimizers, theta, gradients, rates, slice_values=64).go(0, STEPS)
    odd_rates = rates.copy()
    odd_rates[:, 3] *= 0.5
    odd = Runs(optimizers, theta, gradients, odd_rates, slice_values=64).go(0, STEPS)
    assert same_bits(together.theta[:3], odd.theta[:3])
    assert not same_bits(together.theta[3], odd.theta[3])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", RULES)
def test_pieces_restored_state_and_selection_go_on_to_the_same_bits(name, dtype):
    optimizers, theta, gradients, rates = some_runs(name, {}, dtype, 5, 37)
    straight = Runs(optimizers, theta, gradients, rates).go(0, STEPS)
    half = Runs(optimizers, theta, gradients, rates).go(0, 9, piece=4)

    resumed = Runs(optimizers, half.theta, gradients, rates)
    for key, values in half.stepper.state.items():
        resumed.stepper.state[key][...] = values
    assert same_bits(resumed.go(9, STEPS, piece=5).theta, straight.theta)

    kept = [4, 1]
    some = Runs([optimizers[i] for i in kept], half.theta[kept], gradients[:, kept], rates[:, kept])
    some.stepper = half.stepper.select(kept, some.theta, some.g)
    assert same_bits(some.go(9, STEPS).theta, straight.theta[kept])


@pytest.mark.parametrize("name", [n for n, cls in OPTIMIZERS.items() if cls.momentum_option])
@pytest.mark.parametrize("dtype", DTYPES)
def test_cycling_the_momentum_of_some_runs_leaves_the_others_alone(name, dtype):
    optimizers, theta, gradients, rates = some_runs(name, {}, dtype, 4, 37)
    if "momentum" in vars(optimizers[0]):
        optimizers = [type(o)(**(vars(o) | {"momentum": 0.4 + i / 10})) for i, o in enumerate(optimizers)]
    cycles = {1: np.linspace(0.95, 0.85, STEPS), 2: np.linspace(0.5, 0.9, STEPS)}
    matrix = [(37, 1)]  # some have a momentum for matrices alone
    mixed = Runs(optimizers, theta, gradients, rates, cycles, tensors=matrix).go(0, STEPS, piece=7)
    plain = Runs(optimizers, theta, gradients, rates, tensors=matrix).go(0, STEPS)
    for run in range(4):
        own = {0: cycles[run]} if run in cycles else {}
        buffers = theta[[run]], gradients[:, [run]], rates[:, [run]]
        alone = Runs([optimizers[run]], *buffers, own, tensors=matrix).go(0, STEPS)
        assert same_bits(alone.theta[0], mixed.theta[run])
        assert same_bits(plain.theta[run], mixed.theta[run]) == (run not in cycles)


@pytest.mark.parametrize("optimizer", [Sgd(), OPTIMIZERS["adagrad"](), OPTIMIZERS["nadam"]()])
def test_momentum_that_is_not_there_cannot_be_cycled(optimizer):
    stepper = Stepper(optimizer, np.zeros((1, 3)), np.zeros((1, 3)))
    assert not has_momentum(optimizer)
    with pytest.raises(ConfigError, match=f"{optimizer.name} has no momentum that a schedule could cycle"):
        stepper.prepare(np.ones((2, 1)), 0, {0: np.ones(2)})


def test_a_cycle_that_stays_at_beta1_is_plain_adam():
    optimizers, theta, gradients, rates = some_runs("adam", {}, np.float64, 1, 37)
    cycled = Runs(optimizers, theta, gradients, rates, {0: np.full(STEPS, optimizers[0].beta1)}).go(0, STEPS)
    assert same_bits(cycled.theta, Runs(optimizers, theta, gradients, rates).go(0, STEPS).theta)


@pytest.mark.parametrize("dtype", DTYPES)
def test_vanishing_state_is_flushed_at_steps_that_nobody_can_shift(dtype):
    steps, parameters = 2 * FLUSH_EVERY, 300
    tiny = np.finfo(dtype).tiny
    gradients = np.zeros((steps, 2, parameters), dtype)
    gradients[0] = tiny * 1e9  # decays to below the bound before the first flush
    gradients[:, 1, ::2] = 0.5
    rates = np.full((steps, 2), 0.01)
    theta = np.ones((2, parameters), dtype)
    optimizers = [Momentum(), Momentum(momentum=0.8)]
    straight = Runs(optimizers, theta, gradients, rates, slice_values=64).go(0, FLUSH_EVERY - 1)
    velocity = straight.stepper.state["velocity"]
    assert (velocity != 0).all()
    straight.go(FLUSH_EVERY - 1, FLUSH_EVERY)
    assert (velocity[0] == 0).all()
    assert (velocity[1, 1::2] == 0).all()
    assert (velocity[1, ::2] > 2).all()
    straight.go(FLUSH_EVERY, steps)
    pieces = Runs(optimizers, theta, gradients, rates).go(0, steps, piece=50)
    assert same_bits(pieces.theta, straight.theta)
    alone = Runs(optimizers[1:], theta[1:], gradients[:, 1:], rates[:, 1:]).go(0, steps)
    assert same_bits(alone.theta[0], straight.theta[1])


def test_a_run_that_diverges_stays_so_and_leaves_the_others_alone():
    optimizers, theta, gradients, rates = some_runs("adam", {}, np.float32, 3, 37)
    healthy = Runs(optimizers, theta, gradients, rates).go(0, STEPS)
    gradients[5, 1, 4] = np.nan
    gradients[6, 1, 9] = np.inf
    with np.errstate(all="ignore"):
        sick = Runs(optimizers, theta, gradients, rates).go(0, STEPS)
    assert np.isnan(sick.theta[1, [4, 9]]).all()
    assert same_bits(sick.theta[[0, 2]], healthy.theta[[0, 2]])


def test_take_chooses_runs_of_a_stack():
    stacked = stack([Adam(beta1=b) for b in (0.1, 0.2, 0.3)])
    assert take(stacked, [2, 0]).beta1.tolist() == [[0.3], [0.1]]
    assert take(Adam(beta1=0.5), [0, 1, 2]) == Adam(beta1=0.5)
    assert stacking_key(Adam()) == stacking_key(Adam(beta1=0.5)) != stacking_key(Adam(amsgrad=True))


def test_buffers_are_aligned_and_zero():
    for shape in [(3, 5), (0, 4), (2, 0), (7,)]:
        zeros = aligned_zeros(shape, np.float32)
        assert zeros.shape == shape
        assert zeros.dtype == np.float32
        assert not zeros.any()
        assert zeros.ctypes.data % 64 == 0 or zeros.size == 0
        assert zeros.flags.c_contiguous
        assert zeros.flags.writeable


def test_a_model_without_parameters_is_no_trouble():
    stepper = Stepper(stack([Adam(), Adam(beta1=0.5)]), np.zeros((2, 0)), np.zeros((2, 0)))
    stepper.prepare(np.ones((1, 2)), 0)
    stepper.step(0)


def test_unfit_buffers_are_refused():
    theta = np.zeros((2, 6))
    with pytest.raises(ValueError, match="contiguous"):
        Stepper(Adam(), theta[:, ::2], np.zeros((2, 3)))
    with pytest.raises(ValueError, match="one dtype"):
        Stepper(Adam(), theta, np.zeros((2, 6), np.float32))
    with pytest.raises(ValueError, match=r"do not fill the 6 parameters"):
        Stepper(Adam(), theta, theta.copy(), tensors=[(2, 2), (1,)])
    with pytest.raises(ValueError, match=r"learning_rate must be \(steps, 2 runs\)"):
        Stepper(Adam(), theta, theta.copy()).prepare(np.ones((4, 3)), 0)
