"""The honesty of the proof, on worlds whose truth is known; seeds are fixed."""

from bench.proof.archives import verifying
from bench.proof.honesty import billable, coverage, false_claims, ledger_biases, lost_units
from bench.rows import Row


def run(quick: bool, *, is_long: bool = False) -> list[Row]:
    """Shares of runs, and the verifier's speed; --long: 10,000 A/A runs and a million rows."""
    runs = 40 if quick else 1_000
    return [
        *false_claims(10_000 if is_long else runs),
        *coverage(20 if quick else 300),
        *billable(0.1 if quick else 1.0),
        *ledger_biases(20 if quick else 200),
        *lost_units(200 if quick else 2_000),
        *verifying(1_000_000 if is_long else 5_000 if quick else 50_000),
    ]
