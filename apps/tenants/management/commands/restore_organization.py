"""Bring one organization back from the file of export_organization; never over another."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.kernel.errors import NetraError
from apps.tenants.archives import restore_organization


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *_args: Any, **options: Any) -> None:
        if not options["file"].is_file():
            raise CommandError(f"There is no file {options['file']}.")
        try:
            manifest = restore_organization(path=options["file"])
        except (NetraError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{manifest.slug}: {manifest.row_count} rows as of {manifest.taken_at} are back"
        )
