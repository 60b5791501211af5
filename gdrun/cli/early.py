"""What a command begins before it has imported what it needs itself."""

from __future__ import annotations

from gdrun.engines import reserve
from gdrun.engines.engine import available_cores

_WORK = "gdrun.experiments.tile"  # what they will do


def start_workers(asked: str | None, *, engine: str, only_shown: bool) -> None:
    """Start the worker processes that were asked for by number; `auto` is decided once the work is known.

    `gdrun.cli.main.run` ends those that nobody needed.

    Args:
        asked: the value of `--workers`, as it was written.
        engine: the value of `--engine`.
        only_shown: whether the command will only show what it would do.
    """
    if asked is None or not asked.isdecimal() or engine != "local" or only_shown:
        return
    number = min(int(asked), available_cores())
    if number > 1:
        reserve.call_up(number, _WORK)
