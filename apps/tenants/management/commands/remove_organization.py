"""Take one organization out of the installation; all of it is written to a file first."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.tenants.archives import remove_organization
from apps.tenants.selectors import named_organization


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", metavar="SLUG")
        parser.add_argument("file", type=Path, help="a new file, which keeps what is removed")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            organization = named_organization(options["organization"])
            manifest = remove_organization(
                organization=organization, path=options["file"], at=utc_now()
            )
        except (NetraError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{manifest.slug} is removed; {manifest.row_count} rows of it are in {options['file']}"
        )
