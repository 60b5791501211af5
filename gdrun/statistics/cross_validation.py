"""What the folds of a cross-validation say: their mean, and an interval that knows that they overlap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gdrun.statistics.description import Description, describe, t_quantile


def describe_folds(
    values: Sequence[float | None] | Sequence[Sequence[float | None]] | NDArray[np.floating],
    *,
    confidence: float = 0.95,
) -> Description:
    """Describe the results of K folds, or of R repetitions of K folds.

    Formula:
        mean x̄ = Σx/J over all J = K·R results; std s with n − 1; interval x̄ ± t·s·√(1/J + 1/(K − 1)) with t
        the (1 + confidence)/2 quantile of Student's t with J − 1 degrees of freedom. For one repetition the
        factor is 1/K + 1/(K − 1), for R of them 1/(K·R) + 1/(K − 1).

    Any two folds share most of their training rows, so their results are not independent, and s/√J is far too
    small: the more repetitions, the more. 1/(K − 1), the ratio of test to training rows, makes up for it; for
    one repetition of a steady model it does more than that, and the interval covers in up to 98 % of cases.

    A value that is not finite (a diverged fold) is left out and counted in `excluded`; J is then the number
    of the others.

    Args:
        values: (folds,) or (repetitions, folds): one number a fold; None where a fold has none.
        confidence: of the interval, between 0 and 1.

    Returns:
        The description; everything but `interval` is what `describe` says of the same numbers.

    Raises:
        ValueError: there are fewer than two folds, or confidence is not between 0 and 1.

    Variant:
        The corrected resampled t in its form for K folds: Nadeau and Bengio derive it for random splits; for
        repeated folds it is due to Bouckaert and Frank. The correction takes the correlation of two results
        to be the share of test rows, 1/K; there is no unbiased estimate of it.

    Reference:
        Nadeau & Bengio, "Inference for the generalization error", Machine Learning 52, 2003; Bouckaert &
        Frank, "Evaluating the replicability of significance tests for comparing learning algorithms", PAKDD
        2004.
    """
    results = np.asarray(values, np.float64)
    if results.ndim not in (1, 2) or results.shape[-1] < 2:
        raise ValueError(
            f"the results of folds have shape {results.shape}; give (folds,) or (repetitions, folds), "
            "with at least two folds"
        )
    found = describe(results.ravel(), confidence=confidence)
    if found.std is None or found.mean is None:
        return found
    factor = 1 / found.n + 1 / (results.shape[-1] - 1)
    margin = t_quantile((1 + confidence) / 2, found.n - 1) * found.std * math.sqrt(factor)
    return replace(found, interval=(found.mean - margin, found.mean + margin))
