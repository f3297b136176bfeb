"""Bring public, the template and every stale tenant up to date."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.tenants.services.migration import migrate_everything


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        count = migrate_everything(report=self.stdout.write)
        self.stdout.write(f"schemas are up to date; {count} were stale")
