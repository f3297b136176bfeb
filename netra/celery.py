"""The Celery application of worker and beat."""

import os

from celery import Celery

# from import instrument

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netra.settings.dev")
application = Celery("netra")
application.config_from_object("django.conf:settings", namespace="CELERY")
application.autodiscover_tasks()
# instrument("worker")
