"""Makes the directories of this format: `python tests/run_directory/formats/make.py VERSION`, once a release.

A run, an interrupted run with its checkpoints, and a cross-validation, without reports, and with the
environment of no machine in particular. What a release has made is never changed afterwards.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gdrun.run_directory.group import GroupDirectory
from gdrun.run_directory.run import RunDirectory

CONFIG = """
dataset: {name: blobs, rows: 40, centers: 3}
model: {name: mlp, hidden: [4]}
batch_size: 8
checkpoint: {min_seconds: 0}
"""
ENVIRONMENT = {
    "python": "3.11.0",
    "numpy": "2.1.0",
    "blas": "some (1 thread)",
    "cpu": "some",
    "platform": "Linux",
}


def gdrun(*words: str) -> list[str]:
    return [sys.executable, "-m", "gdrun", *words]


def main(version: str) -> None:
    """Make them in a folder of the version's name beside this file."""
    place = Path(__file__).parent / version
    place.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "c.yaml").write_text(CONFIG)
        common = (str(folder / "c.yaml"), "--runs-dir", str(folder), "-q")
        subprocess.run(gdrun("train", *common, "epochs=4", "--name", "run"), check=True)
        subprocess.run(gdrun("kfold", *common, "epochs=4", "--folds", "2", "--name", "group"), check=True)
        words = ("epochs=3000", "evaluation.every_epochs=500", "--name", "interrupted")
        process = subprocess.Popen(gdrun("train", *common, *words))
        while not list(folder.glob("*-interrupted/checkpoints/*")):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        process.wait()
        for name in ("run", "group", "interrupted"):
            (found,) = folder.glob(f"*-{name}")
            for path in (found, *found.glob("members/*")):
                kind = GroupDirectory if (path / "group.json").exists() else RunDirectory
                with kind.open(path, lock=False) as directory:
                    directory.set(environment={"gdrun": version, **ENVIRONMENT, "git": None})
                for unwanted in ("report.html", ".lock"):
                    with contextlib.suppress(FileNotFoundError):
                        (path / unwanted).unlink()
            subprocess.run(["cp", "-r", str(found), str(place / name)], check=True)


if __name__ == "__main__":
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    main(sys.argv[1])
