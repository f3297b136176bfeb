"""uvicorn as the simulator wants it."""

import logging

import uvicorn

from sim.app import Simulator

_DROPPED = "ASGI callable returned without completing response."


class _Uncut(logging.Filter):
    """Leaves out what uvicorn says about every connection that a fault cut."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.getMessage() != _DROPPED


def server_config(application: Simulator, *, host: str, port: int) -> uvicorn.Config:
    """A configuration without a Date header, which would differ between two equal calls."""
    logging.getLogger("uvicorn.error").addFilter(_Uncut())
    return uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        lifespan="on",
        log_level="warning",
        access_log=False,
        date_header=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
    )
