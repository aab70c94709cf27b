"""The city of the matrix: a case here, one elsewhere, one nowhere, and everybody signed in."""

import re
import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fastapi.testclient import TestClient

from ledger import accounts, links, tokens
from ledger.accounts import Opened
from ledger.changes import table
from ledger.tokens import Scope
from models.account import AccountRole, Identity, RoleGrant, Token
from models.case import Case
from models.category import Category, Route
from models.escalation import Escalation
from models.hook import Hook, HookCall
from models.incoming import Incoming, IncomingKind
from models.measure import MeasureKind, Proposal, ProposalState
from models.notice import Notice
from models.person import Absence, Channel, Duty, Person
from models.photo import Photo
from models.policy import PolicyVersion
from models.record import Record
from models.unit import Area, Unit
from portal.acting import ACTIONS
from portal.seeing import BEFORE, token_of
from portal.uploading import take
from rules.permission import Grant, Viewer
from tests.portal.matrix import KNOWN, SCOPED, TABLE, Asker, Line, Which, for_programs
from tests.portal.programs import picture
from tests.portal.readers import Portal

SENTINEL = "ZXQV7SENTINEL"
"""Stands in the words of every case, with the name of its place."""
NO_ID = "999999"
_NONE = {"case": "2026-999999", "category": "ZZZ99", "link": "x" * 32, "calendar_year": "1990"}

WHO = {
    Asker.INSPECTOR: "alice", Asker.CONTACT: "bob", Asker.HEAD: "head",
    Asker.ASSISTING: "builder", Asker.ELSEWHERE: "mallory", Asker.LEADER: "east-leader",
    Asker.ADMINISTRATOR: "discipline", Asker.SUPERVISOR: "east", Asker.TOKEN: "east",
    Asker.WITHOUT: "east",
}  # fmt: skip
_OWN = {Asker.ELSEWHERE: ("west", "east")}
_PLACES: dict[str, tuple[str, str, str, str, str, float]] = {
    "east": ("揽月路", "城管局、住建局", "东澄区", "alice", "grey", 30.51),
    "west": ("听涛路", "西岚区", "西岚区", "mallory", "red", 30.61),
    "nowhere": ("某处", "北坡社区", "", "carol", "blue", 30.51),
}
_STRANGER = "of nobody in particular"
_PARAMETER = re.compile(r"\{(\w+(?::\w+)?)\}")


@dataclass
class City:
    """A portal, a copy of its ledger to go back to, and what everybody holds."""

    portal: Portal
    client: TestClient
    copy: Path
    ids: Mapping[str, Mapping[str, str]]
    """Of each kind of thing, by place, or the one there is under "any"."""
    cookies: Mapping[Asker, str]
    tokens: Mapping[frozenset[Scope], str]

    def ask(self, route: str, asker: Asker, which: Which, url: str = "") -> Any:
        """The answer to one cell."""
        method, _, path = route.partition(" ")
        line = TABLE[route]
        url = url or self.address(path, asker, which) + (f"?{line.query}" if line.query else "")
        csrf = self._sit_down(asker)
        headers = self._headers(route, asker, csrf)
        more: dict[str, Any] = {"headers": headers, "follow_redirects": False}
        if method == "POST" and line.sends:
            headers["content-type"] = "image/jpeg"
            more["content"] = line.sends
        elif method == "POST":
            said = {**_said(line, self.thing("case", asker, Which.OWN)), **line.data}
            more |= {"json": said} if _of_api(route) else {"data": {"csrf": csrf, **said}}
        return self.client.request(method, url, **more)

    def address(self, path: str, asker: Asker, which: Which) -> str:
        """A route's path, filled in."""
        route = next(known for known in TABLE if known.endswith(f" {path}"))
        fixed = TABLE[route].params

        def fill(found: re.Match[str]) -> str:
            name = found[1]
            kind = SCOPED.get(name) or KNOWN.get(name) or ""
            return fixed.get(name) or self.thing(kind, asker, which)

        return _PARAMETER.sub(fill, path)

    def thing(self, kind: str, asker: Asker, which: Which) -> str:
        """What is asked for, as it stands in an address."""
        if which is Which.NONE:
            return _NONE.get(kind, NO_ID)
        known = self.ids[kind]
        if "any" in known:
            return known["any"]
        return known[_OWN.get(asker, ("east", "west"))[which is Which.FOREIGN]]

    def restore(self) -> None:
        """As if nothing had been asked."""
        engine = self.portal.world.ledger.engine
        file = Path(str(engine.url.database))
        engine.dispose()
        for end in ("-wal", "-shm"):
            file.with_name(file.name + end).unlink(missing_ok=True)
        shutil.copy(self.copy, file)

    def _sit_down(self, asker: Asker) -> str:
        """Give the browser what this asker's holds; gives what their forms carry."""
        self.client.cookies.clear()
        secret = self.cookies.get(asker)
        if secret is not None:
            self.client.cookies.set("duban", secret)
        elif asker is Asker.NOBODY:
            self.client.cookies.set(BEFORE, _STRANGER)
        return token_of(secret or _STRANGER)

    def _headers(self, route: str, asker: Asker, csrf: str) -> dict[str, str]:
        line, headers = TABLE[route], {}
        if asker in (Asker.TOKEN, Asker.WITHOUT):
            scopes = line.scopes if asker is Asker.TOKEN else frozenset(Scope) - line.scopes
            headers["Authorization"] = f"Bearer {self.tokens[scopes or frozenset(Scope)]}"
        elif _of_api(route):
            headers["X-CSRF-Token"] = csrf
        if line.key:
            headers["Idempotency-Key"] = f"{asker} {route}".replace(" ", "-")
        return headers


