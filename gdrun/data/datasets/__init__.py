"""The dictionary of datasets: name in a config → class. Add one here."""

from __future__ import annotations

from gdrun.component import Registry
from gdrun.data.table import Dataset

_PLACES = {
    "digits": "embedded.Digits",
    "iris": "embedded.Iris",
    "wine": "embedded.Wine",
    "breast-cancer": "embedded.BreastCancer",
    "diabetes": "embedded.Diabetes",
    "penguins": "embedded.Penguins",
    "auto-mpg": "embedded.AutoMpg",
    "mnist-5k": "embedded.Mnist5k",
    "sunspots": "sequences.Sunspots",
    "linear": "curves.Linear",
    "sine": "curves.Sine",
    "moons": "shapes.Moons",
    "circles": "shapes.Circles",
    "blobs": "clouds.Blobs",
    "xor": "shapes.Xor",
    "spirals": "shapes.Spirals",
    "gaussians": "clouds.Gaussians",
    "adding": "sequences.Adding",
    "csv": "csv_file.Csv",
    "npz": "npz_file.Npz",
    "idx": "idx_file.Idx",
    "parquet": "parquet_file.Parquet",
}

DATASETS: Registry[Dataset] = Registry("gdrun.data.datasets", **_PLACES)
