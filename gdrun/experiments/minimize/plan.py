"""The runs of `gdrun minimize`: one, or one a start."""

from __future__ import annotations

from gdrun.config import ObjectiveConfig, with_changes
from gdrun.config.objective import UniformStart
from gdrun.errors import ConfigError
from gdrun.experiments.command import Command
from gdrun.experiments.minimize.summary import descents_summary
from gdrun.experiments.minimize.work import check_memory, memory_needed
from gdrun.experiments.plan import Plan
from gdrun.experiments.planning import MOST_RUNS, lay_out

MINIMIZE = Command("minimize", descents_summary)


def plan_minimizing(config: ObjectiveConfig, workers: int | str | None = None) -> Plan:
    """Decide how the descents are spread, one from each start.

    Args:
        config: as loaded.
        workers: processes, or "auto"; None for what the config says.

    Raises:
        ConfigError: something doesn't fit.
        SystemRefusedError: it doesn't fit into memory.
    """
    if isinstance(config.start, UniformStart) and config.start.count > MOST_RUNS:  # before so many are drawn
        raise ConfigError(f"start: {config.start.count:,} starts are too many, the most is {MOST_RUNS:,}")
    check_memory(memory_needed(config, 1, 1))
    starts = config.starts()
    if len(starts) > MOST_RUNS:
        raise ConfigError(f"start: {len(starts):,} starts are too many, the most is {MOST_RUNS:,}")
    if len(starts) == 1:
        return Plan(MINIMIZE, config, (), lay_out([config], ["start-0"], workers), "one start")
    entries = [{"run": f"start-{number}", "start": list(start)} for number, start in enumerate(starts)]
    configs = [with_changes(config, {"start": entry["start"]}) for entry in entries]
    layout = lay_out(configs, [str(entry["run"]) for entry in entries], workers)
    return Plan(MINIMIZE, config, entries, layout, f"{len(starts):,} starts")
