"""Metrics: scikit-learn's values, ties, undefined cases, several runs at once."""

from __future__ import annotations

import numpy as np
import pytest
from nn_samples import golden

from gdrun.nn.functions import softmax
from gdrun.nn.metrics import METRICS

GOLDEN = golden("metrics.json")
HIGHER = {
    *("accuracy", "top_k", "balanced_accuracy", "precision", "recall", "f1", "roc_auc", "matthews"),
    "r2",
}
NO_SHARES = {"log_loss", "matthews", "mse", "rmse", "mae", "r2", "max_error", "mape"}


def class_major(prediction):
    """The same values, laid out as the network's scores are."""
    return np.ascontiguousarray(prediction.transpose(0, 2, 1)).transpose(0, 2, 1)


def test_every_metric_has_a_golden_case():
    assert {case["metric"] for case in GOLDEN} == set(METRICS)
    assert len(METRICS) >= 15


def test_the_better_direction_is_told():
    assert {name for name, cls in METRICS.items() if cls.better == "higher"} == HIGHER
    assert {cls.better for cls in METRICS.values()} == {"higher", "lower"}


def test_shares_are_those_between_0_and_1():
    assert {name for name, cls in METRICS.items() if not cls.is_share} == NO_SHARES


@pytest.mark.parametrize("layout", [np.ascontiguousarray, class_major])
@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"{case['metric']}{case['options']}")
def test_values_are_those_of_scikit_learn(case, layout):
    metric = METRICS[case["metric"]](**case["options"])
    value = metric.value(layout(np.array([case["prediction"]])), np.array([case["target"]]))
    assert value.dtype == np.float64
    np.testing.assert_allclose(value, [case["value"]], rtol=1e-12)


@pytest.mark.parametrize("layout", [np.ascontiguousarray, class_major])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", METRICS)
def test_a_run_gets_the_same_bits_in_any_company(name, dtype, layout):
    rng = np.random.default_rng(0)
    metric = METRICS[name](**({"k": 2} if name == "top_k" else {}))
    prediction = rng.random((16, 3001, 3)).astype(dtype)
    if metric.task == "classification":
        prediction /= prediction.sum(axis=-1, keepdims=True)
        shared, own = rng.integers(0, 3, (1, 3001)), rng.integers(0, 3, (16, 3001))
    else:
        shared, own = rng.random((1, 3001, 3)), rng.random((16, 3001, 3))
    for target in (shared, own):
        stacked = metric.value(layout(prediction), target)
        assert stacked.shape == (16,)
        assert len(set(stacked.tolist())) > 8
        for part in (slice(0, 1), slice(7, 8), slice(3, 5), slice(0, 5)):
            alone = metric.value(layout(prediction[part]), target if len(target) == 1 else target[part])
            np.testing.assert_array_equal(alone, stacked[part])


def test_the_first_of_equal_probabilities_counts():
    p = np.array([[[0.4, 0.4, 0.2], [0.4, 0.4, 0.2]]])
    assert METRICS["accuracy"]().value(p, np.array([[0, 1]])).tolist() == [0.5]
    assert METRICS["top_k"](k=1).value(p, np.array([[0, 1]])).tolist() == [0.5]
    assert METRICS["top_k"](k=2).value(p, np.array([[0, 1]])).tolist() == [1.0]


@pytest.mark.parametrize("name", [name for name, cls in METRICS.items() if cls.task == "classification"])
def test_a_metric_by_ranking_takes_any_numbers_in_the_order_of_the_probabilities(name):
    rng = np.random.default_rng(4)
    scores, target = rng.standard_normal((3, 50, 4)), rng.integers(0, 4, (1, 50))
    metric = METRICS[name](**({"k": 2} if name == "top_k" else {}))
    same = metric.value(softmax(scores), target) == metric.value(np.exp(3 * scores) + 1, target)
    assert same.all() == metric.by_ranking


@pytest.mark.parametrize("ties", [True, False])
def test_accuracy_counts_the_rows_whose_first_largest_class_is_right(ties):
    rng = np.random.default_rng(2)
    p = rng.integers(0, 4, (3, 200, 5)) / 4 if ties else rng.random((3, 200, 5))
    target = rng.integers(0, 5, (1, 200))
    expected = [[list(row).index(max(row)) == y for row, y in zip(run, target[0], strict=True)] for run in p]
    assert METRICS["accuracy"]().value(p, target).tolist() == np.mean(expected, axis=1).tolist()


def test_top_k_of_all_classes_is_one():
    p = np.random.default_rng(1).random((2, 9, 3))
    assert METRICS["top_k"](k=3).value(p, np.zeros((1, 9), int)).tolist() == [1.0, 1.0]


