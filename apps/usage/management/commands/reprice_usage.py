"""`manage.py reprice_usage`: price a month of an organization by another version of the prices."""

from argparse import ArgumentParser
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.tenants.models import Organization
from apps.usage.services.repricing import reprice_usage


class Command(BaseCommand):
    help = "Book what calls of a month (UTC) cost by another version of the price book."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--organization", metavar="SLUG", required=True)
        parser.add_argument("--period", metavar="YYYY-MM", required=True)
        parser.add_argument("--price-version", type=int, required=True)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            period = datetime.strptime(options["period"], "%Y-%m").replace(tzinfo=UTC).date()
            organization = Organization.objects.get(slug=options["organization"])
            outcome = reprice_usage(
                organization=organization,
                period=period,
                price_version=options["price_version"],
                at=utc_now(),
            )
        except (ValueError, Organization.DoesNotExist, NetraError) as error:
            raise CommandError(f"Nothing was priced again: {error}") from error
        self.stdout.write(
            f"{outcome.calls} calls: {outcome.adjusted} adjusted by {outcome.changed_usd:f} USD, of"
            f" which {outcome.priced} had no price; {outcome.unexplained} kept a price that no rate"
            f" explains, {outcome.unpriced} still have none"
        )
