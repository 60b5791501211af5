"""An objective of one's own, written as a formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gdrun.objectives.expression_text import parsed
from gdrun.objectives.objective import Array, Objective, columns

if TYPE_CHECKING:
    from gdrun.objectives.symbolic import Program, Symbolic


@dataclass(frozen=True)
class Expression(Objective):
    """A function of one's own as a formula, such as (x - 1)**2 + 3*sin(y); differentiated exactly.

    Formula:
        f(x) as written; ∇f by the rules of differentiation

    Options:
        expression: numbers, variables by name, + - * / **, pi, e, and sin cos tan asin acos atan sinh cosh
            tanh exp log sqrt abs.

    Variant:
        The variables are ordered as in the alphabet. SymPy differentiates; the text is checked part by part
        and never run. Where abs has its kink the derivative is 0. Usually looked at from −2 to 2, and
        nothing is known of its minimum. Needs SymPy: pip install "gdrun[symbolic]".

    Reference:
        Meurer et al., "SymPy: symbolic computing in Python", PeerJ Computer Science 3, 2017.
    """

    expression: str

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            tree = parsed(self.expression)
        except ValueError as error:
            raise ValueError(f"Expression: {error}") from None
        try:
            from gdrun.objectives.symbolic import Symbolic
        except ImportError:
            raise ValueError(
                "Expression: a formula needs SymPy, which is missing; "
                'install it with: pip install "gdrun[symbolic]"'
            ) from None
        try:
            symbolic = Symbolic(tree)
            program = symbolic.program()
        except ValueError as error:
            raise ValueError(f"Expression: {error}") from None
        object.__setattr__(self, "symbolic", symbolic)
        object.__setattr__(self, "program", program)
        object.__setattr__(self, "dimension", len(symbolic.names))

    if TYPE_CHECKING:  # what is made of the text
        symbolic: Symbolic
        program: Program

    @property
    def variables(self) -> tuple[str, ...]:
        return tuple(self.symbolic.names)

    def evaluate(self, points: Array, gradient: Array) -> Array:
        value, *slopes = self.program(columns(points))
        for place, slope in enumerate(slopes):
            gradient[:, place] = slope
        result = gradient[:, 0].copy()
        result[...] = value
        return result

    def second_derivative(self, points: Array) -> Array | None:
        (found,) = self._curvature([points])
        result: Array = points.copy()
        result[...] = found
        return result

    @cached_property
    def _curvature(self) -> Any:
        return self.symbolic.curvature()

    @property
    def usual_start(self) -> Sequence[float]:
        return (1.0,) * len(self.variables)
