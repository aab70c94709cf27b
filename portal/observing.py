"""请求的记录: each request gets a number, a line in the log, its place in the figures, a span.

Nothing of an address but the template of its route is kept: links hold a secret in their path,
and searches hold names in their query.
"""

import logging
import re
import secrets
import time
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duban import logs, tracing

_log = logging.getLogger("duban.requests")
disable_created_metrics()  # type: ignore[no-untyped-call]

HEADER = "X-Request-Id"
_NAME = HEADER.lower().encode()
_GIVEN = re.compile(r"[\w-]{8,64}", re.ASCII)
"""What a proxy before us may call a request."""
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_QUIET = {"/health", "/ready", "/metrics", "/static"}
"""Asked for every few seconds: only their failures are worth a line."""
FASTAPIS_OWN: Any = dict.fromkeys(
    ("tracing", "metrics", "logs", "operation_spans", "auto_configure"), False
)
"""FastAPI traces by itself once spans are sent anywhere, and writes whole addresses down: links
hold their secret there. So it must not."""
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Requests:
    """What this process has answered, by route."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._count = Counter(
            "duban_requests", "requests answered", ["route", "method", "status"],
            registry=self.registry,
        )  # fmt: skip
        self._seconds = Histogram(
            "duban_request_seconds", "how long answers took", ["route"],
            buckets=SECONDS, registry=self.registry,
        )  # fmt: skip
        ProcessCollector(registry=self.registry)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request more."""
        self._count.labels(route, method, f"{status // 100}xx").inc()
        self._seconds.labels(route).observe(seconds)


def requests_of(app: FastAPI) -> Requests:
    """What the application of this process has answered."""
    if not hasattr(app.state, "requests"):
        app.state.requests = Requests()
    return cast(Requests, app.state.requests)


def number_of(request: Request) -> str:
    """By what a request is found in the log; empty for one that did not come by `Observed`."""
    return str(request.scope.get("duban.request", ""))


class Observed:
    """Middleware, the outermost of ours."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, and write down how."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, began = HTTPStatus.INTERNAL_SERVER_ERROR.value, time.perf_counter()
        number = scope["duban.request"] = _number(scope)
        app = scope["app"]  # what is mounted in it puts itself in this place

        async def named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if _NAME not in dict(message["headers"]):
                    message["headers"] = [*message["headers"], (_NAME, number.encode())]
            await send(message)

        with logs.bound(request=number), tracing.span("request", server=True) as span:
            try:
                await self.app(scope, receive, named)
            finally:
                took, route = time.perf_counter() - began, route_of(scope)
                method = scope["method"] if scope["method"] in _METHODS else "other"
                requests_of(app).answered(route, method, status, took)
                _say(route, method, status, took)
                _trace(span, route, method, status)


def route_of(scope: Scope) -> str:
    """The template of the route that answered: never an address somebody asked for."""
    path = getattr(scope.get("route"), "path", None)
    root = str(scope.get("root_path", ""))
    if path is None:
        return root if root in _QUIET else "none"
    return root + str(path)


def _say(route: str, method: str, status: int, took: float) -> None:
    broken = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if route in _QUIET and not broken:
        return
    said = {"route": route, "method": method, "status": status, "ms": round(took * 1000)}
    _log.log(logging.ERROR if broken else logging.INFO, "answered", extra=said)


def _trace(span: Any, route: str, method: str, status: int) -> None:
    span.update_name(f"{method} {route}")
    span.set_attribute("http.request.method", method)
    span.set_attribute("http.route", route)
    span.set_attribute("http.response.status_code", status)


def _number(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == _NAME and _GIVEN.fullmatch(given := value.decode("latin-1")):
            return str(given)
    return secrets.token_hex(6)
