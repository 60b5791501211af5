"""How a comparison was made, and what no such comparison can say, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gdrun.report.comparison import Problem, section_of
from gdrun.report.html.compare_words import has_test, listed
from gdrun.report.html.run_page import around_optimizer, setting
from gdrun.report.html.source import section
from gdrun.report.html.words import as_float, as_int, column_words, count, figure


def done(summary: Mapping[str, Any], configs: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, list[str]]]:
    """(step, paragraphs): how the comparison was made, with the numbers of this one.

    Args:
        summary: of the group.
        configs: of each problem, by its name.
    """
    protocol, problems = section(summary, "protocol"), summary["problems"]
    names = listed([str(name) for name in summary["contestants"]])
    questions = [question(problem, configs.get(problem["name"], {})) for problem in problems]
    steps = [
        ("Question", [f"{names}: which of them trains best?", *questions]),
        ("Tuning", [_tuning(protocol, problems)]),
        ("Evaluation", [_evaluation(protocol, problems)]),
        ("Test rows", [_test_rows(problems)]),
        ("Verdicts", [_verdicts(protocol, problems)]),
    ]
    targets = [sentence for problem in problems if (sentence := target_in_words(problem, len(problems) > 1))]
    missed = "A run that misses its target counts as infinitely slow, never as a number in a mean."
    return [*steps, *([("Target", [*targets, missed])] if targets else [])]


def question(problem: Problem, config: Mapping[str, Any]) -> str:
    """What is trained on what, and how a run is judged."""
    around = "; ".join(f"{key} ({words})" for key, words in around_optimizer(config))
    alike = f" Around every optimizer: {around}." if around else ""
    if problem.get("objective"):
        return (
            f"{problem['name']}: {config.get('direction', 'minimize')} the objective {problem['objective']} "
            f"in {count(as_int(config.get('steps')) or 0, 'step')}. A run is judged by its best "
            f"{column_words(problem['monitor'])}; {problem['better']} is better.{alike}"
        )
    facts = dict(setting(config, None))
    model = f"trains {facts['model']} on" if "model" in facts else "is about"
    epochs, batch = as_int(config.get("epochs")), config.get("batch_size")
    length = (
        f" for {'up to ' if config.get('early_stopping') else ''}{count(epochs, 'epoch')}" if epochs else ""
    )
    batches = f" in batches of {batch}" if as_int(batch) else ""
    return (
        f"{problem['name']} {model} the dataset {problem['dataset']}{length}{batches}. A run is judged by "
        f"its best {column_words(problem['monitor'])}; {problem['better']} is better.{alike}"
    )


def _tuning(protocol: Mapping[str, Any], problems: Sequence[Problem]) -> str:
    seeds = protocol.get("tuning_seeds") or []
    keys = {name: _searched(problems, name) for name in problems[0]["contestants"]}
    alike = len(set(keys.values())) == 1
    what = f" of {next(iter(keys.values()))}" if alike and any(keys.values()) else ""
    said = [
        f"All got the same budget: {count(protocol.get('trials') or 0, 'setting')}{what} each, every one "
        f"run with {count(len(seeds), 'seed')} ({_range(seeds)}). A setting's score is the median over "
        "these seeds of the best value that a run reached; a run that diverged counts as the worst."
    ]
    if not alike:
        searches = "; ".join(f"{name}: {words or 'nothing, one setting'}" for name, words in keys.items())
        said.append(f"What was searched: {searches}.")
    added: dict[str, int] = {}
    for problem in problems:
        for name in problem["contestants"]:
            added[name] = max(added.get(name, 0), section_of(problem, name, "tuning").get("added") or 0)
    more = [f"{name} by {number}" for name, number in added.items() if number]
    if more:
        said.append(f"Where the best value lay at the edge of its range, trials were added: {listed(more)}.")
    return " ".join(said)


def _searched(problems: Sequence[Problem], name: str) -> str:
    """The tuned options of a contestant, in words."""
    keys = [key for problem in problems for key in section_of(problem, name, "tuning").get("keys") or ()]
    return listed([key.removeprefix("optimizer.") for key in dict.fromkeys(keys)])


def _evaluation(protocol: Mapping[str, Any], problems: Sequence[Problem]) -> str:
    seeds = protocol.get("seeds") or []
    split = " and the same split of the rows" if protocol.get("resample_split") else ""
    same = f"the same initial weights, the same batches in the same order{split}"
    if any(problem.get("objective") for problem in problems):
        descents = all(problem.get("objective") for problem in problems)
        same = "the same start" if descents else f"{same}, or the same start"
    return (
        f"The best setting of each was then run with {count(len(seeds), 'fresh seed')} ({_range(seeds)}) "
        f"that tuning had not seen. With the same seed all optimizers got {same}, so results are compared "
        "seed by seed."
    )


def _test_rows(problems: Sequence[Problem]) -> str:
    if all(problem.get("objective") for problem in problems):
        return "There were none: an objective has no rows, and its value is known wherever a descent is."
    if not any(has_test(problem) for problem in problems):
        return "There were none: everything here is about the validation rows."
    return (
        "The test rows were looked at once, at the end, with the weights that validation had chosen. No "
        "choice depends on them."
    )


def _verdicts(protocol: Mapping[str, Any], problems: Sequence[Problem]) -> str:
    pairs = max(len(problem["pairs"]) for problem in problems)
    alpha, resamples = protocol.get("alpha") or 0.05, protocol.get("resamples") or 10_000
    of = "each of the" if pairs > 1 else "the"
    return (
        f"For {of} {count(pairs, 'pair')}: the mean of the paired differences, its {100 * (1 - alpha):g} % "
        f"interval (BCa bootstrap, {figure(resamples)} resamples) and a sign-flip test, corrected for the "
        f"number of pairs (Holm). One is called better only if the corrected p is at most {alpha:g}."
    )


def target_in_words(problem: Problem, named: bool) -> str:
    """What the target is and where it comes from; with the name of the problem if `named`."""
    target = problem["target"]
    if as_float(target.get("value")) is None:
        return ""
    metric = f"{column_words(str(target['metric']))} {figure(target['value'])}"
    value = f"On {problem['name']}: {metric}" if named else f"{metric[:1].upper()}{metric[1:]}"
    if target.get("given"):
        return f"{value}, as the config says."
    return (
        f"{value}: what {target.get('from')}, the strongest, reaches with at least half of its seeds, given "
        f"away 1 % of the distance to the start ({figure(problem['start'])})."
    )


def limits(summary: Mapping[str, Any]) -> list[str]:
    """What cannot be concluded from any such comparison, in the words of this one."""
    protocol, problems = section(summary, "protocol"), summary["problems"]
    said = [
        "“Cannot be told apart” is not “equally good”: there may be a difference that so few seeds don't "
        "show.",
        f"The order holds for this budget: {count(protocol.get('trials') or 0, 'trial')} each and runs of "
        "this length. More trials, other options tuned or longer runs may change it.",
    ]
    if len(problems) == 1:
        said.append(
            "One problem is one problem: another dataset, model or batch size may give another order."
        )
    else:
        said.append(f"{figure(len(problems))} problems are a small sample of all there are.")
    return said


def _range(seeds: Sequence[int]) -> str:
    if len(seeds) > 2 and seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"{seeds[0]} to {seeds[-1]}"
    return ", ".join(map(str, seeds))
