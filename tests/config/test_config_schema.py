"""The JSON Schema: it takes what `load` takes, and refuses what it can see is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from config_strategies import section
from hypothesis import assume, given, settings
from json_schema_validator import fits

from gdrun.config import ConfigProblemsError, from_plain, to_plain
from gdrun.config.config import Config
from gdrun.config.families import FAMILIES
from gdrun.config.problems import Problems
from gdrun.config.reader import Node, read_text
from gdrun.config.schema import json_schema
from gdrun.config.templates import template, template_names

SCHEMA = json_schema()


def test_it_is_json_and_describes_every_component_and_option() -> None:
    assert json.loads(json.dumps(SCHEMA, allow_nan=False)) == SCHEMA
    assert list(SCHEMA["$defs"]) == list(FAMILIES)
    assert SCHEMA["else"]["required"] == ["dataset"]
    assert SCHEMA["then"]["required"] == ["objective"]
    for family in FAMILIES.values():
        described = SCHEMA["$defs"][family.kind]["anyOf"]
        named = [inner["properties"]["name"]["const"] for inner in described if "properties" in inner]
        assert named == list(family.components)
        assert all(inner["description"] for inner in described if "properties" in inner)
    for kind in ("then", "else"):
        assert all("description" in option for option in SCHEMA[kind]["properties"].values())
    adam = next(
        d
        for d in SCHEMA["$defs"]["optimizer"]["anyOf"]
        if d.get("properties", {}).get("name") == {"const": "adam"}
    )
    assert adam["properties"]["learning_rate"]["exclusiveMinimum"] == 0
    assert adam["properties"]["learning_rate"]["default"] == 1e-3


@settings(deadline=None, max_examples=30)
@given(drawn=section(Config))
def test_it_takes_what_load_takes(drawn: dict[str, Any]) -> None:
    try:
        config = from_plain(drawn).config
    except ConfigProblemsError:
        assume(False)
    assert fits(drawn, SCHEMA, SCHEMA)
    assert fits(to_plain(config), SCHEMA, SCHEMA)


@pytest.mark.parametrize("name", template_names())
def test_it_takes_the_templates(name: str) -> None:
    def plain(node: Node) -> Any:
        if isinstance(node.value, dict):
            return {key: plain(child) for key, child in node.value.items()}
        return [plain(child) for child in node.value] if isinstance(node.value, list) else node.value

    node = read_text(template(name), "", Problems())
    assert node is not None
    assert fits(plain(node), SCHEMA, SCHEMA)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"dataset": "digit"},
        {"dataset": "csv"},
        {"dataset": "digits", "sed": 1},
        {"dataset": "digits", "seed": -1},
        {"dataset": "digits", "seed": True},
        {"dataset": "digits", "seed": "1"},
        {"dataset": "digits", "name": "a b"},
        {"dataset": "digits", "optimizer": {"learning_rate": 1}},
        {"dataset": "digits", "optimizer": {"name": "adam", "lerning_rate": 1}},
        {"dataset": "digits", "optimizer": {"name": "adam", "learning_rate": 0}},
        {"dataset": "digits", "optimizer": {"name": "adam", "beta1": 1}},
        {"dataset": "digits", "model": {"name": "mlp", "hidden": 64}},
        {"dataset": "digits", "model": {"name": "mlp", "hidden": [0]}},
        {"dataset": "digits", "model": {"name": "mlp", "activation": "rellu"}},
        {"dataset": "digits", "metrics": "accuracy"},
        {"dataset": "digits", "early_stopping": {"patience": 0}},
        {"dataset": "digits", "dtype": "float16"},
        {"dataset": "digits", "batch_size": 0},
        {"dataset": "digits", "epochs": None},
    ],
)
def test_it_refuses_what_load_refuses(values: dict[str, Any]) -> None:
    assert not fits(values, SCHEMA, SCHEMA)
    with pytest.raises(ConfigProblemsError):
        from_plain(values)
