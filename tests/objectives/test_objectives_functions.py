"""Every objective: its gradient against central differences, its minima, its bits alone and in company."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import re
import tracemalloc

import numpy as np
import pytest
from objective_samples import POINTS, ROWS, called, differences, points_of, samples

from gdrun.component import option_types
from gdrun.objectives import LINE_METHODS, OBJECTIVES, LeastSquares, Nist, Quadratic, SmallestCircle

SAMPLES = samples()


def test_every_objective_is_among_the_samples():
    assert len(OBJECTIVES) >= 19
    assert {type(objective) for objective in SAMPLES} == set(OBJECTIVES.values())


@pytest.mark.parametrize("objective", SAMPLES, ids=called)
def test_the_gradient_is_that_of_central_differences(objective):
    points = points_of(objective, 200)
    gradient = np.empty_like(points)
    objective.evaluate(points, gradient)
    off = np.abs(gradient - differences(objective, points)).max(axis=0)
    limit = 1e-3 if objective.name == "nist" else 1e-6  # of a sum of squares whose parameters differ in size
    assert (off <= limit * np.abs(gradient).max(axis=0)).all()
    assert np.abs(gradient).max() > 0


@pytest.mark.parametrize("objective", SAMPLES, ids=called)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_bits_of_a_point_depend_on_no_other(objective, dtype):
    points = points_of(objective, 67).astype(dtype)
    gradient = np.empty_like(points)
    values = objective.evaluate(points, gradient)
    for place in range(len(points)):
        own = np.empty((1, points.shape[1]), dtype)
        value = objective.evaluate(points[place : place + 1].copy(), own)
        assert value[0] == values[place]
        assert np.array_equal(own[0], gradient[place])
    np.testing.assert_array_equal(objective.values(points[11:23]), values[11:23])


def peak(objective, runs):
    """Bytes that are taken for a moment by evaluating so many runs and looking for minima."""
    points = np.tile(np.array(objective.usual_start, np.float64), (runs, 1))
    gradient = np.empty_like(points)
    tracemalloc.start()
    try:
        objective.evaluate(points, gradient)
        _ = objective.minima
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("objective", SAMPLES, ids=called)
def test_memory_is_enough_for_many_runs(objective):
    fresh = dataclasses.replace(objective)
    peak(fresh, 1)  # what is made once
    around = 64 * 8 * len(objective.variables)  # a run, which a descent takes anyhow
    assert peak(fresh, 500) <= objective.memory(500) + 500 * around


@pytest.mark.parametrize(
    ("objective", "runs"),
    [
        (Quadratic(dimension=500), 1),
        (Quadratic(dimension=500, angle=30, linear=(1.0,) * 500), 1),
        (Quadratic(dimension=10), 5000),
        (LeastSquares(data=np.random.default_rng(0).normal(size=(2000, 3)).tolist()), 200),
        (SmallestCircle(points=np.random.default_rng(0).normal(size=(2000, 3)).tolist()), 200),
        (Nist(problem="hahn1"), 1000),
    ],
    ids=lambda case: getattr(case, "name", str(case)),
)
def test_memory_is_about_what_large_objectives_take(objective, runs):
    assert (
        0.95 * peak(objective, runs)
        <= objective.memory(runs)
        <= 2 * peak(dataclasses.replace(objective), runs)
    )


@pytest.mark.parametrize("objective", [one for one in SAMPLES if one.name != "nist"], ids=called)
def test_float32_is_near_float64(objective):
    points = points_of(objective, 50).astype(np.float32)
    single, double = np.empty_like(points), np.empty_like(points, np.float64)
    values = objective.evaluate(points.astype(np.float64), double)
    np.testing.assert_allclose(objective.evaluate(points, single), values, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(single, double, rtol=1e-2, atol=2e-3 * np.abs(double).max())


@pytest.mark.parametrize("objective", SAMPLES, ids=called)
def test_at_a_minimum_the_value_is_the_least_and_the_gradient_vanishes(objective):
    if not len(objective.minima):
        assert objective.minimum is None
        return
    minima = np.array(objective.minima)
    gradient = np.empty_like(minima)
    values = objective.evaluate(minima, gradient)
    scale = np.abs(np.diff(objective.domain)).max()
    if objective.name != "nist":  # see test_objectives_nist.py
        np.testing.assert_allclose(values, objective.minimum, rtol=1e-12, atol=1e-12)
        assert np.abs(gradient).max() < 1e-9 * scale
    assert (objective.values(points_of(objective, 2000)) >= objective.minimum * (1 - 1e-9) - 1e-12).all()


# From the papers and from Jamil & Yang, "A literature survey of benchmark functions", 2013.
PUBLISHED = {
    "himmelblau": ([(3, 2), (-2.805118, 3.131313), (-3.779310, -3.283186), (3.584428, -1.848127)], 0),
    "beale": ([(3, 0.5)], 0),
    "booth": ([(1, 3)], 0),
    "branin": ([(-np.pi, 12.275), (np.pi, 2.275), (9.42478, 2.475)], 0.397887),
    "goldstein_price": ([(0, -1)], 3),
    "styblinski_tang": ([(-2.903534, -2.903534)], -78.33233),
    "three_hump_camel": ([(0, 0)], 0),
    "rosenbrock": ([(1, 1)], 0),
    "rastrigin": ([(0, 0)], 0),
    "ackley": ([(0, 0)], 0),
    "griewank": ([(0, 0)], 0),
    "sphere": ([(0, 0)], 0),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_minima_are_the_published_ones(name):
    objective = OBJECTIVES[name]()
    minima, value = PUBLISHED[name]
    np.testing.assert_allclose(sorted(objective.minima), sorted(minima), atol=1e-5)
    np.testing.assert_allclose(objective.minimum, value, atol=1e-5)


# Values by hand: rosenbrock's famous start, corners of the others, cos 2πx = −1 at ½.
BY_HAND = {
    "rosenbrock": ((-1.2, 1), 24.2),  # 100·(1 − 1.44)² + 2.2²
    "himmelblau": ((0, 0), 170),  # 11² + 7²
    "beale": ((0, 0), 14.203125),  # 1.5² + 2.25² + 2.625²
    "booth": ((0, 0), 74),  # 7² + 5²
    "goldstein_price": ((0, 0), 600),  # (1 + 19)·30
    "three_hump_camel": ((1, 1), 2 - 1.05 + 1 / 6 + 2),
    "styblinski_tang": ((1, 1), -10),  # (1 − 16 + 5)/2 each
    "rastrigin": ((0.5, 0.5), 40.5),  # (0.25 + 20) each
    "ackley": ((0.5, 0.5), 20 - 20 * np.exp(-0.1) + np.e - np.exp(-1)),
    "griewank": ((np.pi, 0), 2 + np.pi**2 / 4000),
    "branin": ((0, 6), 20 - 10 / (8 * np.pi)),
    "saddle": ((3, 2), 5),
    "monkey_saddle": ((2, 1), 2),  # 8 − 6
    "sphere": ((3, 4), 25),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_values_worked_out_by_hand(name):
    point, value = BY_HAND[name]
    assert OBJECTIVES[name]().values(np.array([point], float))[0] == pytest.approx(value, rel=1e-14)


def test_at_its_pointed_bottom_ackley_has_no_slope():
    gradient = np.full((1, 2), np.nan)
    assert OBJECTIVES["ackley"]().evaluate(np.zeros((1, 2)), gradient)[0] == 0
    assert (gradient == 0).all()


@pytest.mark.parametrize(("condition", "angle"), [(1, 0), (10, 0), (1000, 37)])
def test_a_quadratic_has_its_condition_and_is_turned_by_its_angle(condition, angle):
    a = Quadratic(condition=condition, angle=angle).a
    values, axes = np.linalg.eigh(a)
    np.testing.assert_allclose(values, [1, condition], rtol=1e-12)
    if angle:
        assert abs(np.degrees(np.arctan(axes[1, 0] / axes[0, 0]))) == pytest.approx(angle)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"matrix": ((1, 2),)}, "square"),
        ({"matrix": ((1, 2), (3, 4))}, "symmetric"),
        ({"matrix": ((1, 0), (0, 1)), "condition": 3}, "not both"),
        ({"linear": (1,)}, "2 numbers"),
        ({"condition": 0.5}, "at least 1"),
    ],
)
def test_a_quadratic_refuses_what_is_none(options, message):
    with pytest.raises(ValueError, match=message):
        Quadratic(**options)


def test_an_indefinite_quadratic_has_no_minimum():
    assert Quadratic(matrix=((1, 0), (0, -1))).minimum is None


def test_least_squares_is_the_fit_of_numpy():
    data = np.array(ROWS)
    design = np.column_stack([np.ones(4), data[:, :2]])
    fit, (residual,), _, _ = np.linalg.lstsq(design, data[:, 2], rcond=None)
    objective = LeastSquares(data=ROWS)
    assert objective.variables == ("b0", "b1", "b2")
    np.testing.assert_allclose(objective.minima[0], fit, rtol=1e-12)
    assert objective.minimum == pytest.approx(residual / 4, rel=1e-12)
    assert LeastSquares(data=((1, 1, 2), (1, 1, 3))).minima == ()  # endlessly many fit as well


def circle_through(points):
    """The smallest circle with these one to three points on it: centre and radius; None if there is none."""
    base = points[0]
    if len(points) == 1:
        return base, 0.0
    sides = np.array(points[1:]) - base
    gram = 2 * sides @ sides.T
    if abs(np.linalg.det(gram)) < 1e-14:
        return None
    centre = base + np.linalg.solve(gram, (sides**2).sum(axis=1)) @ sides
    return centre, float(np.linalg.norm(centre - base))


def welzl(points, on=()):
    """Centre and radius of the smallest circle around points in the plane, by Welzl's recursion."""
    if not points or len(on) == 3:
        return circle_through(on) if on else (np.zeros(2), -1.0)
    *others, last = points
    circle = welzl(others, on)
    if circle is not None and np.linalg.norm(last - circle[0]) <= circle[1] * (1 + 1e-12):
        return circle
    return welzl(others, (*on, last))


