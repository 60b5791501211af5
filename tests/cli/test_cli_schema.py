"""`gdrun schema`: one JSON document that editors understand."""

from __future__ import annotations

import json

from gdrun.cli.main import run
from gdrun.component import option_types
from gdrun.config import FAMILIES, Config
from gdrun.config.objective import ObjectiveConfig
from gdrun.config.schema import json_schema


def test_the_schema_and_nothing_else_is_on_stdout(capsys):
    assert run(["schema"]) == 0
    out, err = capsys.readouterr()
    schema = json.loads(out)
    assert err == ""
    assert schema == json.loads(json.dumps(json_schema()))
    assert set(schema["else"]["properties"]) == set(option_types(Config))
    assert set(schema["then"]["properties"]) == set(option_types(ObjectiveConfig))
    assert set(schema["$defs"]) == set(FAMILIES)


def test_json_changes_nothing(capsys):
    run(["schema"])
    plain = capsys.readouterr().out
    assert run(["schema", "--json"]) == 0
    assert capsys.readouterr().out == plain


def test_a_plugin_is_in_it(tmp_path, capsys):
    plugin = tmp_path / "mine.py"
    plugin.write_text(
        "from dataclasses import dataclass\n"
        "from gdrun.nn.metric import Metric\n\n\n"
        "@dataclass(frozen=True)\n"
        "class InSchema(Metric):\n"
        '    """A metric."""\n\n'
        "    weight: float = 0.5\n"
    )
    try:
        assert run(["schema", "--plugin", str(plugin)]) == 0
        assert "in_schema" in capsys.readouterr().out
    finally:
        FAMILIES["metric"].components.pop("in_schema", None)