def test_f1_leaves_out_classes_that_never_occur():
    p = np.eye(4)[None, [0, 1, 1]]  # predicted 0, 1, 1; class 3 is nowhere, class 2 only among the targets
    # class 0: 1 of 1 → 1; class 1: TP 1, FP 1 → 2/3; class 2: TP 0 → 0
    np.testing.assert_allclose(METRICS["f1"]().value(p, np.array([[0, 1, 2]])), [(1 + 2 / 3) / 3])


def test_a_class_that_is_only_predicted_counts_in_recall_but_not_in_balanced_accuracy():
    p, target = np.eye(3)[None, [0, 0, 2]], np.array([[0, 1, 1]])
    # class 0: 1 of 1 row; class 1: 0 of 2; class 2 has no row but is predicted
    np.testing.assert_allclose(METRICS["recall"]().value(p, target), [1 / 3])
    np.testing.assert_allclose(METRICS["balanced_accuracy"]().value(p, target), [1 / 2])
    # class 0: 1 of 2 predictions; class 1: never predicted; class 2: 0 of 1
    np.testing.assert_allclose(METRICS["precision"]().value(p, target), [(1 / 2) / 3])


def test_matthews_of_two_classes_is_the_correlation_of_the_indicators():
    rng = np.random.default_rng(5)
    p, target = rng.random((2, 60, 2)), rng.integers(0, 2, (1, 60))
    expected = [np.corrcoef(run.argmax(axis=-1), target[0])[0, 1] for run in p]
    np.testing.assert_allclose(METRICS["matthews"]().value(p, target), expected, rtol=1e-12)


@pytest.mark.parametrize("rows", [1, 6])
def test_matthews_without_a_choice_is_zero(rows):
    p = np.array([[[0.9, 0.1]] * rows, [[0.1, 0.9]] * rows])
    assert METRICS["matthews"]().value(p, np.zeros((1, rows), int)).tolist() == [0.0, 0.0]


def test_roc_auc_counts_pairs_in_the_right_order_and_equal_ones_half():
    p = np.array([0.1, 0.4, 0.4, 0.8])
    value = METRICS["roc_auc"]().value(np.stack([1 - p, p], axis=-1)[None], np.array([[0, 1, 0, 1]]))
    assert value.tolist() == [(1 + 0.5 + 1 + 1) / 4]  # 0.4 over 0.1 and 0.4, 0.8 over both


def test_roc_auc_of_two_classes_sees_small_probabilities_of_the_second():
    p = np.array([[[1, 1e-9], [1, 2e-9]]], np.float32)
    assert METRICS["roc_auc"]().value(p, np.array([[0, 1]])).tolist() == [1.0]


def test_roc_auc_takes_the_classes_that_can_be_told_apart():
    rng = np.random.default_rng(6)
    p, target = rng.random((1, 40, 2)), rng.integers(0, 2, (1, 40))
    padded = np.concatenate([p[..., :1], p[..., :1], 1 - p[..., :1]], axis=-1)  # class 1 has no rows
    absent = METRICS["roc_auc"]().value(padded, 2 * target)
    np.testing.assert_allclose(absent, METRICS["roc_auc"]().value(padded[..., [0, 2]], target), rtol=1e-12)


def test_roc_auc_of_a_single_class_is_undefined():
    p = np.random.default_rng(7).random((2, 5, 3))
    assert np.isnan(METRICS["roc_auc"]().value(p, np.ones((1, 5), int))).all()
    assert np.isnan(METRICS["roc_auc"]().value(p[..., :2], np.ones((1, 5), int))).all()


def test_max_error_is_the_worst_of_all_outputs():
    target = np.zeros((1, 2, 3))
    prediction = np.array([[[1.0, -2, 3], [0, -7, 2]]])
    assert METRICS["max_error"]().value(prediction, target).tolist() == [7.0]


def test_mape_is_a_fraction():
    value = METRICS["mape"]().value(np.array([[[11.0], [-15]]]), np.array([[[10.0], [-20]]]))
    np.testing.assert_allclose(value, [(0.1 + 0.25) / 2])


def test_log_loss_of_an_impossible_class_is_finite():
    p = np.array([[[1.0, 0.0]]], np.float32)
    value = METRICS["log_loss"]().value(p, np.array([[1]]))
    np.testing.assert_allclose(value, [-np.log(np.finfo(np.float32).eps)])


def test_r2_of_a_constant_target_is_undefined():
    value = METRICS["r2"]().value(np.array([[[1.0], [2.0]], [[0.1], [0.1]]]), np.full((1, 2, 1), 0.1))
    assert np.isnan(value).all()


def test_r2_of_the_mean_is_zero_and_of_the_target_one():
    target = np.array([[[1.0], [2.0], [6.0]]])
    value = METRICS["r2"]().value(np.concatenate([np.full((1, 3, 1), 3.0), target]), target)
    assert value.tolist() == [0.0, 1.0]
