"""What a comparison of optimizers found on one problem, read from its part of summary.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gdrun.run_directory.directory import GOOD

Problem = Mapping[str, Any]


def leaders(problem: Problem) -> list[str]:
    """The contestant with the best mean, then those that cannot be told apart from it, best first.

    Empty where none has a result.
    """
    ranked = [name for name in problem["ranking"] if has_result(problem, name)]
    told = {pair["second"] for pair in pairs_of(problem, *ranked[:1]) if pair["better"]}
    return [name for name in ranked if name not in told]


def beaten(problem: Problem) -> list[Mapping[str, Any]]:
    """The pairs in which the contestant with the best mean is better than another, best first."""
    return [pair for pair in pairs_of(problem, *leaders(problem)[:1]) if pair["better"]]


def pairs_of(problem: Problem, name: str = "") -> list[Mapping[str, Any]]:
    """The pairs whose better mean is this contestant's; without those of which one has no result."""
    return [pair for pair in problem["pairs"] if pair["first"] == name and pair["mean"] is not None]


def has_result(problem: Problem, name: str) -> bool:
    """Whether at least one evaluation run of the contestant came to a value."""
    return section_of(problem, name).get("mean") is not None


def section_of(problem: Problem, name: str, part: str = "validation") -> Mapping[str, Any]:
    """A part of what is known of a contestant; empty where there is none."""
    value = problem["contestants"].get(name, {}).get(part)
    return value if isinstance(value, Mapping) else {}


def verdicts(problem: Problem) -> list[str]:
    """The sentence on every pair: first those of the contestant with the best mean, then by the ranking;
    last where there is nothing to compare."""
    places = {name: place for place, name in enumerate(problem["ranking"])}
    last = len(places)

    def order(pair: Mapping[str, Any]) -> tuple[bool, int, int]:
        return pair["mean"] is None, places.get(pair["first"], last), places.get(pair["second"], last)

    return [str(pair["verdict"]) for pair in sorted(problem["pairs"], key=order)]


def runs_without_end(problem: Problem, name: str, phase: str) -> tuple[int, int]:
    """How many runs of a contestant in this phase diverged or failed, of how many."""
    ended = section_of(problem, name, "ended").get(phase) or {}
    bad = sum(number for status, number in ended.items() if status not in GOOD)
    return bad, sum(ended.values())


def settings_in_words(settings: Mapping[str, Any] | None, *, short: bool = False) -> str:
    """ "learning_rate 0.00316, momentum 0.9"; with `short` the value alone where there is one setting."""
    if not settings:
        return "–"
    words = {key.removeprefix("optimizer."): setting(value) for key, value in settings.items()}
    if short and len(words) == 1:
        return next(iter(words.values()))
    return ", ".join(f"{key} {value}" for key, value in words.items())


def setting(value: Any) -> str:
    """One value of a setting, with four significant digits; true and false as in a config."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.4g}".replace("e-0", "e-") if isinstance(value, float) else str(value)


def best_of(values: Sequence[float | None], better: str) -> set[int]:
    """The places of the best of some values; none where there are fewer than two."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return set()
    best = max(known) if better == "higher" else min(known)
    return {place for place, value in enumerate(values) if value == best}


def clock_of(problem: Problem) -> str:
    """What the time of its runs is counted in: epochs, or the steps of descents."""
    return str(problem.get("clock") or "epoch")
