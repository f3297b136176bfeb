"""Move what gateways spooled on this machine into Postgres, each call exactly once."""

import signal
from argparse import ArgumentParser
from threading import Event as Signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.usage.shipping import Shipper, only_shipper


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="Ship what is there, then end.")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        stop = Signal()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with only_shipper(settings.SPOOL_DIR, stop=stop) as is_mine:
            if is_mine:
                self._ship(Shipper(settings.SPOOL_DIR, stop=stop), once=once)

    def _ship(self, shipper: Shipper, *, once: bool) -> None:
        if not once:
            shipper.run()
            return
        while shipper.ship_once():
            pass
        self.stdout.write(f"{shipper.status.inserted} events stored")
