"""Makes the composition root a Django app, so that each process publishes to our broker."""

from django.apps import AppConfig
from prometheus_client import REGISTRY

from netra.celery import application
from netra.operations.figures import Figures


class NetraConfig(AppConfig):
    name = "netra"
    celery = application

    def ready(self) -> None:
        """Called once a process by Django."""
        REGISTRY.register(Figures())
