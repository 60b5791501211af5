"""The dictionary of datasets: name in a config → class. Add one here."""

from __future__ import annotations

from gdrun.component import registry
from gdrun.data.datasets.clouds import Blobs, Gaussians
from gdrun.data.datasets.csv_file import Csv
from gdrun.data.datasets.curves import Linear, Sine
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
from gdrun.data.datasets.npz_file import Npz
from gdrun.data.datasets.shapes import Circles, Moons, Spirals, Xor
from gdrun.data.table import Dataset

_CLASSES: dict[str, type[Dataset]] = {
    "digits": Digits,
    "iris": Iris,
    "wine": Wine,
    "breast-cancer": BreastCancer,
    "diabetes": Diabetes,
    "penguins": Penguins,
    "auto-mpg": AutoMpg,
    "mnist-5k": Mnist5k,
    "linear": Linear,
    "sine": Sine,
    "moons": Moons,
    "circles": Circles,
    "blobs": Blobs,
    "xor": Xor,
    "spirals": Spirals,
    "gaussians": Gaussians,
    "csv": Csv,
    "npz": Npz,
}

DATASETS: dict[str, type[Dataset]] = registry(**_CLASSES)
