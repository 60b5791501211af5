"""Starter configs: every line of them, the ones that are commented out too, is valid."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gdrun.config import ObjectiveConfig, load
from gdrun.config.checks import warnings
from gdrun.config.load import read_source
from gdrun.config.templates import template, template_names
from gdrun.errors import ConfigError

_ALTERNATIVE = re.compile(r"^(?P<indent> *)#(?P<rest>(?P<key>[a-z_]+):.*)$")


def variants(text: str) -> list[str]:
    """The text with each commented alternative in the place of the line that it is an alternative to."""
    lines = text.splitlines()
    found = []
    for index, line in enumerate(lines):
        if match := _ALTERNATIVE.match(line):
            active = re.compile(rf"^{match['indent']}{match['key']}:")
            rest = [other for other in lines[:index] if not active.match(other)]
            found.append("\n".join([*rest, match["indent"] + match["rest"], *lines[index + 1 :]]) + "\n")
    return found


def test_the_templates() -> None:
    assert template_names() == ["classification", "csv", "minimal", "minimize", "regression"]
    assert template() == template("classification")
    with pytest.raises(ConfigError, match=r"'regresion' is not a template; did you mean regression\?"):
        template("regresion")
    with pytest.raises(ConfigError, match="is not a template"):
        template("../sections")


@pytest.mark.parametrize("name", template_names())
def test_every_template_and_every_alternative_in_it_is_valid(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{name}.yaml"
    texts = [template(name), *variants(template(name))]
    assert len(texts) > (0 if name == "minimal" else 5)
    for text in texts:
        path.write_text(text, encoding="utf-8")
        config = read_source(path).load_any().config
        assert isinstance(config, ObjectiveConfig) or not warnings(config, 1000), text
    assert max(map(len, template(name).splitlines())) <= 110


def test_an_alternative_that_is_wrong_would_be_noticed(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    (text,) = variants("dataset: digits\noptimizer: adam\n#optimizer: {name: sgd, lerning_rate: 1}\n")
    path.write_text(text)
    with pytest.raises(ConfigError, match="lerning_rate: is unknown"):
        load(path)
