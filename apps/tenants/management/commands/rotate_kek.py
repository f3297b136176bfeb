"""Wrap every data key by the current key of NETRA_KEK; safe while serving, safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.kernel.clock import utc_now
from apps.tenants.services.data_keys import rotate_keks


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        count = rotate_keks(at=utc_now())
        self.stdout.write(f"{count} data keys are now wrapped by the current key")
