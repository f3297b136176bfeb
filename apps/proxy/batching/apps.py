from django.apps import AppConfig


class BatchingConfig(AppConfig):
    name = "apps.proxy.batching"
    label = "batching"