_of_api = for_programs


_WRITTEN: dict[str, Any] = {
    "text": "已看", "reason": "核实", "units": ["城管局"], "until": "2026-10-30",
    "unit": "市创城办", "shares": ["甲", "乙"], "category": "B0137", "participants": ["市创城办"],
    "decision": "由城管局办理", "medium": "市电视台", "yuan": "1", "document": "1号",
}  # fmt: skip


def _said(line: Line, into: str) -> dict[str, Any]:
    """What a verb of the interface needs to be told, at the least."""
    if line.verb is None or not line.scopes:
        return {}
    known = _WRITTEN | {"into": into}
    needed = [field for field in ACTIONS[line.verb].fields if field.required]
    return {f.name: f.options[0][0] if f.options else known[f.name] for f in needed}


# -- building it -------------------------------------------------------------------------------


def build(portal: Portal, client: TestClient, copy: Path) -> City:
    """The city on 9 October, after cases of September have been escalated."""
    world = portal.world
    _add_those_of_the_east(portal)
    cases = {where: _case(portal, where) for where in _PLACES}
    world.at("2026-10-09 18:00").sweep()
    cookies = {asker: _session(portal, who) for asker, who in WHO.items() if "token" not in asker}
    cookies[Asker.LINK] = _by_link(portal, cases["east"])
    made = {scopes: _token(portal, scopes) for scopes in _sets_of_scopes()}
    ids = {"case": cases, **_scoped(world, cases), **_things(portal)}
    ids["link"] = {"any": _link(portal, cases["east"])}
    with sqlite3.connect(str(world.ledger.engine.url.database)) as connection:
        connection.execute("VACUUM INTO ?", [str(copy)])
    connection.close()
    return City(portal, client, copy, ids, cookies, made)


def _case(portal: Portal, where: str) -> str:
    place, unit, area, who, colour, lat = _PLACES[where]
    world = portal.world
    person = _id(world, Person, code=who)
    photo = take(
        portal.app.state.house, Viewer(person, who), picture(colour), f"{where}.jpg", world.now
    )
    return str(
        world.report(
            f"{place}{SENTINEL}", f"{SENTINEL} {where} 垃圾未清", unit=unit, area=area,
            limit="1 工作日", person_id=person, photos=(photo,), lat=lat, lon=104.5,
        )
    )  # fmt: skip


def _add_those_of_the_east(portal: Portal) -> None:
    world, people = portal.world, table(Person)
    east = _id(world, Area, code="east")
    for login, role in (("east", AccountRole.SUPERVISOR), ("east-leader", AccountRole.LEADER)):
        with world.ledger.transaction() as connection:
            made = sa.insert(people).values(code=login, name=f"东澄区{role.words.zh}", active=True)
            person = connection.execute(made.returning(people.c.id)).scalar_one()
            portal.accounts[login] = accounts.add_account(
                connection, person, login, "a plain long sentence", [Grant(role, None, east)],
                world.now, must_change=False,
            )  # fmt: skip


def _session(portal: Portal, who: str) -> str:
    opened = accounts.open_session(
        portal.world.ledger, portal.accounts[who], portal.world.now, "test browser"
    )
    assert isinstance(opened, Opened)
    return opened.token


def _link(portal: Portal, number: str) -> str:
    world = portal.world
    ids = (
        _id(world, Case, number=number),
        _id(world, Person, code="bob"),
        _id(world, Unit, code="csgl"),
    )
    with world.ledger.transaction() as connection:
        return links.make(connection, *ids, world.now)


