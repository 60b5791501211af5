"""The section `compare`: contestants beside the options of their optimizers; all that is wrong is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from json_schema_validator import fits

from gdrun.config import ConfigProblemsError, dump_yaml, from_plain, load, to_plain
from gdrun.config.comparison import Compare, Contestant, SearchRange, Target
from gdrun.config.schema import json_schema
from gdrun.optim import OPTIMIZERS

ADAM = {
    "name": "adam",
    "beta1": 0.8,
    "label": "slow-adam",
    "search": {"learning_rate": {"low": 1e-4, "high": 1e-1}, "amsgrad": [True, False]},
}
SCHEMA = json_schema()


def config_with(*optimizers: Any, **further: Any) -> dict[str, Any]:
    return {"dataset": "digits", "compare": {"optimizers": list(optimizers), **further}}


def test_a_contestant_is_a_name_or_a_mapping_with_a_search_beside_the_options() -> None:
    compare = from_plain(config_with("sgd", ADAM, target={"value": 0.9})).config.compare
    assert compare is not None
    first, second = compare.optimizers or ()
    assert first == Contestant(OPTIMIZERS["sgd"]())
    assert second.name == "slow-adam"
    assert second.optimizer == OPTIMIZERS["adam"](beta1=0.8)
    assert second.search == {"learning_rate": SearchRange(1e-4, 1e-1), "amsgrad": (True, False)}
    assert compare.target == Target(0.9)
    assert (compare.trials, compare.tuning_seeds, compare.seeds) == (12, 3, 10)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    config = from_plain(config_with("sgd", ADAM, seeds=20)).config
    assert from_plain(to_plain(config)).config == config
    path = tmp_path / "config.yaml"
    path.write_text(dump_yaml(config))
    assert load(path).config == config
    assert from_plain(config_with("sgd"), {"compare.trials": 5}).config.compare == Compare(
        (Contestant(OPTIMIZERS["sgd"]()),), trials=5
    )


@pytest.mark.parametrize(
    ("contestant", "said"),
    [
        ("sdg", "'sdg' is not an optimizer; did you mean sgd?"),
        ({"name": "adam", "beta": 0.8}, "beta: is unknown; did you mean beta2?"),
        ({"name": "adam", "label": "two words"}, "1 to 24 letters, digits"),
        ({"label": "x"}, "doesn't say which optimizer"),
        (3, "found 3, expected an optimizer"),
        ({"name": "adam", "search": {"rate": [1.0]}}, "search.rate: adam has no such option"),
        (
            {"name": "adam", "search": {"beta1": {"low": 0.5, "high": 1.5}}},
            "beta1 must be less than 1, not 1.5",
        ),
        ({"name": "adam", "search": {"beta1": []}}, "search.beta1 is empty"),
        ({"name": "adam", "search": {"amsgrad": [2]}}, "2 is no bool"),
        (
            {"name": "adam", "search": {"amsgrad": {"low": 1, "high": 2}}},
            "takes a list of values, not a range",
        ),
        ({"name": "sgd", "search": {"learning_rate": {"low": 1, "high": 0.1}}}, "low must be less than high"),
        ({"name": "sgd", "search": {"momentum": {"low": 0, "high": 0.9}}}, "greater than 0 on the log scale"),
    ],
)
def test_what_is_wrong_with_a_contestant_is_told(contestant: Any, said: str) -> None:
    with pytest.raises(ConfigProblemsError) as caught:
        from_plain(config_with("adam", contestant))
    (problem,) = caught.value.problems
    assert problem.key.startswith("compare.optimizers.1")
    assert said in str(problem)


def test_all_errors_come_at_once() -> None:
    wrong = {"name": "adam", "beta": 1, "label": "a b"}
    with pytest.raises(ConfigProblemsError) as caught:
        from_plain(config_with("sdg", wrong, seeds=1))
    keys = {problem.key for problem in caught.value.problems}
    assert keys == {
        *("compare.optimizers.0", "compare.optimizers.1.beta", "compare.optimizers.1.label"),
        "compare.seeds",
    }


def test_the_schema_takes_contestants_and_refuses_what_they_do_not_have() -> None:
    assert fits(config_with("sgd", ADAM), SCHEMA, SCHEMA)
    assert fits(to_plain(from_plain(config_with("sgd", ADAM)).config), SCHEMA, SCHEMA)
    for wrong in ("sdg", 3, ADAM | {"labell": "x"}, ADAM | {"search": {"beta1": {"from": 1}}}):
        assert not fits(config_with(wrong), SCHEMA, SCHEMA)
