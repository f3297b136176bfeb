from importlib import import_module

from django.apps import AppConfig


class PricingConfig(AppConfig):
    name = "apps.pricing"

    def ready(self) -> None:
        """Called once a process by Django: our staff's site does not look for pages itself."""
        import_module("apps.pricing.admin")
