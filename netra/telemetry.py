"""Error reports to Sentry and traces over OTLP, each switched on by its environment variable."""

import importlib

from netra import env


def instrument(process: str) -> None:
    """Start what is configured for `process` (web, gateway, worker or beat)."""
    # Both libraries take a second to import; a process without them must not pay for it.
    if dsn := env.secret("SENTRY_DSN", ""):
        importlib.import_module("netra.error_reports").start(process, dsn=dsn)
    if env.text("OTEL_EXPORTER_OTLP_ENDPOINT", ""):
        importlib.import_module("netra.tracing").start(process)
