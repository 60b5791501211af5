"""Losses: PyTorch's values and gradients, known starting values, extremes, encodings, options by run."""

from __future__ import annotations

import numpy as np
import pytest
from nn_samples import LOSS_CASES, golden, label, outputs, targets

from gdrun.component import stack
from gdrun.nn.losses import LOSSES

GOLDEN = golden("losses.json")


def build(case):
    options = {key: tuple(v) if isinstance(v, list) else v for key, v in case["options"].items()}
    return LOSSES[case["loss"]](**options)


def evaluate(loss, prediction, target):
    """Value and gradient of predictions (runs, rows, outputs) of the same targets."""
    encoded = loss.encode(np.asarray(target), prediction.shape[-1], prediction.dtype)
    own = np.array(np.broadcast_to(encoded, (len(prediction), *encoded.shape)))
    return loss.value(prediction, encoded[None]), loss.bind(prediction, own)()


def test_every_loss_has_a_golden_case():
    assert {case["loss"] for case in GOLDEN} == set(LOSSES)
    assert len(LOSSES) >= 6


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['loss']}{case['options']}")
def test_values_and_gradients_are_those_of_torch(case):
    prediction = np.array([case["prediction"]])
    value, gradient = evaluate(build(case), prediction, case["target"])
    np.testing.assert_allclose(value, [case["value"]], rtol=1e-10)
    np.testing.assert_allclose(gradient[0], case["gradient"], rtol=1e-10, atol=1e-17)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_equal_scores_start_at_the_known_value(classes, dtype):
    scores, target = np.zeros((2, 7, classes), dtype), np.arange(7) % classes
    known = {
        "softmax_cross_entropy": np.log(classes),
        "multiclass_svm": classes - 1,
        "crammer_singer": 1,
        "focal": (1 - 1 / classes) ** 2 * np.log(classes),
        "poly1": np.log(classes) + 1 - 1 / classes,
        "kl_divergence": np.log(classes),
    }
    for name, expected in known.items():
        value, _ = evaluate(LOSSES[name](), scores, target)
        np.testing.assert_allclose(value, [expected] * 2, rtol=1e-6)
    for name, expected in {"binary_cross_entropy": np.log(2), "hinge": 1, "squared_hinge": 1}.items():
        value, _ = evaluate(LOSSES[name](), scores[..., :1], target % 2)
        np.testing.assert_allclose(value, [expected] * 2, rtol=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", LOSS_CASES, ids=label)
def test_far_off_predictions_neither_warn_nor_overflow(loss, dtype):
    target = targets(loss, 8, np.random.default_rng(0))
    scores = np.array([-1e4, 1e4, 0, -300, 300, 1e4, 1e-30, -1e4], dtype)
    prediction = np.stack([np.roll(scores, k) for k in range(outputs(loss))], axis=-1)[None]
    value, gradient = evaluate(loss, prediction, target)
    assert value.dtype == np.float64
    assert gradient.dtype == np.dtype(dtype)
    if loss.name == "poisson":  # the only one whose value is out of reach there
        assert value.tolist() == [np.inf]
        np.testing.assert_array_equal(np.isinf(gradient), prediction > np.log(np.finfo(dtype).max))
        return
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    if loss.task == "classification":
        assert np.isfinite(loss.probabilities(prediction)).all()


@pytest.mark.parametrize("loss", [loss for loss in LOSS_CASES if loss.task == "classification"], ids=label)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_probabilities_are_a_distribution_in_the_order_of_the_scores(loss, dtype):
    scores = (np.random.default_rng(1).standard_normal((3, 20, outputs(loss))) * 3).astype(dtype)
    before = scores.copy()
    p = loss.probabilities(scores)
    np.testing.assert_array_equal(scores, before)
    assert p.dtype == np.dtype(dtype)
    np.testing.assert_allclose(p.sum(axis=-1), 1, rtol=1e-6)
    if outputs(loss) == 1:
        assert p.shape == (3, 20, 2)
        np.testing.assert_array_equal(p[..., 1] > 0.5, scores[..., 0] > 0)
    else:
        np.testing.assert_array_equal(p.argmax(axis=-1), scores.argmax(axis=-1))


@pytest.mark.parametrize("loss", [loss for loss in LOSS_CASES if loss.task == "classification"], ids=label)
def test_the_ranking_orders_classes_as_the_probabilities_do(loss):
    scores = np.random.default_rng(2).standard_normal((3, 20, outputs(loss)))
    before = scores.copy()
    ranking = loss.ranking(scores)
    np.testing.assert_array_equal(scores, before)
    np.testing.assert_array_equal(ranking.argsort(axis=-1), loss.probabilities(scores).argsort(axis=-1))


def test_probabilities_keep_what_is_far_from_certain():
    p = LOSSES["binary_cross_entropy"]().probabilities(np.array([[[50.0], [-50.0]]]))
    np.testing.assert_allclose(p[0, :, 0], [np.exp(-50), 1], rtol=1e-12)
    np.testing.assert_allclose(p[0, :, 1], [1, np.exp(-50)], rtol=1e-12)


@pytest.mark.parametrize("name", [name for name, cls in LOSSES.items() if cls.task == "regression"])
def test_regression_has_no_probabilities(name):
    with pytest.raises(TypeError, match=f"{name} is a loss for regression"):
        LOSSES[name]().probabilities(np.zeros((1, 2, 1)))


@pytest.mark.parametrize("loss", LOSS_CASES, ids=label)
def test_predictions_are_not_changed_and_a_bound_gradient_follows_its_buffers(loss):
    rng = np.random.default_rng(3)
    first, second = (rng.standard_normal((2, 6, outputs(loss))) for _ in range(2))
    target = targets(loss, 6, rng)
    encoded = loss.encode(target, outputs(loss), first.dtype)
    y = np.array([encoded, encoded])
    prediction = first.copy()
    derive = loss.bind(prediction, y)
    derive()
    np.testing.assert_array_equal(prediction, first)
    prediction[...] = second
    y[...] = y[:, ::-1].copy()
    np.testing.assert_array_equal(derive(), loss.bind(second, y)())


@pytest.mark.parametrize(
    ("name", "option", "values"),
    [
        ("softmax_cross_entropy", "label_smoothing", [0.0, 0.1, 0.3]),
        ("multiclass_svm", "margin", [0.0, 0.5, 1.0]),
        ("focal", "gamma", [0.0, 0.5, 2.0]),
        ("poly1", "epsilon", [-1.0, 0.0, 2.0]),
        ("kl_divergence", "label_smoothing", [0.0, 0.1, 0.3]),
        ("huber", "delta", [0.2, 1.0, 3.0]),
        ("quantile", "q", [0.1, 0.5, 0.9]),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_stacked_options_give_each_run_its_own(name, option, values, dtype):
    rng = np.random.default_rng(4)
    alone = [LOSSES[name](**{option: value}) for value in values]
    prediction = rng.standard_normal((3, 9, 3)).astype(dtype)
    target = targets(alone[0], 9, rng)
    value, gradient = evaluate(stack(alone), prediction, target)
    for run, loss in enumerate(alone):
        own_value, own_gradient = evaluate(loss, prediction[run : run + 1], target)
        np.testing.assert_allclose(value[run], own_value[0], rtol=1e-6)
        np.testing.assert_allclose(gradient[run], own_gradient[0], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize(
    ("name", "options", "value", "slope"),
    [("mae", {}, 1.0, -0.5), ("quantile", {"q": 0.75}, 0.75, -0.375), ("mape", {}, 0.2, -0.1)],
)
def test_an_exact_prediction_is_left_alone(name, options, value, slope):
    loss = LOSSES[name](**options)
    found, gradient = evaluate(loss, np.array([[[1.0], [3.0]]]), np.array([[1.0], [5.0]]))
    np.testing.assert_allclose(found, [value])
    np.testing.assert_allclose(gradient.ravel(), [0.0, slope])


def test_the_quantile_loss_is_least_at_the_quantile():
    """Of 1, 2, …, 9 three quarters are at most 7, since 7/9 ≥ ¾ > 6/9."""
    target = np.arange(1.0, 10)[:, None]
    constant = np.linspace(0, 10, 41)
    prediction = np.broadcast_to(constant[:, None, None], (41, 9, 1))
    values, _ = evaluate(LOSSES["quantile"](q=0.75), prediction, target)
    assert constant[values.argmin()] == 7


def test_the_cosine_distance_has_the_right_derivative_even_for_lengths_that_are_held():
    z, target, step = np.array([[[3e-9, -2e-9], [2e-8, 1e-8]]]), np.array([[1.0, 2.0], [1.0, 0.0]]), 1e-13
    _, gradient = evaluate(LOSSES["cosine"](), z, target)
    for place in np.ndindex(z.shape):
        ends = []
        for side in (step, -step):
            moved = z.copy()
            moved[place] += side
            ends.append(evaluate(LOSSES["cosine"](), moved, target)[0].item())
        assert gradient[place] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-3)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("loss", ["focal", "poly1", "kl_divergence"])
def test_without_its_option_a_loss_is_the_cross_entropy(loss, dtype):
    rng = np.random.default_rng(7)
    scores, target = (3 * rng.standard_normal((2, 30, 5))).astype(dtype), rng.integers(0, 5, 30)
    options = {"focal": {"gamma": 0}, "poly1": {"epsilon": 0}, "kl_divergence": {}}
    expected = evaluate(LOSSES["softmax_cross_entropy"](), scores, target)
    for found, wanted in zip(evaluate(LOSSES[loss](**options[loss]), scores, target), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_the_focal_loss_is_exact_for_rows_that_are_almost_right(gamma):
    """With q = 1 − p ≈ exp(−d) of two scores d apart: L ≈ q^(1 + γ) and ∂L/∂z_y ≈ −(1 + γ)·q^(1 + γ)."""
    for dtype, leads in (("float32", [20, 30]), ("float64", [30, 50, 100])):
        for lead in leads:
            value, gradient = evaluate(LOSSES["focal"](gamma=gamma), np.array([[[0, lead]]], dtype), [1])
            q = np.exp(-float(lead))
            np.testing.assert_allclose(value, q ** (1 + gamma), rtol=1e-5)
            np.testing.assert_allclose(gradient[0, 0, 1], -(1 + gamma) * q ** (1 + gamma), rtol=1e-5)


def test_only_the_worst_class_counts_for_crammer_and_singer_the_first_of_equals():
    loss, scores = LOSSES["crammer_singer"](), np.array([[[2.0, 0.0, 2.0, 1.5], [5.0, 4.0, 0.0, 0.0]]])
    value, gradient = evaluate(loss, scores, [3, 0])
    assert value.tolist() == [(1 + 2 - 1.5) / 2]  # the second row leads by exactly 1, which is enough
    assert gradient[0].tolist() == [[0.5, 0, 0, -0.5], [0, 0, 0, 0]]


@pytest.mark.parametrize("name", ["hinge", "squared_hinge"])
def test_a_score_at_the_margin_costs_nothing(name):
    value, gradient = evaluate(LOSSES[name](), np.array([[[1.0], [-1.0], [0.5]]]), [1, 0, 0])
    np.testing.assert_allclose(value, [{"hinge": 1.5, "squared_hinge": 2.25}[name] / 3])
    np.testing.assert_allclose(gradient.ravel(), [0, 0, {"hinge": 1, "squared_hinge": 3}[name] / 3])


def test_the_divergence_from_a_distribution_is_least_at_that_distribution():
    target = np.array([[0.1, 0.6, 0.3], [0.5, 0.0, 0.5]])
    with np.errstate(divide="ignore"):
        scores = np.maximum(np.log(target), -1e3)[None] + 7
    value, gradient = evaluate(LOSSES["kl_divergence"](), scores, target)
    np.testing.assert_allclose(value, [0], atol=1e-14)
    np.testing.assert_allclose(gradient, np.zeros((1, 2, 3)), atol=1e-14)


def test_counts_are_predicted_by_their_rate_and_other_values_by_the_output_itself():
    z = np.array([[[0.0], [np.log(3)], [800.0]]])
    np.testing.assert_allclose(LOSSES["poisson"]().estimates(z)[0, :, 0], [1, 3, np.inf])
    assert LOSSES["mse"]().estimates(z) is z


def test_a_target_of_one_value_a_row_may_be_flat():
    for name in ("mse", "mae", "huber", "binary_cross_entropy"):
        loss = LOSSES[name]()
        flat = loss.encode(np.array([0.0, 1.0, 1.0]), 1, np.dtype("float32"))
        assert flat.shape == (3, 1)
        assert flat.dtype == np.float32


def test_class_indices_stay_integers():
    encoded = LOSSES["softmax_cross_entropy"]().encode(np.array([0, 9, 3]), 10, np.dtype("float32"))
    assert encoded.dtype == np.intp
    assert encoded.tolist() == [[0], [9], [3]]


def test_targets_that_do_not_fit_are_refused():
    float64 = np.dtype("float64")
    with pytest.raises(ValueError, match="classes must be from 0 to 2, not 0 to 3"):
        LOSSES["softmax_cross_entropy"]().encode(np.array([0, 3]), 3, float64)
    with pytest.raises(ValueError, match="classes must be from 0 to 2, not -1 to 1"):
        LOSSES["multiclass_svm"]().encode(np.array([-1, 1]), 3, float64)
    with pytest.raises(ValueError, match="must be 0 or 1, not 0 to 2"):
        LOSSES["binary_cross_entropy"]().encode(np.array([0, 2]), 1, float64)
    with pytest.raises(ValueError, match=r"shape \(rows, 2\), not \(4, 3\)"):
        LOSSES["mse"]().encode(np.zeros((4, 3)), 2, float64)
    with pytest.raises(ValueError, match="tells 2 classes apart, not 3; take softmax_cross_entropy"):
        LOSSES["binary_cross_entropy"]().outputs(3)
    with pytest.raises(ValueError, match=r"for counts, which are never negative, not for -1\.5"):
        LOSSES["poisson"]().encode(np.array([[3.0], [-1.5]]), 1, float64)
    with pytest.raises(ValueError, match="divides by the target, which is 0 in some rows; take mae"):
        LOSSES["mape"]().encode(np.array([[3.0, 0.0]]), 2, float64)
    with pytest.raises(ValueError, match="one target column doesn't have; take mse"):
        LOSSES["cosine"]().outputs(1)
    with pytest.raises(ValueError, match="not 3; take multiclass_svm or crammer_singer"):
        LOSSES["hinge"]().outputs(3)
    with pytest.raises(ValueError, match="every row of the target must be a distribution"):
        LOSSES["kl_divergence"]().encode(np.array([[0.5, 0.6]]), 2, float64)
    with pytest.raises(ValueError, match=r"shape \(rows, 3\), not \(1, 2\)"):
        LOSSES["kl_divergence"]().encode(np.array([[0.5, 0.5]]), 3, float64)
    with pytest.raises(ValueError, match="one for each of the 3 classes, not 2"):
        LOSSES["softmax_cross_entropy"](class_weights=(1.0, 2.0)).encode(np.array([0]), 3, float64)
    with pytest.raises(ValueError, match="class_weights must be positive"):
        LOSSES["softmax_cross_entropy"](class_weights=(1.0, 0.0))


CURVATURES = {  # the second derivative of a row's loss by each output
    "softmax_cross_entropy": lambda z: np.exp(z) / np.exp(z).sum() * (1 - np.exp(z) / np.exp(z).sum()),
    "binary_cross_entropy": lambda z: 1 / (1 + np.exp(-z)) / (1 + np.exp(z)),
    "mse": lambda z: np.full(len(z), 2 / len(z)),
}


def test_targets_can_be_drawn_for_likelihoods_alone():
    assert {name for name, cls in LOSSES.items() if cls.is_likelihood} == set(CURVATURES)
    with pytest.raises(TypeError, match="hinge is no loss that targets could be drawn from"):
        LOSSES["hinge"]().drawn(np.zeros((3, 1)), np.random.default_rng(0))


@pytest.mark.parametrize("name", CURVATURES)
def test_with_drawn_targets_the_mean_square_of_the_slope_is_the_curvature(name):
    # Bartlett's identities: of targets drawn from the prediction the slope has mean 0, and its mean square
    # is the expected second derivative.
    loss, rows = LOSSES[name](), 200_000
    z = np.array([0.3, -1.0, 0.8, 0.1])[: 1 if name == "binary_cross_entropy" else 4]
    prediction = np.broadcast_to(z, (1, rows, len(z))).copy()
    drawn = loss.drawn(prediction[0], np.random.default_rng(0))
    targets = drawn[None].astype(np.intp if name == "softmax_cross_entropy" else np.float64)
    slopes = rows * loss.bind(prediction, targets)()[0]
    assert slopes.mean(axis=0) == pytest.approx(0, abs=0.01)
    assert (slopes**2).mean(axis=0) == pytest.approx(CURVATURES[name](z), rel=0.02)
