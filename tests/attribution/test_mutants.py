"""Mistakes that would cost a customer money, put into the source: the suite has to notice each."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from inspect import getsource
from types import FunctionType, ModuleType
from typing import Any

import pytest

from tests.attribution.audit import test_journal
from tests.attribution.estimators import test_proving, test_scores, test_watching
from tests.attribution.sequences import test_betting, test_settling
from tests.attribution.statements import test_closing

KEY_ASSERTIONS: list[Callable[[], None]] = [
    test_scores.test_a_treated_and_a_held_out_unit_by_hand,
    test_scores.test_whatever_is_predicted_the_mean_over_the_draw_is_what_was_saved,
    test_scores.test_no_score_lies_further_below_its_centre_than_the_cap,
    test_scores.test_a_unit_that_no_lever_would_touch_says_nothing,
    test_proving.test_a_batch_is_scored_before_it_is_learnt,
    test_proving.test_what_was_learnt_of_held_out_units_predicts_the_next_batch,
    test_proving.test_a_treated_outcome_never_teaches_what_an_untouched_one_costs,
    test_proving.test_costs_beyond_the_cap_count_in_neither_arm,
    test_proving.test_a_known_saving_is_found_and_not_overstated,
    test_watching.test_the_evidence_is_the_e_value_of_the_paper,
    test_watching.test_a_holdout_that_loses_a_tenth_of_its_units_is_off,
    test_watching.test_a_lever_that_breaks_answers_is_paused_and_a_harmless_one_is_not,
    lambda: test_watching.test_a_ledger_that_claims_too_much_is_found(0.0, False),
    lambda: test_watching.test_a_ledger_that_claims_too_much_is_found(0.2, True),
    lambda: test_settling.test_the_exact_bound_is_that_of_floating_point_rounded_up(3_000),
    lambda: test_betting.test_a_loss_is_that_of_the_logarithm_or_little_more(10**8),
    lambda: test_betting.test_a_loss_is_that_of_the_logarithm_or_little_more(-(10**8)),
    lambda: test_settling.test_the_asymptotic_bound_is_that_of_floating_point_rounded_up(5_000),
    test_closing.test_a_month_by_hand,
    test_closing.test_the_ledger_caps_what_the_holdout_proves,
    test_closing.test_a_negative_month_stays_and_is_made_up_before_anything_is_billed,
    test_closing.test_what_is_proven_is_the_bound_and_not_the_estimate,
    test_journal.test_a_part_of_a_nano_that_comparing_cost_counts_as_a_whole_one,
    test_journal.test_what_comparing_costs_is_taken_off_what_was_saved_and_stays_paid,
]
MUTANTS = {
    "propensity of held-out units": (
        "estimators.scores", "if_held = treated * (batch.outcome - predictions.plain) // held",
        "if_held = treated * (batch.outcome - predictions.plain) // treated"),
    "propensity of the centre": (
        "estimators.scores",
        "centres = treated * (predictions.plain - predictions.levered) // WHOLE",
        "centres = held * (predictions.plain - predictions.levered) // WHOLE"),
    "sign of a treated unit": (
        "estimators.scores", "if_treated = predictions.levered - batch.outcome",
        "if_treated = batch.outcome - predictions.levered"),
    "sign of a held-out unit": (
        "estimators.scores", "if_held = treated * (batch.outcome - predictions.plain) // held",
        "if_held = treated * (predictions.plain - batch.outcome) // held"),
    "arms swapped": (
        "estimators.scores", "np.where(batch.is_treated, if_treated, if_held)",
        "np.where(batch.is_treated, if_held, if_treated)"),
    "untriggered units counted": (
        "estimators.scores", "return scores * batch.is_triggered, centres * batch.is_triggered",
        "return scores, centres"),
    "no cap of predictions": (
        "estimators.scores",
        "return min(self.holdout_bp * self.unit_cap // self.treated_bp, self.unit_cap)",
        "return self.unit_cap"),
    "no cap of costs": (
        "estimators.proving", "batch = batch.capped(terms.unit_cap)", "batch = batch"),
    "timestamp leak": (
        "estimators.proving", "        predictions = self.model.predict(",
        "        self.model.learn(batch)\n        predictions = self.model.predict("),
    "past forgotten": ("estimators.proving", "self.saved += scored", "self.saved = scored"),
    "arms swapped in learning": (
        "estimators.predictions", "held, treated = ", "treated, held = "),
    "comparisons forgotten": (
        "estimators.proving", "self.saved = self.saved.less(nanos)", "self.saved.less(nanos)"),
    "comparisons' sign": ("sequences.sums", "self.total - cost", "self.total + cost"),
    "comparisons rounded down": (
        "audit.units", "-(-comparison.paid_atoms // ATOMS_PER_NANO)",
        "comparison.paid_atoms // ATOMS_PER_NANO"),
    "ledger's sign": (
        "estimators.reconciling", "if_held = -(treated", "if_held = (treated"),
    "evidence's sign": (
        "estimators.sample_ratio", "- self.held_out * log(share)", "+ self.held_out * log(share)"),
    "harm's sign": (
        "estimators.quality", "harm = -fall if guard", "harm = fall if guard"),
    "bound's sign": (
        "sequences.settling", "sums.total - deviation_of(sums, bound)",
        "sums.total + deviation_of(sums, bound)"),
    "error of the exact bound": (
        "sequences.settling", "sum(WEIGHTS) / bound.alpha", "sum(WEIGHTS) * bound.alpha"),
    "losses ignored": ("sequences.settling", "(slope * at - loss).exp()", "(slope * at).exp()"),
    "losses of one side": ("sequences.betting", "above + below", "below"),
    "losses in other units": (
        "sequences.betting", "np.array(distances, float) / scale", "np.array(distances, float)"),
    "error of the asymptotic bound": (
        "sequences.settling", "grown.sqrt() / (2 * bound.alpha)", "grown.sqrt() * bound.alpha"),
    "the greater of ledger and bound": (
        "statements.closing", "lesser = min(ledger, proven)", "lesser = max(ledger, proven)"),
    "shortfall forgotten": (
        "statements.closing", "return shortfall + (", "return ("),
    "shortfall forgiven": ("statements.closing", "min(claim, 0),", "0,"),
    "billed again each month": (
        "statements.closing", "proven = proven_so_far - before.proven", "proven = proven_so_far"),
    "estimate billed": (
        "statements.closing", "lower_bound(evidence.saved, contract.bound) or 0",
        "evidence.saved.total"),
}  # fmt: skip


def test_the_source_as_it_is_passes_every_assertion() -> None:
    assert [_fails(check) for check in KEY_ASSERTIONS] == [False] * len(KEY_ASSERTIONS)


@pytest.mark.parametrize("name", MUTANTS)
def test_every_mutant_is_killed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module_name, right, wrong = MUTANTS[name]
    module = import_module(f"apps.attribution.{module_name}")
    source = getsource(module)
    assert source.count(right) >= 1

    _replace(module, _compiled(module, source.replace(right, wrong)), monkeypatch)

    assert any(_fails(check) for check in KEY_ASSERTIONS)


def _compiled(module: ModuleType, source: str) -> dict[str, Any]:
    mutant = ModuleType(module.__name__)
    mutant.__dict__["__file__"] = module.__file__
    exec(compile(source, f"mutant of {module.__name__}", "exec"), mutant.__dict__)  # noqa: S102 our own source with one mistake
    return mutant.__dict__


def _replace(module: ModuleType, mutant: dict[str, Any], patch: pytest.MonkeyPatch) -> None:
    """Functions wherever they were imported, methods in their classes."""
    for name, right in list(vars(module).items()):
        if getattr(right, "__module__", None) != module.__name__:
            continue
        if isinstance(right, FunctionType):
            for holder in _holders(name, right):
                patch.setattr(holder, name, mutant[name])
        elif isinstance(right, type):
            for attribute, value in vars(mutant[name]).items():
                if isinstance(value, FunctionType | property) and not attribute.startswith("__"):
                    patch.setattr(right, attribute, value)


def _holders(name: str, function: FunctionType) -> Iterator[ModuleType]:
    for module_name, module in list(sys.modules.items()):
        if "attribution" in module_name and vars(module).get(name) is function:
            yield module


def _fails(check: Callable[[], None]) -> bool:
    try:
        check()
    except (Exception, BaseExceptionGroup):  # noqa: BLE001 a mutant may break in any way
        return True
    return False
