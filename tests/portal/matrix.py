"""Who gets which answer where: one line for each route, and who asks.

A route that has no line here fails `test_scope_matrix.py`, which prints the line to add.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from ledger.tokens import Scope
from models.verb import Verb
from portal.acting import ACTIONS
from rules.permission import ANSWERS, Concern, may


class Asker(StrEnum):
    """Who asks."""

    NOBODY = "nobody"
    INSPECTOR = "inspector"
    CONTACT = "contact"
    HEAD = "head"
    ASSISTING = "assisting"
    SUPERVISOR = "supervisor"
    ELSEWHERE = "elsewhere"
    """Supervisor, contact and inspector of another area."""
    LEADER = "leader"
    ADMINISTRATOR = "administrator"
    LINK = "link"
    TOKEN = "token"
    WITHOUT = "token without the scope"


A = Asker
INSPECTORS = frozenset({A.INSPECTOR, A.ELSEWHERE})
UNITS = frozenset({A.CONTACT, A.HEAD, A.ASSISTING, A.ELSEWHERE})
SUPERVISORS = frozenset({A.SUPERVISOR, A.ELSEWHERE, A.TOKEN})
WATCHERS = SUPERVISORS | {A.LEADER}
ADMINISTRATORS = frozenset({A.ADMINISTRATOR})
RUNNERS = SUPERVISORS | ADMINISTRATORS
TOKENS = frozenset({A.TOKEN, A.WITHOUT})
LINKED = frozenset({A.LINK})
ANYBODY = frozenset(Asker)
SIGNED = ANYBODY - {A.NOBODY}
PEOPLE = SIGNED - LINKED
"""With an account."""

C = Concern
CONCERNS: Mapping[Asker, frozenset[Concern]] = {
    A.INSPECTOR: frozenset({C.REPORTER}),
    A.CONTACT: frozenset({C.LEAD}),
    A.HEAD: frozenset({C.LEAD}),
    A.ASSISTING: frozenset({C.ASSISTING}),
    A.SUPERVISOR: frozenset({C.SUPERVISOR}),
    A.ELSEWHERE: frozenset({C.SUPERVISOR, C.LEAD, C.REPORTER}),
    A.LEADER: frozenset({C.LEADER}),
    A.LINK: frozenset({C.LEAD, C.INFORMED}),
    A.TOKEN: frozenset({C.SUPERVISOR}),
}
"""How each is concerned with their own case."""


class Which(StrEnum):
    """Whose the thing is that is asked for."""

    OWN = "own"
    FOREIGN = "foreign"
    NONE = "none"


SCOPED = {"number": "case", "photo_id:int": "photo", "photo": "photo", "row_id": "row",
          "notice_id": "notice", "proposal": "proposal", "mail_id": "mail"}  # fmt: skip
"""Path parameters that name what lies in a scope."""
KNOWN = {
    "absence_id": "absence", "account_id": "account", "area_id": "area", "channel_id": "channel",
    "call_id": "hook_call", "code": "category", "duty_id": "duty", "grant_id": "role_grant",
    "hook_id": "hook", "identity": "identity",
    "identity_id": "identity", "person_id": "person", "provider": "provider",
    "route_id": "route", "secret": "link", "token_id": "token", "unit_id": "unit",
    "version_id": "policy_version", "year": "calendar_year",
}  # fmt: skip
"""Path parameters that name what is there for whoever may come there at all."""


@dataclass(frozen=True)
class Line:
    """What one route answers.

    `who` is let in; all others get `out`, and nobody in particular `shut`. Those let in get one
    of `ok` for what is theirs and of `gone` for what is not. `verb` narrows them further, to
    those whose verb it is.
    """

    who: frozenset[Asker]
    ok: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset({404})
    out: int = 404
    shut: int = 303
    verb: Verb | None = None
    scopes: frozenset[Scope] = frozenset()
    """What a token needs; the API's alone has any."""
    params: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    """A form, or on the API a document."""
    sends: bytes = b""
    key: bool = False
    """It needs an Idempotency-Key."""


def let(who: frozenset[Asker], *ok: int, **more: Any) -> Line:
    """A page."""
    gone = frozenset(more.pop("gone", (404,)))
    return Line(who, frozenset(ok), gone, **more)


def api(who: frozenset[Asker], *scopes: Scope, **more: Any) -> Line:
    """An operation of the interface."""
    return Line(who, scopes=frozenset(scopes), **more)


