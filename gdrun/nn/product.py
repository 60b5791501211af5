"""The matrix product of every run of a stack, bound to its buffers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gdrun.nn.layer import Array


def bind_product(a: Array, b: Array, out: Array) -> Callable[[], Any]:
    """A function without arguments that computes out = a·b for every run.

    One run takes `np.dot`, which calls the same routine of the BLAS library as `np.matmul` and so gives the
    same bits, but costs half a microsecond less to call: a tenth of a small network's step.

    Args:
        a: (runs or 1, n, k).
        b: (runs or 1, k, m).
        out: (runs, n, m).
    """
    if len(a) == len(b) == len(out) == 1 and all(array[0].flags.forc for array in (a, b, out)):
        if out[0].flags.c_contiguous:
            return partial(np.dot, a[0], b[0], out=out[0])
        return partial(np.dot, b[0].T, a[0].T, out=out[0].T)  # `np.dot` writes only rows; outᵀ = bᵀ·aᵀ
    return partial(np.matmul, a, b, out=out)
