"""Ten-fold cross-validation beside scikit-learn's `cross_validate`: the calls alone, and whole processes.

The tiny network on the digits, 50 epochs of Adam, batches of 32, features standardized inside every fold,
accuracy on the test rows; nobody has validation rows. gdrun leaves eleven directories with their reports,
which is part of its time.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.commands import cost, use_this_tree
from benchmarks.problem import LEARNING_RATE, clock
from benchmarks.targets import Finding

FOLDS, EPOCHS, HIDDEN, BATCH = 10, 50, 64, 32
TARGET = 5.0
CONFIG = f"""\
name: folds
dataset: digits
split: {{validation: 0}}
model: {{name: mlp, hidden: [{HIDDEN}], activation: relu}}
optimizer: {{name: adam, learning_rate: {LEARNING_RATE}}}
batch_size: {BATCH}
epochs: {EPOCHS}
evaluation: {{every_epochs: {EPOCHS}}}  # scikit-learn has no more than the loss of its batches, either
"""


def ours(epochs: int) -> float:
    """The mean accuracy."""
    import gdrun

    with tempfile.TemporaryDirectory() as runs:
        changes = {"epochs": epochs}
        group = gdrun.kfold("folds.yaml", changes, folds=FOLDS, workers=1, runs_dir=runs)
        return float(group.summary["metrics"]["test_accuracy"]["mean"])


def theirs(epochs: int) -> float:
    """The mean accuracy."""
    from sklearn.datasets import load_digits
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedKFold, cross_validate
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    warnings.simplefilter("ignore", ConvergenceWarning)
    features, classes = load_digits(return_X_y=True)
    network = MLPClassifier(
        (HIDDEN,),
        alpha=0.0,
        batch_size=BATCH,
        learning_rate_init=LEARNING_RATE,
        max_iter=epochs,
        tol=0.0,
        n_iter_no_change=epochs + 1,
        random_state=0,
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0)
    pipeline = make_pipeline(StandardScaler(), network)
    found = cross_validate(pipeline, features.astype("float32"), classes, cv=folds, return_estimator=True)
    assert all(each[-1].n_iter_ == epochs for each in found["estimator"])
    return float(found["test_score"].mean())


CALLS: dict[str, Callable[[int], float]] = {"gdrun": ours, "scikit-learn": theirs}


def main(name: str) -> None:
    """In a process of its own: what is imported late is imported first, then the call is timed."""
    CALLS[name](1)
    began = clock()
    accuracy = CALLS[name](EPOCHS)
    seconds = clock() - began
    assert accuracy > 0.95, accuracy
    sys.stdout.write(f"{seconds}\n")


def findings(repetitions: int) -> list[Finding]:
    """The ratios of the times; in every round each program has its turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "folds.yaml").write_text(CONFIG)
        use_this_tree()
        calls = [{name: _call(name, folder) for name in CALLS} for _ in range(repetitions)]
        once = "from benchmarks import cross_validation as c; c.theirs(c.EPOCHS)"
        command = ("-m", "gdrun", "kfold", "folds.yaml", "--folds", str(FOLDS), "--workers", "1", "--quiet")
        programs = {"gdrun": command, "scikit-learn": ("-c", once)}
        processes = [
            {name: cost(*words, folder=folder).seconds for name, words in programs.items()}
            for _ in range(repetitions)
        ]
    return [_finding("the call", calls, TARGET), _finding("the process", processes)]


def _call(name: str, folder: Path) -> float:
    command = [sys.executable, "-m", "benchmarks.cross_validation", name]
    return float(subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True).stdout)


def _finding(what: str, rounds: list[dict[str, float]], target: float | None = None) -> Finding:
    times = median(each["scikit-learn"] / each["gdrun"] for each in rounds)
    own, other = (median(each[name] for each in rounds) for name in ("gdrun", "scikit-learn"))
    aim = f"{FOLDS}-fold cross-validation of digits, {EPOCHS} epochs, {what}: scikit-learn / gdrun"
    limit = "" if target is None else f"≥ {target:g}"
    return Finding(aim, limit, f"{times:.2f} ({other:.2f} s / {own:.2f} s)", times >= (target or 0))


if __name__ == "__main__":
    main(sys.argv[1])
