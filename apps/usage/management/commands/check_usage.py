"""`manage.py check_usage`: whether events, rollups and books say the same."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.usage.services.checking import Difference, check_usage


class Command(BaseCommand):
    help = "Compare events, rollups and ledger of each organization; fails when they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this one")
        parser.add_argument("--months", type=int, default=2, help="how many, this one included")

    def handle(self, *_args: Any, **options: Any) -> None:
        organizations = Organization.objects.filter(closed_at=None).order_by("id")
        if options["organization"]:
            organizations = organizations.filter(slug=options["organization"])
        found = 0
        for organization in organizations:
            found += self._check(organization, options["months"])
        if found:
            raise CommandError(f"{found} figures differ; docs/runbooks/discrepancy.md goes on.")

    def _check(self, organization: Organization, months: int) -> int:
        with tenant_scope(organization):
            found = check_usage(organization=organization, months=months, at=utc_now())
        for each in found:
            self.stdout.write(f"{organization.slug}: {_line(each)}")
        self.stdout.write(f"{organization.slug}: {len(found)} figures differ")
        return len(found)


def _line(each: Difference) -> str:
    places = ", ".join(f"{place} {amount:f}" for place, amount in each.places.items())
    return f"{each.period:%Y-%m} {each.project_id or 'all projects'} {each.unit}: {places}"
