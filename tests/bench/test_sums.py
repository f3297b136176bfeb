"""What a statement must say follows from the rows alone."""

from dataclasses import replace
from decimal import Decimal

from bench.soaking.sums import statement_due
from tests.bench.test_judging import COST, RECORD


def test_a_statement_adds_up_what_was_paid_and_what_each_lever_saved() -> None:
    treated = replace(RECORD, unit="one", arm="treatment", saved={"exact_cache": COST})
    again = replace(treated, saved={"exact_cache": COST, "prompt_cache": -COST / 2})
    held_out = replace(RECORD, unit="two", arm="holdout")
    unpriced = replace(held_out, actual_usd=None, saved={})
    atoms = 210_000_000_000_000
    assert statement_due([treated, again, held_out, unpriced]) == {
        "units": 2,
        "held_out": 1,
        "paid_atoms": 3 * atoms,
        "ledger_atoms": {"exact_cache": 2 * atoms, "prompt_cache": -atoms // 2},
        "untouched_atoms": 3 * atoms + 2 * atoms - atoms // 2,
    }


def test_of_no_rows_nothing_is_due() -> None:
    due = statement_due([])
    assert (due["units"], due["paid_atoms"], due["ledger_atoms"]) == (0, Decimal(0), {})
