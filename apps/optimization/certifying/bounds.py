"""Exact confidence bounds of a share (Clopper and Pearson, 1934), by bisection."""

from math import exp, lgamma, log, log1p

_STEPS = 50  # halvings: far below any count's resolution


class InvalidCounts(ValueError):
    """More errors than labels, a negative count, or a confidence outside (0, 1)."""


def binomial_upper(errors: int, labels: int, error_rate: float) -> float:
    """The share that is exceeded with probability `error_rate` at most, given `errors` in `labels`.

    1 without labels. Raises InvalidCounts.
    """
    _check(errors, labels, error_rate)
    if errors == labels:
        return 1.0
    low, high = errors / labels, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        is_too_low = _at_most(errors, labels, middle) > error_rate
        low, high = (middle, high) if is_too_low else (low, middle)
    return high


def binomial_lower(errors: int, labels: int, error_rate: float) -> float:
    """The share that is undercut with probability `error_rate` at most. 0 without labels."""
    return 1 - binomial_upper(labels - errors, labels, error_rate)


def _at_most(errors: int, labels: int, share: float) -> float:
    """P(at most `errors` of `labels`), summed from its largest term downwards."""
    if share >= 1.0:
        return 0.0
    term = exp(
        lgamma(labels + 1) - lgamma(errors + 1) - lgamma(labels - errors + 1)
        + errors * log(share) + (labels - errors) * log1p(-share)
    ) if share else float(errors == 0)  # fmt: skip
    total, odds = term, (1 - share) / share if share else 0.0
    for n in range(errors, 0, -1):
        term *= odds * n / (labels - n + 1)
        total += term
        if term < total * 1e-16:
            break
    return min(total, 1.0)


def _check(errors: int, labels: int, error_rate: float) -> None:
    if not 0 <= errors <= labels or not 0 < error_rate < 1:
        raise InvalidCounts(
            f"{errors} errors in {labels} labels at {error_rate}: count each label once."
        )
