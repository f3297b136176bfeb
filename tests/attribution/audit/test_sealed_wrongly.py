"""netra-verify against archives whose hashes and signatures are right, and whose rows are not."""

import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from apps.attribution.audit import Call, ClosedUnit
from apps.attribution.audit.netra_verify import verify
from tests.attribution.audit.journals import KEY, archived, comparison, journal_of


def _reversed_arm(unit: ClosedUnit) -> ClosedUnit:
    return replace(unit, is_treated=not unit.is_treated)


def _dearer(unit: ClosedUnit) -> ClosedUnit:
    """The ledger says that the untouched call would have cost more than its tokens do."""
    return _with_last(unit, lambda call: replace(
        call, untouched_atoms=call.untouched_atoms + 10**12,
        levers={**call.levers, "exact_cache": call.levers.get("exact_cache", 0) + 10**12},
    ))  # fmt: skip


def _more_levers(unit: ClosedUnit) -> ClosedUnit:
    return _with_last(unit, lambda call: replace(call, levers={**call.levers, "route": 10**12}))


def _with_last(unit: ClosedUnit, change: Callable[[Call], Call]) -> ClosedUnit:
    return replace(unit, calls=(*unit.calls[:-1], change(unit.calls[-1])))


def _named_twice(unit: ClosedUnit) -> ClosedUnit:
    return replace(unit, unit="conversation:1-1-39")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_reversed_arm, "drawn as"),
        (_dearer, "costs "),
        (_more_levers, "levers do not sum to its saving"),
        (_named_twice, "unit conversation:1-1-39: counted twice"),
    ],
)
def test_what_we_ourselves_sealed_wrongly_is_named(
    change: Callable[[ClosedUnit], ClosedUnit], named: str
) -> None:
    """All hashes and signatures are right; the rows are not."""

    def spoil(unit: ClosedUnit) -> ClosedUnit:
        return change(unit) if unit.unit == "conversation:1-1-40" else unit

    findings, _ = verify(io.BytesIO(archived(journal_of(spoil=spoil))))

    assert any(named in sentence for sentence in findings.shown)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda call: replace(call, paid_atoms=1, levers={"routing": -1}), "costs 1"),
        (
            lambda call: replace(call, levers={"routing": call.paid_atoms}),
            "is not a loss of levers",
        ),
        (lambda call: replace(call, levers={}), "is not a loss of levers"),
        (lambda call: replace(call, event_id=comparison("1-0-0").event_id), "counted twice"),
    ],
)
def test_a_comparison_that_we_sealed_wrongly_is_named(
    change: Callable[[Call], Call], named: str
) -> None:
    victim = comparison("1-1-1").event_id

    def misstate(call: Call) -> Call:
        return change(call) if call.event_id == victim else call

    findings, _ = verify(io.BytesIO(archived(journal_of(comparisons=2, misstate=misstate))))

    assert any(
        sentence.startswith("comparison ") and named in sentence for sentence in findings.shown
    )


def test_predictions_that_saw_their_own_outcomes_are_named() -> None:
    findings, _ = verify(io.BytesIO(archived(journal_of(model=journal_of().proof.model))))

    assert "the past predicts" in findings.shown[0]


def test_rows_hidden_in_a_period_that_never_closes_are_named() -> None:
    journal = journal_of(is_second_open=True)
    journal.openings[1] = replace(
        journal.openings[1], period=replace(journal.openings[1].period, number=9)
    )
    journal.heads[3] = replace(journal.heads[3].head, period=9).sign(KEY)

    findings, _ = verify(io.BytesIO(archived(journal)))

    assert findings.shown == ["head 4: of no period that is open"]
