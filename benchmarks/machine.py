"""What the figures were taken on and with."""

from __future__ import annotations

import datetime
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("gdrun", "numpy", "scikit-learn", "torch", "jax")


def description(core: int, clock: str) -> dict[str, str]:
    """Name → value, for the head of the table."""
    import numpy  # noqa: F401 - threadpoolctl describes the libraries that are loaded
    from threadpoolctl import threadpool_info

    blas = [
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', 'architecture unknown')})"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "CPU": f"{_cpu()}, pinned to core {core}, {clock} time",
        "platform": platform.platform(),
        "Python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
        "NumPy's BLAS": ", ".join(blas) + ", one thread",
    }


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "from the working tree" if name == "gdrun" else "not installed"


def _cpu() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        fields = [line.split(":", 1) for line in information.read_text().splitlines() if ":" in line]
        values = {name.strip(): value.strip() for name, value in fields}
        name = values.get("model name", platform.processor())
        return f"{name} (family {values.get('cpu family')}, model {values.get('model')})"
    return platform.processor() or platform.machine()
