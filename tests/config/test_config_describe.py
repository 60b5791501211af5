"""What `gdrun list` and `gdrun explain` can say, of every component there is."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from gdrun.component import Component, Count, Positive, option_types
from gdrun.config.annotations import in_words
from gdrun.config.config import Config
from gdrun.config.describe import Entry, descriptions, docstring, entries, options
from gdrun.config.families import FAMILIES
from gdrun.config.objective import ObjectiveConfig


@dataclass(frozen=True)
class Base(Component):
    """A base.

    Options:
        first: what the base says of it,
            on two lines.
        shared: of the base.
    """

    first: Positive
    shared: int = 1


@dataclass(frozen=True)
class Derived(Base):
    """A first paragraph
    on two lines.

    More of it.

    Formula:
        y = x

        where x is there

    Options:
        left, right: both of them.
        shared: of the derived class.

    Reference:
        Nobody, 1900.
    """

    left: Count | None = None
    right: tuple[Count, ...] = (1, 2)


def test_a_docstring_is_taken_apart_by_its_headings() -> None:
    said = docstring(Derived)
    assert list(said) == ["", "Formula", "Options", "Reference"]
    assert said["Formula"] == "y = x\n\nwhere x is there"
    assert Entry("kind", "derived", Derived).summary == "A first paragraph on two lines."


def test_options_with_type_default_and_description() -> None:
    assert [(o.name, o.type, o.default, o.description) for o in options(Derived)] == [
        ("first", "a number greater than 0", None, "what the base says of it, on two lines."),
        ("shared", "a whole number", "1", "of the derived class."),
        ("left", "a whole number of at least 1, or null", "null", "both of them."),
        ("right", "a list of (a whole number of at least 1)", "[1, 2]", "both of them."),
    ]


EVERYTHING = [
    Entry("config", "config", Config),
    Entry("config", "minimize", ObjectiveConfig),
    *entries(),
]


def test_everything_has_an_entry() -> None:
    names = {(entry.kind, entry.name) for entry in entries()}
    for family in FAMILIES.values():
        assert {(family.kind, name) for name in family.components} <= names
    sections = {"split", "preprocessing", "penalty", "gradient_clipping", "learning_rate_scaling"}
    sections |= {"augmentation", "lookahead", "gradient_noise", "early_stopping", "checkpoint"}
    sections |= {"evaluation", "compute", "compare", "start"}
    assert {name for kind, name in names if kind == "config"} == sections


@pytest.mark.parametrize("entry", EVERYTHING, ids=lambda entry: f"{entry.kind}-{entry.name}")
def test_every_entry_says_what_it_is_and_what_each_option_means(entry: Entry) -> None:
    assert 4 < len(entry.summary) < 110
    assert entry.summary.endswith(".")
    assert set(option_types(entry.cls)) <= set(descriptions(entry.cls))
    for option in options(entry.cls):
        assert option.type
        assert option.description.endswith((".", "…"))


def test_types_that_are_equal_but_written_in_another_order_are_told_apart() -> None:
    assert in_words(int | float) == "a whole number, or a number"
    assert in_words(float | int) == "a number, or a whole number"
