"""A dataset in idx files of the user's: the format of MNIST and its relatives."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gdrun.data.table import Dataset, Table, sealed
from gdrun.data.targets import TaskOption, target_from_numbers
from gdrun.errors import DataError


@dataclass(frozen=True)
class Idx(Dataset):
    """Images and their labels in two idx files, compressed with gzip or not.

    Images are (rows, height, width) or (rows, height, width, channels) and become rows (height, width,
    channels), with one channel where the file has none; (rows, columns) stay flat rows. Labels are (rows,).

    Options:
        path: of the images, relative to the config.
        labels: the file of the labels; null: beside the images, under their name with labels-idx1 for
            images-idx3, as the files of MNIST are called.
        task: classification, regression, or auto (null): whole numbers are classes, others a regression.
        validation_path, test_path: files of images that validate and test; the split then leaves those parts
            to them.
        validation_labels, test_labels: their labels; null: found as those of `path` are.
    """

    path: Path
    labels: Path | None = None
    task: TaskOption | None = None  # type: ignore[assignment,misc]  # an option; other datasets just know
    validation_path: Path | None = None
    validation_labels: Path | None = None
    test_path: Path | None = None
    test_labels: Path | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.task == "auto":
            object.__setattr__(self, "task", None)  # what every dataset says when only the data can tell

    def files(self) -> list[Path]:
        pairs = ((path, labels or _labels_of(path)) for path, labels in self._parts().values() if path)
        return [path for pair in pairs for path in pair]

    def _parts(self) -> dict[str, tuple[Path | None, Path | None]]:
        return {
            "train": (self.path, self.labels),
            "validation": (self.validation_path, self.validation_labels),
            "test": (self.test_path, self.test_labels),
        }

    def load(self, folder: Path) -> Table:
        images: list[NDArray[Any]] = []
        labels: list[NDArray[Any]] = []
        fixed, start = {}, 0
        for part, (path, of_labels) in self._parts().items():
            if path is None:
                if of_labels is not None:
                    raise DataError(
                        f"{of_labels}: dataset.{part}_labels needs a dataset.{part}_path; give both"
                    )
                continue
            own_images, own_labels = _read(folder, path, of_labels, part)
            if images and (own_images.shape[1:], own_images.dtype) != (images[0].shape[1:], images[0].dtype):
                raise DataError(
                    f"{folder / path}: rows of shape {own_images.shape[1:]}, {own_images.dtype}, but "
                    f"{self.path} has {images[0].shape[1:]}, {images[0].dtype}"
                )
            if part != "train":
                fixed[part] = np.arange(start, start + len(own_images))
            start += len(own_images)
            images.append(own_images)
            labels.append(own_labels)
        values = np.concatenate(labels)[:, None]
        whole = values.dtype.kind in "iu"
        task = self.task or ("classification" if whole else "regression")
        target = target_from_numbers(values, task, "label", str(folder / self.path))
        shape = images[0].shape[1:]
        shape = (*shape, 1) if len(shape) == 2 else shape
        kind = images[0].dtype
        numbers = (images[0] if len(images) == 1 else np.concatenate(images)).reshape(start, -1)
        return sealed(
            Table(
                name=str(self.path),
                task=target.task,
                numbers=numbers.astype(np.float32 if kind.itemsize < 4 or kind == np.float32 else np.float64),
                number_names=_names(shape),
                target=target.values,
                target_names=("label",),
                row_shape=shape if len(shape) > 1 else None,
                largest=float(np.iinfo(kind).max) if kind.kind == "u" else None,
                classes=target.classes,
                fixed=fixed,
            )
        )


def _read(folder: Path, path: Path, labels: Path | None, part: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Images (rows, …) and labels (rows,) of one part."""
    from gdrun.data.idx_reader import read_idx  # other datasets don't need it

    option = "labels" if part == "train" else f"{part}_labels"
    if labels is None:
        labels = _labels_of(path)
        if labels == path:
            raise DataError(
                f"{folder / path}: where its labels are doesn't follow from the name; give them in "
                f"dataset.{option}"
            )
    images, values = read_idx(folder / path), read_idx(folder / labels)
    if images.ndim < 2 or 0 in images.shape:
        swapped = "; is it the file of the labels?" if images.ndim == 1 else ""
        raise DataError(
            f"{folder / path}: images must have rows and pixels, not shape {images.shape}{swapped}"
        )
    if values.ndim != 1:
        raise DataError(
            f"{folder / labels}: labels must be (rows,), not {values.shape}; is it the file of the images?"
        )
    if len(values) != len(images):
        raise DataError(f"{folder / labels}: {len(values):,} labels for the {len(images):,} images in {path}")
    bad = ~np.isfinite(values)
    if bad.any():
        raise DataError(f"{folder / labels}: label {int(np.argmax(bad))} (from 0) is missing or infinite")
    return images, values


def _labels_of(images: Path) -> Path:
    """The file of the labels, by the names of MNIST's files; of another name that name itself."""
    return images.with_name(images.name.replace("images", "labels").replace("idx3", "idx1"))


def _names(shape: tuple[int, ...]) -> tuple[str, ...]:
    """Names of the pixels, in C order: pixel_<line>_<column>, and _<channel> where there are several."""
    if len(shape) == 1:
        return tuple(f"x{index}" for index in range(shape[0]))
    sizes = shape[:-1] if shape[-1] == 1 else shape
    return tuple("pixel_" + "_".join(map(str, place)) for place in product(*map(range, sizes)))
