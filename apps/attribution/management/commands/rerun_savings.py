"""`manage.py rerun_savings SLUG`: every statement of an organization again, from its raw rows."""

import json
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from apps.attribution.disputes.recomputing import recomputed_report
from apps.attribution.models import ProofLog, SavingsStatement
from apps.attribution.selectors import Rerun, rerun
from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.services.data_keys import data_key


class Command(BaseCommand):
    help = "Re-run an organization's savings statements from raw rows; fails when any differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", metavar="SLUG")
        parser.add_argument(
            "--statement", metavar="ID", type=UUID, help="The difference report of one, as JSON."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        organization = Organization.objects.filter(slug=options["organization"]).first()
        if organization is None:
            raise CommandError("There is no organization of that name.")
        with tenant_scope(organization):
            if options["statement"]:
                self._compare(organization, options["statement"])
                return
            found = sum(self._report(log, organization) for log in ProofLog.objects.order_by("pk"))
        if found:
            raise CommandError(f"{found} findings. Write a correction, never over a statement.")

    def _compare(self, organization: Organization, statement_id: UUID) -> None:
        try:
            report = recomputed_report(organization, statement_id, at=utc_now())
        except SavingsStatement.DoesNotExist as error:
            raise CommandError("The organization has no statement of that id.") from error
        self.stdout.write(json.dumps(report, indent=2))
        if not report["is_confirmed"]:
            raise CommandError("It differs. Answer the dispute with a correction.")

    def _report(self, log: ProofLog, organization: Organization) -> int:
        at = utc_now()
        key = data_key(organization, at=at)
        seen = rerun(log.pk, organization_id=organization.pk, data_key=key)
        for line in _lines(seen):
            self.stdout.write(f"{log.pk}: {line}")
        return len(seen.findings)


def _lines(seen: Rerun) -> list[str]:
    fees = [
        f"period {each['period']}: fee {each['fee_minor']} cents, {each['units']} units"
        for each in seen.statements
    ]
    return [*fees, *seen.findings, f"{len(seen.findings)} findings"]
