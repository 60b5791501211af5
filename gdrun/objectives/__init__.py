"""Mathematical objectives: functions of a few variables with exact gradients, for `gdrun minimize`.

Read `objective.py` (the interface), then `rosenbrock.py`. `quadratic.py`, `polynomials.py`, `waves.py` and
`saddles.py` hold the functions of the textbooks; `smallest_circle.py`, `least_squares.py` and `nist.py` (its
models in `nist_models.py`, its numbers in `files/`) those that come with data. `expression.py` is one's own
formula: `expression_text.py` checks it, `symbolic.py` differentiates it and makes calls of NumPy's functions
of it. `line_methods.py`: searches for functions of one variable, which need no learning rate.
"""

from __future__ import annotations

from gdrun.component import Registry, class_lookup
from gdrun.objectives.line_methods import LineMethod
from gdrun.objectives.objective import Objective

OBJECTIVES: Registry[Objective] = Registry(
    "gdrun.objectives",
    quadratic="quadratic.Quadratic",
    sphere="quadratic.Sphere",
    rosenbrock="rosenbrock.Rosenbrock",
    himmelblau="polynomials.Himmelblau",
    beale="polynomials.Beale",
    booth="polynomials.Booth",
    three_hump_camel="polynomials.ThreeHumpCamel",
    goldstein_price="polynomials.GoldsteinPrice",
    styblinski_tang="polynomials.StyblinskiTang",
    branin="waves.Branin",
    rastrigin="waves.Rastrigin",
    ackley="waves.Ackley",
    griewank="waves.Griewank",
    saddle="saddles.Saddle",
    monkey_saddle="saddles.MonkeySaddle",
    smallest_circle="smallest_circle.SmallestCircle",
    least_squares="least_squares.LeastSquares",
    nist="nist.Nist",
    expression="expression.Expression",
)

LINE_METHODS: Registry[LineMethod] = Registry(
    "gdrun.objectives",
    bisection="line_methods.Bisection",
    golden_section="line_methods.GoldenSection",
    newton="line_methods.Newton",
)

__all__ = ["LINE_METHODS", "OBJECTIVES", "LineMethod", "Objective"]

__getattr__ = class_lookup(__name__, OBJECTIVES, LINE_METHODS)  # every one by its class's name
