"""`gdrun validate`: what is wrong with a config, and what in it will probably not do as meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gdrun.config import AnyConfig, Config
from gdrun.config.checks import descent_warnings, warnings
from gdrun.config.load import read_source
from gdrun.errors import GdrunError
from gdrun.experiments.minimize.plan import plan_minimizing
from gdrun.experiments.plan import Plan
from gdrun.experiments.train import plan_training


@dataclass(frozen=True)
class Check:
    """What came of checking one config.

    Attributes:
        path: of the file.
        config: complete; None if something is wrong with it.
        plan: what would be trained, if the data was asked for and is in order.
        error: what is wrong.
        notices: what to think about again, one sentence each.
    """

    path: Path
    config: AnyConfig | None = None
    plan: Plan | None = None
    error: GdrunError | None = None
    notices: tuple[str, ...] = ()


def check(path: Path, overrides: Sequence[str] = (), *, with_data: bool = False) -> Check:
    """Check one config; what is wrong is returned, not raised.

    Args:
        path: of the file.
        overrides: "KEY=VALUE" texts.
        with_data: also read the data and build the network.
    """
    try:
        loaded = read_source(path).load_any(overrides)
    except GdrunError as error:
        return Check(path, error=error)
    config, notices = loaded.config, loaded.notices
    known = warnings(config) if isinstance(config, Config) else descent_warnings(config)
    if not with_data:
        return Check(path, config, notices=(*notices, *known))
    try:
        plan = plan_training(config) if isinstance(config, Config) else plan_minimizing(config)
    except GdrunError as error:
        return Check(path, config, error=error, notices=(*notices, *known))
    return Check(path, plan.config, plan, notices=(*notices, *plan.notices))
