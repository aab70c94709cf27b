"""链路: spans of requests, statements, rounds and deliveries, for whoever collects OpenTelemetry.

Switched on by OTEL_EXPORTER_OTLP_ENDPOINT with the extra `otel` installed; else every span is
nothing and costs next to nothing. The rest of OpenTelemetry's own variables hold too.
"""

import logging
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import Token
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from opentelemetry import context, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

_log = logging.getLogger("duban.tracing")
_tracer = trace.get_tracer("duban")

WHERE = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PATIENCE = "OTEL_EXPORTER_OTLP_TIMEOUT"
PATIENCE = 3
"""Seconds: a round ends with its process, and that waits for its last spans to be taken."""
_done: list[str] = []


def set_up(service: str) -> bool:
    """Send the spans of this process as those of `duban-<service>`; whether they are sent.

    A collector that is away loses spans and nothing else.
    """
    if _done or not any(os.environ.get(name) for name in WHERE):
        return bool(_done)
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        _log.warning("%s is set, but traces need the extra: pip install 'duban[otel]'", WHERE[1])
        return False
    from ledger.tracing import listen

    resource = Resource.create({"service.name": f"duban-{service}", "service.version": _version()})
    provider = TracerProvider(resource=resource)
    exporter = OTLPSpanExporter(timeout=None if os.environ.get(_PATIENCE) else PATIENCE)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    listen()
    _done.append(service)
    return True


def span(name: str, *, server: bool = False, **attributes: Any) -> AbstractContextManager[Span]:
    """What is done inside, as one span. What it raises is told by its kind, never in its words."""
    kind = SpanKind.SERVER if server else SpanKind.INTERNAL
    return _tracer.start_as_current_span(
        name, kind=kind, attributes=attributes, record_exception=False,
        set_status_on_exception=False,
    )  # fmt: skip


@dataclass
class Under:
    """A span that is under way: what is done meanwhile belongs to it."""

    span: Span
    token: Token[Any]

    def end(self, counts: Mapping[str, int] | None = None, error: str = "") -> None:
        """It is over, and this was done; or it failed."""
        for name, count in (counts or {}).items():
            self.span.set_attribute(f"duban.done.{name}", count)
        if error:
            self.span.set_status(Status(StatusCode.ERROR))
        self.span.end()
        context.detach(self.token)


def begin(name: str, **attributes: Any) -> Under:
    """Begin a span that does not end where it began."""
    started = _tracer.start_span(name, attributes=attributes)
    return Under(started, context.attach(trace.set_span_in_context(started)))


def _version() -> str:
    return version("duban")
