"""Gradient-descent experiments from a config: the same from Python as from the command line.

    import gdrun

    run = gdrun.train("configs/digits-mlp.yaml", {"optimizer.learning_rate": 0.01})
    run.metrics["val_loss"], run.result["test"], run.predict(features)
    group = gdrun.train("configs/digits-mlp.yaml", seeds=10)
    group = gdrun.kfold("configs/digits-mlp.yaml", folds=10)
    group = gdrun.compare_optimizers("configs/digits-mlp.yaml", optimizers=["sgd", "adam"])
    group = gdrun.sweep("configs/digits-mlp.yaml", {"optimizer.learning_rate": "log(1e-4,1e-1,7)"})
    run = gdrun.minimize("configs/minimize-rosenbrock.yaml", {"optimizer": "lbfgs"})
    run.result["value"], run.trajectory["x0"]
    gdrun.load("latest")

The numerics need no config: `gdrun.optim`, `gdrun.nn` and `gdrun.data` are libraries of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gdrun.version import __version__

if TYPE_CHECKING:
    from gdrun.api import Group, Run, compare_optimizers, kfold, load, minimize, resume, sweep, train

__all__ = [
    "Group",
    "Run",
    "__version__",
    "compare_optimizers",
    "kfold",
    "load",
    "minimize",
    "resume",
    "sweep",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import the interface when it is first asked for, so that `import gdrun` costs nothing."""
    if name in __all__:
        from gdrun import api

        return getattr(api, name)
    raise AttributeError(f"module 'gdrun' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
