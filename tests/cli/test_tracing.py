"""Spans leave only where somebody collects them, and hold nothing that opens anything."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from duban import tracing
from tests.conftest import Databases

SECRET = "Zx9-very-secret-part"

LIVING = f"""
import sys
from pathlib import Path
from fastapi.testclient import TestClient
from duban import tracing
from duban.settings import Settings
from ledger.database import connect
from portal.app import create
from tests.world import World

url, home = sys.argv[1], Path(sys.argv[2])
assert tracing.set_up("portal")
assert tracing.set_up("portal")
world = World(connect(url), home / "messages")
settings = Settings(home=home, metrics_token="{SECRET}", _env_file=None)
app = create(world.ledger, settings)
app.state.house.clock = lambda: world.now
client = TestClient(app, base_url="http://testserver", raise_server_exceptions=False)
client.get("/l/{SECRET}")
client.get("/sign-in?next=/{SECRET}")
client.get("/api/v1/cases/{SECRET}?q={SECRET}")
client.get("/metrics", headers={{"Authorization": "Bearer {SECRET}"}})
client.post("/sign-in", data={{"login": "{SECRET}", "password": "{SECRET}"}})
world.report("{SECRET}", "{SECRET}")
world.sweep()
"""


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was said about traces, and nothing set up."""
    for name in [name for name in os.environ if name.startswith("OTEL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(tracing, "_done", [])


def test_spans_of_requests_statements_and_deliveries_arrive_and_hold_no_secret(
    httpserver: HTTPServer, databases: Databases, tmp_path: Path
) -> None:
    arrived = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    httpserver.expect_request("/v1/traces", method="POST").respond_with_data(b"")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DUBAN_", "OTEL_"))}
    subprocess.run(
        [sys.executable, "-c", LIVING, databases("sqlite", "city"), str(tmp_path)], check=True,
        env=kept | {"OTEL_EXPORTER_OTLP_ENDPOINT": httpserver.url_for("").rstrip("/")},
        timeout=100, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    bodies = [request.get_data() for request, _ in httpserver.log]
    assert not [body for body in bodies if SECRET.encode() in body]
    found = [arrived.ExportTraceServiceRequest.FromString(body) for body in bodies]
    told = [resource for each in found for resource in each.resource_spans]
    (service,) = {a.value.string_value for r in told for a in r.resource.attributes
                  if a.key == "service.name"}  # fmt: skip
    assert service == "duban-portal"
    spans = [span for r in told for scope in r.scope_spans for span in scope.spans]
    names = {span.name for span in spans}
    assert {"GET /l/{secret}", "GET /sign-in", "GET /metrics", "POST /sign-in", "deliver", "SELECT",
            "INSERT"} <= names  # fmt: skip
    assert "GET /api/v1/cases/{number}" in names
    keys = {a.key for span in spans for a in span.attributes}
    assert keys == {
        "http.request.method", "http.route", "http.response.status_code", "duban.channel",
        "duban.outcome", "db.system.name", "db.query.text", "db.batch", "db.rows",
    }  # fmt: skip
    answers = {span.span_id: span.name for span in spans if span.name.startswith("GET ")}
    asked = {answers.get(span.parent_span_id) for span in spans if span.name == "SELECT"}
    assert "GET /metrics" in asked


def test_nothing_is_set_up_where_nobody_collects(bare: None) -> None:
    assert tracing.set_up("portal") is False


def test_the_usual_switch_switches_it_off(bare: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    assert tracing.set_up("portal") is False


def test_a_missing_extra_is_said_and_stops_nothing(
    bare: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    assert tracing.set_up("portal") is False
    assert "duban[otel]" in caplog.text
    with tracing.span("anything", server=True) as span:
        span.set_attribute("still", "works")
