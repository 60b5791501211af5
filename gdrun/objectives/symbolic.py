"""Expressions as SymPy has them: differentiated exactly, and made into calls of NumPy's functions.

Only `expression.py` imports this module, since it needs SymPy.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import sympy
from numpy.typing import NDArray

from gdrun.objectives.expression_text import LARGEST_EXPONENT, variables_in

Array = NDArray[Any]
Tree = Any  # SymPy's; it has no types


class absolute(sympy.Function):  # type: ignore[misc]
    """|x|, for real numbers alone; its derivative is the sign, 0 at 0."""

    def fdiff(self, argindex: int = 1) -> Tree:
        return signum(self.args[0])


class signum(sympy.Function):  # type: ignore[misc]
    """The sign of a real number."""

    def fdiff(self, argindex: int = 1) -> Tree:
        return sympy.S.Zero


_FUNCTIONS: dict[str, tuple[Tree, Callable[[float], float], Any]] = {  # SymPy's, for a number, NumPy's
    "sin": (sympy.sin, math.sin, np.sin),
    "cos": (sympy.cos, math.cos, np.cos),
    "tan": (sympy.tan, math.tan, np.tan),
    "asin": (sympy.asin, math.asin, np.arcsin),
    "acos": (sympy.acos, math.acos, np.arccos),
    "atan": (sympy.atan, math.atan, np.arctan),
    "sinh": (sympy.sinh, math.sinh, np.sinh),
    "cosh": (sympy.cosh, math.cosh, np.cosh),
    "tanh": (sympy.tanh, math.tanh, np.tanh),
    "exp": (sympy.exp, math.exp, np.exp),
    "log": (sympy.log, math.log, np.log),
    "sqrt": (sympy.sqrt, math.sqrt, np.sqrt),
    "abs": (absolute, abs, np.abs),
}
_UFUNCS = {function: ufunc for function, _, ufunc in _FUNCTIONS.values()} | {signum: np.sign}


class Symbolic:
    """An expression with its derivatives.

    Args:
        tree: from `expression_text.parsed`.

    Raises:
        ValueError: a part of it is no finite number.
    """

    def __init__(self, tree: ast.expr) -> None:
        self.names = variables_in(tree)
        self.symbols = [sympy.Symbol(name, real=True) for name in self.names]
        self._by_name = dict(zip(self.names, self.symbols, strict=True))
        self.value = self._tree(tree)
        self.slopes = [sympy.diff(self.value, symbol) for symbol in self.symbols]

    def program(self) -> Program:
        """The value, then the derivative by each variable."""
        return Program([self.value, *self.slopes], self.symbols)

    def curvature(self) -> Program:
        """The second derivative by the first variable."""
        return Program([sympy.diff(self.slopes[0], self.symbols[0])], self.symbols)

    def _tree(self, node: ast.expr) -> Tree:
        match node:
            case ast.Constant(value=int(value)) if value < 10**6:
                return sympy.Integer(value)
            case ast.Constant(value=int(value) | float(value)):
                return _number(value)
            case ast.Name(id=name):
                return {"pi": sympy.pi, "e": sympy.E}.get(name) or self._by_name[name]
            case ast.UnaryOp(op=op, operand=operand):
                inner = self._tree(operand)
                return -inner if isinstance(op, ast.USub) else inner
            case ast.Call(func=ast.Name(id=name), args=[argument]):
                return _called(name, self._tree(argument))
            case ast.BinOp(left=left, op=op, right=right):
                return _combined(op, self._tree(left), self._tree(right))
        raise AssertionError(node)  # `parsed` lets nothing else through


def _number(value: float) -> Tree:
    if not math.isfinite(value):
        raise ValueError("the formula has a number in it that is too large")
    return sympy.Float(float(value))


def _called(name: str, argument: Tree) -> Tree:
    function, of_number, _ = _FUNCTIONS[name]
    if argument.free_symbols:
        return function(argument)
    try:
        return _number(of_number(float(argument)))
    except (ValueError, OverflowError):
        raise ValueError(f"{name} has no finite value at {float(argument):.6g}") from None


def _combined(op: ast.operator, left: Tree, right: Tree) -> Tree:
    match op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            if right.is_zero:
                raise ValueError("the formula divides by 0")
            return left / right
    return _power(left, right)


def _power(base: Tree, exponent: Tree) -> Tree:
    if exponent.free_symbols:
        return base**exponent
    size = abs(float(exponent))
    if base.free_symbols:
        if size > LARGEST_EXPONENT:
            raise ValueError(f"the formula has an exponent above {LARGEST_EXPONENT}")
        return base**exponent
    try:
        value = float(base) ** float(exponent)
    except (OverflowError, ZeroDivisionError):
        raise ValueError("the formula has a power in it that is too large for a number") from None
    if isinstance(value, complex):
        raise ValueError("the formula has a root of a negative number in it")
    if exponent.is_Integer and base.is_Rational and size <= 20:
        return base**exponent
    return _number(value)


class Program:
    """Trees as a list of calls of NumPy's functions, common parts once.

    Args:
        trees: what is worked out.
        symbols: of the variables, in their order.

    Raises:
        ValueError: a number is too large.
    """

    def __init__(self, trees: Sequence[Tree], symbols: Sequence[Tree]) -> None:
        self._symbols = {symbol: place for place, symbol in enumerate(symbols)}
        self._places: dict[Tree, int] = dict(self._symbols)
        self._calls: list[tuple[Any, tuple[int | float, ...], tuple[int, ...]]] = []
        self._results = [self._place(tree) for tree in trees]

    def __call__(self, columns: Iterable[Array]) -> list[Any]:
        """What the trees come to, each (runs,) or a number.

        Args:
            columns: the variables, each (runs,).
        """
        values: list[Any] = list(columns)
        for function, arguments, places in self._calls:
            values.append(function(*arguments, *(values[place] for place in places)))
        return [values[place] for place in self._results]

    def _place(self, tree: Tree) -> int:
        """Where the value of a tree will be; trees that are equal share it."""
        if tree not in self._places:
            self._places[tree] = self._added(tree)
        return self._places[tree]

    def _call(self, function: Any, *places: int, number: float | None = None) -> int:
        self._calls.append((function, () if number is None else (number,), places))
        return len(self._symbols) + len(self._calls) - 1

    def _added(self, tree: Tree) -> int:
        if not tree.free_symbols:
            return self._call(float, number=_as_float(tree))
        if tree.is_Add or tree.is_Mul:
            function = np.add if tree.is_Add else np.multiply
            place = self._place(tree.args[0])
            for argument in tree.args[1:]:
                place = self._call(function, place, self._place(argument))
            return place
        if tree.is_Pow:
            return self._power(*tree.args)
        return self._call(_UFUNCS[tree.func], self._place(tree.args[0]))

    def _power(self, base: Tree, exponent: Tree) -> int:
        place = self._place(base)
        if exponent == 2:
            return self._call(np.multiply, place, place)
        if exponent == -1:
            return self._call(np.divide, place, number=1.0)
        if exponent == sympy.Rational(1, 2):
            return self._call(np.sqrt, place)
        return self._call(np.power, place, self._place(exponent))


def _as_float(tree: Tree) -> float:
    """The number that a tree without variables is."""
    try:
        value = float(tree)
    except (OverflowError, TypeError):
        raise ValueError("the formula has a number in it that is too large, or none that is real") from None
    if not math.isfinite(value):
        raise ValueError("the formula has a number in it that is too large")
    return value
