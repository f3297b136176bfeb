"""The gateway process: the LLM hot path, without Django's request cycle."""

import os

import django

from netra.telemetry import instrument

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netra.settings.dev")
instrument("gateway")
django.setup()

# What the process is made of reads models, which are importable only once Django is set up.
from apps.proxy.app import Gateway  # noqa: E402
from netra.gateway import open_runtime  # noqa: E402

application = Gateway(open_runtime)
