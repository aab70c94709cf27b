"""指标: what Prometheus reads. For whoever has the key; without one the page does not exist.

Labels hold no person, no case and no secret: a channel is the beginning of its addresses, an
outlet that and its host.
"""

import hmac
import re
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from typing import cast

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from starlette.responses import Response

from ledger import tokens
from ledger.metrics import Figures, Tally, figures
from ledger.next_way import Exit
from ledger.scope import Missing
from ledger.tokens import Scope
from models.notice import NoticeState
from portal.house import At, House, InHouse

router = APIRouter()

_LONGEST = 200
_ASK = {"WWW-Authenticate": 'Bearer realm="duban"'}


@router.get("/metrics")
def metrics(request: Request, house: InHouse, at: At) -> Response:
    """All figures as text, in the format of Prometheus."""
    refused = _refused(request, house, at)
    if refused is not None:
        return refused
    text = exposed(figures(house.ledger, _tally(request), at), at)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def exposed(found: Figures, at: datetime) -> bytes:
    """Figures as of `at`, as text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(_Figures(found, at))
    return generate_latest(registry)


def _refused(request: Request, house: House, at: datetime) -> Response | None:
    """Why whoever asks is not answered; None for the house's own key, or a token with the scope.

    Raises Missing where nobody has been given either.
    """
    kind, _, sent = request.headers.get("authorization", "").partition(" ")
    own, sent = house.settings.metrics_token, sent.strip()
    if not own and not tokens.any_with(house.ledger, Scope.METRICS_READ, at):
        raise Missing("没有这个页面。", "There is no such page.")
    if kind.lower() != "bearer" or not 0 < len(sent) < _LONGEST:
        return Response("send a key: Authorization: Bearer …\n", 401, _ASK)
    if own and hmac.compare_digest(sent.encode(), own.encode()):
        return None
    found = tokens.find(house.ledger, sent, at) if sent.startswith(tokens.PREFIX) else None
    if found is None:
        return Response("this key opens nothing\n", 401, _ASK)
    if Scope.METRICS_READ in found.scopes:
        return None
    return Response(f"the token lacks the scope {Scope.METRICS_READ}\n", 403)


def _tally(request: Request) -> Tally:
    """What this process has counted already."""
    state = request.app.state
    if not hasattr(state, "tally"):
        state.tally = Tally()
    return cast(Tally, state.tally)


class _Figures(Collector):
    """The figures of one scrape."""

    def __init__(self, found: Figures, at: datetime) -> None:
        self.found, self.at = found, at

    def collect(self) -> Iterator[Metric]:
        """Every family, each with what it says."""
        found = self.found
        yield _by_state(found)
        yield _one("duban_notices_waiting_oldest_seconds",
                   "how long the notice that should have gone first has waited since then",
                   found.oldest_wait.total_seconds())  # fmt: skip
        yield _deliveries(found)
        yield from self._exits()
        yield _one("duban_cases_open", "open cases", found.cases_open)
        yield _one("duban_looks_late", "looks that are ten minutes late", found.late_looks)
        yield _one("duban_dead_letters", "notices given up", found.notices[NoticeState.DEAD])
        yield _one("duban_incoming_unknown", "mails that wait for a supervisor",
                   found.incoming_unknown)  # fmt: skip
        yield _build()

    def _exits(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("duban_outlet_up", "1 unless it keeps failing", labels=["outlet"])
        failing = GaugeMetricFamily(
            "duban_outlet_failing_seconds", "since it began to fail, 0 if not", labels=["outlet"]
        )
        for each in self.found.exits:
            since = each.tap.failing_since
            up.add_metric([outlet_name(each)], 0 if since else 1)
            passed = (self.at - since).total_seconds() if since else 0
            failing.add_metric([outlet_name(each)], max(passed, 0))
        yield up
        yield failing


def outlet_name(each: Exit) -> str:
    """Its service and the service's host, and its number, for two may look alike.

    What is no host may be a person's name, or what is left of a secret.
    """
    found = _MASK.match(each.shown)
    if found is None:
        return f"unknown#{each.id}"
    host = f"://{found['host']}" if _HOST.fullmatch(found["host"]) else ""
    return f"{found['scheme']}{host}#{each.id}"


_MASK = re.compile(r"(?P<scheme>[a-z][\w+.-]*)://(?:[^/]*@)?(?P<host>[^/?@]*)", re.IGNORECASE)
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?")


def _by_state(found: Figures) -> Metric:
    family = GaugeMetricFamily("duban_notices", "notices by state", labels=["state"])
    for state in NoticeState:
        family.add_metric([state.value], found.notices.get(state, 0))
    return family


def _deliveries(found: Figures) -> Metric:
    family = CounterMetricFamily(
        "duban_deliveries", "attempts that are over", labels=["channel", "outcome"]
    )
    for (channel, outcome), count in sorted(found.deliveries.items()):
        family.add_metric([channel, outcome.value], count)
    return family


def _one(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _build() -> Metric:
    family = GaugeMetricFamily("duban_build_info", "which Duban this is", labels=["version"])
    family.add_metric([version("duban")], 1)
    return family