S = Scope
TABLE: dict[str, Line] = {
    # -- the door; no other house is configured here -------------------------------------------
    "GET /": let(ANYBODY, 303),
    "GET /health": let(ANYBODY, 200),
    "GET /ready": let(ANYBODY, 200),
    "GET /sign-in": let(ANYBODY, 200, 303),
    "POST /sign-in": let(ANYBODY, 422, data={"login": "nobody", "password": "at all"}),
    "POST /sign-out": let(ANYBODY, 303),
    "POST /language": let(ANYBODY, 303),
    "GET /l/{secret}": let(ANYBODY, 200, gone=(410,)),
    "POST /l/{secret}": let(ANYBODY, 303, gone=(410,)),
    "GET /linked": let(SIGNED, 303),
    "GET /sign-in/{provider}": let(ANYBODY, 404),
    "GET /sign-in/{provider}/callback": let(ANYBODY, 404),
    "GET /sign-in/{provider}/link": let(PEOPLE, 404),
    "POST /sign-in/{provider}/link": let(PEOPLE, 404),
    "GET /sign-in/{provider}/unknown": let(ANYBODY, 404),
    # -- one's own -----------------------------------------------------------------------------
    "GET /account": let(SIGNED, 200),
    "GET /account/outside": let(PEOPLE, 200),
    "GET /account/notices": let(PEOPLE, 200),
    "POST /account/notices": let(PEOPLE, 303, data={"lang": "zh"}),
    "POST /account/notices/channels/{channel_id}": let(PEOPLE, 303, 404, data={"do": "up"}),
    "POST /account/notices/summaries": let(PEOPLE, 303),
    "POST /account/notices/summaries/{subscription_id}": let(
        PEOPLE, 404, params={"subscription_id": "999999"}, data={"do": "off"}
    ),
    "POST /account/outside/{identity}/remove": let(PEOPLE, 303, 422, gone=(422,)),
    "POST /account/sign-out-elsewhere": let(SIGNED, 303),
    "GET /password": let(SIGNED, 200),
    "POST /password": let(SIGNED),
    # -- the inspector -------------------------------------------------------------------------
    "GET /hand-in": let(INSPECTORS, 200),
    "POST /hand-in": let(INSPECTORS),
    "GET /hand-in/catalogue.json": let(INSPECTORS, 200),
    "GET /hand-in/likely": let(INSPECTORS, 200, query="text=垃圾"),
    "GET /hand-in/nearby": let(INSPECTORS, 200, query="lat=30.5&lon=104.5&place=揽月路"),
    "GET /hand-in/offline": let(ANYBODY, 200),
    "GET /hand-in/state.json": let(INSPECTORS, 200, out=401, shut=401),
    "GET /handed-in": let(INSPECTORS, 200),
    "GET /verify": let(INSPECTORS, 200),
    "GET /sw.js": let(ANYBODY, 200),
    # -- pictures ------------------------------------------------------------------------------
    "POST /photos": let(SIGNED),
    "GET /photos/{photo_id:int}.jpg": let(SIGNED, 200),
    "GET /photos/{photo_id:int}/thumb.jpg": let(SIGNED, 200),
    "POST /photos/{photo_id:int}/drop": let(SIGNED, 404),
    # -- the unit, and a case for everybody ----------------------------------------------------
    "GET /mine": let(UNITS, 200),
    "GET /mine/sign": let(SIGNED, 303),
    "POST /mine/sign": let(UNITS),
    "GET /cases/{number}": let(SIGNED, 200),
    "GET /cases/{number}/why": let(SIGNED, 200),
    "GET /cases/{number}/do/{name}": let(SIGNED, 200, params={"name": "note"}, verb=Verb.NOTE),
    "POST /cases/{number}/do/{name}": let(
        SIGNED, params={"name": "note"}, data={"text": "已看"}, verb=Verb.NOTE
    ),
    # -- the supervisor and the leader ---------------------------------------------------------
    "GET /board": let(SUPERVISORS, 200),
    "POST /board/do": let(SUPERVISORS),
    "POST /board/proposals/{proposal}/record": let(SUPERVISORS),
    "POST /board/proposals/{proposal}/dismiss": let(SUPERVISORS, data={"reason": "已整改"}),
    "GET /cases": let(WATCHERS, 200),
    "GET /export/cases": let(WATCHERS, 200),
    "GET /log": let(WATCHERS, 200, query="reminders=1"),
    "GET /export/log": let(WATCHERS, 200, query="reminders=1"),
    "GET /log/{row_id}": let(WATCHERS, 200),
    "POST /log/{row_id}/remark": let(WATCHERS, data={"text": "请抓紧"}),
    "GET /wall": let(WATCHERS, 200),
    "GET /incoming": let(SUPERVISORS, 200, query="state=all"),
    "POST /incoming/{mail_id}/attach": let(SUPERVISORS, data={"number": "2026-000001"}),
    "POST /incoming/{mail_id}/discard": let(SUPERVISORS),
    "GET /running": let(RUNNERS, 200),
    "POST /running/retry": let(RUNNERS, 303),
    "POST /cases/{number}/retry": let(SUPERVISORS, 303),
    "GET /metrics": api(frozenset({A.TOKEN}), S.METRICS_READ, out=401),
    "GET /notices": let(SUPERVISORS, 200),
    "GET /notices/{notice_id}": let(SUPERVISORS, 200),
    "POST /notices/{notice_id}/again": let(SUPERVISORS),
    # -- the interface -------------------------------------------------------------------------
    "GET /api/v1/openapi.json": let(ANYBODY, 200),
    "HEAD /api/v1/openapi.json": let(ANYBODY, 200),
    "GET /api/v1/me": api(SIGNED),
    "GET /api/v1/cases": api(SIGNED, S.CASES_READ, query="order=newest"),
    "GET /api/v1/cases/{number}": api(SIGNED, S.CASES_READ),
    "GET /api/v1/cases/{number}/records": api(SIGNED, S.CASES_READ),
    "GET /api/v1/cases/{number}/photos": api(SIGNED, S.CASES_READ),
    "GET /api/v1/photos/{photo}": api(SIGNED, S.CASES_READ),
    "GET /api/v1/photos/{photo}/thumb": api(SIGNED, S.CASES_READ),
    "POST /api/v1/photos": api(SIGNED, S.CASES_WRITE, S.FINDINGS_WRITE, sends=b"no picture"),
    "POST /api/v1/findings": api(
        INSPECTORS, S.FINDINGS_WRITE, data={"place": "听涛路", "problem": "井盖缺失"}, key=True
    ),
    "GET /api/v1/log": api(WATCHERS, S.LOG_READ, query="reminders=true"),
    "GET /api/v1/outbox": api(SUPERVISORS, S.NOTICES_READ),
    "GET /api/v1/units": api(PEOPLE, S.REFERENCE_READ),
    "GET /api/v1/areas": api(PEOPLE, S.REFERENCE_READ),
    "GET /api/v1/categories": api(PEOPLE, S.REFERENCE_READ),
    "POST /api/v1/deadline": api(
        PEOPLE, S.REFERENCE_READ, data={"limit": "2 工作日", "from": "2026-09-24T15:00:00+08:00"}
    ),
    "POST /hooks-in/sms/aliyun": api(TOKENS, S.RECEIPTS_WRITE, out=401),
    "POST /hooks-in/sms/tencent": api(TOKENS, S.RECEIPTS_WRITE, out=401),
    **{
        f"POST /api/v1/cases/{{number}}/{verb.value}": api(SIGNED, S.CASES_WRITE, verb=verb)
        for verb in ACTIONS
    },
}

