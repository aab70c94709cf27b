"""The portal as one ASGI application."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import Depends, FastAPI, Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from documents.pictures import MAX_BYTES
from documents.store import Store
from duban.settings import Settings
from ledger.database import Ledger
from portal import errors, receiving
from portal.api import v1
from portal.api.bounds import Bounded
from portal.headers import NOWHERE, guard
from portal.house import House
from portal.identity import gate
from portal.observing import FASTAPIS_OWN, Observed
from portal.pages import routers
from portal.seeing import SAFE, guarded
from portal.templating import HERE
from portal.uploading import MOST

PAGE_BODY = MOST * MAX_BYTES + 1_000_000
"""Bytes of a form with as many pictures as it may have; they are written to disk as they come."""


def create(ledger: Ledger, settings: Settings) -> FastAPI:
    """The portal of a ledger. Raises Trouble when its sign-in settings will not do."""
    app = FastAPI(
        title="Duban 督办", docs_url=None, redoc_url=None, openapi_url=None, telemetry=FASTAPIS_OWN
    )
    gate(settings)  # sign-in settings that will not do are refused now, not at the door
    app.state.house = House(ledger, settings, Store(settings.store()))
    app.add_middleware(Bounded, most=PAGE_BODY, more=receiving.BOUNDS)
    app.middleware("http")(_around)
    app.add_middleware(Observed)
    errors.install(app)
    for router in routers():
        app.include_router(router, dependencies=[Depends(guarded)])
    app.include_router(receiving.router)
    app.mount(v1.AT, v1.create(app.state.house))
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    return app


async def _around(
    request: Request, following: Callable[[Request], Awaitable[Response]]
) -> Response:
    response = await following(request)
    if request.method not in SAFE and response.status_code < HTTPStatus.BAD_REQUEST:
        request.app.state.house.nudge()
    guard(response, _kept(request))
    return response


def _kept(request: Request) -> str:
    """Pages are kept by nobody; a static file asked for by its version, for ever."""
    if not request.url.path.startswith("/static/"):
        return NOWHERE
    return "public, max-age=31536000, immutable" if request.url.query else "no-cache"
