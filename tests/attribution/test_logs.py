"""The log in its tables: sealed once, verified by the customers' script, corrected beside."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from django.db import IntegrityError, connection

from apps.attribution.assignment import TREATMENT, arm_of
from apps.attribution.audit import ClosedUnit, build_archive
from apps.attribution.audit.netra_verify import verify
from apps.attribution.models import (
    NeverChanged,
    Period,
    ProofLog,
    SavingsStatement,
    SealedHead,
    SealedRow,
)
from apps.attribution.selectors import (
    SEALED_FOR,
    log_archive,
    opened_salt,
    published_salts,
    rerun,
    savings_statements,
)
from apps.attribution.services import (
    LogRefused,
    PeriodTerms,
    SealedBatch,
    close_log_period,
    commit_period,
    correct_statement,
    create_experiment,
    open_log,
    open_log_period,
    seal_batch,
)
from apps.notices.models import Notice
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key
from tests.attribution.audit.journals import CONTRACT, RATES, drawn_unit
from tests.factories import make_organization

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, tzinfo=UTC)
MONTH = timedelta(days=30)
CHANGE = "UPDATE attribution_sealedrow SET line = %s WHERE id = %s"
LATER = AT + 2 * MONTH + SEALED_FOR


@dataclass
class Logged:
    """An organization with an experiment of two periods, and what is called with its name."""

    organization: Organization
    periods: list[Period]

    @property
    def experiment_id(self) -> UUID:
        return self.periods[0].experiment_id

    @property
    def keys(self) -> dict[str, Any]:
        return {
            "organization_id": self.organization.pk,
            "data_key": data_key(self.organization, at=AT),
        }

    def seal(self, place: int, name: str, count: int = 150) -> SealedHead:
        batch = SealedBatch(AT.date(), self.units(place, name, count), RATES.values())
        period_id = self.periods[place].pk
        head: SealedHead = self.call(seal_batch, period_id=period_id, batch=batch, at=AT)
        return head

    def units(self, place: int, name: str, count: int) -> list[ClosedUnit]:
        generator, period = np.random.default_rng(count), self.periods[place]
        salt = opened_salt(period, **self.keys)
        drawn: dict[str, Any] = {
            "salt": salt, "organization_id": self.organization.pk,
            "experiment_id": self.experiment_id, "holdout_percent": period.holdout_percent,
        }  # fmt: skip
        names = [f"conversation:{name}-{at}" for at in range(count)]
        arms = {each: arm_of(each, **drawn) == TREATMENT for each in names}
        return [drawn_unit(generator, each, treated=arms[each]) for each in names]

    def call(self, service: Callable[..., Any], **arguments: Any) -> Any:
        with tenant_scope(self.organization):
            return service(organization=self.organization, **arguments)

    def close(self, place: int, at: datetime = LATER) -> SavingsStatement:
        statement = self.call(close_log_period, period_id=self.periods[place].pk, at=at)
        assert isinstance(statement, SavingsStatement)
        return statement


def make_log(name: str = "Acme", *, is_begun: bool = True) -> Logged:
    organization = make_organization(name)
    with tenant_scope(organization):
        known: dict[str, Any] = {"organization": organization, "at": AT}
        experiment = create_experiment(name="Levers", **known)
        periods = [
            commit_period(
                experiment_id=experiment.pk,
                terms=PeriodTerms(AT + at * MONTH, AT + (at + 1) * MONTH, holdout_percent=20),
                **known,
            )
            for at in range(2)
        ]
        open_log(experiment_id=experiment.pk, contract=CONTRACT, **known)
        if is_begun:
            for period in periods:
                open_log_period(period_id=period.pk, **known)
    return Logged(organization, periods)


def test_two_months_in_tables_are_verified_by_the_script_and_nobody_elses_are_in_them() -> None:
    acme, globex = make_log("Acme"), make_log("Globex")
    for logged, count in ((acme, 150), (globex, 90)):
        logged.seal(0, "a", count)
        logged.seal(1, "b", count)
        logged.seal(0, "late", 30)
        statements = [logged.close(place) for place in (0, 1)]
        with tenant_scope(logged.organization):
            found = rerun(logged.experiment_id, **logged.keys)
            rows = SealedRow.objects.count()
        assert found.findings == []
        assert found.statements == [statement.document for statement in statements]
        assert rows == 2 * count + 30
        assert statements[0].document["units"] == count + 30


def test_what_is_stated_has_an_archive_and_a_salt_that_anybody_may_see() -> None:
    acme = make_log()
    acme.seal(0, "a")
    first, second = acme.periods[:2]
    over = first.ends_at + SEALED_FOR
    early = over - timedelta(days=1)
    with tenant_scope(acme.organization):
        assert published_salts(acme.periods, at=early, **acme.keys) == {}
    acme.close(0, at=over)

    with tenant_scope(acme.organization):
        published = published_salts(acme.periods, at=early, **acme.keys)
        archive = log_archive(acme.experiment_id, **acme.keys)
        target = io.BytesIO()
        build_archive(target, archive)

    assert set(published) == {first.pk}
    assert [each["salt"] for each in archive.periods] == [published[first.pk].hex()]
    assert second.pk not in published
    assert verify(target)[0].shown == []


def test_a_row_changed_behind_our_back_is_named() -> None:
    acme = make_log()
    acme.seal(0, "a")
    acme.close(0)
    with tenant_scope(acme.organization):
        row = SealedRow.objects.get(number=7)
        line = bytes(row.line).replace(b'"score":', b'"score":1')
        with connection.cursor() as cursor:  # past the model, as a hand in the database would
            cursor.execute(CHANGE, [line, row.pk])
        found = rerun(acme.experiment_id, **acme.keys)

    assert found.findings == ["row 7 (unit conversation:a-7): altered"]
    assert found.statements == []


def test_what_is_sealed_is_neither_changed_nor_removed() -> None:
    acme = make_log()
    head = acme.seal(0, "a")
    statement = acme.close(0)

    with tenant_scope(acme.organization):
        for row in (head, statement, SealedRow.objects.get(number=0)):
            rows = type(row)._default_manager.filter(pk=row.pk)
            for change in (row.save, row.delete, rows.delete, lambda: rows.update(log=None)):  # noqa: B023 called at once
                with pytest.raises(NeverChanged):
                    change()
        assert SealedRow.objects.filter(number=-1).delete() == (0, {})
        assert SealedRow.objects.filter(number=-1).update(unit="") == 0


def test_a_correction_stands_beside_the_statement_and_says_what_changes() -> None:
    acme = make_log()
    acme.seal(0, "a")
    statement = acme.close(0)
    less = {**statement.document, "fee_minor": statement.document["fee_minor"] - 3}
    least = {**statement.document, "fee_minor": statement.document["fee_minor"] - 5}
    with tenant_scope(acme.organization):
        given: dict[str, Any] = {"statement_id": statement.pk, "reason": "A price", "at": LATER}
        first = correct_statement(document=less, **given)
        second = correct_statement(document=least, **given | {"at": LATER + MONTH})
        with pytest.raises(LogRefused):
            correct_statement(document=less, **given | {"reason": " "})
        with pytest.raises(LogRefused):
            correct_statement(document={**less, "period": 2}, **given)
        [kept] = savings_statements(acme.experiment_id)

        assert (first.fee_difference_minor, second.fee_difference_minor) == (-3, -2)
        assert kept.document == statement.document
        assert list(kept.corrections.order_by("created_at")) == [first, second]


def test_periods_open_and_close_in_their_order_and_when_their_units_are_over() -> None:
    acme = make_log(is_begun=False)
    first, second = (period.pk for period in acme.periods)
    with pytest.raises(LogRefused):
        acme.seal(0, "early")
    assert acme.call(open_log_period, period_id=first, at=AT) == 1
    with pytest.raises(LogRefused):
        acme.call(open_log_period, period_id=first, at=AT)
    assert acme.call(open_log_period, period_id=second, at=AT) == 2
    with pytest.raises(LogRefused):
        acme.close(1)
    with pytest.raises(LogRefused):
        acme.close(0, at=acme.periods[0].ends_at)
    acme.close(0)
    with pytest.raises(LogRefused):
        acme.close(0)


def test_a_unit_counts_once_and_a_batch_that_fails_leaves_no_trace() -> None:
    acme = make_log()
    acme.seal(0, "a", 20)
    with tenant_scope(acme.organization):
        before = ProofLog.objects.get().state
    with pytest.raises(IntegrityError):
        acme.seal(0, "a", 10)

    with tenant_scope(acme.organization):
        assert ProofLog.objects.get().state == before
        assert (SealedRow.objects.count(), SealedHead.objects.count()) == (20, 1)


def test_closing_and_correcting_a_statement_are_told_once_to_its_organization() -> None:
    acme, globex = make_log("Acme"), make_log("Globex")
    acme.seal(0, "a")
    statement = acme.close(0)
    less = {**statement.document, "fee_minor": statement.document["fee_minor"] - 125}
    with tenant_scope(acme.organization):
        correct_statement(statement_id=statement.pk, document=less, reason="A price", at=LATER)
    told = Notice.objects.filter(organization=acme.organization).order_by("at", "id")
    kinds = [(each.kind, each.payload["statement_id"]) for each in told]
    assert kinds == [
        ("statement.finalized", str(statement.pk)),
        ("statement.corrected", str(statement.pk)),
    ]
    assert told[0].payload["proven_usd"] == f"{Decimal(statement.document['proven']).scaleb(-9):f}"
    assert told[1].payload["fee_difference_usd"] == "-1.25"
    assert not Notice.objects.filter(organization=globex.organization).exists()
