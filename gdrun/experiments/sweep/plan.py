"""The runs of a sweep: every point with every seed, each with the config that `gdrun train` would give it."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from gdrun.config import Config, ConfigProblemsError, Problem, with_task
from gdrun.config.comparison import SearchRange
from gdrun.config.dump import flow
from gdrun.config.load import Loaded
from gdrun.config.plain import from_node
from gdrun.config.sweep_values import Choices
from gdrun.errors import ConfigError
from gdrun.experiments.command import Command, Entry
from gdrun.experiments.plan import Plan
from gdrun.experiments.planning import MOST_RUNS, lay_out, names_of
from gdrun.experiments.sweep.points import Settings, combinations, drawn, grid, plain_values
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
    points, notices = _points(space, len(numbers), random, first.seed)
    notices += _repeated(space)
    loaded = _loaded(space, points)
    entries, configs = [], []
    for place, settings in enumerate(points):
        for seed in numbers:
            name = f"point-{place:04d}" + (f"-seed-{seed}" if len(numbers) > 1 else "")
            entries.append({"run": name, "point": place, **settings, SEED: seed})
            configs.append(_with_seed(loaded[place].config, seed))
    layout = lay_out(configs, names_of(entries), workers)
    complete = [config for config in layout.configs[:: len(numbers)] if isinstance(config, Config)]
    tasks = [config.loss.task for config in complete if config.loss is not None]
    record = space.as_record() | {
        "keys": [choices.key for choices in space.varied],
        "seeds": numbers,
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
        _words(space, len(points), numbers, random),
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


def _corner(space: Space) -> Config:
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


def _loaded(space: Space, points: Sequence[Settings]) -> list[Loaded]:
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


def _with_seed(config: Config, seed: Any) -> Config:
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ConfigError(f"seed: found {seed!r}, expected whole numbers from 0 on")
    return replace(config, seed=seed)


def _words(space: Space, points: int, seeds: Sequence[int], random: int | None) -> str:
    keys = " × ".join(choices.key for choices in space.varied)
    kind = f"{points:,} points drawn from" if random is not None else f"{points:,} points:"
    each = f", {len(seeds)} seeds each" if len(seeds) > 1 else ""
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


def _member(record: Mapping[str, Any], config: Config, entry: Entry) -> Config:
    sweep = record["sweep"]
    space = {key: sweep[key] for key in ("config", "folder", "name", "overrides", "smoke")}
    settings = {key: entry[key] for key in sweep["keys"]}
    tasks = sweep["tasks"]
    task = tasks[entry["point"]] if len(tasks) > 1 else tasks[0]
    return replace(_point(json.dumps([space, settings]), task), seed=entry[SEED])


@functools.lru_cache(maxsize=64)
def _point(content: str, task: Any) -> Config:
    """The config of a point: all its seeds ask for it, one after the other."""
    space, settings = json.loads(content)
    return with_task(Space.of_record(space).load(settings).config, task)


SWEEP = Command("sweep", sweep_summary, member=_member)
