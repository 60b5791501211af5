"""Who takes part in a comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gdrun.config import AnyConfig, Config
from gdrun.config.comparison import Compare, Contestant
from gdrun.config.contradictions import contradictions
from gdrun.config.families import FAMILIES
from gdrun.config.objective import problems_of
from gdrun.config.problems import did_you_mean
from gdrun.errors import ConfigError
from gdrun.optim import OPTIMIZERS

USUAL = ("sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw")


def resolved_contestants(
    compare: Compare, asked: str | None, problems: Sequence[AnyConfig] = ()
) -> tuple[Contestant, ...]:
    """The contestants, by name.

    Args:
        compare: the section of the config; its contestants may be asked for by their labels.
        asked: names with commas between them, or "all", which are those that fit the problems; None for
            those of the config, else the usual ones.
        problems: what they are compared on.

    Raises:
        ConfigError: an unknown name, one that occurs twice, one that a problem has no use for, or fewer
            than two.
    """
    own = {contestant.name: contestant for contestant in compare.optimizers or ()}
    if len(own) < len(compare.optimizers or ()):
        raise ConfigError(
            "compare.optimizers: two contestants have the same name; give one of them a label, "
            "such as {name: adam, label: adam-2}"
        )
    if asked is None:
        chosen = list(own.values()) or [_by_name(name, own) for name in USUAL]
    elif asked == "all":
        every = [_by_name(name, own) for name in OPTIMIZERS]
        chosen = [contestant for contestant in every if not any(_against(contestant, problems))]
    else:
        names = [name.strip() for name in asked.split(",")]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ConfigError(f"--optimizers: {twice!r} occurs twice; name each once")
        chosen = [_by_name(name, own) for name in names]
    for contestant in chosen:
        for key, message in _against(contestant, problems):
            raise ConfigError(f"{key}: {message}")
    if len(chosen) < 2:
        raise ConfigError(
            f"there is nothing to compare {chosen[0].name} with; name two optimizers or more, "
            "such as --optimizers sgd,adam"
        )
    return tuple(chosen)


def _against(contestant: Contestant, problems: Sequence[AnyConfig]) -> Iterator[tuple[str, str]]:
    """What keeps a contestant from the problems: dotted key and message of each."""
    for problem in problems:
        if isinstance(problem, Config):
            yield from contradictions(replace(problem, optimizer=contestant.optimizer))
        else:
            yield from problems_of(replace(problem, optimizer=contestant.optimizer))


def _by_name(name: str, own: dict[str, Contestant]) -> Contestant:
    if name in own:
        return own[name]
    cls = FAMILIES["optimizer"].find(name)
    if cls is None:
        known = list(dict.fromkeys([*own, *OPTIMIZERS]))
        hint = did_you_mean(name, known)
        raise ConfigError(f"--optimizers: {name!r} is no optimizer{hint} (there are: {', '.join(known)})")
    return Contestant(cls())
