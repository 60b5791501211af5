"""What came of checking configs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from gdrun.config import Config, ConfigProblemsError, ObjectiveConfig
from gdrun.errors import ConfigError, GdrunError
from gdrun.experiments.validation import Check
from gdrun.report.console.descents import descent_in_words, method_in_words, objective_in_words
from gdrun.report.console.layout import show_definitions
from gdrun.report.console.plan import plan_document
from gdrun.report.console.screen import Screen
from gdrun.text import printable

_SHOWN = 25  # problems of one file


def checks_document(checks: Sequence[Check]) -> dict[str, Any]:
    """Whether all are valid, and of each config what is wrong, with its place."""
    return {"valid": not any(check.error for check in checks), "configs": [_document(c) for c in checks]}


def show_checks(screen: Screen, checks: Sequence[Check], *, with_data: bool) -> None:
    """A line a config; notices; what to do next if all is well."""
    for check in checks:
        for notice in check.notices:
            screen.notice(f"{check.path}: {notice}" if checks[1:] else notice)
    show_definitions(screen, (_line(check) for check in checks), indent=0)
    if len(checks) == 1 and checks[0].error is None:
        words = shlex.quote(printable(checks[0].path, one_line=True))
        descends = isinstance(checks[0].config, ObjectiveConfig)
        command = "minimize" if descends else "train"
        screen.show(Text.assemble(("next   ", "faint"), (f"gdrun {command} {words}", "command")))
        if not with_data and not descends:
            further = f"gdrun validate {words} --data"
            screen.show(Text.assemble("       ", (further, "command"), "  reads the data too"))


def failure(checks: Sequence[Check]) -> GdrunError | None:
    """All errors as one, to be raised; None if there are none. A mistake in a config counts before others."""
    errors = [check.error for check in checks if check.error]
    if not errors:
        return None
    worst = min(errors, key=lambda error: error.exit_code)
    if not checks[1:]:
        return worst
    lines = [_with_path(check) for check in checks if check.error]
    lines.append(f"{len(errors)} of {len(checks)} configs cannot be run; correct them and validate again")
    return (ConfigError if isinstance(worst, ConfigError) else type(worst))("\n".join(lines))


def _with_path(check: Check) -> str:
    """The messages, each with the file that it is about."""
    error, path = check.error, str(check.path)
    if not isinstance(error, ConfigProblemsError):
        return f"{path}: {error}"
    lines = [
        str(problem) if problem.position.source == path else f"{path}: {problem}"
        for problem in error.problems[:_SHOWN]
    ]
    more = len(error.problems) - len(lines)
    return "\n".join([*lines, f"{path}: … and {more} more"] if more else lines)


def _line(check: Check) -> tuple[Text, Text]:
    if check.error is None:
        said = Text(_in_words(check))
        return Text.assemble(("valid  ", "good"), (printable(check.path, one_line=True), "name")), said
    count = len(check.error.problems) if isinstance(check.error, ConfigProblemsError) else 1
    said = Text(f"{count} problem{'s' * (count > 1)}", "bad")
    return Text.assemble(("wrong  ", "bad"), (printable(check.path, one_line=True), "name")), said


def _in_words(check: Check) -> str:
    """What a valid config trains, in one line."""
    config = check.config
    assert config is not None  # noqa: S101 - it is valid
    if isinstance(config, ObjectiveConfig):
        return " · ".join([objective_in_words(config), method_in_words(config), descent_in_words(config)])
    parts = [config.dataset.name, config.model.name, _optimization(config), f"{config.epochs:,} epochs"]
    if check.plan is not None:
        work = check.plan.work
        rows = len(work.data[0].train.rows)
        parts += [
            f"{rows:,} training rows",
            f"{work.network.parameter_count:,} parameters",
            f"{work.length.steps:,} updates",
        ]
    return " · ".join(parts)


def _optimization(config: Config) -> str:
    schedule = "" if config.schedule.name == "constant" else f" with {config.schedule.name}"
    return f"{config.optimizer.name}{schedule}"


def _document(check: Check) -> dict[str, Any]:
    error = check.error
    problems: list[dict[str, Any]] = []
    if isinstance(error, ConfigProblemsError):
        problems = [
            {
                "source": problem.position.source,
                "line": problem.position.line or None,
                "column": problem.position.column or None,
                "key": problem.key or None,
                "message": problem.message,
            }
            for problem in error.problems
        ]
    elif error is not None:
        problems = [
            {"source": str(check.path), "line": None, "column": None, "key": None, "message": str(error)}
        ]
    return {
        "path": str(check.path),
        "valid": error is None,
        "exit_code": error.exit_code if error else 0,
        "problems": problems,
        "notices": list(check.notices),
        "plan": None if check.plan is None else plan_document(check.plan),
    }
