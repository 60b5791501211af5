"""The runs of a sweep: every point with every seed, each with the config that `gdrun train` would give it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from typing import Any

from gdrun.config import AnyConfig, Config, ConfigProblemsError, ObjectiveConfig, Problem, with_task
from gdrun.config.comparison import SearchRange
from gdrun.config.dump import flow
from gdrun.config.load import AnyLoaded
from gdrun.config.plain import from_node
from gdrun.config.sweep_values import Choices
from gdrun.errors import ConfigError
from gdrun.experiments.command import Command, Entry
from gdrun.experiments.plan import Plan
from gdrun.experiments.planning import MOST_RUNS, lay_out, names_of
from gdrun.experiments.sweep.points import Settings, combinations, drawn, grid, plain_values
from gdrun.experiments.sweep.runs import Beginning, beginnings, begun, count_of_starts
from gdrun.experiments.sweep.space import SEED, Space, simplest, with_whole_numbers
from gdrun.experiments.sweep.summary import sweep_summary

_SHOWN = 9  # values of a key, in words
_CHECKED = 100  # values of a key, where something is wrong with the first point already
_SAME_FOR_ALL = ("name", "compute", "compare")  # keys that change no result, or that no run looks at


def plan_sweep(
    space: Space,
    *,
    seeds: int | None = None,
    random: int | None = None,
    workers: int | str | None = None,
) -> Plan:
    """Make the points, read their data, and decide which of their runs train together.

    Args:
        space: what is varied.
        seeds: how many of every point, from the config's on; None for one, or for the values of `seed`.
        random: how many points to draw; None for all of the grid.
        workers: processes, or "auto"; None for what the config says.

    Raises:
        ConfigError, DataError: something doesn't fit.
        SystemRefusedError: it doesn't fit into memory.
    """
    _check(space, seeds, random)
    space = with_whole_numbers(space)
    first = _corner(space)
    numbers = space.seeds or list(range(first.seed, first.seed + (seeds or 1)))
    for seed in numbers:
        if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
            raise ConfigError(f"seed: found {seed!r}, expected whole numbers from 0 on")
    points, notices = _points(space, len(numbers), random, first.seed)
    notices += _repeated(space)
    loaded = _loaded(space, points)
    _check_directions([one.config for one in loaded])
    seeded = bool(space.seeds) or seeds is not None
    entries: list[dict[str, Any]] = []
    configs: list[AnyConfig] = []
    for place, settings in enumerate(points):
        config = loaded[place].config
        _check_size(len(configs) + len(numbers) * count_of_starts(config, seeded=seeded))
        for beginning in beginnings(config, numbers, seeded=seeded):
            configs.append(begun(config, beginning, seeded=seeded))
            entries.append(_entry(place, settings, beginning, configs[-1], config, several=len(numbers) > 1))
    layout = lay_out(configs, names_of(entries), workers)
    firsts = dict(zip(reversed([entry["point"] for entry in entries]), reversed(layout.configs), strict=True))
    complete = [config for _, config in sorted(firsts.items()) if isinstance(config, Config)]
    tasks = [config.loss.task for config in complete if config.loss is not None]
    record = space.as_record() | {
        "keys": [choices.key for choices in space.varied],
        "seeds": numbers,
        "seeded": seeded,
        "random": random,
        "tasks": tasks if len(set(tasks)) > 1 else tasks[:1],
    }
    for one in loaded:
        notices += one.notices
    return Plan(
        SWEEP,
        layout.configs[0],
        entries,
        layout,
        _words(space, len(points), len(entries), numbers, random),
        record={"sweep": record},
        warnings=list(dict.fromkeys(notices)),
        varied={choices.key: _in_words(choices) for choices in space.varied},
    )


def _check(space: Space, seeds: int | None, random: int | None) -> None:
    if not space.varied:
        if space.seeds:
            raise ConfigError("only the seed has several values; gdrun train --seeds N trains several seeds")
        raise ConfigError(
            "nothing varies; give a key several values, such as optimizer.learning_rate=log(1e-4,1,9)"
        )
    for choices in space.varied:
        top = choices.key.partition(".")[0]
        if top in _SAME_FOR_ALL:
            raise ConfigError(f"{choices.position}: {top} changes no result; give it one value")
    for option, number in (("--seeds", seeds), ("--random", random)):
        if number is not None and not 1 <= number <= MOST_RUNS:
            raise ConfigError(f"{option}: {number} is not between 1 and {MOST_RUNS:,}")
    if space.seeds and seeds is not None:
        raise ConfigError("--seeds and several values of seed: give one of both")
    several = next((choices for choices in space.overrides if choices.key == SEED), None)
    if several is not None and several.ranges:
        raise ConfigError(f"{several.position}: seeds are not drawn; write them, as seed=range(0,5)")
    drawn_from = [choices for choices in space.varied if choices.ranges]
    if random is None and drawn_from:
        scale = next(value.scale for value in drawn_from[0].values if isinstance(value, SearchRange))
        raise ConfigError(
            f"{drawn_from[0].position}: say how many values, as {scale}(a,b,9), or draw points: --random N"
        )


def _entry(
    place: int,
    settings: Settings,
    beginning: Beginning,
    config: AnyConfig,
    point: AnyConfig,
    *,
    several: bool,
) -> dict[str, Any]:
    """What the plan says of a run: where it begins, too, where its point doesn't tell."""
    name = f"point-{place:04d}" + (f"-seed-{beginning.seed}" if several else "") + beginning.name
    entry = {"run": name, "point": place, **settings, SEED: beginning.seed}
    if beginning.number is not None:
        entry["start_number"] = beginning.number
    start = getattr(config, "start", None)
    if start != getattr(point, "start", None) and "start" not in settings:
        entry["start"] = list(start) if isinstance(start, tuple) else start
    return entry


