"""The Celery application of worker and beat, and of whoever publishes tasks."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netra.settings.dev")
application = Celery("netra")
application.config_from_object("django.conf:settings", namespace="CELERY")
application.autodiscover_tasks()
# Celery remembers the current application per thread; requests run in threads of their own.
application.set_default()
