"""How many runs to train together, and what they need: a matter of speed and memory alone."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from pathlib import Path

from gdrun.data.memory import available_memory
from gdrun.errors import SystemRefusedError
from gdrun.training.work import StackWork

_MOST = 64  # runs of a tile; with more, the buffers only take more memory
_CACHE_BYTES = 1 << 20  # of the second-level cache, where the system doesn't tell
_NEXT_CACHE = 2.5e10  # bytes a second from the cache after that
_FLOPS = 4e10  # a second and core, the passes between the products included
_STEP_BYTES = 1.7e10  # a second, of the optimizer's passes over parameters, gradient and state
_CALL_SECONDS = 5e-5  # an update costs beside its arithmetic, once a tile
_CALL_SHARE = 0.02  # of the arithmetic: below it, calls are not worth saving
_FILES_SECONDS = 0.01  # what a run leaves costs
WORTH_SECONDS = 2.5  # of estimated work from which further processes pay for their start


@functools.cache
def second_level_cache() -> int:
    """Bytes of one core's second-level cache."""
    try:
        text = Path("/sys/devices/system/cpu/cpu0/cache/index2/size").read_text().strip()
        return int(text.removesuffix("K")) * 1024
    except (OSError, ValueError):
        return _CACHE_BYTES


def run_bytes(work: StackWork) -> int:
    """Bytes that one run touches in an update: parameters, gradient, optimizer state, activations."""
    arrays = 2 + _kept_arrays(work)
    rows = max(stop - start for start, stop in work.batches)
    features = work.network.values
    return work.dtype.itemsize * (arrays * work.network.parameter_count + 2 * rows * features)


def _kept_arrays(work: StackWork) -> int:
    """Arrays of the size of the parameters that optimizer, lookahead and averaging keep of a run."""
    run = work.runs[0]
    return run.optimizer.array_count + (run.lookahead is not None) + (run.averaging is not None)


def tile_counts(works: Sequence[StackWork], runs: Sequence[int], workers: int) -> list[int]:
    """How many tiles the runs of each kind make: as few as are fastest, and as many for every worker.

    Args:
        works: of the kinds.
        runs: of each.
        workers: that the tiles are spread over.
    """
    counts = [math.ceil(own / fastest_size(work)) for work, own in zip(works, runs, strict=True)]
    while sum(counts) % workers and counts != list(runs):
        sizes = [own / count if count < own else 0.0 for own, count in zip(runs, counts, strict=True)]
        counts[sizes.index(max(sizes))] += 1
    return counts


def fastest_size(work: StackWork) -> int:
    """Runs of a tile: as many as make the calls cheap, or those that stay in the cache where that saves more.

    The calls of an update cost as much for one run as for many. In a tile that is larger than the
    second-level cache, every run has to be fetched from the next one for each of its updates.
    """
    size = run_bytes(work)
    enough = min(_MOST, math.ceil(_CALL_SECONDS / (_CALL_SHARE * _update_seconds(work))))
    fitting = min(enough, second_level_cache() // size)
    if fitting and _CALL_SECONDS / fitting <= _CALL_SECONDS / enough + size / _NEXT_CACHE:
        return fitting
    return enough


def _update_seconds(work: StackWork) -> float:
    """A rough guess of the time that an update of one run takes, beside the calls."""
    rows = max(stop - start for start, stop in work.batches)
    features = work.network.values
    gradient = 6 * rows * (work.network.multiplications + features) / _FLOPS
    return work.runs[0].optimizer.gradient_count * gradient


def _step_seconds(work: StackWork) -> float:
    """A rough guess of the time that the optimizer takes for an update of one run."""
    passes = 3 + 4 * _kept_arrays(work)
    return passes * work.dtype.itemsize * work.network.parameter_count / _STEP_BYTES


def estimated_seconds(work: StackWork, runs: int) -> float:
    """A rough guess of the time that runs take on one core: training, evaluation and files."""
    calls = _CALL_SECONDS / min(runs, fastest_size(work))
    training = work.length.steps * (_update_seconds(work) + _step_seconds(work) + calls)
    data = work.data[0]
    rows = min(work.train_rows, work.evaluated_rows or work.train_rows)
    rows += 0 if data.validation is None else len(data.validation.rows)
    evaluations = work.epochs // work.evaluate_every + 1
    evaluating = evaluations * rows * 2 * work.network.multiplications / _FLOPS
    return runs * (training + evaluating + _FILES_SECONDS)


def memory_needed(work: StackWork, tile_runs: int, workers: int, schedules: int = 1) -> int:
    """Bytes that training takes at most, data included, over all workers.

    Args:
        work: of the runs.
        tile_runs: runs that train together.
        workers: processes.
        schedules: different ones in a tile; each is evaluated for all updates at once.
    """
    itemsize = work.dtype.itemsize
    arrays = 4 + _kept_arrays(work)  # with the best weights and the evaluation's copy
    data = sum(
        part.features.nbytes + part.target.nbytes
        for prepared in work.data
        for part in (prepared.train, prepared.validation, prepared.test)
        if part is not None
    )
    rows = max(stop - start for start, stop in work.batches) + 256
    features = work.network.values
    evaluated = min(work.train_rows, work.evaluated_rows or work.train_rows) * work.network.output_shape[0]
    each = itemsize * (arrays * work.network.parameter_count + 3 * rows * features + 4 * evaluated)
    sizes = {stop - start for start, stop in work.batches}
    scratch = sum(work.network.scratch(size, itemsize) for size in sizes)
    scratch += (
        3 * 2 * work.network.scratch(256, itemsize)
    )  # the evaluation's: of each part, whole and last chunks
    curves = 8 * work.length.steps * (2 * schedules + 4)  # a rate and a momentum, and what they are made from
    return workers * (2 * data + tile_runs * each + itemsize * scratch + curves)


def check_memory(needed: int, less: str = "a smaller model, batch_size or --workers") -> None:
    """Refuse work that doesn't fit, before anything is allocated.

    Args:
        needed: bytes.
        less: what could be taken instead.

    Raises:
        SystemRefusedError: with both figures.
    """
    free = available_memory()
    if free and needed > free:
        raise SystemRefusedError(
            f"this needs about {needed / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free; take {less}"
        )
