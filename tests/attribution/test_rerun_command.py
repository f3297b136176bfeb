"""A dispute, by one command."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.tenants.context import tenant_scope
from tests.attribution.test_logs import CHANGE, make_log

pytestmark = pytest.mark.django_db


def _told(slug: str) -> list[str]:
    out = StringIO()
    call_command("rerun_savings", slug, stdout=out)
    return out.getvalue().splitlines()


def test_statements_are_run_again_from_raw_rows_and_a_changed_row_fails() -> None:
    acme, globex = make_log("Acme"), make_log("Globex")
    acme.seal(0, "a")
    globex.seal(1, "b", 20)
    globex.seal(0, "a", 20)
    statement = acme.close(0)
    fee = statement.document["fee_minor"]

    assert _told(acme.organization.slug) == [
        f"{acme.experiment_id}: period 1: fee {fee} cents, 150 units",
        f"{acme.experiment_id}: 0 findings",
    ]
    assert _told(globex.organization.slug) == [f"{globex.experiment_id}: 0 findings"]

    with tenant_scope(acme.organization), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM attribution_sealedrow WHERE number = 3")
        cursor.execute(CHANGE, [b"{}", *cursor.fetchone()])
    with pytest.raises(CommandError, match="1 findings"):
        _told(acme.organization.slug)
    assert _told(globex.organization.slug) == [f"{globex.experiment_id}: 0 findings"]


def test_an_unknown_organization_is_named() -> None:
    with pytest.raises(CommandError, match="no organization"):
        _told("nobody")
