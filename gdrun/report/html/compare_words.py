"""What was compared, what was found and what cannot be concluded, in sentences."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from gdrun.report.comparison import Problem, beaten, has_result, leaders, section_of
from gdrun.report.html.source import section
from gdrun.report.html.words import as_float, column_words, count, duration, figure

_TERMS = {
    "contestant": "An optimizer in the comparison, with its fixed options and what is tuned of it.",
    "trial": "One setting of an optimizer (here: one learning rate, say), run on every tuning seed.",
    "tuning seed": "A seed whose runs choose the setting. No tuning seed is used again afterwards.",
    "evaluation seed": "A fresh seed on which the chosen settings are compared.",
    "paired": "Seed by seed: with one seed, all optimizers start from the same weights and see the same batches. "
    "What is common to a seed cancels in the difference.",
    "group": "Letters: optimizers that share one cannot be told apart with these seeds.",
    "95 % interval": "A range that covers the true mean in 95 of 100 such experiments, over the seeds alone.",
    "interquartile mean": "The mean of the middle half of the seeds: neither lucky nor unlucky ones count.",
    "p, adjusted": "How probable so large a difference would be if there were none (sign-flip test), corrected by Holm "
    "for the number of pairs. It alone decides whether one is called better.",
    "probability of improvement": "The share of seeds on which the first is better than the second; ties count half.",
    "target": "A value of the monitored metric; the time until a run first reaches it says how fast it is.",
    "range within 1 %": "The learning rates around the best whose score is at most 1 % worse. A decade is a "
    "factor of 10.",
    "expected best of k trials": "The best score that k of the trials, picked at random, give on average.",
}
_SEVERAL = {
    "performance profile": "For every factor, the share of problems on which an optimizer reaches the target within "
    "that many times the epochs of the fastest.",
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
        line = (getattr(optimizers.get(name), "__doc__", None) or "").strip().partition("\n")[0]
        if line:
            found[name] = line.replace("`", "")
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
    said = f"On {problem['name']}, {top} has the best mean {quantity}: {mean} over {seeds}"
    if others:
        alone = "" if beaten(problem) else " No difference from any other optimizer was found."
        return f"{said}. It cannot be told apart from {listed(others)}.{alone}"
    if beaten(problem):
        pair = beaten(problem)[0]
        return f"{said}. It is better than every other optimizer, by {amount(pair['mean'], problem)} than the next, {pair['second']}."
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
    return (
        f"To tell {pair['first']} from {pair['second']}, if the true difference is the "
        f"{amount(pair['target_difference'], problem)} seen here, would take about {figure(pair['seeds_needed'])} seeds."
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
    epochs = f"{times[fastest]['median']:g}"
    said = f"{listed(also)} reached {goal} soonest: in {epochs} epochs (median over the seeds)"
    return [f"{said}."]


def _interval(values: Mapping[str, Any]) -> str:
    bounds = values.get("interval")
    return f" (95 % interval {figure(bounds[0])} to {figure(bounds[1])})" if bounds else ""


def done(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(step, sentences): how the comparison was made, with the numbers of this one."""
    protocol, problems = section(summary, "protocol"), summary["problems"]
    names = [str(name) for name in summary["contestants"]]
    steps = [("Question", _question(problems, names)), ("Tuning", _tuning(protocol, problems))]
    steps += [("Evaluation", _evaluation(protocol)), ("Test rows", _test_rows(problems))]
    steps.append(("Verdicts", _verdicts(protocol, problems)))
    targets = [sentence for problem in problems if (sentence := target_in_words(problem, len(problems) > 1))]
    return [*steps, *([("Target", " ".join(targets))] if targets else [])]


def _question(problems: Sequence[Problem], names: Sequence[str]) -> str:
    said = [f"{listed(names)}: which of them trains best?"]
    for problem in problems:
        rows, epochs = section(problem, "rows"), problem.get("epochs")
        size = f" ({figure(rows['train'])} training rows)" if rows.get("train") else ""
        model = f"trains {problem['model']} on" if problem.get("model") else "is about"
        length = f" for {count(int(epochs), 'epoch')}" if epochs else ""
        said.append(
            f"{problem['name']} {model} {problem['dataset']}{size}{length}. A run is judged by "
            f"{column_words(problem['monitor'])}; {problem['better']} is better."
        )
    return " ".join(said)