# -- the administrator: everything below /admin, and nobody else ---------------------------------

ADMIN = """
GET /admin
GET /admin/absences
POST /admin/absences
POST /admin/absences/{absence_id}/end
GET /admin/accounts
POST /admin/accounts
GET /admin/accounts/new
GET /admin/accounts/{account_id}
POST /admin/accounts/{account_id}/close
POST /admin/accounts/{account_id}/outside
POST /admin/accounts/{account_id}/outside/{identity_id}/remove
POST /admin/accounts/{account_id}/reopen
POST /admin/accounts/{account_id}/reset
POST /admin/accounts/{account_id}/roles
POST /admin/accounts/{account_id}/roles/{grant_id}/remove
POST /admin/accounts/{account_id}/sessions/end
POST /admin/accounts/{account_id}/unlock
GET /admin/acts
GET /admin/areas
POST /admin/areas
GET /admin/areas/{area_id}
POST /admin/areas/{area_id}
POST /admin/areas/{area_id}/remove
GET /admin/calendar
POST /admin/calendar
GET /admin/calendar/{year}
GET /admin/categories
GET /admin/categories/{code}
POST /admin/categories/{code}
GET /admin/hooks
POST /admin/hooks
GET /admin/hooks/{hook_id}
POST /admin/hooks/{hook_id}/again
POST /admin/hooks/{hook_id}/calls/{call_id}/again
POST /admin/hooks/{hook_id}/off
POST /admin/hooks/{hook_id}/on
POST /admin/hooks/{hook_id}/remove
POST /admin/hooks/{hook_id}/test
GET /admin/links
POST /admin/links/case
POST /admin/links/person
GET /admin/people
POST /admin/people
GET /admin/people/new
GET /admin/people/{person_id}
POST /admin/people/{person_id}
POST /admin/people/{person_id}/channels
POST /admin/people/{person_id}/channels/{channel_id}
POST /admin/people/{person_id}/channels/{channel_id}/delay
POST /admin/people/{person_id}/channels/{channel_id}/first
POST /admin/people/{person_id}/channels/{channel_id}/rate
POST /admin/people/{person_id}/channels/{channel_id}/remove
POST /admin/people/{person_id}/channels/{channel_id}/switch
POST /admin/people/{person_id}/channels/{channel_id}/test
POST /admin/people/{person_id}/duties
POST /admin/people/{person_id}/duties/{duty_id}/remove
GET /admin/policies
POST /admin/policies/activate
POST /admin/policies/check
POST /admin/policies/edit
POST /admin/policies/fill
POST /admin/policies/preview
GET /admin/policies/{version_id}
GET /admin/rotas
POST /admin/rotas
POST /admin/rotas/remove
GET /admin/routes
POST /admin/routes
GET /admin/routes/try
POST /admin/routes/{route_id}/end
GET /admin/tokens
POST /admin/tokens
POST /admin/tokens/{token_id}/revoke
GET /admin/units
POST /admin/units
GET /admin/units/new
GET /admin/units/{unit_id}
POST /admin/units/{unit_id}
POST /admin/units/{unit_id}/aliases
POST /admin/units/{unit_id}/aliases/remove
POST /admin/units/{unit_id}/remove
"""
_TOLD: dict[str, dict[str, Any]] = {
    "POST /admin/units/{unit_id}/aliases/remove": {"name": "城管局"},
    "POST /admin/links/case": {"number": "2026-000001"},
}


