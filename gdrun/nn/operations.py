"""Passes of a layer as lists of operations: functions without arguments that are bound to their buffers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gdrun.nn.layer import Array

Operation = Callable[[], Any]


def in_order(operations: Sequence[Operation]) -> Callable[[], None]:
    """One function that does them all."""

    def operate() -> None:
        for operation in operations:
            operation()

    return operate


def on_buffer(bind: Callable[[Array], Sequence[Operation]]) -> Callable[[Array], None]:
    """A function that does the operations which `bind` makes for the buffer that it is given.

    A gradient comes in one and the same buffer from the first step on, so they are made only once.
    """
    bound_to: Array | None = None
    operations: Sequence[Operation] = ()

    def operate(buffer: Array) -> None:
        nonlocal bound_to, operations
        if buffer is not bound_to:
            bound_to, operations = buffer, bind(buffer)
        for operation in operations:
            operation()

    return operate
