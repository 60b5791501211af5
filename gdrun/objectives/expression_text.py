"""What may be written in an expression, checked on the text's own syntax tree: nothing of it is ever run.

Python's parser makes the tree, and these rules say what it may hold: numbers, names, arithmetic and the
functions below. Everything else is refused, with its place; so is what would only keep a computer busy.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

LONGEST = 1000  # characters
DEEPEST = 40  # levels of parentheses and functions
MOST_PARTS = 250  # numbers, names and operations
LARGEST_EXPONENT = 1000
MOST_VARIABLES = 30

FUNCTIONS = (
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "sqrt", "abs"),
)
CONSTANTS = ("pi", "e")
TAKEN = (  # columns of trajectory.csv and results.csv
    *("step", "value", "gradient_norm", "learning_rate", "run", "start", "seed", "phase", "status"),
    *("best_step", "distance", "steps", "seconds", "problem", "optimizer", "trial", "point", "start_number"),
)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,23}")
_OPERATIONS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


def parsed(text: str) -> ast.expr:
    """The syntax tree of an expression in which everything is allowed.

    Raises:
        ValueError: something isn't; with what, and where.
    """
    if len(text) > LONGEST:
        raise ValueError(f"the formula is {len(text):,} characters long, and {LONGEST:,} are the most")
    if not text.isascii() or not text.isprintable():
        strange = next(c for c in text if not (c.isascii() and c.isprintable()))
        raise ValueError(
            f"the formula has the character U+{ord(strange):04X}; write plain letters, x**2 for a square"
        )
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        place = f" at character {error.offset}" if isinstance(error, SyntaxError) and error.offset else ""
        raise ValueError(f"the formula cannot be read as a formula{place}") from None
    for parts, (node, depth) in enumerate(_nodes(tree, 1), 1):
        if depth > DEEPEST:
            raise ValueError(f"the formula is nested more than {DEEPEST} deep")
        if parts > MOST_PARTS:
            raise ValueError(f"the formula has more than {MOST_PARTS} numbers, names and operations")
        if (wrong := _wrong(node)) is not None:
            raise ValueError(f"{wrong}, at character {getattr(node, 'col_offset', 0) + 1}")
    if not variables_in(tree):
        raise ValueError("the formula has no variable in it, such as x")
    if len(variables_in(tree)) > MOST_VARIABLES:
        raise ValueError(f"the formula has more than {MOST_VARIABLES} variables")
    return tree


def variables_in(tree: ast.expr) -> list[str]:
    """The names of the variables, in the order of the alphabet, numbers at their ends by size."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}
    return sorted(names - set(CONSTANTS), key=_by_number)


def _by_number(name: str) -> tuple[str, int, str]:
    letters = name.rstrip("0123456789")
    return letters, int(name[len(letters) :] or -1), name


def _nodes(node: ast.expr, depth: int) -> Iterator[tuple[ast.expr, int]]:
    """The expressions in a tree with their depths; of what isn't allowed only the top."""
    yield node, depth
    if _wrong(node) is not None or depth > DEEPEST:
        return
    match node:
        case ast.BinOp():  # a row of terms is no deeper than one of them
            yield from _nodes(node.left, depth if isinstance(node.left, ast.BinOp) else depth + 1)
            yield from _nodes(node.right, depth + 1)
        case ast.UnaryOp():
            yield from _nodes(node.operand, depth + 1)
        case ast.Call():
            for argument in node.args:
                yield from _nodes(argument, depth + 1)


def _wrong(node: ast.expr) -> str | None:
    """What is wrong with a node itself; None if nothing is."""
    match node:
        case ast.BinOp(op=op):
            if isinstance(op, ast.BitXor):
                return "^ is no power here; write **"
            return None if isinstance(op, _OPERATIONS) else "only + - * / and ** are known"
        case ast.UnaryOp(op=op):
            return None if isinstance(op, ast.USub | ast.UAdd) else "only the signs + and - are known"
        case ast.Constant(value=value):
            if isinstance(value, bool) or not isinstance(value, int | float):
                return f"{str(value)[:20]!r} is no number"
            return None if abs(value) < 1e300 else "a number is too large"
        case ast.Call(func=ast.Name(id=name), args=[_], keywords=[]) if name in FUNCTIONS:
            return None
        case ast.Call(func=ast.Name(id=name)):
            known = ", ".join(FUNCTIONS)
            if name in FUNCTIONS:
                return f"{name} takes one argument"
            return f"{name[:30]!r} is no function that is known ({known})"
        case ast.Name(id=name):
            return _wrong_name(name)
    return "only numbers, variables, + - * / ** and functions can be written"


def _wrong_name(name: str) -> str | None:
    if name in CONSTANTS:
        return None
    if name in FUNCTIONS:
        return f"{name} is a function: write {name}(…)"
    if name in TAKEN:
        return f"{name!r} is what a column of the results is called; give the variable another name"
    if not _NAME.fullmatch(name):
        return f"{name[:30]!r} is no name for a variable: a letter, then letters, digits and underscores"
    return None
