"""Curves drawn as text: what is drawn where, and what the axes say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gdrun.report.console.pictures import Curve, Picture, draw, legend


def lines(y, *, first=0.0, last=10.0, width=20, height=5, **options):
    picture = Picture("", first, last, "epochs", [Curve("y", np.asarray(y, np.float64))], **options)
    return [line.plain for line in draw(picture, width, height)]


def test_a_rising_line_goes_from_the_lower_left_to_the_upper_right():
    drawn = lines(np.linspace(0, 1, 400))
    marks = [
        [column for column, mark in enumerate(line.split("┤")[-1].split("│")[-1]) if mark != " "]
        for line in drawn[:5]
    ]
    assert all(marks)
    assert [row[0] for row in marks] == sorted((row[0] for row in marks), reverse=True)
    assert marks[0][-1] == 19
    assert marks[-1][0] == 0


def test_one_dot_a_column_of_a_constant_lies_in_the_middle():
    drawn = lines(np.full(100, 3.0))
    assert drawn[2].endswith("⠒" * 20) or drawn[2].endswith("⠤" * 20)
    assert "⠒" not in drawn[0] + drawn[4]


def test_a_jump_is_drawn_as_a_vertical_line():
    drawn = lines([1.0] * 50 + [0.0] * 50, zero=True)
    column = drawn[1].index(drawn[1].strip("│ 0.75┤")[0])
    assert all(len(line) > column and line[column] != " " for line in drawn[:5])


def test_the_axes_are_labelled():
    drawn = lines(np.linspace(0, 1, 100), height=9)
    assert [line.split()[0] for line in drawn[:9] if "┤" in line] == ["1", "0.75", "0.5", "0.25", "0"]
    assert drawn[-1].split() == ["0", "5", "10", "epochs"]


def test_a_logarithmic_axis_between_two_powers_of_ten_has_both():
    drawn = lines(np.linspace(13, 12, 200), logarithmic=True, height=9)
    assert [line.split()[0] for line in drawn[:9] if "┤" in line] == ["100", "10"]


def test_a_logarithmic_axis_has_powers_of_ten():
    drawn = lines(np.logspace(-6, 2, 200), logarithmic=True, height=9)
    assert [line.split()[0] for line in drawn[:9] if "┤" in line] == ["100", "1", "0.01", "1e-4", "1e-6"]


def test_a_second_curve_has_gaps_and_a_legend():
    curves = [Curve("y", np.linspace(0, 1, 100)), Curve("z", np.zeros(100))]
    picture = Picture("", 0, 1, "x", curves)
    bottom = draw(picture, 20, 5)[4].plain
    assert "⣀ ⣀" in bottom
    assert legend(picture).plain.split() == ["⠒⠒", "y", "⠂⠂", "z"]


@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_leaves_a_gap(hole):
    drawn = lines([1.0] * 40 + [hole] * 20 + [1.0] * 40)
    row = next(line for line in drawn if "⠒" in line or "⠤" in line)
    assert "    " in row.split("┤")[-1].split("│")[-1]


@given(arrays.arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e6, 1e6)), st.integers(8, 70))
def test_any_curve_fits_its_frame(y, width):
    drawn = lines(y, width=width, height=6)
    assert len(drawn) == 8
    frame = drawn[6].index("└")
    assert all(len(line) <= frame + 1 + width for line in drawn[:7])
    assert all(line[frame] in "┤│" for line in drawn[:6])