def test_welzl_is_right_about_circles_that_can_be_told_by_hand():
    centre, radius = welzl([np.array(p, float) for p in ((0, 0), (4, 0), (1, 1))])
    assert (centre.tolist(), radius) == ([2.0, 0.0], 2.0)


@pytest.mark.parametrize("seed", range(4))
def test_descent_ends_at_the_smallest_circle_of_welzl(seed):
    points = (
        [np.array(p) for p in POINTS] if seed == 0 else list(np.random.default_rng(seed).normal(size=(12, 2)))
    )
    centre, radius = welzl(points)
    assert min(np.linalg.norm(np.array(points) - c, axis=1).max() for c in points) > radius
    objective = SmallestCircle(points=tuple(map(tuple, points)))
    x = np.array([objective.usual_start])
    gradient, best = np.empty_like(x), np.inf
    for step in range(1, 10_001):  # Bădoiu and Clarkson's rates, with which it is off by less than 1/step
        value = objective.evaluate(x, gradient)[0]
        best = min(best, value)
        x -= value / (step + 1) * gradient
    assert radius <= best * (1 + 1e-12)
    assert best == pytest.approx(radius, rel=2e-4)
    assert objective.values(centre[None])[0] == pytest.approx(radius, rel=1e-12)


def section(cls, title):
    """The lines of one section of a docstring."""
    text = inspect.cleandoc(cls.__doc__) + "\n"
    found = re.search(rf"^{title}:\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    return found.group(1) if found else ""


@pytest.mark.parametrize("cls", [*OBJECTIVES.values(), *LINE_METHODS.values()])
def test_docstrings_are_whole(cls):
    assert all(len(section(cls, title).strip()) > 4 for title in ("Formula", "Reference"))
    for option in option_types(cls):
        assert re.search(rf"^    (?:\w+, )*{option}(?:, \w+)*: \S", section(cls, "Options"), re.MULTILINE), (
            option
        )


def test_the_usual_start_is_a_point_from_which_there_is_somewhere_to_go():
    for objective in SAMPLES:
        start = np.array([objective.usual_start])
        gradient = np.empty_like(start)
        with np.errstate(all="ignore"):
            assert np.isfinite(objective.evaluate(start, gradient)).all() or objective.name == "nist"
        assert start.shape == (1, len(objective.variables))
        assert np.abs(gradient).max() > 0
    assert len(list(itertools.chain(SAMPLES))) > 40
