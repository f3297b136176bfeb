"""A journal that stops after any step and goes on from its stored state is the same journal."""

import json
from dataclasses import replace

from apps.attribution.audit import Journal, State
from apps.attribution.audit.units import spent_nanos
from tests.attribution.audit.journals import archived, comparison, journal_of


def test_a_journal_that_is_stored_after_each_step_writes_the_same_log() -> None:
    whole = journal_of(comparisons=3)

    stored = journal_of(comparisons=3, after_each_step=_stored)

    assert archived(stored) == archived(whole)
    assert stored.state.to_dict() == whole.state.to_dict()


def test_what_comparing_costs_is_taken_off_what_was_saved_and_stays_paid() -> None:
    plain, compared = journal_of().statements, journal_of(comparisons=3).statements
    spent_atoms = 9 * comparison("x").paid_atoms
    spent = 9 * -(-comparison("x").paid_atoms // 10**9)

    for before, after in zip(plain, compared, strict=True):
        assert after.comparisons_atoms == after.paid_atoms - before.paid_atoms == spent_atoms
        assert after.untouched_atoms == before.untouched_atoms
        assert after.ledger_atoms["semantic_cache"] == -spent_atoms
        assert after.audited == before.audited - spent
    lows = [each.since_start and each.since_start[0] for each in (*plain, *compared)]
    assert (lows[2], lows[3]) == ((lows[0] or 0) - spent, (lows[1] or 0) - 2 * spent)


def test_a_part_of_a_nano_that_comparing_cost_counts_as_a_whole_one() -> None:
    call = comparison("x")
    spent = [spent_nanos(replace(call, paid_atoms=atoms)) for atoms in (0, 1, 10**9, 10**9 + 1)]
    assert spent == [0, 1, 1, 2]


def _stored(journal: Journal) -> None:
    journal.state = State.from_dict(json.loads(json.dumps(journal.state.to_dict())))
