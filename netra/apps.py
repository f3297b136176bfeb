"""Makes the composition root a Django app, so that each process publishes to our broker."""

from django.apps import AppConfig

from netra.celery import application


class NetraConfig(AppConfig):
    name = "netra"
    celery = application
