"""A journal that stops after any step and goes on from its stored state is the same journal."""

import json

from apps.attribution.audit import Journal, State
from tests.attribution.audit.journals import archived, journal_of


def test_a_journal_that_is_stored_after_each_step_writes_the_same_log() -> None:
    whole = journal_of()

    stored = journal_of(after_each_step=_stored)

    assert archived(stored) == archived(whole)
    assert stored.state.to_dict() == whole.state.to_dict()


def _stored(journal: Journal) -> None:
    journal.state = State.from_dict(json.loads(json.dumps(journal.state.to_dict())))
