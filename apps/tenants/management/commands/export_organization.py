"""Write one organization into a file, from one snapshot; secrets in it stay sealed."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.kernel.clock import utc_now
from apps.kernel.errors import NetraError
from apps.tenants.archives import export_organization
from apps.tenants.selectors import named_organization


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("organization", metavar="SLUG")
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            organization = named_organization(options["organization"])
            manifest = export_organization(
                organization=organization, path=options["file"], at=utc_now()
            )
        except (NetraError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{manifest.slug}: {manifest.row_count} rows in {options['file']}")
