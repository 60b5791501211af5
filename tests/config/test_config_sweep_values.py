"""What may be written for the values of a sweep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdrun.config.comparison import SearchRange
from gdrun.config.plain import from_node
from gdrun.config.problems import Problems
from gdrun.config.sweep_values import Choices, choices_of, split_values


def read(values: Sequence[str] | Mapping[str, Any], fixed: Any = ()) -> list[Choices]:
    problems = Problems()
    found = choices_of(values, problems, fixed)
    assert not problems.found, [str(problem) for problem in problems.found]
    return found


def values_of(text: str) -> list[Any]:
    """The values behind "key="."""
    (choices,) = read([f"key={text}"])
    return [value if isinstance(value, SearchRange) else from_node(value) for value in choices.values]


def said(*texts: str) -> str:
    """What is wrong with some texts."""
    problems = Problems()
    choices_of(texts, problems)
    assert problems.found
    return "\n".join(str(problem) for problem in problems.found)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("16,64", [16, 64]),
        ("16, 64", [16, 64]),
        ("1e-3,0.01,no", [1e-3, 0.01, "no"]),
        ("[64],[64,32]", [[64], [64, 32]]),
        ("null,true,full", [None, True, "full"]),
        (
            "constant,cosine,{name: step, every_epochs: 5, factor: 0.5}",
            ["constant", "cosine", {"name": "step", "every_epochs": 5, "factor": 0.5}],
        ),
        ("\"a,b\",'c,''d'''", ["a,b", "c,'d'"]),
        ("it's,o'clock", ["it's", "o'clock"]),
        ("{a: [1, '}'], b: \"]\"},2", [{"a": [1, "}"], "b": "]"}, 2]),
        ("", [None]),
        ('"log(1,2,3)",x', ["log(1,2,3)", "x"]),
        ("data(1).csv,b", ["data(1).csv", "b"]),
    ],
)
def test_commas_part_values_but_not_inside_brackets_or_quotes(text: str, values: list[Any]) -> None:
    found = values_of(text)
    assert found == values
    assert list(map(type, found)) == list(map(type, values))


def test_a_comma_in_brackets_that_do_not_fit_is_left_to_the_reader() -> None:
    assert split_values("[log(1],x]") == ["[log(1],x]"]
    assert split_values(")1,2") == [")1", "2"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("log(1e-4,1,5)", [1e-4, 1e-3, 1e-2, 0.1, 1]),
        ("log(1e-3, 1e-2, 3)", [0.001, 0.00316228, 0.01]),
        ("log(1,1e-2,3)", [1, 0.1, 0.01]),
        ("log(16,256,5)", [16, 32, 64, 128, 256]),
        ("linear(0,1,5)", [0, 0.25, 0.5, 0.75, 1]),
        ("linear(0.1,0.3,3)", [0.1, 0.2, 0.3]),
        ("linear(10,50,5)", [10, 20, 30, 40, 50]),
        ("linear(3,1,3)", [3, 2, 1]),
        ("linear(0.123456789,0.2,2)", [0.123456789, 0.2]),
        ("range(2,5)", [2, 3, 4]),
        ("range(10,0,-5)", [10, 5]),
        ("range(0,10,4),99", [0, 4, 8, 99]),
        ("0,log(1,100,3),linear(5,6,2)", [0, 1, 10, 100, 5, 6]),
    ],
)
def test_functions(text: str, values: list[float]) -> None:
    assert values_of(text) == values


def test_whole_ends_give_whole_numbers_and_others_do_not() -> None:
    assert [type(value) for value in values_of("log(16,64,3)")] == [int, int, int]
    assert [type(value) for value in values_of("linear(0,1,3)")] == [int, float, int]
    assert [type(value) for value in values_of("linear(1.0,3.0,3)")] == [float, float, float]


@given(
    st.floats(1e-6, 1e3),
    st.floats(1.5, 1e4),
    st.integers(2, 40),
    st.sampled_from(["log", "linear"]),
)
def test_numbers_are_even_and_hold_their_ends(low: float, factor: float, count: int, name: str) -> None:
    high = low * factor
    found = np.array(values_of(f"{name}({low!r},{high!r},{count})"))
    assert found[0] == low
    assert found[-1] == high
    gaps = np.diff(np.log(found) if name == "log" else found)
    wide = math.log(factor) if name == "log" else high - low
    error = 2e-5 if name == "log" else 2e-5 * high
    np.testing.assert_allclose(gaps, wide / (count - 1), atol=error)


def test_ranges_to_draw_from() -> None:
    assert values_of("log(1e-4,1)") == [SearchRange(1e-4, 1, "log")]
    assert values_of("linear(1,0),5") == [SearchRange(0, 1, "linear"), 5]


def test_a_value_counts_once() -> None:
    (choices,) = read(["key=1,1.0,2,true,'1',[1],[1.0],1"])
    assert [from_node(value) for value in choices.values] == [1, 2, True, "1", [1]]  # type: ignore[arg-type] # no ranges
    assert choices.given == 8


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("key=1,,2", "a comma with no value beside it"),
        ("key=1,", "a comma with no value beside it"),
        ("key=lgo(1,2,3)", "there is no function 'lgo'; did you mean log?"),
        ("key=log(0,1,3)", "ends greater than 0"),
        ("key=log(1,1,3)", "both ends are the same"),
        ("key=linear(-1e308,1e308)", "too far apart"),
        ("key=log(5e-324,1e308,3)", "too far apart"),
        ("key=log(1,2,1)", "a whole number from 2 on"),
        ("key=log(1,2,2.5)", "a whole number from 2 on"),
        ("key=log(1)", "two or three numbers, such as log(1e-4,1,9)"),
        ("key=log(1,2,3,4)", "two or three numbers"),
        ("key=log(1,,3)", "two or three numbers"),
        ("key=log(1,x,3)", "'x' is not a finite number"),
        ("key=linear(0,.inf,3)", "'.inf' is not a finite number"),
        ("key=linear(0,true,3)", "'true' is not a finite number"),
        (f"key=range(0,{10**20})", "is too large for a number"),
        ("key=log(1,2,1000000000)", "1,000,000,000 values are too many"),
        ("key=range(0,1000000000000)", "1,000,000,000,000 values are too many"),
        ("key=range(3,3)", "is empty: it goes from 3 to before 3"),
        ("key=range(0,1,0)", "the step is 0"),
        ("key=range(0,1.5)", "takes whole numbers"),
        ("key=1,.inf", "a sweep takes finite numbers alone"),
        ("key=[1,.nan],2", "a sweep takes finite numbers alone"),
        ("key=[1,2", "not YAML"),
        ("key=!!int 1,2", "the tag"),
        ("key", "has no '='"),
        ("a..b=1,2", "not a dotted path"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    found = said(text)
    assert found.startswith("override 1 ")
    assert message in found


def test_all_problems_come_at_once() -> None:
    found = said("a=log(0,1,3)", "b=1,2", "c=1,,2", "b=3,4", "d").splitlines()
    assert [line.split(":")[0] for line in found] == [
        "override 1 'a=…'",
        "override 3 'c=…'",
        "override 4 'b=…'",
        "override 5 'd'",
    ]
    assert "second time" in found[2]


class TestFromPython:
    def test_sequences_single_values_and_text(self) -> None:
        found = read(
            {
                "a": [1, 2],
                "b": np.array([0.5, 0.25]),
                "c": range(3),
                "d": "log(1,100,3)",
                "e": 7,
                "f": [[64], (64, 32)],
                "g": ["x,y", "z"],
                "h": {"name": "sgd"},
            }
        )
        values = {choices.key: [from_node(value) for value in choices.values] for choices in found}  # type: ignore[arg-type] # no ranges
        assert values == {
            "a": [1, 2],
            "b": [0.5, 0.25],
            "c": [0, 1, 2],
            "d": [1, 10, 100],
            "e": [7],
            "f": [[64], [64, 32]],
            "g": ["x,y", "z"],
            "h": [{"name": "sgd"}],
        }
        assert [choices.key for choices in found if not choices.varies] == ["e", "h"]

    def test_overrides_come_first_and_have_one_value(self) -> None:
        found = read({"a": [1, 2]}, {"b": [3, 4]})
        assert [(choices.key, choices.varies) for choices in found] == [("b", False), ("a", True)]
        found = read(["a=1,2"], ["b=[3,4]"])
        assert [from_node(value) for choices in found for value in choices.values] == [[3, 4], 1, 2]  # type: ignore[arg-type] # no ranges

    @pytest.mark.parametrize(
        ("values", "fixed", "message"),
        [
            ({"a": []}, {}, "has no values"),
            ({"a": [1, 2]}, {"a": 3}, "second time"),
            ({"a": [object(), 2]}, {}, "cannot be part of a config"),
            ({"": [1]}, {}, "not a dotted path"),
            ({"a": [math.nan, 2]}, {}, "finite"),
        ],
    )
    def test_problems(self, values: Mapping[str, Any], fixed: Mapping[str, Any], message: str) -> None:
        problems = Problems()
        choices_of(values, problems, fixed)
        assert message in " ".join(map(str, problems.found))


@given(
    st.one_of(
        st.text(max_size=40),
        st.text("log(inear,range)0123456789.e-+[]{}'\": _", max_size=30),
        st.builds(
            "{}({})".format,
            st.sampled_from(["log", "linear", "range", "lgo"]),
            st.lists(
                st.sampled_from(["0", "1", "-3", "1e308", "-1e308", "5e-324", "1e-4", "9", "x", "2.5", ""]),
                max_size=4,
            ).map(",".join),
        ),
    )
)
def test_no_text_is_a_crash(text: str) -> None:
    problems = Problems()
    found = choices_of([f"key={text}"], problems)
    assert found or problems.found
    for choices in found:
        for value in choices.values:
            if isinstance(value, SearchRange):
                assert math.isfinite(value.at(0.5))
            elif not problems.found:
                from_node(value)
