"""What a tuning budget buys: the expected best of k trials."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def expected_best(
    scores: Sequence[float | None] | NDArray[np.floating], *, higher_is_better: bool
) -> tuple[float | None, ...]:
    """The best score that k of the n trials give on average, for k = 1 … n.

    Formula:
        With the scores from worst to best x₍₁₎, …, x₍ₙ₎: E_k = Σᵢ x₍ᵢ₎·C(i − 1, k − 1)/C(n, k), the mean of
        the best over all C(n, k) ways to choose k of them. E₁ is the mean, Eₙ the best of all.

    Args:
        scores: (trials,), in any order. None, NaN and infinite are trials that failed: worse than all others.
        higher_is_better: whether the best is the largest.

    Returns:
        E₁, …, Eₙ. None for each k at which all of the k can have failed, where a mean says nothing.

    Variant:
        Without replacement, exactly. Dodge et al. draw with replacement from the same scores; that estimate
        is too pessimistic, and its value at k = n is not the best that was found (Tang et al.).

    Reference:
        Dodge et al., "Show your work: improved reporting of experimental results", EMNLP 2019; Tang et al.,
        "Showing your work doesn't always work", ACL 2020.
    """
    given = np.asarray(scores, np.float64)
    if given.ndim != 1:
        raise ValueError(f"the scores of trials have shape {given.shape}; give one number a trial")
    finite = np.isfinite(given)
    n, failed = given.size, int(np.count_nonzero(~finite))
    ordered = np.sort(given[finite])
    if higher_is_better:
        ordered = ordered[::-1]
    k = np.arange(1, n + 1)
    weight, total = k / n, np.zeros(n)  # of the best score first; failed trials come last and weigh nothing
    for place, score in zip(range(n, failed, -1), ordered, strict=True):
        total += weight * score
        weight = weight * np.maximum(place - k, 0) / max(place - 1, 1)
    return tuple(float(total[i]) if i + 1 > failed else None for i in range(n))
