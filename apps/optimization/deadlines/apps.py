from django.apps import AppConfig

from apps.usage.inlets import register_inlet
from apps.usage.spool import Kind


class DeadlinesConfig(AppConfig):
    name = "apps.optimization.deadlines"
    label = "deadlines"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        register_inlet(Kind.DEFERRED, "apps.optimization.deadlines.services.accept_deferred")
