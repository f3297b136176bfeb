import math

import numpy as np
import pytest
from ville._boundaries import normal_mixture

from apps.attribution.sequences import mixture_variance, one_sided_radius, two_sided_radius

COUNTS = np.array([200, 1_000, 5_000, 30_000, 1_000_000])


@pytest.mark.parametrize("alpha", [0.01, 0.05, 0.2])
def test_two_sides_equal_an_independent_implementation(alpha: float) -> None:
    variances = np.array([0.3, 1.0, 40.0, 2.0, 1e12])
    theirs = np.sqrt(variances) * normal_mixture(COUNTS, alpha, 1 / mixture_variance(alpha))

    ours = two_sided_radius(COUNTS, variances, alpha)

    np.testing.assert_allclose(ours, theirs / COUNTS, rtol=1e-9, atol=0)


def test_one_side_bounds_the_half_normal_mixture_of_an_independent_implementation() -> None:
    """Proposition B.1 is a closed form just outside of the mixture that has none."""
    theirs = normal_mixture(COUNTS, 0.05, 1 / mixture_variance(0.1), one_sided=True) / COUNTS

    ours = one_sided_radius(COUNTS, 1.0, 0.05)

    assert np.all(ours >= theirs)
    assert np.all(ours <= theirs * 1.02)


def test_the_formula_of_the_paper_by_hand() -> None:
    rho2 = (-2 * math.log(0.1) + math.log(1 - 2 * math.log(0.1))) / 5_000
    grown = 800 * rho2 + 1
    width = 2 * grown / (800**2 * rho2) * math.log(1 + math.sqrt(grown) / 0.1)

    assert one_sided_radius(800, 9.0, 0.05) == pytest.approx(3 * math.sqrt(width), rel=1e-14)


def test_one_side_is_narrower_than_two_sides_of_the_same_error() -> None:
    assert np.all(one_sided_radius(COUNTS, 1.0, 0.05) < two_sided_radius(COUNTS, 1.0, 0.05))
