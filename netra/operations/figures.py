"""Our own figures for Prometheus, read when they are asked for."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
from django.conf import settings
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from apps.kernel.clock import utc_now
from apps.usage.spool.status import age_seconds, read_status
from netra.operations.dependencies import connected_postgres

WAITING = "SELECT count(*) FROM public.tenants_job WHERE finished_at IS NULL"
DIFFERING = "SELECT count(*) FROM public.ledger_discrepancy WHERE resolved_at IS NULL"
POSTGRES_UP = ("netra_postgres_up", "1 when Postgres answered")
JOBS_WAITING = ("netra_jobs_waiting", "Jobs of the outbox not finished")
DISCREPANCIES = ("netra_usage_discrepancies", "Figures of usage that differ where they should not")
SHIPPER_AGE = ("netra_shipper_status_age_seconds", "Since this machine's shipper last spoke")
SHIPPER_LAG = ("netra_shipper_lag_seconds", "How long the shipper has been behind the spool")
SHIPPER_BYTES = ("netra_shipper_lag_bytes", "Bytes of the spool not stored, at most")
QUARANTINED = ("netra_shipper_quarantined", "Records put aside since the shipper's start")


class Figures(Collector):
    """Jobs that wait, whether Postgres could be asked, and what the shipper says of itself."""

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Names only: registering must not ask Postgres."""
        for figure in (
            POSTGRES_UP,
            JOBS_WAITING,
            DISCREPANCIES,
            SHIPPER_AGE,
            SHIPPER_LAG,
            SHIPPER_BYTES,
            QUARANTINED,
        ):
            yield GaugeMetricFamily(*figure)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from _of_shipper()
        try:
            waiting, differing = _counted(WAITING), _counted(DIFFERING)
        except psycopg.Error:
            yield GaugeMetricFamily(*POSTGRES_UP, value=0)
            return
        yield GaugeMetricFamily(*POSTGRES_UP, value=1)
        yield GaugeMetricFamily(*JOBS_WAITING, value=waiting)
        yield GaugeMetricFamily(*DISCREPANCIES, value=differing)


def _of_shipper() -> Iterator[GaugeMetricFamily]:
    status = read_status(settings.SPOOL_DIR)
    if status is None:
        return  # no shipper has run on this machine
    yield GaugeMetricFamily(*SHIPPER_AGE, value=age_seconds(status, at=utc_now()))
    yield GaugeMetricFamily(*SHIPPER_LAG, value=status.lag_seconds)
    yield GaugeMetricFamily(*SHIPPER_BYTES, value=status.lag_bytes)
    yield GaugeMetricFamily(*QUARANTINED, value=status.quarantined)


def _counted(query: LiteralString) -> int:
    with connected_postgres() as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0
