"""What `./apex up` runs before the processes: migrate, publish new prices, have a demo login."""

import json
import os
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from apps.kernel.clock import utc_now
from apps.pricing.services import publish_shipped_catalogue
from apps.tenants.services.demo import DemoAccess, ensure_demo, ensure_system_organization
from apps.tenants.services.migration import migrate_everything
from apps.tenants.services.staff import ensure_support_group


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--demo", type=Path, help="JSON file that keeps the demo login.")

    def handle(self, *args: Any, demo: Path | None, **options: Any) -> None:
        migrate_everything(report=self.stdout.write)
        ensure_system_organization(at=utc_now())
        ensure_support_group()
        publish_shipped_catalogue(at=utc_now())
        if demo:
            _write(demo, ensure_demo(known=_read(demo), at=utc_now()))


def _read(path: Path) -> DemoAccess | None:
    try:
        return DemoAccess(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None  # absent or damaged: a new login is made


def _write(path: Path, access: DemoAccess) -> None:
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(access), file)
    fresh.replace(path)
