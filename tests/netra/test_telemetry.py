"""Sentry and OpenTelemetry start only where their variable says so."""

import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

ASK = "import sys; from netra.telemetry import instrument; instrument('worker'); print(sorted(m for m in ('sentry_sdk', 'opentelemetry.sdk.trace') if m in sys.modules))"  # noqa: E501  (one command)


@pytest.mark.parametrize(
    ("variables", "loaded"),
    [
        ({}, "[]"),
        ({"SENTRY_DSN": "https://key@sentry.test/1"}, "['sentry_sdk']"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, "['opentelemetry.sdk.trace']"),
    ],
)
def test_a_plain_start_loads_neither(
    variables: dict[str, str], loaded: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SENTRY_DSN", "OTEL_EXPORTER_OTLP_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == loaded


class Collector(BaseHTTPRequestHandler):
    """Remembers the path and size of what was posted."""

    posts: list[tuple[str, int]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.posts.append((self.path, len(body)))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet."""


def test_spans_reach_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    span = "from opentelemetry import trace; trace.get_tracer('t').start_span('s').end()"
    subprocess.run([sys.executable, "-c", f"{ASK}; {span}"], check=True, capture_output=True)
    server.shutdown()
    thread.join()
    server.server_close()
    assert [path for path, size in Collector.posts if size > 0] == ["/v1/traces"]
