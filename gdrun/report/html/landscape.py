"""An objective as it is drawn: contours with the ways of descents over them, or a curve on a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gdrun.config import ObjectiveConfig
from gdrun.config.load import plain_source
from gdrun.errors import GdrunError
from gdrun.objectives.objective import Objective
from gdrun.report.html.curves import Chart, Values, kept_rows, plain
from gdrun.report.html.source import Columns
from gdrun.report.html.words import as_floats, count, figure

GRID = 90  # values along each side of a map
MOST_WAYS = 40
POINTS_OF_A_WAY = 400
POINTS_OF_ALL_WAYS = 6000
_LEVELS = (0.004, 0.012, 0.03, 0.06, 0.1, 0.16, 0.23, 0.32, 0.43, 0.56, 0.7, 0.85)  # shares of the map below
_MARGIN = 0.12


def objective_config(config: Mapping[str, Any], plugins: object, notes: list[str]) -> ObjectiveConfig | None:
    """The config of a descent as it stands in the directory; None, and a note, where it cannot be built.

    Args:
        config: plain data.
        plugins: what the directory names as such. It may come from somewhere else: none is run for a report.
        notes: takes the note.
    """
    try:
        return plain_source(config).load_objective().config
    except GdrunError as error:
        hint = " A plugin is run if a report asks for it: gdrun report RUN --plugin FILE." if plugins else ""
        notes.append(f"The objective cannot be drawn: {error}{hint}")
        return None


class Way:
    """Where a descent went.

    Args:
        label: what to call it.
        trajectory: columns of trajectory.csv.
        variables: of the objective.
        role, dash: of its colour.
    """

    def __init__(
        self, label: str, trajectory: Columns, variables: Sequence[str], role: str = "val", dash: int = 0
    ) -> None:
        self.label, self.role, self.dash = label, role, dash
        rows = min((len(trajectory.get(name, ())) for name in ("step", "value", *variables)), default=0)
        self.steps = as_floats(trajectory.get("step", ())[:rows])
        self.values = as_floats(trajectory.get("value", ())[:rows])
        self.points = np.stack([as_floats(trajectory.get(name, ())[:rows]) for name in variables], axis=-1)

    def drawn(self, box: Values, points: int) -> dict[str, Any] | None:
        """The part of it that is in the box and a little beyond; None where nothing is."""
        low, high = box.T
        near = (self.points >= low - 3 * (high - low)) & (self.points <= high + 3 * (high - low))
        seen = np.flatnonzero(near.all(axis=-1))
        if not len(seen):
            return None
        kept = seen[kept_rows([*self.points[seen].T], points)]
        columns = {name: plain(self.points[kept, place], 6) for place, name in enumerate("xy"[: len(low)])}
        return {
            "label": self.label,
            "role": self.role,
            "dash": self.dash,
            "step": plain(self.steps[kept]),
            "value": plain(self.values[kept], 6),
            **columns,
        }


def landscape(config: ObjectiveConfig, ways: Sequence[Way], *, legend: bool = False) -> Chart | None:
    """The map of a function of two variables or the curve of one, with ways; None for more variables.

    Args:
        config: of the descents.
        ways: where they went.
        legend: whether each has a switch with its name.
    """
    count_of = config.dimension
    if count_of > 2:
        return None
    shown = [ways[place] for place in _evenly(len(ways), MOST_WAYS)]
    box = _box(config, shown)
    points = max(60, min(POINTS_OF_A_WAY, POINTS_OF_ALL_WAYS // max(1, len(shown))))
    drawn = [one for one in (way.drawn(box, points) for way in shown) if one is not None]
    minima = [list(point) for point in config.objective.minima if config.sign > 0 and _inside(point, box)]
    drawing: dict[str, Any] = {
        "kind": "landscape" if count_of == 2 else "profile",
        "variables": list(config.objective.variables),
        "box": box.tolist(),
        "ways": drawn,
        "minima": minima,
        "uphill": config.sign < 0,
        **({"legend": drawn} if legend and len(drawn) > 1 else {}),
        **(_map(config.objective, box) if count_of == 2 else _profile(config.objective, box)),
    }
    said = ", ".join(
        f"{name} from {figure(low)} to {figure(high)}" for name, (low, high) in _ends(config, box)
    )
    what = "Contours" if count_of == 2 else "The function"
    caption = [
        "Darker is higher." if config.sign < 0 else "Darker is lower." if count_of == 2 else "",
        "A ring is a start, a dot an end" + (", a star a known minimum." if minima else "."),
        f"{figure(len(shown))} of {figure(len(ways))} ways drawn." if len(shown) < len(ways) else "",
    ]
    words = f"{what} of {config.objective.name} for {said}, with {count(len(drawn), 'way')} over it."
    title = "The way over the contours" if count_of == 2 else "The way on the curve"
    return Chart(title, words, " ".join(filter(None, caption)), drawing, wide=True)


def _ends(config: ObjectiveConfig, box: Values) -> list[tuple[str, tuple[float, float]]]:
    return [
        (name, (float(low), float(high)))
        for name, (low, high) in zip(config.objective.variables, box, strict=True)
    ]


def _evenly(count_of: int, most: int) -> list[int]:
    places: list[int] = np.linspace(0, count_of - 1, min(count_of, most)).round().astype(int).tolist()
    return places


def _box(config: ObjectiveConfig, ways: Sequence[Way]) -> Values:
    """From where to where there is something to be seen: the ways, as far as they stay near, and minima."""
    usual = config.box()
    reach = usual[:, 1] - usual[:, 0]
    points = [np.array(config.starts()[:MOST_WAYS])] + [way.points for way in ways]
    points += [usual.T] if config.dimension == 1 else []
    everything = np.concatenate(points)
    near = np.isfinite(everything) & (everything >= usual[:, 0] - reach) & (everything <= usual[:, 1] + reach)
    seen = everything[near.all(axis=-1)]
    seen = np.concatenate([seen, *(np.array([point]) for point in config.objective.minima)])
    if config.interval is not None:
        seen = np.concatenate([seen, np.array(config.interval)[:, None]])
    low, high = (seen.min(axis=0), seen.max(axis=0)) if len(seen) else (usual[:, 0], usual[:, 1])
    size = high - low
    size = np.maximum(size, 0.25 * size.max() if size.max() > 0 else 0.1 * np.where(reach > 0, reach, 1))
    middle = (low + high) / 2
    return np.stack([middle - size * (0.5 + _MARGIN), middle + size * (0.5 + _MARGIN)], axis=1)


def _inside(point: Sequence[float], box: Values) -> bool:
    return bool((box[:, 0] <= np.array(point)).all() and (np.array(point) <= box[:, 1]).all())


def _map(objective: Objective, box: Values) -> dict[str, Any]:
    """Values on a grid, row by row from the bottom, and where the contours are."""
    beyond = 0.02 * (box[:, 1:] - box[:, :1]) * [-1, 1]  # so that no corner of a contour is seen
    x, y = (np.linspace(low, high, GRID) for low, high in box + beyond)
    points = np.stack([np.tile(x, GRID), np.repeat(y, GRID)], axis=1)
    with np.errstate(all="ignore"):
        values = np.asarray(objective.values(points), np.float64)
    finite = values[np.isfinite(values)]
    levels = np.unique(np.quantile(finite, _LEVELS)) if len(finite) else np.array([0.0])
    whole = (box + beyond).tolist()
    return {"side": GRID, "map": whole, "values": plain(values, 5), "levels": plain(levels, 5)}


def _profile(objective: Objective, box: Values) -> dict[str, Any]:
    x = np.linspace(box[0, 0], box[0, 1], 400)
    with np.errstate(all="ignore"):
        values = np.asarray(objective.values(x[:, None]), np.float64)
    return {"curve": {"x": plain(x, 6), "y": plain(values, 6)}}
