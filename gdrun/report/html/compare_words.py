"""What a comparison found, and what its words mean, in sentences."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from gdrun.report.comparison import Problem, beaten, clock_of, has_result, leaders, section_of
from gdrun.report.html.source import section
from gdrun.report.html.words import as_float, column_words, count, duration, figure, in_one_line

_TERMS = {
    "trial": "One setting of an optimizer, such as one learning rate, run with every tuning seed.",
    "tuning seed": "A seed whose runs choose the setting. No tuning seed is used again afterwards.",
    "evaluation seed": "A fresh seed on which the chosen settings are compared.",
    "paired": "Seed by seed: with one seed all optimizers start from the same weights and see the same "
    "batches, so that what is due to the seed cancels in the difference.",
    "group": "Letters: optimizers that share one cannot be told apart with these seeds.",
    "95 % interval": "A range that covers the true mean in 95 of 100 such experiments, over the seeds alone.",
    "interquartile mean": "The mean of the middle half of the seeds: neither lucky nor unlucky ones count.",
    "p, adjusted": "How probable a difference at least so large is if there is none (sign-flip test), "
    "corrected by Holm for the number of pairs. It alone decides whether one is called better.",
    "probability of improvement": "The share of seeds on which the first is better than the second; a tie "
    "counts half.",
    "target": "A value of the monitored metric; the time until a run first reaches it says how fast it is.",
    "range within 1 %": "The learning rates around the best whose score is at most 1 % worse. A decade is a "
    "factor of 10.",
    "expected best of k trials": "The best score that k of the trials, picked at random, give on average.",
}
_SEVERAL = {
    "performance profile": "For every factor, the share of problems on which an optimizer reaches the "
    "target within that many times the epochs of the fastest.",
    "AlgoPerf score": "The area under the performance profile up to a factor of 4: 1 is the fastest on every "
    "problem, 0 nowhere within that factor.",
}


def comparison_terms(contestants: Mapping[str, str], several: bool) -> dict[str, str]:
    """Term → one line on it, then the optimizers compared.

    Args:
        contestants: the name shown → the optimizer's name.
        several: whether there are several problems.
    """
    found = _TERMS | (_SEVERAL if several else {})
    optimizers = importlib.import_module("gdrun.optim").OPTIMIZERS
    for name in dict.fromkeys(contestants.values()):
        if line := in_one_line(optimizers.get(name)):
            found[name] = line
    return found


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def amount(value: float, problem: Problem) -> str:
    """A difference in the unit of the problem, two significant digits."""
    number = abs(value) * problem["scale"]
    text = f"{number:.2g}"
    text = f"{number:,.0f}" if "e+" in text else text
    return f"{text} {problem['unit']}".strip()


def answer(problem: Problem) -> list[str]:
    """The findings on one problem in a few sentences."""
    front = leaders(problem)
    if not front:
        return ["No optimizer came to a result, so nothing can be said of them."]
    top, quantity = front[0], column_words(problem["monitor"])
    best = section_of(problem, top)
    said = [_first(problem, top, front[1:], f"{figure(best['mean'])}{_interval(best)}", quantity)]
    worse = beaten(problem)
    if worse and len(front) > 1:
        low, high = sorted(abs(pair["mean"]) for pair in (worse[0], worse[-1]))
        by = amount(low, problem)
        by = (
            by
            if len(worse) == 1
            else f"{by.removesuffix(problem['unit']).strip()} to {amount(high, problem)}"
        )
        said.append(f"It is better than {listed([pair['second'] for pair in worse])}, by {by} on average.")
    said += [_how_many(problem, top), *_test(problem, top), *_fastest(problem)]
    lost = [name for name in problem["ranking"] if not has_result(problem, name)]
    if lost:
        said.append(f"{listed(lost)} came to no result: see below.")
    return [sentence for sentence in said if sentence]


def _first(problem: Problem, top: str, others: Sequence[str], mean: str, quantity: str) -> str:
    seeds = count(section_of(problem, top)["n"], "seed")
    best = section_of(problem, top)["mean"]
    same = [top, *(name for name in others if section_of(problem, name)["mean"] == best)]
    have = "has" if same == [top] else "have"
    said = f"On {problem['name']}, {listed(same)} {have} the best mean {quantity}: {mean} over {seeds}"
    others = [name for name in others if name not in same]
    if same != [top]:
        apart = f" They cannot be told apart from {listed(others)}." if others else ""
        return f"{said}.{apart}"
    if others:
        alone = "" if beaten(problem) else " No difference from any other optimizer was found."
        return f"{said}. It cannot be told apart from {listed(others)}.{alone}"
    if beaten(problem):
        pair = beaten(problem)[0]
        by = amount(pair["mean"], problem)
        return f"{said}. It is better than every other optimizer, by {by} than the next, {pair['second']}."
    return f"{said}. No other optimizer has a result to compare it with."


def _how_many(problem: Problem, top: str) -> str:
    """How many seeds would tell the best from the next one that it cannot be told apart from."""
    fewest, seeds = problem["fewest_seeds"], section_of(problem, top)["n"]
    if fewest is not None and seeds < fewest and problem["pairs"]:
        return (
            f"With {count(seeds, 'seed')} no difference between so many optimizers can be declared, however "
            f"large: that takes {figure(fewest)} at least."
        )
    pair = next((pair for pair in problem["pairs"] if pair["first"] == top and not pair["better"]), None)
    if not pair or pair["seeds_needed"] is None or pair["target_difference"] is None:
        return ""
    difference, needed = amount(pair["target_difference"], problem), figure(pair["seeds_needed"])
    return (
        f"To tell {pair['first']} from {pair['second']}, if the true difference is the {difference} seen "
        f"here, would take about {needed} seeds."
    )


def _test(problem: Problem, top: str) -> list[str]:
    own = section_of(problem, top, "test")
    if own.get("mean") is None:
        return []
    means = {
        name: mean
        for name in problem["contestants"]
        if (mean := section_of(problem, name, "test").get("mean")) is not None
    }
    first = (max if problem["better"] == "higher" else min)(means, key=lambda name: means[name])
    metric = column_words(problem["monitor"]).removeprefix("validation ")
    said = f"On the test rows {top} has a mean {metric} of {figure(own['mean'])}{_interval(own)}"
    return [f"{said}." if first == top else f"{said}; the best there is {first}, {figure(means[first])}."]


def _fastest(problem: Problem) -> list[str]:
    target = problem["target"]
    if as_float(target.get("value")) is None:
        return []
    times = {
        name: epochs
        for name in problem["ranking"]
        if (epochs := section(section_of(problem, name, "target"), "epochs")).get("median") is not None
    }
    goal = f"the target of {figure(target['value'])}"
    if not times:
        return [f"No optimizer reached {goal} with more than half of its seeds."]
    fastest = min(times, key=lambda name: times[name]["median"])
    also = [name for name in times if times[name]["median"] == times[fastest]["median"]]
    after = f"{times[fastest]['median']:g}"
    said = f"{listed(also)} reached {goal} soonest: in {after} {clock_of(problem)}s (median over the seeds)"
    return [f"{said}."]


def _interval(values: Mapping[str, Any]) -> str:
    bounds = values.get("interval")
    return f" (95 % interval {figure(bounds[0])} to {figure(bounds[1])})" if bounds else ""


def has_test(problem: Problem) -> bool:
    """Whether any contestant has a result on test rows."""
    return any(section_of(problem, name, "test").get("mean") is not None for name in problem["contestants"])


def in_front(summary: Mapping[str, Any]) -> str:
    """On how many of several problems the most successful are best, or can't be told apart from the best."""
    problems = summary["problems"]
    wins = {
        str(name): sum(name in leaders(problem) for problem in problems) for name in summary["contestants"]
    }
    most = max(wins.values(), default=0)
    names = [name for name, number in wins.items() if number == most]
    if not most:
        return ""
    alone = most == len(problems)
    where = (
        f"all {figure(len(problems))} problems"
        if alone
        else f"{figure(most)} of {figure(len(problems))} problems"
    )
    if len(names) == len(wins):
        return f"All of them are best, or cannot be told apart from the best, on {where}."
    verb = "is" if len(names) == 1 else "are"
    return f"{listed(names)} {verb} best, or cannot be told apart from the best, on {where}."


def best_score(summary: Mapping[str, Any]) -> str:
    """Who has the best AlgoPerf score."""
    scores = {name: as_float(score) or 0.0 for name, score in section(summary, "profiles", "scores").items()}
    most = max(scores.values(), default=0.0)
    names = [name for name, score in scores.items() if score == most]
    if not most:
        return ""
    verb = "has" if len(names) == 1 else "have"
    return f"In time to the targets {listed(names)} {verb} the best AlgoPerf score, {figure(most)}."


def headline(summary: Mapping[str, Any], seconds: Any) -> str:
    """How much was done, in a sentence."""
    problems = summary["problems"]
    where = f" on {count(len(problems), 'problem')}" if len(problems) > 1 else ""
    time = f" in {duration(seconds)}" if as_float(seconds) is not None else ""
    compared = count(len(summary["contestants"]), "optimizer")
    return f"{compared} compared{where} by {count(summary['runs'], 'run')}{time}."
