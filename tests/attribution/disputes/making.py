"""A closed statement to doubt."""

from typing import Any
from uuid import UUID

from django.db import connection

from apps.attribution.disputes.models import Dispute
from apps.attribution.disputes.services import open_dispute
from apps.attribution.models import SavingsStatement
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from tests.attribution.test_sealing import (
    OVER,
    START,
    compared,
    in_arms,
    make_experiment,
    seal,
    store,
)

REASON = "The fee looks too high to us."


def make_savings_statement(name: str = "Acme") -> tuple[Organization, SavingsStatement]:
    """An organization and the statement of its first period."""
    organization, period = make_experiment(name)
    calls = in_arms(organization, period, 39, START)
    store(organization, *calls, compared(organization, period, START))
    [statement] = seal(organization, period, OVER).statements
    return organization, statement


def make_dispute(organization: Organization, statement_id: UUID, **fields: Any) -> Dispute:
    """An open one."""
    known: dict[str, Any] = {"reason": REASON, "by": "ada", "at": OVER}
    with tenant_scope(organization):
        return open_dispute(
            organization=organization, statement_id=statement_id, **(known | fields)
        )


def overwrite_fee(organization: Organization, statement_id: UUID, cents: int) -> None:
    """What a hand in the database would do, past the model."""
    with tenant_scope(organization), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE attribution_savingsstatement SET document ="
            " jsonb_set(document, '{fee_minor}', to_jsonb(%s)) WHERE id = %s",
            [cents, statement_id],
        )
