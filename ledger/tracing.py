"""语句的链路: each statement of the ledger as a span, without the values it was sent with."""

from typing import Any

import sqlalchemy as sa
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from sqlalchemy.engine import Connection, Engine, ExceptionContext

_KEY = "duban.span"
_LONGEST = 2_000
_tracer = trace.get_tracer("duban.ledger")


def listen() -> None:
    """From here on, for every engine of this process."""
    sa.event.listen(Engine, "before_cursor_execute", _before)
    sa.event.listen(Engine, "after_cursor_execute", _after)
    sa.event.listen(Engine, "handle_error", _failed)


def _before(connection: Connection, _: Any, statement: str, *rest: Any) -> None:
    context, many = rest[-2], rest[-1]
    if context is None:
        return
    verb = statement.lstrip().partition(" ")[0].upper()[:20]
    system = connection.dialect.name
    span = _tracer.start_span(verb, kind=SpanKind.CLIENT, attributes={
        "db.system.name": system, "db.query.text": statement[:_LONGEST], "db.batch": many,
    })  # fmt: skip
    setattr(context, _KEY, span)


def _after(_: Connection, cursor: Any, __: str, ___: Any, context: Any, ____: bool) -> None:
    span = _taken(context)
    if span is not None:
        span.set_attribute("db.rows", cursor.rowcount)
        span.end()


def _failed(error: ExceptionContext) -> None:
    span = _taken(error.execution_context)
    if span is not None:
        kind = type(error.original_exception).__name__
        span.set_attribute("error.type", kind)
        span.set_status(Status(StatusCode.ERROR))
        span.end()


def _taken(context: Any) -> Span | None:
    found: Span | None = context and context.__dict__.pop(_KEY, None)
    return found
