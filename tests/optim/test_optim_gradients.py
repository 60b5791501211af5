"""What happens to a gradient before the optimizer: clipping and the penalty; and the batch-size rule."""

from __future__ import annotations

import numpy as np
import pytest
from optim_samples import case_name, golden

from gdrun.component import stack
from gdrun.optim.clipping import GradientClipping, gradient_norm
from gdrun.optim.penalty import Penalty
from gdrun.optim.scaling import LearningRateScaling

CLIPPING = golden("clipping")
DTYPES = [np.float32, np.float64]


@pytest.mark.parametrize("case", CLIPPING, ids=case_name)
def test_clipping_is_pytorchs(case):
    gradients = np.array([case["gradient"]])
    assert gradient_norm(gradients) == pytest.approx([case["norm"]], rel=1e-14)
    clipping = GradientClipping(**case["options"])
    clipping.clip(gradients)
    np.testing.assert_allclose(gradients[0], case["clipped"], rtol=1e-13)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("parameters", [1, 5, 1000, 20_001])
def test_norm_and_clipping_of_a_run_do_not_depend_on_its_company(dtype, parameters):
    rng = np.random.default_rng(parameters)
    g = (rng.normal(size=(5, parameters)) * np.array([[1e-3], [1], [30], [1e3], [1]])).astype(dtype)
    norms = gradient_norm(g)
    assert norms == pytest.approx(np.linalg.norm(g.astype(np.float64), axis=1), rel=1e-6)
    clipped = g.copy()
    GradientClipping(norm=1.0).clip(clipped, norms)
    for run in range(5):
        alone = g[run : run + 1].copy()
        assert gradient_norm(alone)[0] == norms[run]
        GradientClipping(norm=1.0).clip(alone)
        assert alone.tobytes() == clipped[run : run + 1].tobytes()
    assert (gradient_norm(clipped) <= 1 + 1e-6).all()
    assert clipped[0].tobytes() == g[0].tobytes()  # short enough: left as it was


def test_per_run_clipping_in_a_stack():
    g = np.array([[3.0, 4.0], [3.0, 4.0]])
    stack([GradientClipping(norm=1.0), GradientClipping(norm=10.0)]).clip(g)
    assert g == pytest.approx(np.array([[0.6, 0.8], [3.0, 4.0]]), rel=1e-6)
    g = np.array([[3.0, -4.0], [3.0, -4.0]])
    stack([GradientClipping(value=1.0), GradientClipping(value=3.5)]).clip(g)
    assert g.tolist() == [[1.0, -1.0], [3.0, -3.5]]


def test_what_is_not_finite_is_not_hidden():
    g = np.array([[np.nan, 1.0], [np.inf, 1.0], [1.0, 1.0]])
    with np.errstate(all="ignore"):
        GradientClipping(norm=1.0).clip(g)
        assert not np.isfinite(g[:2]).all(axis=1).any()
        assert np.isfinite(g[2]).all()
        g[0, 0] = np.nan
        GradientClipping(value=1.0).clip(g)
        assert np.isnan(g[0, 0])


@pytest.mark.parametrize("options", [{}, {"norm": 1.0, "value": 1.0}])
def test_exactly_one_way_of_clipping(options):
    with pytest.raises(ValueError, match="exactly one of norm and value"):
        GradientClipping(**options)


def test_a_clipping_bound_is_positive():
    with pytest.raises(ValueError, match="norm must be greater than 0"):
        GradientClipping(norm=0.0)


def test_penalty_by_hand():
    theta = np.array([[1.0, -2.0, 0.0, 5.0]])  # the last one is a bias
    g = np.zeros((1, 4))
    penalty = Penalty(l1=0.5, l2=0.25)
    assert penalty.value(theta, 3) == pytest.approx([0.5 * 3 + 0.25 * 5])
    penalty.add_gradient(theta, g, 3)
    # l1·sign + 2·l2·w: 0.5 + 0.5, −0.5 − 1, 0
    assert g.tolist() == [[1.0, -1.5, 0.0, 0.0]]


def test_penalty_gradient_is_the_slope_of_its_value():
    rng = np.random.default_rng(0)
    theta = rng.normal(size=(2, 6))
    penalty = stack([Penalty(l1=0.3, l2=0.1), Penalty(l2=0.7)])
    g = np.zeros_like(theta)
    penalty.add_gradient(theta, g, 5)
    for k in range(6):
        step = np.zeros(6)
        step[k] = 1e-6
        slope = (penalty.value(theta + step, 5) - penalty.value(theta - step, 5)) / 2e-6
        assert g[:, k] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("parameters", [40, 40_000])
def test_penalty_of_a_run_does_not_depend_on_its_company(dtype, parameters):
    rng = np.random.default_rng(1)
    penalties = [Penalty(), Penalty(l1=0.1), Penalty(l2=0.2), Penalty(l1=0.01, l2=0.02)]
    theta = rng.normal(size=(4, parameters)).astype(dtype)
    g = rng.normal(size=(4, parameters)).astype(dtype)
    theta[:, ::7], g[:, ::3] = 0, -0.0
    together = g.copy()
    add = stack(penalties).bind(theta, together, parameters - 9)
    add()
    values = stack(penalties).value(theta, parameters - 9)
    for run, penalty in enumerate(penalties):
        alone = g[run : run + 1].copy()
        penalty.add_gradient(theta[run : run + 1], alone, parameters - 9)
        assert alone.tobytes() == together[run : run + 1].tobytes()
        assert penalty.value(theta[run : run + 1], parameters - 9)[0] == values[run]
    assert together[0].tobytes() == g[0].tobytes()
    assert together[:, -9:].tobytes() == g[:, -9:].tobytes()


def test_learning_rate_scaling():
    assert LearningRateScaling().factor(128) == 4
    assert LearningRateScaling(rule="sqrt").factor(128) == 2
    assert LearningRateScaling(base_batch_size=64).factor(32) == 0.5
    with pytest.raises(ValueError, match="base_batch_size must be at least 1"):
        LearningRateScaling(base_batch_size=0)
