"""How many threads one matrix product may take: set, and then verified."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from gdrun.errors import SystemRefusedError


@contextlib.contextmanager
def blas_threads(count: int) -> Iterator[None]:
    """Give every BLAS library that is loaded so many threads while this lasts, whatever the environment says.

    Raises:
        SystemRefusedError: a library doesn't follow; results would depend on the number of cores.
    """
    from threadpoolctl import ThreadpoolController

    controller = ThreadpoolController().select(user_api="blas")
    with controller.limit(limits=count):
        for library in controller.info():
            if count == 1 and library["num_threads"] != 1:
                raise SystemRefusedError(
                    f"{library['internal_api']} uses {library['num_threads']} threads, not one; "
                    "start gdrun with OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1"
                )
        yield
