"""Our own figures for Prometheus, read when they are asked for."""

from collections.abc import Iterator

import psycopg
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from netra.operations.dependencies import connected_postgres

WAITING = "SELECT count(*) FROM public.tenants_job WHERE finished_at IS NULL"


class Figures(Collector):
    """Jobs that wait, and whether Postgres could be asked."""

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Names only: registering must not ask Postgres."""
        yield GaugeMetricFamily("netra_postgres_up", "1 when Postgres answered")
        yield GaugeMetricFamily("netra_jobs_waiting", "Jobs of the outbox not finished")

    def collect(self) -> Iterator[GaugeMetricFamily]:
        try:
            waiting = _jobs_waiting()
        except psycopg.Error:
            yield GaugeMetricFamily("netra_postgres_up", "1 when Postgres answered", value=0)
            return
        yield GaugeMetricFamily("netra_postgres_up", "1 when Postgres answered", value=1)
        yield GaugeMetricFamily(
            "netra_jobs_waiting", "Jobs of the outbox not finished", value=waiting
        )


def _jobs_waiting() -> int:
    with connected_postgres() as connection:
        row = connection.execute(WAITING).fetchone()
    return int(row[0]) if row else 0
