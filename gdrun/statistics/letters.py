"""Compact letter display: who can be told apart from whom, in one column of a table."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters

import numpy as np
from numpy.typing import NDArray


def compact_letters(
    different: Sequence[Sequence[bool]] | NDArray[np.bool_], order: Sequence[int]
) -> tuple[str, ...]:
    """The letters of every contestant: two share one if and only if they cannot be told apart.

    Insert and absorb: begin with one letter for all. For each pair that differs, split every letter that both
    have in two, one without the first and one without the second; then drop each letter whose contestants
    all share another.

    Args:
        different: (contestants, contestants), symmetric: whether the two can be told apart.
        order: the contestants from first to last in the table (by their means). Letters are given in this
            order: the first contestant has an a.

    Returns:
        A text of one or more letters for each contestant, in the order of the matrix: a to z, then A to Z,
        then a1, b1 and so on.

    Raises:
        ValueError: the matrix is not square, not symmetric, or says that one differs from itself; or the
            order is not one of its contestants.

    Variant:
        Without the final sweep that removes letters whose pairs are all shown by others.

    Reference:
        Piepho, "An algorithm for a letter-based representation of all-pairwise comparisons", Journal of
        Computational and Graphical Statistics 13, 2004.
    """
    matrix = np.asarray(different, np.bool_)
    contestants = len(order)
    if matrix.shape != (contestants, contestants) or sorted(order) != list(range(contestants)):
        raise ValueError(
            f"the matrix of differences has shape {matrix.shape} and the order is {list(order)}; "
            "the order names every row of a square matrix once"
        )
    if np.any(matrix != matrix.T) or np.any(np.diagonal(matrix)):
        raise ValueError(
            "differences are symmetric, and none differs from itself: look at how they were made"
        )
    groups = [frozenset(range(contestants))] if contestants else []  # of places in the order
    ranked = matrix[np.ix_(order, order)]
    for first, second in np.argwhere(np.triu(ranked)).tolist():
        split = []
        for group in groups:
            both = first in group and second in group
            split += [group - {first}, group - {second}] if both else [group]
        groups = _absorb(split)
    groups.sort(key=sorted)
    letters = [""] * contestants
    for number, group in enumerate(groups):
        for place in group:
            letters[order[place]] += _letter(number)
    return tuple(letters)


def _absorb(groups: list[frozenset[int]]) -> list[frozenset[int]]:
    distinct = list(dict.fromkeys(groups))
    return [group for group in distinct if not any(group < other for other in distinct)]


def _letter(number: int) -> str:
    turn, place = divmod(number, len(ascii_letters))
    return ascii_letters[place] + (str(turn) if turn else "")
