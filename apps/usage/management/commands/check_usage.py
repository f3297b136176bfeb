"""`manage.py check_usage`: whether events, rollups and books say the same."""

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.kernel.clock import utc_now
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization
from apps.tenants.selectors import NoSuchOrganization, named_organization
from apps.usage.services.checking import Difference, check_usage


class Command(BaseCommand):
    help = "Compare events, rollups and ledger of each organization; fails when they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", help="only this one")
        parser.add_argument("--months", type=int, default=2, help="how many, this one included")

    def handle(self, *_args: Any, **options: Any) -> None:
        months = options["months"]
        found = sum(self._check(each, months) for each in _asked(options["organization"]))
        if found:
            raise CommandError(f"{found} figures differ; docs/runbooks/discrepancy.md goes on.")

    def _check(self, organization: Organization, months: int) -> int:
        with tenant_scope(organization):
            found = check_usage(organization=organization, months=months, at=utc_now())
        for each in found:
            self.stdout.write(f"{organization.slug}: {_line(each)}")
        self.stdout.write(f"{organization.slug}: {len(found)} figures differ")
        return len(found)


def _asked(slug: str | None) -> Iterable[Organization]:
    if slug is None:
        return Organization.objects.filter(closed_at=None).order_by("id")
    try:
        return [named_organization(slug)]
    except NoSuchOrganization as error:
        raise CommandError(str(error)) from error


def _line(each: Difference) -> str:
    places = ", ".join(f"{place} {amount:f}" for place, amount in each.places.items())
    return f"{each.period:%Y-%m} {each.project_id or 'all projects'} {each.unit}: {places}"
