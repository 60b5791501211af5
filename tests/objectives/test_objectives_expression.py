"""Formulas: differentiated exactly, the same as SymPy evaluates them, and nothing in them is ever run."""

from __future__ import annotations

import ast
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from gdrun.objectives import Expression, expression_text, symbolic

FORMULAS = [
    "x**2 + 2*x + 3",
    "(1 - x)**2 + 100*(y - x**2)**2",
    "0.5*(x**2 + 25*y**2) + 0.8*x*y - x + 2*y",
    "sin(x)*cos(3*y) - tan(x/4) + sqrt(x**2 + y**2 + 1)",
    "exp(-x**2)/(1 + y**2) + log(3 + x) + atan(x*y)",
    "sinh(x/2) + cosh(y) - tanh(x*y) + asin(x/4) + acos(y/4)",
    "(2 + cos(pi*x))**(y/3) + e**x",
    "-x**4 + +y**-2 + 7/(x + 10)**3",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_value_and_gradient_are_those_that_sympy_evaluates_with_many_digits(formula):
    objective = Expression(expression=formula)
    symbols = [sympy.Symbol(name, real=True) for name in objective.variables]
    tree = sympy.sympify(
        formula, locals={"pi": sympy.pi, "e": sympy.E, **dict(zip(objective.variables, symbols, strict=True))}
    )
    points = np.random.default_rng(1).uniform(0.2, 2, (20, len(symbols)))
    gradient = np.empty_like(points)
    values = objective.evaluate(points, gradient)
    for row, point in enumerate(points):
        at = dict(zip(symbols, point.tolist(), strict=True))
        assert values[row] == pytest.approx(float(tree.evalf(40, subs=at)), rel=1e-12, abs=1e-13)
        for place, symbol in enumerate(symbols):
            slope = float(tree.diff(symbol).evalf(40, subs=at))
            assert gradient[row, place] == pytest.approx(slope, rel=1e-11, abs=1e-12)


def test_variables_are_in_the_order_of_the_alphabet_and_of_their_numbers():
    assert Expression(expression="z + x10 + x9 + a*x_1 + 2*e + pi").variables == (
        "a",
        "x9",
        "x10",
        "x_1",
        "z",
    )


def test_a_kink_has_no_slope_and_a_constant_one_is_written_to_all_runs():
    gradient = np.empty((3, 2))
    values = Expression(expression="abs(x) + 2*y").evaluate(np.array([[0.0, 1], [-2, 1], [3, 1]]), gradient)
    assert values.tolist() == [2, 4, 5]
    assert gradient.tolist() == [[0, 2], [-1, 2], [1, 2]]


def test_the_second_derivative_is_exact():
    x = np.linspace(-2, 2, 9)
    np.testing.assert_allclose(Expression(expression="x**4 - 3*x").second_derivative(x), 12 * x**2)
    np.testing.assert_allclose(Expression(expression="sin(x)").second_derivative(x), -np.sin(x))


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("__import__('os').system('true')", "only numbers, variables"),
        ("__import__(x)", "'__import__' is no function that is known"),
        ("x.__class__", "only numbers, variables"),
        ("(lambda: x)()", "only numbers, variables"),
        ("[x for x in y]", "only numbers, variables"),
        ("x if y else z", "only numbers, variables"),
        ("x := 3", "cannot be read as a formula"),
        ("x; y", "cannot be read as a formula"),
        ("f'{x}'", "only numbers, variables"),
        ("'x'", "is no number"),
        ("True*x", "is no number"),
        ("1j*x", "is no number"),
        ("x^2", "write \\*\\*"),
        ("x // 2", r"only \+ - \* / and \*\*"),
        ("~x", "only the signs"),
        ("sin(x, y)", "sin takes one argument"),
        ("sin(x=1)", "sin takes one argument"),
        ("sin*x", "sin is a function"),
        ("__x", "no name for a variable"),
        ("value*x", "give the variable another name"),
        ("π*x", "U\\+03C0"),
        ("3 + pi", "no variable"),
        ("", "cannot be read"),
        ("x/0", "divides by 0"),
        ("x + log(-1)", "no finite value"),
        ("x + (-8)**(1/3)", "root of a negative number"),
        ("9**9**9 + x", "too large"),
        ("x**9**9**9", "too large"),
        ("x**100000", "exponent above"),
        ("exp(exp(exp(9))) + x", "no finite value"),
        ("1e400*x", "too large"),
        ("(" * 3000 + "x" + ")" * 3000, "characters long"),
        ("(" * 400 + "x" + ")" * 400, "cannot be read"),
        ("-" * 900 + "x", "nested more than"),
        ("sin(" * 45 + "x" + ")" * 45, "nested more than"),
        ("+".join(["x"] * 200), "more than 250"),
    ],
)
def test_what_is_no_formula_or_too_much_of_one_is_refused_at_once(formula, message):
    began = time.process_time()
    with pytest.raises(ValueError, match=message) as found:
        Expression(expression=formula)
    assert len(str(found.value)) < 250
    assert time.process_time() - began < 5  # not a matter of speed: what is refused would take for ever


