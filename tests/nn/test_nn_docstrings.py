"""What `gdrun explain` prints: every component has its formula, every option and a reference."""

from __future__ import annotations

import inspect
import re

import pytest

from gdrun.component import option_types
from gdrun.nn.activations import ACTIVATIONS
from gdrun.nn.initializers import INITIALIZERS
from gdrun.nn.layers import LAYERS
from gdrun.nn.losses import LOSSES
from gdrun.nn.metrics import METRICS
from gdrun.nn.models import MODELS

KINDS = {
    "activation": ACTIVATIONS,
    "initializer": INITIALIZERS,
    "layer": LAYERS,
    "loss": LOSSES,
    "metric": METRICS,
    "model": MODELS,
}
COMPONENTS = [pytest.param(cls, id=f"{kind} {name}") for kind, d in KINDS.items() for name, cls in d.items()]


def section(cls, title):
    """The lines of one section of the docstring."""
    text = inspect.cleandoc(cls.__doc__) + "\n"  # from 3.13 on, Python itself removes the indentation
    found = re.search(rf"^{title}:\n((?:    .*\n|\n)+)", text, re.MULTILINE)
    return found.group(1) if found else ""


def test_no_kind_is_empty():
    assert all(len(components) >= 3 for components in KINDS.values())
    assert len(COMPONENTS) > 50


@pytest.mark.parametrize("cls", COMPONENTS)
def test_docstrings_are_whole(cls):
    summary = cls.__doc__.splitlines()[0]
    assert summary[0].isupper()
    assert summary.endswith(".")
    assert len(section(cls, "Formula").strip()) > 4
    assert len(section(cls, "Reference").strip()) > 10
    options = section(cls, "Options")
    for option in option_types(cls):
        assert re.search(rf"^    (?:\w+, )*{option}(?:, \w+)*: \S", options, re.MULTILINE), option
    assert bool(options) == bool(option_types(cls))
