"""指标: what Prometheus reads. For whoever has the key; without one the page does not exist.

Labels hold no person, no case and no secret: a channel is the beginning of its addresses, an
outlet that and its host, a route its template.
"""

import hmac
from datetime import datetime
from typing import cast

from fastapi import APIRouter, Request
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from starlette.responses import Response

from ledger import tokens
from ledger.metrics import Figures, figures, pool_of
from ledger.metrics_tally import Tally
from ledger.scope import Missing
from ledger.tokens import Scope
from portal.exposing import Exposed, Pooled
from portal.house import At, House, InHouse
from portal.observing import requests_of

router = APIRouter()

_LONGEST = 200
_ASK = {"WWW-Authenticate": 'Bearer realm="duban"'}


@router.get("/metrics")
def metrics(request: Request, house: InHouse, at: At) -> Response:
    """All figures as text, in the format of Prometheus: the ledger's, then this process's own."""
    refused = _refused(request, house, at)
    if refused is not None:
        return refused
    pool = pool_of(house.ledger)  # before this page itself takes a connection
    text = exposed(figures(house.ledger, _tally(request), at), at)
    own = CollectorRegistry()
    own.register(Pooled(pool))
    text += generate_latest(own) + generate_latest(requests_of(request.app).registry)
    return Response(text, media_type=CONTENT_TYPE_LATEST)


def exposed(found: Figures, at: datetime) -> bytes:
    """Figures as of `at`, as text that Prometheus reads."""
    registry = CollectorRegistry()
    registry.register(Exposed(found, at))
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
