"""Letters by hand, and consistent with the differences they stand for."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gdrun.statistics import compact_letters


def matrix(contestants: int, *pairs: tuple[int, int]) -> NDArray[np.bool_]:
    different = np.zeros((contestants, contestants), np.bool_)
    for i, j in pairs:
        different[i, j] = different[j, i] = True
    return different


@pytest.mark.parametrize(
    ("contestants", "pairs", "letters"),
    [
        (0, [], ()),
        (1, [], ("a",)),
        (3, [], ("a", "a", "a")),
        (2, [(0, 1)], ("a", "b")),
        (3, [(0, 1), (0, 2), (1, 2)], ("a", "b", "c")),
        (3, [(0, 2)], ("a", "ab", "b")),
        (4, [(0, 2), (0, 3), (1, 3)], ("a", "ab", "bc", "c")),
        (3, [(0, 1)], ("a", "b", "ab")),  # the last varies so much that it differs from none
        (5, [(0, 4), (1, 4), (0, 3)], ("a", "ab", "abc", "bc", "c")),
        # Needs absorption: two splits leave {1, 2} inside {1, 2, 3}.
        (4, [(0, 1), (0, 2), (0, 3)], ("a", "b", "b", "b")),
    ],
)
def test_by_hand(contestants: int, pairs: list[tuple[int, int]], letters: tuple[str, ...]) -> None:
    assert compact_letters(matrix(contestants, *pairs), range(contestants)) == letters


def test_letters_follow_the_order_of_the_means() -> None:
    assert compact_letters(matrix(3, (0, 2), (1, 2)), [2, 0, 1]) == ("b", "b", "a")


def test_more_groups_than_letters() -> None:
    everyone = ~np.eye(120, dtype=np.bool_)
    letters = compact_letters(everyone, range(120))
    assert len(set(letters)) == 120
    assert (letters[0], letters[25], letters[26], letters[52], letters[119]) == ("a", "z", "A", "a1", "p2")


@pytest.mark.parametrize(
    ("different", "order"),
    [
        ([[False, True], [False, False]], [0, 1]),
        ([[True]], [0]),
        ([[False, False]], [0, 1]),
        ([[False]], [0, 1]),
        (matrix(2), [0, 0]),
    ],
)
def test_a_matrix_or_order_that_is_none(different: list[list[bool]], order: list[int]) -> None:
    with pytest.raises(ValueError, match="differ"):
        compact_letters(different, order)


@st.composite
def differences(draw: st.DrawFn) -> NDArray[np.bool_]:
    contestants = draw(st.integers(1, 7))
    pairs = list(combinations(range(contestants), 2))
    return matrix(contestants, *(pair for pair in pairs if draw(st.booleans())))


@settings(deadline=None, max_examples=150)
@given(differences(), st.data())
def test_two_share_a_letter_if_and_only_if_they_cannot_be_told_apart(different, data: st.DataObject) -> None:
    contestants = len(different)
    order = data.draw(st.permutations(range(contestants)))
    letters = compact_letters(different, order)
    for i, j in combinations(range(contestants), 2):
        assert bool(set(letters[i]) & set(letters[j])) != different[i, j]
    # Each letter stands for a largest possible group: found by trying all subsets.
    alike = [
        set(group)
        for size in range(1, contestants + 1)
        for group in combinations(range(contestants), size)
        if not different[np.ix_(group, group)].any()
    ]
    largest = [group for group in alike if not any(group < other for other in alike)]
    groups = [{i for i in range(contestants) if letter in letters[i]} for letter in set("".join(letters))]
    assert sorted(map(sorted, groups)) == sorted(map(sorted, largest))
    assert "a" in letters[order[0]]