def _by_link(portal: Portal, number: str) -> str:
    used = links.use(portal.world.ledger, _link(portal, number), portal.world.now)
    return str(used[0])


def _sets_of_scopes() -> set[frozenset[Scope]]:
    used = {line.scopes for line in TABLE.values()}
    return {frozenset(Scope)} | (used | {frozenset(Scope) - scopes for scopes in used}) - {
        frozenset()
    }


def _token(portal: Portal, scopes: frozenset[Scope]) -> str:
    with portal.world.ledger.transaction() as connection:
        account, now = portal.accounts["east"], portal.world.now
        return tokens.make(connection, account, "matrix", scopes, now)[1]


def _scoped(world: Any, cases: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The picture of each case, a row of the log of it, and a measure proposed for it."""
    kinds = ("photo", "row", "notice", "proposal", "mail")
    found: dict[str, dict[str, str]] = {kind: {} for kind in kinds}
    for where, number in cases.items():
        case = _id(world, Case, number=number)
        row = _id(world, Escalation, case_id=case)
        found["photo"][where] = str(_id(world, Photo, case_id=case))
        found["row"][where] = str(row)
        found["notice"][where] = str(_id(world, Notice, case_id=case))
        found["proposal"][where] = str(_propose(world, case, row))
        found["mail"][where] = str(_mail(world, case, where))
    return found


def _propose(world: Any, case: int, cause: int) -> int:
    row = {
        "unit_id": _id(world, Unit, code="csgl"), "case_id": case, "cause_id": cause,
        "kind": MeasureKind.INTERVIEW, "rule": "reds_in_a_row", "made_at": world.now,
        "reason": f"{SENTINEL} 三次红牌", "state": ProposalState.OPEN, "actor": "",
    }  # fmt: skip
    with world.ledger.transaction() as connection:
        made = sa.insert(table(Proposal)).values(row).returning(table(Proposal).c.id)
        return int(connection.execute(made).scalar_one())


def _mail(world: Any, case: int, where: str) -> int:
    _make(
        world, Incoming, message_id=where, kind=IncomingKind.UNKNOWN, sender="x@y.example",
        subject=f"{SENTINEL} {where}", text=f"{SENTINEL} 已整改", why="发件人不明", case_id=case,
        photos=0, refused=0, received_at=world.now, settled_by="",
    )  # fmt: skip
    return int(_id(world, Incoming, message_id=where))


def _things(portal: Portal) -> dict[str, dict[str, str]]:
    """One of each kind that has no scope: Bob's, and his unit's. What nobody has yet is made."""
    world, account = portal.world, portal.accounts["bob"]
    bob, unit = _id(world, Person, code="bob"), _id(world, Unit, code="csgl")
    _make(world, Identity, account_id=account, issuer="x", subject="y", linked_at=world.now)
    _make(world, Hook, name="热线", url="https://127.0.0.1:9/", secret="whsec_AAAA", position=0,
          active=True, created_at=world.now, verbs="", shown="")  # fmt: skip
    _make(world, HookCall, hook_id=_id(world, Hook), record_id=_id(world, Record), attempts=0,
          state="owed", next_try_at=world.now, answer="")  # fmt: skip
    later = world.now + timedelta(days=1)
    _make(world, Absence, person_id=bob, start=world.now, until=later)
    found = {
        "account": account, "person": bob, "unit": unit, "area": _id(world, Area),
        "absence": _id(world, Absence), "channel": _id(world, Channel, person_id=bob),
        "duty": _id(world, Duty, person_id=bob), "identity": _id(world, Identity),
        "policy_version": _id(world, PolicyVersion), "route": _id(world, Route),
        "role_grant": _id(world, RoleGrant, account_id=account), "token": _id(world, Token),
        "category": _id(world, Category, key="code"), "calendar_year": 2026,
        "provider": "nowhere", "hook": _id(world, Hook), "hook_call": _id(world, HookCall),
    }  # fmt: skip
    return {kind: {"any": str(name)} for kind, name in found.items()}


def _make(world: Any, model: Any, **row: Any) -> None:
    with world.ledger.transaction() as connection:
        connection.execute(sa.insert(table(model)).values(row))


def _id(world: Any, model: Any, key: str = "id", **which: Any) -> Any:
    rows = table(model)
    query = sa.select(rows.c[key]).where(*(rows.c[name] == value for name, value in which.items()))
    with world.ledger.transaction() as connection:
        return connection.execute(query.order_by(rows.c[key]).limit(1)).scalar_one()
