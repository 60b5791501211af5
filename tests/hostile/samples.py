"""Good files to damage: every config of the project and a small file of every data format."""

from __future__ import annotations

import gzip
import importlib.util
import io
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import mutations
import numpy as np

from gdrun.component import option_types
from gdrun.config.templates import template, template_names
from gdrun.data import DATASETS

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sample:
    """A config, the files that it needs, and what is put into them.

    Attributes:
        config: YAML text.
        damaged: which file is damaged; the config itself by default.
        pieces: what to put in beside random bytes.
        files: name → content of further files.
    """

    config: str
    damaged: str = "config.yaml"
    pieces: Sequence[bytes] = mutations.YAML_PIECES
    files: Mapping[str, bytes] = field(default_factory=dict)

    def write(self, folder: Path) -> Path:
        """Write the config and its files; returns the path of the config."""
        for name, content in {"config.yaml": self.config.encode(), **self.files}.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        return folder / "config.yaml"

    @property
    def content(self) -> bytes:
        """Of the file to damage."""
        return self.config.encode() if self.damaged == "config.yaml" else self.files[self.damaged]


EVERYTHING = """
dataset: {name: blobs, rows: 0x30, "centers": 3}
model: {name: sequential, layers: [&d {name: dense, units: 3, activation: {name: leaky_relu, slope: .1}}, *d]}
optimizer: &o
  name: sgd
  momentum: 9e-1
schedule: {name: sequence, parts: [{schedule: constant, for_epochs: 1}, {schedule: cosine}], warmup_steps: 2}
penalty: {l2: 1e-4}
gradient_clipping: {norm: 1.0}
compute: {blas_threads: 1, workers: auto}
tolerance: 1e-6
initializer: 'he_normal'
batch_size: 8
epochs: 3
"""


def configs() -> dict[str, Sample]:
    """Every config and template of the project by its name, with the data files that they read."""
    folder = PROJECT / "configs"
    data = {f"data/{path.name}": path.read_bytes() for path in (folder / "data").iterdir() if path.is_file()}
    data["data.csv"] = CSV.replace(b"kind", b"price")
    texts = {path.stem: path.read_text().replace("../data", "data") for path in folder.rglob("*.yaml")}
    texts = dict(sorted(texts.items()))
    texts |= {f"template {name}": template(name) for name in template_names()}
    texts["everything"] = EVERYTHING
    return {name: Sample(text, files=data if "path:" in text else {}) for name, text in texts.items()}


ROWS = 24
NUMBERS = np.random.default_rng(0).normal(size=(ROWS, 6)).round(3)
TARGET = np.arange(ROWS) % 3
LINES = [
    f'{row[0]},{row[1]!r},"k{row[2] > 0}",{"abc"[label]}' for row, label in zip(NUMBERS, TARGET, strict=True)
]
CSV = "\n".join(['height,"wi""dth",colour,kind', *LINES, ',,,"a\n"', "NA,-1e5,x,a"]).encode()


def npz(save: Callable[..., None]) -> bytes:
    archive = io.BytesIO()
    save(archive, X=NUMBERS, y=np.array(["ant", "bee", "cow"])[TARGET])
    return archive.getvalue()


def idx(array: np.ndarray) -> bytes:
    start = struct.pack(f">2x2B{array.ndim}I", 8, array.ndim, *array.shape)
    return start + array.astype(np.uint8).tobytes()


def parquet(compression: str) -> bytes:
    import pyarrow
    import pyarrow.parquet

    columns = {"a": NUMBERS[:, 0], "b": NUMBERS[:, 1], "colour": ["red", None, "grey"] * (ROWS // 3)}
    file = io.BytesIO()
    table = pyarrow.table(columns | {"kind": np.array(["ant", "bee", "cow"])[TARGET]})
    pyarrow.parquet.write_table(table, file, compression=compression, write_page_checksum=True)
    return file.getvalue()


def config_of(dataset: str, path: str, **options: str) -> str:
    words = "".join(f", {name}: {value}" for name, value in options.items())
    return f"dataset: {{name: {dataset}, path: {path}{words}}}\nbatch_size: 8\nepochs: 2\n"


def data_files() -> dict[str, Sample]:
    """A sample of every data format, compressed or not; Parquet where this Python can read it."""
    found = {
        "csv": Sample(config_of("csv", "d.csv"), "d.csv", mutations.TEXT_PIECES, {"d.csv": CSV}),
        "csv, UTF-16": Sample(
            config_of("csv", "d.csv"),
            "d.csv",
            mutations.TEXT_PIECES,
            {"d.csv": CSV.decode().encode("utf-16")},
        ),
    }
    for name, save in (("npz", np.savez), ("npz, compressed", np.savez_compressed)):
        found[name] = Sample(
            config_of("npz", "d.npz"), "d.npz", mutations.BINARY_PIECES, {"d.npz": npz(save)}
        )
    plain = {"i": idx(np.abs(NUMBERS * 80).reshape(ROWS, 2, 3)), "l": idx(TARGET)}
    packed = {name: gzip.compress(content, mtime=0) for name, content in plain.items()}
    for name, files in (("idx", plain), ("idx, compressed", packed)):
        for damaged, what in (("i", ""), ("l", ", labels")):
            config = config_of("idx", "i", labels="l")
            found[name + what] = Sample(config, damaged, mutations.BINARY_PIECES, files)
    if importlib.util.find_spec("pyarrow"):
        for compression in ("none", "gzip"):
            content = parquet(compression)
            config = config_of("parquet", "d.parquet")
            found[f"parquet, {compression}"] = Sample(
                config, "d.parquet", mutations.BINARY_PIECES, {"d.parquet": content}
            )
    return found


def file_formats() -> set[str]:
    """The datasets that read a file of the user's, and that this Python can read."""
    missing = set() if importlib.util.find_spec("pyarrow") else {"parquet"}
    return {name for name, cls in DATASETS.items() if "path" in option_types(cls)} - missing
