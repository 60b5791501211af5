"""Plain scalars by YAML 1.2's core schema; the expectations are those of its chapter 10.3.2."""

from __future__ import annotations

import math

import pytest

from gdrun.config.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-0.0", -0.0),
        ("+12e03", 12000.0),
        ("-2E+05", -200000.0),
        ("0", 0),
        ("-19", -19),
        ("+7", 7),
        ("010", 10),
        ("0o17", 15),
        ("0x1f", 31),
        ("0x3A", 58),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("+.INF", math.inf),
    ],
)
def test_numbers_booleans_and_null(text: str, value: object) -> None:
    found = resolve(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        *("yes", "Yes", "no", "NO", "on", "off", "y", "n", "tRUE", "nULL"),
        *(
            "1:30",
            "190:20:30",
            "1_000",
            "0b101",
            "2024-01-31",
            "2024-01-31T10:00:00Z",
            "0o8",
            "0xg",
            "-0x1",
            "+0o7",
        ),
        *(
            "1e",
            "e5",
            ".",
            "-",
            "+",
            "..",
            ".e5",
            "1e-3x",
            "- 1",
            "inf",
            "nan",
            "-.nan",
            "Infinity",
            "١",
            "²",
        ),
    ],
)
def test_everything_else_is_text(text: str) -> None:
    assert resolve(text) == text


def test_not_a_number() -> None:
    value = resolve(".NaN")
    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize("text", ["1e999", "-1e400", "9" * 41, "9" * 5000, "0x" + "f" * 5000])
def test_numbers_too_large_are_refused_and_not_rounded_to_infinity(text: str) -> None:
    with pytest.raises(ValueError, match="too large"):
        resolve(text)
