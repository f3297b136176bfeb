"""Traces over OTLP/HTTP. Imported only when OTEL_EXPORTER_OTLP_ENDPOINT is set.

The exporter reads the standard OTEL_* variables by itself.
"""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg import PsycopgInstrumentor
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from netra import env

INSTRUMENTORS = {
    "web": (DjangoInstrumentor, PsycopgInstrumentor, CeleryInstrumentor),
    "worker": (PsycopgInstrumentor, CeleryInstrumentor),
    "beat": (PsycopgInstrumentor, CeleryInstrumentor),
    "gateway": (),
}


def start(process: str) -> None:
    """Send the spans of `process` to the collector."""
    service = env.text("OTEL_SERVICE_NAME", f"netra-{process}")
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    for instrumentor in INSTRUMENTORS[process]:
        instrumentor().instrument()
