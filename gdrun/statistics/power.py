"""How many seeds it takes to tell two contestants apart."""

from __future__ import annotations

import math

from gdrun.statistics.description import t_quantile
from gdrun.statistics.sign_flip import DRAWS, smallest_p_value

_MOST = 10**12


def seeds_needed(difference: float, std: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """How many paired seeds find a true difference with a probability of `power`.

    Formula:
        The smallest n ≥ 2 with n ≥ (t₁ + t₂)²·(std/difference)², t₁ and t₂ the 1 − α/2 and `power` quantiles
        of Student's t with n − 1 degrees of freedom.

    Args:
        difference: the true mean difference that is to be found; its sign doesn't matter.
        std: standard deviation of the paired differences, not of either contestant.
        alpha: level of the two-sided test. With several comparisons give each its share.
        power: between 0.5 and 1.

    Returns:
        n, or None if no number is enough (the difference is 0) or it is above 10¹².

    Raises:
        ValueError: an argument is outside its range.

    Variant:
        The t approximation: the normal one, with both quantiles from t instead. For power 0.8 it agrees with
        the exact answer from the noncentral t to one seed; the normal one is two and more too low, which
        matters here. It is for normal differences and a t test; the sign-flip test has nearly its power, and
        `fewest_seeds` says what it needs besides. An observed std is uncertain, and so is n: from 10 seeds it
        is right within a factor of two to three.

    Reference:
        Zar, "Biostatistical Analysis", 5th edition, 2010, chapter 7.
    """
    if not (math.isfinite(difference) and 0 <= std < math.inf and 0 < alpha < 1 and 0.5 <= power < 1):
        raise ValueError(
            f"cannot plan for difference {difference}, std {std}, alpha {alpha}, power {power}; they are "
            "finite, std is not negative, alpha between 0 and 1, power from 0.5 to below 1"
        )
    if difference == 0:
        return None
    ratio = std / abs(difference)

    def enough(n: int) -> bool:
        quantiles = t_quantile(1 - alpha / 2, n - 1) + t_quantile(power, n - 1)
        return quantiles * ratio <= math.sqrt(n)

    high = 2
    while not enough(high):
        high *= 2
        if high > _MOST:
            return None
    low = high // 2  # not enough, or 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def fewest_seeds(comparisons: int = 1, *, alpha: float = 0.05, draws: int = DRAWS) -> int | None:
    """With how many seeds the sign-flip test can declare anything at all, after Holm's correction.

    With fewer, even a contestant that wins on every seed cannot be told apart from the others. 10 seeds do
    for up to 25 comparisons, so for 7 contestants (21 pairs), but not for 8 (28 pairs).

    Formula:
        The smallest n with comparisons·(smallest p-value of n differences) ≤ α

    Args:
        comparisons: how many are corrected for together.
        alpha: level of all of them together.
        draws: of the sign-flip test where it isn't exact.

    Returns:
        n, or None if the test would need more draws.
    """
    return next(
        (n for n in range(1, 100) if comparisons * smallest_p_value(n, draws=draws) <= alpha),
        None,
    )
