"""The Celery application of worker and beat, and of whoever publishes tasks."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django_structlog.celery.steps import DjangoStructLogInitStep

from netra.telemetry import instrument

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netra.settings.dev")
application = Celery("netra")
application.config_from_object("django.conf:settings", namespace="CELERY")
application.autodiscover_tasks()
# A task's log lines carry the ids of the request that asked for it.
application.steps["worker"].add(DjangoStructLogInitStep)
# Celery remembers the current application per thread; requests run in threads of their own.
application.set_default()


# The web process imports this module too, and instruments itself.
@worker_init.connect
def instrument_worker(**_signal: Any) -> None:
    instrument("worker")


@beat_init.connect
def instrument_beat(**_signal: Any) -> None:
    instrument("beat")
