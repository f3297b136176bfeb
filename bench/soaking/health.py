"""Whether every part works again once nothing is killed any more: each is asked to do its work."""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic, sleep

from django.conf import settings
from django_celery_beat.models import PeriodicTask

from apps.kernel.clock import utc_now
from apps.tenants.models import Job
from apps.usage.spool.status import age_seconds, read_status
from bench.soaking.parts import Parts
from netra.celery import application

# Beat publishes something each minute, and asks at once for what fell due meanwhile.
_LATELY = timedelta(seconds=90)
_OLD = timedelta(minutes=3)
_PATIENCE_SECONDS = 120.0
_SHIPPER_SECONDS = 15.0


def idle_parts(parts: Parts) -> list[str]:
    """The parts that do not do their work, after some patience; none is well."""
    asked: dict[str, Callable[[], bool]] = {
        "gateway": lambda: parts.answers("gateway"),
        "web": lambda: parts.answers("web"),
        "shipper": _ships,
        "worker": lambda: bool(application.control.ping(timeout=3)),
        "beat": _beats,
        "jobs": _finishes_jobs,
    }
    give_up_at = monotonic() + _PATIENCE_SECONDS
    while idle := [name for name, works in asked.items() if not works()]:
        if monotonic() > give_up_at:
            return idle
        sleep(3)
    return []


def _ships() -> bool:
    """It spoke just now, and nothing holds it up or was put aside."""
    status = read_status(settings.SPOOL_DIR)
    if status is None or status.error or status.quarantined:
        return False
    return age_seconds(status, at=utc_now()) < _SHIPPER_SECONDS


def _beats() -> bool:
    """Its schedule went on lately."""
    return bool(PeriodicTask.objects.filter(last_run_at__gt=utc_now() - _LATELY).exists())


def _finishes_jobs() -> bool:
    """No job of the outbox waits for long."""
    waiting = Job.objects.filter(finished_at=None, created_at__lt=utc_now() - _OLD)
    return not waiting.exists()
