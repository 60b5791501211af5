from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdrun.text import printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Größe ∂L/∂θ 𝛼", "Größe ∂L/∂θ 𝛼"),
        ("\x1b[2J\x07", "\\x1b[2J\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("a\tb\nc\r", "a\tb\nc\\r"),
        ("safe\u202egnp.exe", "safe\\u202egnp.exe"),
        ("a\u2028b", "a\\u2028b"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_steers_a_terminal_is_written_out(text, expected):
    assert printable(text) == expected


def test_on_one_line_nothing_breaks_the_line():
    assert printable("a\tb\nc", one_line=True) == "a\\tb\\nc"
    assert printable(1.5) == "1.5"


@given(st.text())
def test_no_control_character_comes_through(text):
    shown = printable(text)
    assert not any(ord(character) < 32 and character not in "\t\n" for character in shown)
    assert not any(0x7F <= ord(character) < 0xA0 for character in shown)
    assert shown.encode().decode() == shown
