"""The JSON Schema of a config (2020-12), for editors: derived from the classes and their dictionaries."""

from __future__ import annotations

import dataclasses
import typing
from pathlib import Path
from typing import Any, Literal

from gdrun.component import Ge, Gt, Le, Lt, option_types
from gdrun.config.annotations import (
    alternatives,
    bare,
    is_list,
    is_mapping,
    is_section,
    marks,
    null_means,
    surrounded,
)
from gdrun.config.config import Config
from gdrun.config.describe import Entry, descriptions
from gdrun.config.families import FAMILIES, Family, family_of
from gdrun.config.load import OBJECTIVE
from gdrun.config.marks import Pattern
from gdrun.config.objective import ObjectiveConfig
from gdrun.config.plain import to_plain

Schema = dict[str, Any]

_SCALARS: dict[Any, str] = {bool: "boolean", int: "integer", float: "number", str: "string", Path: "string"}


def json_schema() -> Schema:
    """A schema that accepts every config that `load` accepts, and refuses what a schema can see is wrong."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "gdrun config",
        "if": {"required": [OBJECTIVE]},
        "then": _object(ObjectiveConfig),
        "else": _object(Config),
        "$defs": {family.kind: _family(family) for family in FAMILIES.values()},
    }


def _object(cls: Any, **extra: Schema) -> Schema:
    """The mapping of a class's options; `extra` are properties that must be there too."""
    said = descriptions(cls)
    properties = dict(extra)
    required = list(extra)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    for option, annotation in option_types(cls).items():
        properties[option] = _schema(annotation)
        if option in said:
            properties[option] |= {"description": said[option]}
        field = fields[option]
        if field.default is not dataclasses.MISSING:
            properties[option] |= {"default": to_plain(field.default)}
        elif field.default_factory is not dataclasses.MISSING:
            properties[option] |= {"default": to_plain(field.default_factory())}
        else:
            required.append(option)
    described = {"description": Entry("", "", cls).summary}
    return described | {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _family(family: Family, **extra: Schema) -> Schema:
    """A name alone, or a mapping with the name and options; `extra` are further ones that may be there."""
    objects = [_object(cls, name={"const": name}) for name, cls in family.components.items()]
    for name, described in zip(family.components, objects, strict=True):
        described["properties"] |= extra
        if name == family.implied:
            described["required"].remove("name")
    short = [
        name
        for name, described in zip(family.components, objects, strict=True)
        if described["required"] == ["name"]
    ]
    return {"anyOf": [{"enum": short}, *objects] if short else objects}


def _schema(annotation: Any) -> Schema:
    kinds = [_alternative(kind) for kind in alternatives(annotation)]
    if null_means(annotation):
        kinds.append({"type": "null"})
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _alternative(annotation: Any) -> Schema:
    inner = bare(annotation)
    if family := family_of(inner):
        return {"$ref": f"#/$defs/{family.kind}"}
    if found := surrounded(inner):
        option, family = found
        own = _object(inner)["properties"]
        return _family(family, **{name: schema for name, schema in own.items() if name != option})
    if is_section(inner):
        return _object(inner)
    arguments = typing.get_args(inner)
    if typing.get_origin(inner) is Literal:
        return {"enum": list(arguments)}
    if is_mapping(inner):
        return {"type": "object", "additionalProperties": _schema(arguments[1])}
    if is_list(inner):
        if typing.get_origin(inner) is list or arguments[1:] == (...,):
            return {"type": "array", "items": _schema(arguments[0])}
        items = [_schema(argument) for argument in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if inner is type(None):
        return {"type": "null"}
    schema: Schema = {"type": _SCALARS[inner]} if inner in _SCALARS else {}
    for mark in marks(annotation):
        match mark:
            case Gt(gt=limit):
                schema["exclusiveMinimum"] = limit
            case Ge(ge=limit):
                schema["minimum"] = limit
            case Lt(lt=limit):
                schema["exclusiveMaximum"] = limit
            case Le(le=limit):
                schema["maximum"] = limit
            case Pattern(regex=regex):
                schema["pattern"] = f"^{regex}$"
    return schema
