from importlib import import_module

from django.apps import AppConfig


class DisputesConfig(AppConfig):
    name = "apps.attribution.disputes"
    label = "disputes"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Called once a process by Django: our staff's site does not look for pages itself."""
        import_module("apps.attribution.disputes.admin")