def _for_administrators(route: str) -> Line:
    """Where something is not there, a form comes back with a word about it."""
    if route == "GET /admin/calendar/{year}":  # a year that is not loaded yet can be
        return let(ADMINISTRATORS, 200, gone=(200,))
    if route.startswith("GET"):
        return let(ADMINISTRATORS, 200)
    return let(ADMINISTRATORS, gone=(404, 303, 422), data=_TOLD.get(route, {}))


TABLE |= {route: _for_administrators(route) for route in ADMIN.strip().split("\n")}


# -- reading the router --------------------------------------------------------------------------


def routes(app: FastAPI) -> list[str]:
    """Every route of the application and of those mounted in it, as "GET /cases/{number}"."""
    return sorted(set(_walk(app.routes, "")))


def _walk(found: Any, prefix: str) -> Iterator[str]:
    for context in iter_route_contexts(found):
        route = context.original_route
        if isinstance(route, Mount):
            # A folder of files has no routes: it is open to everybody.
            yield from _walk(getattr(route.app, "routes", ()), prefix + route.path)
        else:
            for method in context.methods or ():
                yield f"{method} {prefix}{context.path}"


def proposed(route: str) -> str:
    """The line to add for a route that has none."""
    kind = "api(SIGNED, S.CASES_READ)" if " /api/" in route else "let(SIGNED, 200)"
    return f'    "{route}": {kind},'


# -- what is expected ----------------------------------------------------------------------------

_LET_IN = frozenset({200, 303, 409, 422})
"""Of what changes something: it was done, or refused for what was sent or how the case stands."""


def expected(route: str, asker: Asker, which: Which) -> frozenset[int]:
    """The statuses of which one must be the answer."""
    line, method = TABLE[route], route.partition(" ")[0]
    if for_programs(route):
        return _of_interface(line, asker, _is_gone(route, asker, which), method)
    if asker in TOKENS and method == "POST":  # a token is nothing to a page: no form of ours
        return frozenset({403})
    asker = A.NOBODY if asker in TOKENS else asker
    if asker not in line.who:
        return frozenset({line.shut if asker is A.NOBODY else line.out})
    return line.gone if _is_gone(route, asker, which) else line.ok or _ok(method)


def for_programs(route: str) -> bool:
    """Whether it is asked for with a token, in JSON."""
    return " /api/" in route or " /hooks-in/" in route or route.endswith(" /metrics")


def _of_interface(line: Line, asker: Asker, gone: bool, method: str) -> frozenset[int]:
    if A.NOBODY in line.who:
        return line.ok
    if asker is A.NOBODY or (asker is A.WITHOUT and line.scopes):
        return frozenset({401 if asker is A.NOBODY else 403})
    if asker not in line.who:
        return frozenset({line.out})
    if gone:
        return line.gone
    if line.verb is not None and line.verb not in may(CONCERNS[asker]):
        # Where nothing has been asked for, there is nothing to answer, whoever it is.
        return frozenset({403, 409} if line.verb in ANSWERS else {403})
    return line.ok or _ok(method)


def _ok(method: str) -> frozenset[int]:
    return _LET_IN if method == "POST" else frozenset({200})


def _is_gone(route: str, asker: Asker, which: Which) -> bool:
    """An administrator sees no case: even one of their own city is not there."""
    return which is not Which.OWN or (asker is A.ADMINISTRATOR and _is_scoped(route))


def _is_scoped(route: str) -> bool:
    return any(f"{{{name}}}" in route for name in SCOPED)


def objects(route: str) -> list[Which]:
    """Whose things can be asked for at a route."""
    if _is_scoped(route):
        return list(Which)
    if any(f"{{{name}}}" in route for name in KNOWN):
        return [Which.OWN, Which.NONE]
    return [Which.OWN]
