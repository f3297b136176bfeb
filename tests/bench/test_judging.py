"""What callers, the provider's books and the records say must fit; each misfit has its name."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from bench.soaking import judging
from bench.soaking.calling import Seen
from bench.soaking.judging import Carried, Trial
from bench.soaking.killing import Kill
from bench.soaking.records import Line, Record
from bench.soaking.traffic import CHAT

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100}
TOKENS = {"input_uncached": 1000, "output": 100}
COST = Decimal("0.00021")  # of gpt-4o-mini: 0.15 and 0.6 USD a million
SEEN = Seen(
    1, "Alder", "chat, whole", CHAT, "gpt-4o-mini", "asked", "", "gateway", 100.0, 101.0,
    ending="right", status=200, said="said", cost="0.00021", first=1,
)  # fmt: skip
LINE = Line(1, "key", CHAT, 200, "", "said", USAGE, True, False, 101.0)
RECORD = Record(
    UUID(int=1), 1, "Alder", "Alder", "success", 200, None, False, "gpt-4o-mini", 1, 1, TOKENS,
    COST, COST, {}, None, None, None,
)  # fmt: skip
ONE = Counter({"gateway": 1})
HIT: dict[str, Any] = {"cache": "hit", "number": 2, "cost": "0"}
KEPT: dict[str, Any] = {
    "call": 2, "attempts": 0, "answered": 0, "tokens": {}, "actual_usd": Decimal(0),
    "saved": {"exact_cache": COST},
}  # fmt: skip


def found(
    seen: list[Seen], lines: list[Line], records: list[Record], *kills: Kill
) -> tuple[dict[str, int], Trial]:
    trial = Trial(seen, lines, records, kills, ["Birch"])
    return dict(trial.judge().counts), trial


def test_a_call_that_went_well_fits() -> None:
    misfits, trial = found([SEEN], [LINE], [RECORD])
    assert misfits == {}
    assert trial.carried == Carried(calls=1, right=1, asked=ONE, heard=ONE)
    assert (trial.recorded_usd, trial.by_oracle_usd, trial.priced) == (COST, COST, 1)


def test_a_kept_answer_is_worth_what_it_once_cost() -> None:
    misfits, _ = found([SEEN, replace(SEEN, **HIT)], [LINE], [RECORD, replace(RECORD, **KEPT)])
    assert misfits == {}
    dearer = replace(RECORD, **KEPT | {"counterfactual_usd": 2 * COST})
    misfits, _ = found([SEEN, replace(SEEN, **HIT)], [LINE], [RECORD, dearer])
    assert misfits == {judging.SAVINGS: 1, judging.HIT: 1}


def test_a_kept_answer_of_another_organization_is_a_wrong_one() -> None:
    other = replace(SEEN, **HIT | {"tenant": "Cedar"})
    record = replace(RECORD, **KEPT | {"tenant": "Cedar", "canary": "Cedar"})
    misfits, _ = found([SEEN, other], [LINE], [RECORD, record])
    assert misfits == {judging.WRONG: 1, judging.HIT: 1}


@pytest.mark.parametrize(
    ("records", "misfit"),
    [
        ([], judging.LOST),
        ([RECORD, RECORD], judging.DOUBLED),
        ([RECORD, replace(RECORD, call=9)], judging.INVENTED),
        ([replace(RECORD, tenant="Cedar")], judging.FOREIGN),
        ([replace(RECORD, attempts=2, answered=2)], judging.UNASKED),
        ([replace(RECORD, attempts=0, answered=0)], judging.UNASKED),
        ([replace(RECORD, actual_usd=None, counterfactual_usd=None)], judging.MONEY),
    ],
)
def test_records_that_do_not_fit_are_named(records: list[Record], misfit: str) -> None:
    assert found([SEEN], [LINE], records)[0] == {misfit: 1}


def test_a_cost_is_held_against_the_oracle_to_the_last_digit() -> None:
    more = COST + Decimal("1e-18")
    dear = replace(RECORD, actual_usd=more, counterfactual_usd=more)
    misfits, trial = found([replace(SEEN, cost="")], [LINE], [dear])
    assert misfits == {judging.MONEY: 1}
    assert trial.recorded_usd - trial.by_oracle_usd == Decimal("1e-18")


def test_tokens_are_those_of_the_books() -> None:
    tokens, cost = TOKENS | {"output": 99}, COST - Decimal("0.0000006")
    fewer = replace(RECORD, tokens=tokens, actual_usd=cost, counterfactual_usd=cost)
    assert found([replace(SEEN, cost="")], [LINE], [fewer])[0] == {judging.TOKENS: 1}


def test_an_error_must_have_a_cause() -> None:
    refused = replace(SEEN, ending="error", status=502, cost="", said="")
    record = replace(
        RECORD, outcome="error", tokens={}, actual_usd=Decimal(0), counterfactual_usd=Decimal(0)
    )
    failing = replace(LINE, is_whole=False, fault="500")
    assert found([refused], [failing], [record])[0] == {}
    assert found([refused], [replace(failing, fault="")], [record])[0] == {judging.BLAMELESS: 1}
    asked_for = replace(refused, fault="500")
    assert found([asked_for], [replace(failing, fault="")], [record])[0] == {}


def test_only_who_has_limits_may_be_refused_by_them() -> None:
    refused = replace(SEEN, ending="error", status=429, code="rate_limit_exceeded", cost="")
    record = replace(
        RECORD, outcome="refused", attempts=0, answered=0, tokens={}, actual_usd=Decimal(0),
        counterfactual_usd=Decimal(0),
    )  # fmt: skip
    assert found([refused], [], [record])[0] == {judging.BLAMELESS: 1}
    limited = replace(record, tenant="Birch", canary="Birch")
    assert found([replace(refused, tenant="Birch")], [], [limited])[0] == {}


def test_a_connection_breaks_only_with_the_process_that_held_it() -> None:
    lost = replace(SEEN, ending="lost", status=0, cost="", trouble="ServerDisconnectedError")
    record = replace(
        RECORD, outcome="interrupted", is_estimated=True, actual_usd=None, counterfactual_usd=None
    )
    misfits, trial = found([lost], [LINE], [record], Kill("gateway worker", 100.5, 103.0))
    cut = Counter({"gateway worker": 1})
    assert (misfits, trial.carried) == ({}, Carried(calls=1, cut=cut, asked=ONE))
    for other in (Kill("web", 100.5, 103.0), Kill("gateway worker", 80.0, 103.0)):
        assert found([lost], [LINE], [record], other)[0] == {judging.UNEXPLAINED: 1}


def test_what_was_tried_again_was_heard_once() -> None:
    lost = replace(SEEN, ending="lost", status=0, cost="", first=1)
    again = replace(SEEN, number=2, started=103.0, ended=104.0, first=1)
    record = replace(RECORD, call=2)
    kill = Kill("gateway worker", 100.0)
    misfits, trial = found([lost, again], [replace(LINE, call=2)], [record], kill)
    assert misfits == {}
    assert (trial.carried.asked, trial.carried.heard) == (ONE, ONE)


def test_a_call_that_never_arrived_needs_no_record() -> None:
    lost = replace(SEEN, ending="lost", status=0, cost="")
    assert found([lost], [], [], Kill("gateway worker", 100.0))[0] == {}
    assert found([lost], [LINE], [], Kill("gateway worker", 100.0))[0] == {judging.LOST: 1}
    assert found([lost], [], [], Kill("gateway", 100.0))[0] == {judging.UNEXPLAINED: 1}


def test_bytes_that_are_no_answer_are_one_misfit() -> None:
    broken = replace(SEEN, ending="broken", cost="")
    assert found([broken], [LINE], [RECORD])[0] == {judging.BROKEN: 1}
