"""Structured logs: one JSON object a line, with request, task and organization ids."""

import logging
from typing import Any

import structlog

from netra.redaction import redact_event

SHARED_PROCESSORS: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
]


def logging_config(level: str) -> dict[str, Any]:
    """The `LOGGING` of Django; also sends structlog and Python's warnings through it."""
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED_PROCESSORS,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": SHARED_PROCESSORS,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    redact_event,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {name: dict(rule) for name, rule in LOGGERS.items()},
    }


TO_ROOT = {"handlers": [], "propagate": True}
LOGGERS: dict[str, dict[str, Any]] = {
    # Django's own handlers print plain text, and e-mail errors to ADMINS.
    "django": TO_ROOT,
    "django.server": TO_ROOT,
    # The request's own line has each 4xx already; what stays is the traceback of a 5xx.
    "django.request": {**TO_ROOT, "level": "ERROR"},
    "uvicorn": TO_ROOT,
    # The request's own line says more, and hides secrets in paths.
    "uvicorn.access": {"handlers": [], "propagate": False},
    "httpx": {**TO_ROOT, "level": "WARNING"},
}
