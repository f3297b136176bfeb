from django.apps import AppConfig


class OptimizationConfig(AppConfig):
    name = "apps.optimization"
    label = "optimization"
    default_auto_field = "django.db.models.BigAutoField"