def _check_directions(configs: Sequence[AnyConfig]) -> None:
    if len({config.sign for config in configs if isinstance(config, ObjectiveConfig)}) > 1:
        raise ConfigError(
            "direction: what is better would differ from point to point, and they couldn't be ranked; "
            "sweep one direction at a time"
        )


def _check_size(runs: int) -> None:
    if runs > MOST_RUNS:
        raise ConfigError(
            f"all starts of all points are more than {MOST_RUNS:,} runs, the most of a plan; take fewer "
            "values or starts, or --random N"
        )


def _corner(space: Space) -> AnyConfig:
    """The config with the first value of every key.

    Raises:
        ConfigError: all that is wrong with it, and with every other value in its place.
    """
    corner = {choices.key: simplest(choices) for choices in space.varied}
    try:
        return space.load(corner).config
    except ConfigProblemsError:
        others = [{**corner, c.key: value} for c in space.varied for value in plain_values(c)[:_CHECKED]]
        _loaded(space, others)
        raise


def _points(space: Space, seeds: int, random: int | None, seed: int) -> tuple[list[Settings], list[str]]:
    """The points, and what is to be said of them."""
    every = combinations(space.varied)
    count = random if every is None or (random is not None and random < every) else every
    assert count is not None  # noqa: S101 - ranges need a number of points
    if count * seeds > MOST_RUNS:
        factors = " × ".join(str(len(choices.values)) for choices in space.varied)
        several = f" of {factors} =" if len(space.varied) > 1 else " of"
        said = f"{count:,} points" if random is not None else f"a grid{several} {count:,} points"
        raise ConfigError(
            f"{said} with {seeds:,} seed{'s' * (seeds > 1)} each are {count * seeds:,} runs, and a plan has "
            f"at most {MOST_RUNS:,}; take fewer values, or --random N"
        )
    if random is None:
        return grid(space.varied), []
    points = drawn(space.varied, count, seed)
    if len(points) < random:
        return points, [f"--random {random:,}: there are only {len(points):,} combinations; all are taken"]
    return points, []


def _repeated(space: Space) -> list[str]:
    """What is to be said of values that were given more than once."""
    return [
        f"{choices.position}: {choices.given:,} values were given, {len(choices.values):,} of them different"
        for choices in space.overrides
        if choices.given > len(choices.values)
    ]


def _loaded(space: Space, points: Sequence[Settings]) -> list[AnyLoaded]:
    """The config of every point.

    Raises:
        ConfigError: all that is wrong with any of them.
    """
    found, wrong = [], dict[Problem, None]()
    for settings in points:
        try:
            found.append(space.load(settings))
        except ConfigProblemsError as error:
            wrong |= dict.fromkeys(error.problems)
    if wrong:
        raise ConfigProblemsError(wrong)
    return found


def _words(space: Space, points: int, runs: int, seeds: Sequence[int], random: int | None) -> str:
    keys = " × ".join(choices.key for choices in space.varied)
    kind = f"{points:,} points drawn from" if random is not None else f"{points:,} points:"
    each = f", {len(seeds)} seeds each" if len(seeds) > 1 else ""
    starts = runs / (points * len(seeds))
    each += f", {starts:g} starts each" if starts > 1 else ""
    return f"{kind} {keys}{each}"


def _in_words(choices: Choices) -> str:
    """ "0.001, 0.01, … 1 (12 values)"."""
    said = [
        f"{value.scale}({value.low:g}, {value.high:g})"
        if isinstance(value, SearchRange)
        else flow(from_node(value))
        for value in choices.values
    ]
    if len(said) > _SHOWN:
        return f"{', '.join(said[: _SHOWN - 2])}, … {said[-1]} ({len(said):,} values)"
    return ", ".join(said)


def _member(record: Mapping[str, Any], config: AnyConfig, entry: Entry) -> AnyConfig:
    sweep = record["sweep"]
    space = {key: sweep[key] for key in ("config", "folder", "name", "overrides", "smoke")}
    settings = {key: entry[key] for key in sweep["keys"]}
    tasks = sweep["tasks"]
    task = tasks[entry["point"]] if len(tasks) > 1 else next(iter(tasks), None)
    beginning = Beginning(entry[SEED], entry.get("start_number"))
    return begun(_point(json.dumps([space, settings]), task), beginning, seeded=sweep.get("seeded", False))


@functools.lru_cache(maxsize=64)
def _point(content: str, task: Any) -> AnyConfig:
    """The config of a point: all its seeds ask for it, one after the other."""
    space, settings = json.loads(content)
    config = Space.of_record(space).load(settings).config
    return with_task(config, task) if isinstance(config, Config) else config


SWEEP = Command("sweep", sweep_summary, member=_member)
