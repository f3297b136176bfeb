"""`manage.py seal_savings SLUG`: the logs of an organization's experiments brought up to date."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.attribution.selectors import experiments
from apps.attribution.services import Sealed, announce_heads, seal_experiment
from apps.kernel.clock import require_aware, utc_now
from apps.kernel.errors import NetraError
from apps.tenants.context import tenant_scope
from apps.tenants.models import Organization


class Command(BaseCommand):
    help = "Seal the units that are over and close the statements that are due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", metavar="SLUG")
        parser.add_argument(
            "--at", metavar="INSTANT", help="As of then: ISO 8601 with offset, in the past."
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        at = _instant(options["at"]) if options["at"] else utc_now()
        organization = Organization.objects.filter(slug=options["organization"]).first()
        if organization is None:
            raise CommandError("There is no organization of that name.")
        with tenant_scope(organization):
            for experiment in experiments():
                try:
                    sealed = seal_experiment(
                        organization=organization, experiment_id=experiment.pk, at=at
                    )
                except NetraError as error:
                    raise CommandError(f"{experiment.pk}: {error}") from error
                for line in _lines(sealed):
                    self.stdout.write(f"{experiment.pk}: {line}")
            announce_heads(organization=organization, at=at)


def _instant(text: str) -> datetime:
    try:
        at = require_aware(datetime.fromisoformat(text))
    except ValueError as error:
        raise CommandError(f"{text} is no instant: {error}") from error
    if at > utc_now():
        raise CommandError("What units will do is not known. Give an instant in the past.")
    return at


def _lines(sealed: Sealed) -> list[str]:
    closed = [
        f"period {each.number} closed: fee {each.document['fee_minor']} cents"
        for each in sealed.statements
    ]
    batches = len(sealed.heads)
    counted = f"{sealed.units} units in {batches} batches, {sealed.unexplained} unexplained"
    return [counted, *closed]
