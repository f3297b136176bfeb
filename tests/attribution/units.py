"""Batches for tests: explicit ones, drawn ones, and strategies for arbitrary ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from apps.attribution.estimators import Batch

CAP = 10**10
AMOUNTS = st.integers(0, CAP)


def batch_of(rows: Sequence[Mapping[str, Any]]) -> Batch:
    """One unit for each row; a row states what differs from a triggered unit of 1,000."""
    plain = {
        "is_treated": False, "is_triggered": True, "outcome": 1_000, "expected_plain": 1_000,
        "expected_levered": 500, "claimed": 1_000, "strata": 0,
    }  # fmt: skip
    full = [{**plain, **row} for row in rows]
    return Batch(
        **{name: np.array([row[name] for row in full], type(plain[name])) for name in plain}
    )


UNITS = st.fixed_dictionaries(
    {
        "is_treated": st.booleans(),
        "is_triggered": st.booleans(),
        "outcome": AMOUNTS,
        "expected_plain": AMOUNTS,
        "expected_levered": AMOUNTS,
        "claimed": AMOUNTS,
        "strata": st.integers(0, 3),
    }
)
BATCHES = st.lists(UNITS, min_size=1, max_size=12).map(batch_of)


def drawn(
    generator: np.random.Generator,
    count: int,
    *,
    holdout: float = 0.1,
    saving: float = 0.8,
    triggered: float = 0.4,
    overclaim: float = 0.0,
) -> Batch:
    """Units with log-normal costs of which a known share is saved where triggered."""
    expected = generator.lognormal(0, 1.5, count) * 1e6
    plain = expected * generator.lognormal(0, 0.5, count)
    treated = generator.random(count) >= holdout
    acts = generator.random(count) < triggered
    cost = np.where(treated & acts, plain * (1 - saving), plain)
    return Batch(
        treated,
        acts,
        cost.astype(np.int64),
        expected.astype(np.int64),
        (expected * (1 - saving)).astype(np.int64),
        (plain * (1 + overclaim)).astype(np.int64),
        generator.integers(0, 3, count),
    )
