"""The dictionary of datasets: name in a config → class. Add one here."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.data.datasets.embedded import (
    AutoMpg,
    BreastCancer,
    Diabetes,
    Digits,
    Iris,
    Mnist5k,
    Penguins,
    Wine,
)
from gdrun.data.table import Dataset

_EMBEDDED: dict[str, type[Dataset]] = {
    "digits": Digits,
    "iris": Iris,
    "wine": Wine,
    "breast-cancer": BreastCancer,
    "diabetes": Diabetes,
    "penguins": Penguins,
    "auto-mpg": AutoMpg,
    "mnist-5k": Mnist5k,
}

DATASETS: dict[str, type[Dataset]] = registry(**_EMBEDDED)