@pytest.mark.parametrize(
    "formula",
    [
        "*".join(f"(x + {i})" for i in range(60)),
        "sin(" * 38 + "x" + ")" * 38,
        "x**x**x**x**x**x",
        "+".join(["x"] * 120),
    ],
)
def test_what_is_large_but_allowed_is_made_without_ado(formula):
    objective = Expression(expression=formula)
    point = np.array([[0.9]])
    gradient = np.empty_like(point)
    value = objective.evaluate(point, gradient)
    rise = objective.values(point + 1e-6) - objective.values(point - 1e-6)
    assert gradient[0, 0] == pytest.approx(rise[0] / 2e-6, rel=1e-5)
    assert np.isfinite(value).all()


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="xy012.9+-*/() sincoelgpabrt_'[]^=<,", max_size=40))
def test_any_text_is_a_formula_or_refused_in_words(text):
    try:
        objective = Expression(expression=text)
    except ValueError:
        return
    with np.errstate(all="ignore"):
        objective.values(np.ones((2, len(objective.variables))))


def check_not_run(text: str, trace: Path) -> None:
    """Make an objective of Python that would leave a folder, if it were run."""
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever is said, nothing may have happened
        Expression(expression=text.format(trace=trace))
    assert not trace.exists()


PYTHON = ["x + __import__('os').mkdir('{trace}')", "x + exec('import os; os.mkdir(\"{trace}\")')"]


@pytest.mark.parametrize("text", PYTHON)
def test_nothing_of_a_formula_is_run(text, tmp_path):
    check_not_run(text, tmp_path / "trace")


@pytest.mark.parametrize("text", PYTHON)
def test_even_unchecked_nothing_of_a_formula_is_run(text, tmp_path, monkeypatch):
    monkeypatch.setattr(expression_text, "_wrong", lambda node: None)
    check_not_run(text, tmp_path / "trace")


@pytest.mark.parametrize("text", PYTHON)
def test_read_as_sympy_reads_text_a_formula_is_run(text, tmp_path, monkeypatch):
    monkeypatch.setattr(expression_text, "_wrong", lambda node: None)
    monkeypatch.setattr(symbolic.Symbolic, "_tree", lambda self, tree: sympy.sympify(ast.unparse(tree)))
    with pytest.raises(AssertionError):
        check_not_run(text, tmp_path / "trace")


def test_without_sympy_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gdrun.objectives.symbolic", None)
    with pytest.raises(ValueError, match=r'pip install "gdrun\[symbolic\]"'):
        Expression(expression="x**2")


def test_the_order_in_which_parts_are_added_does_not_depend_on_the_hash_of_anything():
    code = (
        "import numpy as np; from gdrun.objectives import Expression; "
        f"o = Expression(expression={FORMULAS[4]!r}); g = np.empty((1, 2)); "
        "print(o.evaluate(np.array([[0.3, 0.7]]), g)[0].hex(), [x.hex() for x in g[0]])"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": ":".join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in (1, 2, 3)
    }  # fmt: skip
    assert len(said) == 1
