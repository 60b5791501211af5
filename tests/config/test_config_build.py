"""Building by annotations: what is accepted, and what is said of everything else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

import gdrun.config.families as families
from gdrun.component import Component, Count, Decay, Ge, Positive, option_types
from gdrun.config import ConfigProblemsError, from_plain, load, to_plain
from gdrun.config.annotations import in_words, unsupported
from gdrun.config.build import Builder
from gdrun.config.families import FAMILIES, Family
from gdrun.config.marks import NAME
from gdrun.config.plain import to_node
from gdrun.config.problems import Position, Problems
from gdrun.config.reader import BROKEN, read_text


class Part(Component):
    """A local family, so that these tests don't hang on what the package's own components are."""


@dataclass(frozen=True)
class Bolt(Part):
    length: Positive
    steel: bool = True


@dataclass(frozen=True)
class Nut(Part):
    pass


@dataclass(frozen=True)
class Frame(Part):
    parts: tuple[Part, ...] = ()
    beside: Part | None = None
    size: tuple[Count, Annotated[float, Ge(0)]] = (1, 0.0)
    weights: dict[str, Decay] | None = None
    at: Literal["top", "bottom"] | Count = "top"
    label: Annotated[str, NAME] = "x"
    plan_path: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.at == "bottom" and self.parts:
            raise ValueError("Frame: nothing fits at the bottom")


@dataclass(frozen=True)
class Box:
    part: Part
    file: Path | None = None
    frame: Frame = Frame()


@pytest.fixture(autouse=True)
def _family(monkeypatch: pytest.MonkeyPatch) -> None:
    parts: dict[str, type[Any]] = {"bolt": Bolt, "nut": Nut, "frame": Frame}
    monkeypatch.setitem(FAMILIES, "part", Family("part", "parts", Part, parts))


def build(text: str) -> tuple[Any, list[str]]:
    problems = Problems()
    node = read_text(text, "c.yaml", problems)
    assert node is not None
    assert not problems.found
    built = Builder(problems, Path("/folder")).section(Box, node, label="a box")
    return built, [str(problem) for problem in problems.found]


def test_components_nest_and_a_name_is_short_for_a_mapping() -> None:
    built, problems = build(
        "part: {name: frame, parts: [nut, {name: bolt, length: 2}, {name: frame, parts: [nut]}], "
        "beside: {name: nut}, size: [3, 1], weights: {a: 0, b: 0.5}, at: 4, label: a.b, plan_path: p.txt}\n"
        "file: ../data.csv\n"
        "frame: {at: bottom}\n"
    )
    assert not problems
    assert built == Box(
        part=Frame(
            parts=(Nut(), Bolt(2.0), Frame(parts=(Nut(),))),
            beside=Nut(),
            size=(3, 1.0),
            weights={"a": 0.0, "b": 0.5},
            at=4,
            label="a.b",
            plan_path="/folder/p.txt",
        ),
        file=Path("/data.csv"),
        frame=Frame(at="bottom"),
    )
    assert type(built.part.parts[1].length) is float
    assert type(built.part.weights["a"]) is float


BOLT_OPTIONS = "(bolt takes length, steel)"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("part: blt", "1:7: part: 'blt' is not a part; did you mean bolt? (there are: bolt, nut, frame)"),
        (
            "part: {name: nutt}",
            "1:14: part.name: 'nutt' is not a part; did you mean nut? (there are: bolt, nut, frame)",
        ),
        ("part: {name: [nut]}", "1:14: part.name: a list is not a part (there are: bolt, nut, frame)"),
        ("part: {length: 1}", "1:1: part: doesn't say which part: add name: …, one of bolt, nut, frame"),
        ("part: null", "1:7: part: found null, expected a part (there are: bolt, nut, frame)"),
        ("part: 3", "1:7: part: found 3, expected a part (there are: bolt, nut, frame)"),
        ("part: [nut]", "1:7: part: found a list, expected a part (there are: bolt, nut, frame)"),
        ("{}", "1:1: part: is missing; expected a part"),
        ("part: bolt", "1:1: part.length: is missing; expected a number greater than 0"),
        (
            "part: {name: bolt, lenght: 1, length: 2}",
            f"1:20: part.lenght: is unknown; did you mean length? {BOLT_OPTIONS}",
        ),
        ("part: {name: nut, size: 1}", "1:19: part.size: is unknown (nut takes no options)"),
        ("part: {name: bolt, length: 0}", "1:28: part.length: found 0, expected a number greater than 0"),
        (
            "part: {name: bolt, length: -.5}",
            "1:28: part.length: found -0.5, expected a number greater than 0",
        ),
        (
            "part: {name: bolt, length: true}",
            "1:28: part.length: found true, expected a number greater than 0",
        ),
        ("part: {name: bolt, length: '1'}", "1:28: part.length: found '1', expected a number greater than 0"),
        (
            "part: {name: bolt, length: null}",
            "1:28: part.length: found null, expected a number greater than 0",
        ),
        (
            "part: {name: bolt, length: .inf}",
            "1:28: part.length: found inf, expected a number greater than 0",
        ),
        (
            "part: {name: bolt, length: .nan}",
            "1:28: part.length: found nan, expected a number greater than 0",
        ),
        ("part: {name: bolt, length: {}}", "1:28: part.length: found an empty mapping, expected a number"),
        ("part: {name: bolt, length: 1, steel: 1}", "1:38: part.steel: found 1, expected true or false"),
        (
            "part: {name: bolt, length: 1, steel: yes}",
            "1:38: part.steel: found 'yes', expected true or false",
        ),
        (
            "part: {name: frame, parts: nut}",
            "1:28: part.parts: found 'nut', expected a list of (a part); a list is written [nut]",
        ),
        (
            "part: {name: frame, parts: [nut, nat]}",
            "1:34: part.parts.1: 'nat' is not a part; did you mean nut?",
        ),
        ("part: {name: frame, size: [1]}", "1:27: part.size: found 1 values, expected 2"),
        (
            "part: {name: frame, size: [0, 1]}",
            "1:28: part.size.0: found 0, expected a whole number of at least 1",
        ),
        (
            "part: {name: frame, size: [1.0, 1]}",
            "1:28: part.size.0: found 1.0, expected a whole number of at least 1",
        ),
        (
            "part: {name: frame, weights: {a: 1}}",
            "1:34: part.weights.a: found 1, expected a number of at least 0 and less than 1",
        ),
        (
            "part: {name: frame, weights: [1]}",
            "1:30: part.weights: found a list, expected a mapping of names to",
        ),
        (
            "part: {name: frame, at: tpo}",
            "1:25: part.at: found 'tpo', expected top or bottom, or a whole number of at least 1; did",
        ),
        (
            "part: {name: frame, label: a b}",
            "1:28: part.label: found 'a b', expected 1 to 64 letters, digits",
        ),
        ("part: {name: frame, at: bottom, parts: [nut]}", "1:1: part: frame: nothing fits at the bottom"),
        (
            "part: {name: frame, label: 7}",
            "1:28: part.label: found 7, expected 1 to 64 letters, digits, dots, underscores or hyphens; text",
        ),
        ("part: nut\nfile: ''", "2:7: file: found '', expected the path of a file, or null"),
        ("part: nut\nframe: top", "2:8: frame: found 'top', expected a mapping of options"),
        ("part: nut\nwhere: top", "2:1: where: is unknown (a box takes part, file, frame)"),
        (
            "part: {name: nut}\nframe: {at: top}\nlength: 3",
            "3:1: length: is unknown (a box takes part, file, frame)",
        ),
        (
            "part: {name: bolt, length: 1}\nlength: 3",
            "2:1: length: is unknown; did you mean part.length? (a box takes",
        ),
        ("[part]", "1:1: found a list, expected a mapping of options"),
        ("nut", "1:1: found 'nut', expected a mapping of options"),
    ],
)
def test_every_mistake_has_its_place_what_was_found_and_what_is_allowed(text: str, problem: str) -> None:
    built, problems = build(text)
    assert built is BROKEN
    assert len(problems) == 1, problems
    assert f"c.yaml:{problem}" in problems[0]


def test_all_errors_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(
        "sed: 1\ndataset: digit\nmodel: {name: mlp, hidden: [64, 0.5], activation: rellu}\n"
        "optimizer:\n  name: adam\n  beta1: 2\n  learning_rte: 1e-3\nepochs: -1\nepochs: 3\n"
    )
    with pytest.raises(ConfigProblemsError) as raised:
        load(path)
    problems = raised.value.problems
    assert [(p.position.line, p.position.column, p.key) for p in problems] == [
        (1, 1, "sed"),
        (2, 10, "dataset"),
        (3, 33, "model.hidden.1"),
        (3, 51, "model.activation"),
        (6, 10, "optimizer.beta1"),
        (7, 3, "optimizer.learning_rte"),
        (8, 9, "epochs"),
        (9, 1, ""),
    ]
    lines = str(raised.value).splitlines()
    assert lines[0].startswith(f"{path}:1:1: sed: is unknown; did you mean seed?")
    assert lines[-1] == "8 problems; correct them and start again"
    assert raised.value.exit_code == 2


def test_one_cause_with_very_many_problems_stays_readable() -> None:
    with pytest.raises(ConfigProblemsError) as raised:
        from_plain({"dataset": "digits", **{f"key{index}": 1 for index in range(500)}})
    assert len(raised.value.problems) == 500
    assert len(str(raised.value).splitlines()) == 27


def test_an_option_of_a_part_is_found_from_above() -> None:
    with pytest.raises(
        ConfigProblemsError, match=r"^learning_rate: is unknown; did you mean optimizer.learning_rate\?$"
    ):
        from_plain({"dataset": "digits", "optimizer": "adam", "learning_rate": 1e-3})


def test_whatever_a_message_shows_is_short_and_on_one_line() -> None:
    for value in ("x" * 10_000, "a\nb\x1b[31m\u202e", 10**5000, [1] * 1000, "\ud800"):
        problems = Problems()
        node = to_node(
            {"part": value, "key\n\x1b" if isinstance(value, str) else "k": 1}, Position(""), problems
        )
        Builder(problems, Path("/")).section(Box, node, label="a box")
        assert problems.found
        for problem in problems.found:
            assert len(str(problem)) < 300
            assert str(problem).isprintable()


def test_what_no_config_can_hold_is_refused() -> None:
    with pytest.raises(ConfigProblemsError, match=r"seed: <object .*> cannot be part of a config"):
        from_plain({"dataset": "digits", "seed": object()})
    with pytest.raises(ConfigProblemsError, match="a key must be text, not 1"):
        from_plain({"dataset": "digits", 1: 2})  # type: ignore[dict-item]  # the mistake is the test
    endless: dict[str, Any] = {}
    endless["model"] = endless
    with pytest.raises(ConfigProblemsError, match="is nested more than 50 deep"):
        from_plain(endless)


def test_every_option_of_every_component_can_be_written_in_a_config() -> None:
    seen = 0
    for family in families.FAMILIES.values():
        for cls in family.components.values():
            for option, annotation in option_types(cls).items():
                assert not unsupported(annotation), f"{cls.__name__}.{option}"
                assert in_words(annotation) not in ("", "anything")
                seen += 1
    assert seen > 20


def test_paths_are_relative_to_the_config_file_and_kept_absolute(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    path = tmp_path / "here" / "my config (2).yaml"
    path.write_text("dataset: {name: csv, path: ../data/x.csv, test_path: y.csv}\ninitial_weights: w.npz\n")
    loaded = load(path)
    plain = loaded.config
    assert str(getattr(plain.dataset, "path")) == str(tmp_path / "data" / "x.csv")  # noqa: B009 - of Csv only
    assert str(getattr(plain.dataset, "test_path")) == str(tmp_path / "here" / "y.csv")  # noqa: B009
    assert plain.initial_weights == tmp_path / "here" / "w.npz"
    assert loaded.folder == tmp_path / "here"
    assert plain.name == "my-config-2"


def test_paths_in_a_folder_whose_name_no_file_can_hold_are_refused() -> None:
    with pytest.raises(ConfigProblemsError, match="has characters that no config can hold; rename it"):
        from_plain({"dataset": {"name": "csv", "path": "x.csv"}}, folder="/a\udcffb")


def test_control_characters_are_refused_in_plain_data_too() -> None:
    for text in ("a\x00b", "\x1b[31m", "\ud800"):
        with pytest.raises(ConfigProblemsError, match=r"^dataset\.path: character U\+[0-9A-F]{4} is not "):
            from_plain({"dataset": {"name": "csv", "path": text}})


def test_files_of_validation_and_test_rows_may_stand_with_the_split(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    text = "dataset: {name: csv, path: x.csv}\nsplit: {validation: 0.2, test_path: y.csv}\n"
    path.write_text(text)
    moved = load(path).config
    assert moved == load(path, ["split.test_path=null", "dataset.test_path=y.csv"]).config
    assert to_plain(moved)["dataset"]["test_path"] == str(tmp_path / "y.csv")
    assert to_plain(moved)["split"]["test_path"] is None
    assert from_plain(to_plain(moved), {"name": "c"}).config == moved
    with pytest.raises(ConfigProblemsError, match=r"c.yaml:2:26: split\.test_path: .* another file"):
        load(path, ["dataset.test_path=z.csv"])
    with pytest.raises(ConfigProblemsError, match=r"split\.test_path: the dataset digits .*: csv, npz, idx"):
        load(path, ["dataset=digits"])


def test_a_name_of_another_kind_is_called_that() -> None:
    values = {"dataset": "iris", "model": {"name": "mlp", "activation": "maxout"}, "loss": "r2"}
    with pytest.raises(ConfigProblemsError) as caught:
        from_plain(values)
    assert "'maxout' is not an activation but a layer (there are:" in str(caught.value)
    assert "'r2' is not a loss but a metric (there are:" in str(caught.value)


def test_a_metric_is_named_once() -> None:
    with pytest.raises(ConfigProblemsError, match="metrics must be different ones, not accuracy twice"):
        from_plain({"dataset": "digits", "metrics": ["accuracy", "recall", "accuracy"]})