def _tuning(protocol: Mapping[str, Any], problems: Sequence[Problem]) -> str:
    seeds = protocol.get("tuning_seeds") or []
    tunings = [section_of(problem, name, "tuning") for problem in problems for name in problem["contestants"]]
    keys = list(dict.fromkeys(key for tuning in tunings for key in tuning.get("keys") or ()))
    what = f" of {listed([key.removeprefix('optimizer.') for key in keys])}" if keys else ""
    said = [
        f"All got the same budget: {count(protocol.get('trials') or 0, 'setting')}{what} each, every one run with "
        f"{count(len(seeds), 'seed')} ({_range(seeds)}). A setting's score is the median over these seeds of the "
        "best value that a run reached; a run that diverged counts as the worst."
    ]
    added: dict[str, int] = {}
    for problem in problems:
        for name in problem["contestants"]:
            added[name] = max(added.get(name, 0), section_of(problem, name, "tuning").get("added") or 0)
    more = [f"{name} by {number}" for name, number in added.items() if number]
    if more:
        said.append(f"Where the best value lay at the edge of its range, trials were added: {listed(more)}.")
    return " ".join(said)


def _evaluation(protocol: Mapping[str, Any]) -> str:
    seeds = protocol.get("seeds") or []
    split = " and the same split of the rows" if protocol.get("resample_split") else ""
    return (
        f"The best setting of each was then run with {count(len(seeds), 'fresh seed')} ({_range(seeds)}) that tuning "
        "had not seen. With the same seed all optimizers got the same initial weights, the same batches in the same "
        f"order{split}, so results are compared seed by seed."
    )


def _test_rows(problems: Sequence[Problem]) -> str:
    if not any(has_test(problem) for problem in problems):
        return "There were none: everything here is about the validation rows."
    rows = [section(problem, "rows").get("test") for problem in problems]
    number = f"The {figure(rows[0])} test rows" if len(rows) == 1 and rows[0] else "The test rows"
    return (
        f"{number} were looked at once, at the end, with the weights that validation had chosen. No choice depends "
        "on them."
    )


def _verdicts(protocol: Mapping[str, Any], problems: Sequence[Problem]) -> str:
    pairs = max(len(problem["pairs"]) for problem in problems)
    alpha, resamples = protocol.get("alpha") or 0.05, protocol.get("resamples") or 10_000
    return (
        f"For {'each of the ' if pairs > 1 else 'the '}{count(pairs, 'pair')}: the mean of the paired differences, its "
        f"{100 * (1 - alpha):g} % interval (BCa bootstrap, {figure(resamples)} resamples) and a sign-flip test, "
        f"corrected for the number of pairs (Holm). One is called better only if the corrected p is at most {alpha:g}."
    )


def target_in_words(problem: Problem, named: bool) -> str:
    """What the target is and where it comes from; `named` says of which problem."""
    target = problem["target"]
    if as_float(target.get("value")) is None:
        return ""
    where = f" on {problem['name']}" if named else ""
    value = f"{column_words(str(target['metric']))} {figure(target['value'])}{where}"
    if target.get("given"):
        return f"{value}, as the config says."
    return (
        f"{value}: what {target.get('from')}, the strongest, reaches with at least half of its seeds, given away 1 % of "
        f"the distance to the start ({figure(problem['start'])}). A run that misses it counts as infinitely slow."
    )


def has_test(problem: Problem) -> bool:
    """Whether any contestant has a result on test rows."""
    return any(section_of(problem, name, "test").get("mean") is not None for name in problem["contestants"])


def limits(summary: Mapping[str, Any]) -> list[str]:
    """What cannot be concluded from any such comparison, in the words of this one."""
    protocol, problems = section(summary, "protocol"), summary["problems"]
    epochs = {problem.get("epochs") for problem in problems} - {None}
    length = f" of {count(int(min(epochs)), 'epoch')}" if len(epochs) == 1 else " of the length planned here"
    said = [
        "“Cannot be told apart” is not “equally good”: a difference may be there that so few seeds don't show.",
        f"The order holds for this budget: {count(protocol.get('trials') or 0, 'trial')} each, and runs{length}. More "
        "trials, other options tuned or longer runs may change it.",
    ]
    if len(problems) == 1:
        said.insert(
            0, "One problem is one problem: another dataset, model or batch size may give another order."
        )
    else:
        said.insert(0, f"{figure(len(problems))} problems are a small sample of all there are.")
    if not protocol.get("resample_split"):
        said.append(
            "All seeds share one split of the rows. The intervals are about initial weights and batch order, not about "
            "other rows; split.resample: true gives every seed its own split."
        )
    if not all(has_test(problem) for problem in problems):
        said.append(
            "Validation values are optimistic, since each is the best of a run's epochs; without test rows nothing "
            "says by how much."
        )
    return said


def headline(summary: Mapping[str, Any], seconds: Any) -> str:
    """How much was done, in a sentence."""
    problems = summary["problems"]
    where = f" on {count(len(problems), 'problem')}" if len(problems) > 1 else ""
    time = f" in {duration(seconds)}" if as_float(seconds) is not None else ""
    return f"{count(len(summary['contestants']), 'optimizer')} compared{where} by {count(summary['runs'], 'run')}{time}."


def _range(seeds: Sequence[int]) -> str:
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))
