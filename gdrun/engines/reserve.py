"""Workers that start while this process still reads and plans; the first pool that wants some takes them.

A worker's start is mostly imports, half a second of them; so is a command's own. On two cores both happen at
once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gdrun.engines.pool import Worker

_reserve: list[Worker] = []


def call_up(number: int, module: str) -> None:
    """Start workers.

    Args:
        number: of them.
        module: that each imports meanwhile, since its tasks will need it.

    Raises:
        SystemRefusedError: the system starts no further process.
    """
    from gdrun.engines.pool import Worker

    for _ in range(number):
        _reserve.append(Worker(module))


def take() -> Worker | None:
    """One of them, which is the caller's from now on."""
    return _reserve.pop() if _reserve else None


def dismiss() -> None:
    """End those that nobody took; they do nothing that could be lost."""
    while worker := take():
        worker.child.line.close()
        worker.child.kill()
