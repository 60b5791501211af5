"""The part of JSON Schema 2020-12 that the config's schema uses, in a few lines: whether a value fits."""

from __future__ import annotations

import re
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
_KNOWN = {
    *(
        "$schema",
        "$defs",
        "$ref",
        "title",
        "description",
        "default",
        "type",
        "enum",
        "const",
        "anyOf",
        "pattern",
    ),
    *("properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "if", "then", "else"),
}


def fits(value: Any, schema: Any, root: dict[str, Any]) -> bool:
    """Whether a value fits a schema; an unknown keyword is an error in the schema."""
    if isinstance(schema, bool):
        return schema
    assert not schema.keys() - _KNOWN
    if "$ref" in schema and not fits(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root):
        return False
    if "if" in schema:
        branch = "then" if fits(value, schema["if"], root) else "else"
        if not fits(value, schema[branch], root):
            return False
    if "anyOf" in schema and not any(fits(value, inner, root) for inner in schema["anyOf"]):
        return False
    if "enum" in schema and not any(_same(value, allowed) for allowed in schema["enum"]):
        return False
    if "const" in schema and not _same(value, schema["const"]):
        return False
    if "type" in schema and not (
        isinstance(value, _TYPES[schema["type"]])
        and (schema["type"] == "boolean" or not isinstance(value, bool))
    ):
        return False
    return _parts_fit(value, schema, root)


def _parts_fit(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    if isinstance(value, dict):
        known = schema.get("properties", {})
        others = schema.get("additionalProperties", True)
        return all(key in value for key in schema.get("required", ())) and all(
            fits(item, known.get(key, others), root) for key, item in value.items()
        )
    if isinstance(value, list):
        first = schema.get("prefixItems", [])
        pairs = [
            *zip(value, first, strict=False),
            *((item, schema.get("items", True)) for item in value[len(first) :]),
        ]
        enough = schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
        return enough and all(fits(item, inner, root) for item, inner in pairs)
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (
            value >= schema.get("minimum", value)
            and value <= schema.get("maximum", value)
            and not ("exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"])
            and not ("exclusiveMaximum" in schema and value >= schema["exclusiveMaximum"])
        )
    return True


def _same(value: Any, allowed: Any) -> bool:
    return type(value) is type(allowed) and value == allowed
