"""Initializers: exactness, moments and limits with fixed seeds, orthogonality, second names."""

from __future__ import annotations

import numpy as np
import pytest

from gdrun.nn.initializers import INITIALIZERS

FAN_IN, FAN_OUT = 300, 200
SHAPE = (FAN_IN, FAN_OUT)
VARIANCE = {
    "normal": 0.01**2,
    "uniform": 0.05**2 / 3,
    "truncated_normal": (0.01 * 0.8796256610342398) ** 2,
    "lecun_normal": 1 / FAN_IN,
    "lecun_uniform": 1 / FAN_IN,
    "xavier_normal": 2 / (FAN_IN + FAN_OUT),
    "xavier_uniform": 2 / (FAN_IN + FAN_OUT),
    "he_normal": 2 / FAN_IN,
    "he_uniform": 2 / FAN_IN,
    "variance_scaling": 1 / FAN_IN,
}
EXACT = {"zeros", "ones", "constant", "orthogonal", "identity", "sparse", "lsuv"}


def sample(name, shape=SHAPE, seed=0, **options):
    fans = (int(np.prod(shape[:-1])), shape[-1])
    return INITIALIZERS[name](**options).sample(shape, *fans, np.random.default_rng(seed))


def check_moments(values, variance):
    """Mean and variance of 60,000 values, within 5 standard deviations of what chance allows."""
    n = values.size
    assert abs(values.mean()) < 5 * np.sqrt(variance / n)
    fourth = np.mean((values - values.mean()) ** 4)
    assert abs(values.var() - variance) < 5 * np.sqrt((fourth - variance**2) / n)


def test_every_initializer_is_tested():
    assert {cls.name for cls in INITIALIZERS.values()} == set(VARIANCE) | EXACT


@pytest.mark.parametrize("name", INITIALIZERS)
def test_values_come_from_the_generator_alone_in_float64(name):
    first, again, other = sample(name), sample(name), sample(name, seed=1)
    assert first.shape == SHAPE
    assert first.dtype == np.float64
    np.testing.assert_array_equal(first, again)
    fixed = INITIALIZERS[name].name in {"zeros", "ones", "constant", "identity"}
    assert np.array_equal(first, other) == fixed


@pytest.mark.parametrize("name", VARIANCE)
def test_moments(name):
    check_moments(sample(name), VARIANCE[name])


@pytest.mark.parametrize("distribution", ["normal", "truncated_normal", "uniform"])
@pytest.mark.parametrize(
    ("mode", "n"), [("fan_in", FAN_IN), ("fan_out", FAN_OUT), ("fan_avg", (FAN_IN + FAN_OUT) / 2)]
)
def test_variance_scaling_in_every_mode(mode, n, distribution):
    check_moments(sample("variance_scaling", scale=3, mode=mode, distribution=distribution), 3 / n)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("uniform", 0.05),
        ("truncated_normal", 0.02),
        ("lecun_uniform", np.sqrt(3 / FAN_IN)),
        ("xavier_uniform", np.sqrt(6 / (FAN_IN + FAN_OUT))),
        ("he_uniform", np.sqrt(6 / FAN_IN)),
    ],
)
def test_limits_are_reached_but_not_passed(name, limit):
    values = np.abs(sample(name))
    assert 0.999 * limit < values.max() <= limit * (1 + 1e-15)


@pytest.mark.parametrize("name", ["normal", "lecun_normal", "xavier_normal", "he_normal"])
def test_normals_are_untruncated(name):
    values = sample(name)
    # of 60,000 normal values about 162 lie beyond three standard deviations
    assert 100 < np.count_nonzero(np.abs(values) > 3 * np.sqrt(VARIANCE[name])) < 230


def test_constants():
    assert (sample("zeros") == 0).all()
    assert (sample("ones") == 1).all()
    assert (sample("constant", value=-0.3) == -0.3).all()


@pytest.mark.parametrize("shape", [(6, 6), (9, 4), (4, 9), (3, 3, 2, 5), (1, 4)])
def test_orthogonal_has_an_orthonormal_shorter_side(shape):
    values = sample("orthogonal", shape, gain=2.0)
    assert values.shape == shape
    matrix = values.reshape(-1, shape[-1]) / 2
    small = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(small, np.eye(min(matrix.shape)), atol=1e-13)


def test_orthogonal_is_uniform_not_bent_by_the_decomposition():
    """Without the correction of signs the diagonal of Q would be almost always negative."""
    diagonal = [sample("orthogonal", (2, 2), seed=seed)[0, 0] for seed in range(400)]
    assert abs(np.mean(np.sign(diagonal))) < 5 / np.sqrt(400)


def test_identity_passes_its_input_on():
    np.testing.assert_array_equal(sample("identity", (3, 3)), np.eye(3))
    np.testing.assert_array_equal(sample("identity", (2, 3)), [[1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(("shape", "connections"), [(SHAPE, 15), ((3, 3, 2, 5), 7), ((4, 6), 15)])
def test_sparse_gives_every_output_as_many_connections(shape, connections):
    values = sample("sparse", shape, connections=connections)
    assert values.shape == shape
    counts = np.count_nonzero(values.reshape(-1, shape[-1]), axis=0)
    assert (counts == min(connections, np.prod(shape[:-1]))).all()


def test_sparse_connections_are_normal_and_fall_on_every_input_alike():
    values = sample("sparse", std=0.5)
    check_moments(values[values != 0], 0.5**2)
    # each of 300 inputs is chosen by every one of 200 outputs with probability 15/300: 10 ± 3.1 times
    counts = np.count_nonzero(values, axis=1)
    assert counts.sum() == 15 * FAN_OUT
    deviation = np.sum((counts - 10) ** 2) / (FAN_OUT * 0.05 * 0.95)  # about chi-squared, 300 ± 25
    assert abs(deviation - FAN_IN) < 5 * 25


@pytest.mark.parametrize(
    ("name", "shape"),
    [("identity", (4,)), ("identity", (2, 2, 2)), ("orthogonal", (4,)), ("sparse", (4,)), ("lsuv", (4,))],
)
def test_matrices_refuse_other_shapes(name, shape):
    with pytest.raises(ValueError, match=f"{name} needs a matrix, not shape"):
        INITIALIZERS[name]().sample(shape, 4, 4, np.random.default_rng(0))


@pytest.mark.parametrize("family", ["normal", "uniform"])
def test_second_names_mean_the_same_class(family):
    assert INITIALIZERS[f"glorot_{family}"] is INITIALIZERS[f"xavier_{family}"]
    assert INITIALIZERS[f"kaiming_{family}"] is INITIALIZERS[f"he_{family}"]
    assert INITIALIZERS[f"glorot_{family}"].name == f"xavier_{family}"


def test_unknown_modes_and_distributions_are_refused():
    with pytest.raises(ValueError, match="mode must be fan_in, fan_out or fan_avg, not 'fan'"):
        INITIALIZERS["variance_scaling"](mode="fan")
    with pytest.raises(ValueError, match=r"distribution must be .*'cauchy'"):
        INITIALIZERS["variance_scaling"](distribution="cauchy")
