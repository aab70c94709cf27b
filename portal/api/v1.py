"""/api/v1 as an application of its own, with its OpenAPI document at /api/v1/openapi.json."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from documents.pictures import MAX_BYTES
from portal.api import cases, findings, following, problems, reference, verbs
from portal.api.admission import RATE, Pace
from portal.api.bounds import Bounded
from portal.api.problems import MEDIA, Problem
from portal.house import House
from portal.observing import FASTAPIS_OWN

AT = "/api/v1"
_ROOM = 100_000
"""What a form puts around a picture, at most."""
DESCRIPTION = """The same verbs as the portal's, for programs.

Send a token in `Authorization: Bearer duban_…`, made by an administrator with the scopes it needs;
or the portal's own session cookie, with the header `X-CSRF-Token` for what changes something.
What is out of scope does not exist: 404. Pages go on with `after` of the page before (also in
`Link`). Whatever fails is a problem document (RFC 9457) in the language of `Accept-Language`.
Instants are ISO 8601 with offset. At most 600 requests a minute for each token.
"""


def create(house: House, rate: str = RATE) -> FastAPI:
    """The interface of a portal."""
    api = FastAPI(
        title="Duban 督办", version="1", description=DESCRIPTION, docs_url=None, redoc_url=None,
        telemetry=FASTAPIS_OWN,
    )  # fmt: skip
    api.state.house = house
    api.state.pace = Pace(rate)
    api.add_middleware(Bounded, more={"/photos": MAX_BYTES + _ROOM})
    problems.install(api)
    for part in (cases, verbs, findings, following, reference):
        api.include_router(part.router)
    api.openapi = lambda: _document(api)  # type: ignore[method-assign]
    return api


# -- the document, which says what is true -----------------------------------------------------

_ALWAYS = {
    401: "nobody is signed in, or the token does not hold",
    403: "the token lacks the scope, or the step is for others",
    422: "something sent cannot be taken; `fields` says what",
    429: "too many requests; `Retry-After` says when to come again",
    500: "our own mistake, with a reference for the administrator",
    503: "the database cannot be used just now",
}
_MISSING = {404: "there is no such thing, or not within scope"}
_SENT = {
    400: "the body cannot be read",
    409: "the case does not stand so that it can be done, or the same request is under way",
    413: "too large: 15 MB for a picture, 1 MB for anything else",
    415: "not a type this operation takes",
}


def _document(api: FastAPI) -> dict[str, Any]:
    if api.openapi_schema:
        return api.openapi_schema
    document = get_openapi(
        title=api.title, version=api.version, description=api.description, routes=api.routes
    )
    parts = document["components"]
    known = parts["schemas"]
    for gone in ("HTTPValidationError", "ValidationError"):
        known.pop(gone, None)
    shape = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    known.update(shape.pop("$defs"))
    known["Problem"] = shape
    parts["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "duban_…"},
        "session": {"type": "apiKey", "in": "cookie", "name": "duban"},
    }
    for methods in document["paths"].values():
        for method, operation in methods.items():
            _tell_failures(operation, method == "post")
    api.openapi_schema = document
    return document


def _tell_failures(operation: dict[str, Any], changes: bool) -> None:
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    told = _ALWAYS | _MISSING | (_SENT if changes else {})
    for status, why in sorted(told.items()):
        operation["responses"][str(status)] = {"description": why, "content": content}
