from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.kernel.clock import utc_now
from apps.tenants.models import Limit
from apps.tenants.selectors import limits
from apps.tenants.services.limits import (
    InvalidLimit,
    LimitTaken,
    LimitTerms,
    change_limit,
    create_limit,
    delete_limit,
)
from tests.factories import make_api_key, make_limit, make_organization, make_project

pytestmark = pytest.mark.django_db
BUDGET: dict[str, Any] = {"kind": "budget_usd", "amount": Decimal("100.50"), "window": "month"}


def test_each_kind_has_its_window() -> None:
    organization = make_organization()
    kinds = ("requests_per_minute", "tokens_per_minute", "concurrency")
    windows = [make_limit(organization, kind).window for kind in kinds]
    assert windows == ["minute", "minute", None]


def test_a_budget_holds_its_amount_and_alerts() -> None:
    organization = make_organization()
    terms = LimitTerms(
        **BUDGET, alert_fractions=(Decimal("0.8"), Decimal("0.5"), Decimal("0.8")), is_hard=False
    )
    create_limit(organization=organization, terms=terms, at=utc_now())
    row = limits(organization).get()
    assert (row.amount, row.window, row.is_hard) == (Decimal("100.5"), "month", False)
    assert row.alert_fractions == [Decimal("0.5"), Decimal("0.8")]


def test_a_subject_has_one_limit_of_a_kind_and_window() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    project, key = make_project(acme), make_api_key(acme).api_key
    subjects: list[dict[str, Any]] = [{}, {"project_id": project.pk}, {"api_key_id": key.pk}]
    for subject in subjects:
        make_limit(acme, "budget_usd", 10, window="day", **subject)
        make_limit(acme, "budget_usd", 100, window="month", **subject)
        with pytest.raises(LimitTaken):
            make_limit(acme, "budget_usd", 20, window="day", **subject)
    make_limit(globex, "budget_usd", 10, window="day")
    assert (limits(acme).count(), limits(globex).count()) == (6, 1)


def test_limits_and_subjects_of_another_organization_are_out_of_reach() -> None:
    acme, globex = make_organization("Acme"), make_organization("Acme")
    theirs = make_limit(globex)
    subjects: list[dict[str, Any]] = [
        {"project_id": make_project(globex).pk},
        {"api_key_id": make_api_key(globex).api_key.pk},
    ]
    for subject in subjects:
        with pytest.raises(InvalidLimit):
            make_limit(acme, **subject)
    with pytest.raises(Limit.DoesNotExist):
        delete_limit(organization=acme, limit_id=theirs.pk)
    with pytest.raises(Limit.DoesNotExist):
        change_limit(
            organization=acme,
            limit_id=theirs.pk,
            amount=Decimal(1),
            alert_fractions=[],
            is_hard=True,
        )
    assert list(Limit.objects.all()) == [theirs]


def test_a_limit_is_changed_and_deleted() -> None:
    organization = make_organization()
    row = make_limit(organization, "budget_usd", 10, window="total")
    change_limit(
        organization=organization,
        limit_id=row.pk,
        amount=Decimal("20.000001"),
        alert_fractions=[Decimal(1)],
        is_hard=False,
    )
    row.refresh_from_db()
    assert (row.amount, row.alert_fractions, row.is_hard) == (
        Decimal("20.000001"),
        [Decimal(1)],
        False,
    )
    delete_limit(organization=organization, limit_id=row.pk)
    assert limits(organization).count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "megabytes"},
        {"amount": Decimal(0)},
        {"amount": Decimal(-1)},
        {"amount": Decimal("1.5")},
        {"amount": Decimal("1e13")},
        {"window": "day"},
        {"alert_fractions": (Decimal("0.5"),)},
        {**BUDGET, "window": None},
        {**BUDGET, "window": "minute"},
        {**BUDGET, "amount": Decimal("0.0000001")},
        {**BUDGET, "alert_fractions": (Decimal(0),)},
        {**BUDGET, "alert_fractions": (Decimal("1.1"),)},
        {**BUDGET, "alert_fractions": (Decimal("0.0001"),)},
        {**BUDGET, "alert_fractions": tuple(Decimal(n) / 10 for n in range(1, 7))},
    ],
)
def test_a_wrong_limit_is_refused(wrong: dict[str, Any]) -> None:
    terms = LimitTerms(**{"kind": "requests_per_minute", "amount": Decimal(5), **wrong})
    with pytest.raises(InvalidLimit):
        create_limit(organization=make_organization(), terms=terms, at=utc_now())


def test_a_limit_has_one_subject() -> None:
    organization = make_organization()
    project, key = make_project(organization), make_api_key(organization).api_key
    with pytest.raises(InvalidLimit):
        make_limit(organization, project_id=project.pk, api_key_id=key.pk)
    row = make_limit(organization, project_id=project.pk)
    changes: list[dict[str, Any]] = [
        {"api_key": key},
        {"amount": "0.5"},
        {"window": "day"},
        {"amount": 0},
    ]
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            Limit.objects.filter(pk=row.pk).update(**change)
