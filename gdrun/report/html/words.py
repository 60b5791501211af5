"""Numbers, durations, statuses and terms, as people read them."""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

NOTHING = "–"
_FLOATS = {float, type(None)}
PARTS = {"train": "training", "val": "validation", "test": "test"}
STATUSES = {
    "running": "Running, or ended without a trace: this is what was written until then",
    "completed": "Completed",
    "stopped": "Stopped early",
    "diverged": "Diverged: the loss or the weights became NaN or infinite",
    "interrupted": "Interrupted; gdrun resume continues it to the same bits",
    "failed": "Failed",
}

# Unprintable: the controls other than tab and line feed, lone surrogates, and what reverses or hides text.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)


def printable(text: str) -> str:
    """The text with every control character, also those that turn its direction, shown as U+FFFD."""
    return _UNPRINTABLE.sub("\ufffd", text.replace("\r\n", "\n"))


def as_float(value: Any) -> float | None:
    """A number as a float, or None for anything else."""
    if isinstance(value, bool) or value is None or value == "":
        return None
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def as_floats(cells: Sequence[Any]) -> NDArray[np.float64]:
    """Numbers as an array, with NaN for anything else."""
    if _FLOATS.issuperset(map(type, cells)):  # a whole column at once
        return np.array(cells, np.float64)
    return np.array([math.nan if (number := as_float(cell)) is None else number for cell in cells])


def as_int(value: Any) -> int | None:
    """A whole number as an int, or None for anything else."""
    number = as_float(value)
    return int(number) if number is not None and number.is_integer() else None


def figure(value: Any) -> str:
    """Four decimals, or four digits above 1; whole numbers in full, thousands apart by narrow spaces."""
    number = as_float(value)
    if number is None:
        return NOTHING if value is None or value == "" else str(value)
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else ("∞" if number > 0 else "−∞")
    if number.is_integer() and abs(number) < 1e12 and not (isinstance(value, float) and abs(number) < 10):
        text = f"{int(number):,}".replace(",", "\u202f")
    elif 1e-3 <= abs(number) < 1e6:
        size = abs(number)
        text = f"{number:.4f}" if size < 1 else f"{number:#.4g}" if size < 999.5 else f"{number:,.0f}"
        text = text.replace(",", "\u202f")
    elif number == 0:
        text = "0"
    else:
        text = f"{number:.3e}".replace("e+0", "e").replace("e-0", "e-").replace("e+", "e")
    return text.replace("-", "−")


def duration(seconds: Any) -> str:
    """Seconds as a person says them: 0.83 s, 12.4 s, 3 min 05 s, 2 h 10 min."""
    number = as_float(seconds)
    if number is None or not math.isfinite(number) or number < 0:
        return NOTHING
    if number < 1:
        return f"{number * 1000:.0f} ms" if number < 0.1 else f"{number:.2f} s"
    if number < 59.95:
        return f"{number:.1f} s"
    minutes, rest = divmod(round(number), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def count(number: int, noun: str) -> str:
    """`1 epoch`, `30 epochs`, `2 classes`."""
    ending = "" if number == 1 else "es" if noun.endswith(("s", "x")) else "s"
    return f"{figure(number)} {noun}{ending}"


def column_words(column: str) -> str:
    """`val_top_k` → `validation top k`."""
    part, _, rest = column.partition("_")
    words = f"{PARTS[part]} {rest}" if part in PARTS and rest else column
    return words.replace("_", " ")


_SHORT = {"mse", "rmse", "mae", "mape", "r2", "f1", "roc auc"}


def heading(name: str) -> str:
    """A metric's or column's name as a heading: `top_k` → `Top k`, `rmse` → `RMSE`."""
    words = name.replace("_", " ")
    return words.upper() if words in _SHORT else words[:1].upper() + words[1:]


def component_name(value: Any) -> str:
    """The name of a component in a config: `adam`, `{name: adam, …}` or nothing."""
    if isinstance(value, Mapping):
        value = value.get("name")
    return value if isinstance(value, str) else ""


_TERMS = {
    "epoch": "One pass over the training rows. Epoch 0 is the state before the first update.",
    "step": "One update of the weights, from one batch.",
    "training": "Rows that the weights are fitted to.",
    "validation": "Rows that choose the best epoch, and say when to stop.",
    "test": "Rows kept for the final figures, used once.",
    "best epoch": "The epoch whose weights were kept: the best value of the monitored column.",
    "learning rate": "The factor of the last update before the evaluation.",
    "gradient norm": "The length of the gradient of the training loss, penalty included.",
    "loss": "What is minimized, as a mean over the rows.",
}
_PLACES = {
    "loss": ("gdrun.nn.losses", "LOSSES"),
    "optimizer": ("gdrun.optim", "OPTIMIZERS"),
    "schedule": ("gdrun.optim.schedules", "SCHEDULES"),
    "initializer": ("gdrun.nn.initializers", "INITIALIZERS"),
}


def terms(config: Mapping[str, Any], metrics: Iterable[str]) -> dict[str, str]:
    """Term → one line on it: what every report uses, then the components that this config names."""
    found = dict(_TERMS)
    named = [(component_name(config.get(kind)), *place) for kind, place in _PLACES.items()]
    named += [(metric, "gdrun.nn.metrics", "METRICS") for metric in metrics]
    for name, module, dictionary in named:
        if line := in_one_line(getattr(importlib.import_module(module), dictionary).get(name)):
            found[name] = line
    return found


def in_one_line(component: type | None) -> str:
    """What a component is; empty where there is no such component, or it doesn't say."""
    about = None if component is None else component.__doc__  # `None` itself has a text from Python 3.13 on
    return (about or "").strip().partition("\n")[0].replace("`", "")
