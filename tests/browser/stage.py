"""Something on every page: a small city with a case in every status, and who looks at it."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from string import Formatter
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy.engine import Connection

from ledger import accounts, desk, links, look_back
from ledger.changes import insert, table
from ledger.database import Ledger
from models.account import Account
from models.assignment import Assignment
from models.case import Case, Status
from models.category import Category, Role
from models.escalation import Escalation
from models.hook import Hook, HookCall, HookState
from models.incoming import Incoming, IncomingKind
from models.measure import MeasureKind, Proposal, ProposalState
from models.notice import Notice
from models.person import Person
from models.policy import PolicyVersion
from models.record import Record
from models.request import Request, RequestKind, RequestState
from models.unit import Area, Unit
from models.verb import Verb
from portal.identity import Who, gate
from portal.uploading import take
from rules.permission import Viewer
from tests import inspecting
from tests.browser.pages import PAGES, Page
from tests.enacting import enact
from tests.portal.programs import picture
from tests.portal.readers import Portal
from tests.world import Actor, World, moved

SIGN_IN = """
cookie_secret: a secret of thirty-two characters or more
providers:
  - {kind: wecom, name: wecom, corp_id: ww1, agent_id: "1000002", secret: not a real one}
"""
"""Another house that vouches; it is never asked here."""
ROLES = {
    "inspector": "alice", "contact": "bob", "head": "head", "supervisor": "carol",
    "leader": "leader", "administrator": "discipline",
}  # fmt: skip
"""Who of the small city looks at the pages of which role."""

cases, assignments, requests = table(Case), table(Assignment), table(Request)


@dataclass
class Stage:
    """A served portal, the secrets of those who look at it, and what stands in the addresses."""

    app: FastAPI
    address: str
    tokens: Mapping[str, str]
    names: Mapping[str, str]

    def pages(self) -> Iterator[Page]:
        """Every page that this ledger has, with its address filled in."""
        yield from (self.filled(page) for page in PAGES if not self.lacks(page))

    def filled(self, page: Page) -> Page:
        """A page with its address filled in."""
        return page._replace(address=page.address.format_map(self.names))

    def lacks(self, page: Page) -> list[str]:
        """What a page needs to be shown and this ledger does not have."""
        asked = [name for _, name, _, _ in Formatter().parse(page.address) if name]
        return [name for name in asked if name not in self.names]

    def cookies(self, role: str, lang: str) -> list[Any]:
        """What the browser of somebody holds."""
        held = {"duban-lang": lang} | ({"duban": self.tokens[role]} if role else {})
        return [{"name": n, "value": v, "url": self.address} for n, v in held.items()]


def stage_on(
    app: FastAPI, address: str, accounts_of: Mapping[str, int], unit: str, at: datetime
) -> Stage:
    """The stage of a portal: `accounts_of` each role, `unit` the code of the contact's own."""
    ledger: Ledger = app.state.house.ledger
    tokens = {role: _session(ledger, account, at) for role, account in accounts_of.items()}
    with ledger.transaction() as connection:
        names = dict(_cases(connection, unit)) | dict(_things(connection, unit, accounts_of))
        linked = names.get("my_dispatched") or names["my_in_progress"]
        secrets = _links(connection, linked, unit, at)
    used = links.use(ledger, secrets["link_used"], at)
    assert isinstance(used, tuple)
    sealed = _sealed(app, accounts_of["supervisor"], at)
    names |= secrets | sealed | {"linked": linked}
    return Stage(app, address, tokens | {"linked": used[0]}, names)


def _session(ledger: Ledger, account: int, at: datetime) -> str:
    opened = accounts.open_session(ledger, account, at, "Mozilla/5.0 (X11; Linux x86_64) Firefox")
    assert isinstance(opened, accounts.Opened)
    return opened.token


# -- what stands in the addresses --------------------------------------------------------------


def _cases(connection: Connection, unit: str) -> Iterator[tuple[str, str]]:
    """For each name the number of a case; with "my_" before it, of one that the unit leads."""
    own = _case_ids(unit, Role.LEAD)
    for name, which in _which(unit).items():
        for start, among in (("", sa.true()), ("my_", cases.c.id.in_(own))):
            query = sa.select(cases.c.number).where(which, among).order_by(cases.c.id)
            number = connection.execute(query.limit(1)).scalar_one_or_none()
            if number is not None:
                yield start + name, number


def _which(unit: str) -> dict[str, Any]:
    status, c = cases.c.status, cases.c
    asked = {kind: _with_request(kind) for kind in RequestKind}
    working = (Status.IN_PROGRESS, Status.REWORK)
    assisted = _case_ids(unit, Role.ASSISTING, assignments.c.confirmed_at.is_(None))
    quiet = sa.not_(sa.or_(*asked.values()))
    closed = status == Status.CLOSED
    return {
        **{each.value: status == each for each in Status},
        "in_progress": sa.and_(status == Status.IN_PROGRESS, quiet),
        "extension": sa.and_(status.in_(working), asked[RequestKind.EXTENSION]),
        "suspension": sa.and_(status.in_(working), asked[RequestKind.SUSPENSION]),
        "appeal": sa.and_(closed, asked[RequestKind.APPEAL]),
        "late": sa.and_(closed, c.late, c.appeals == 0, quiet),
        "unpublished": sa.and_(closed, c.step_due_at.is_not(None)),
        "drawn": sa.and_(closed, c.look_back_due_at.is_not(None)),
        "assisted": sa.and_(status.in_(working), c.id.in_(assisted)),
    }


def _with_request(kind: RequestKind) -> Any:
    open_ = sa.select(requests.c.case_id).where(
        requests.c.kind == kind, requests.c.state == RequestState.OPEN
    )
    return cases.c.id.in_(open_)


def _case_ids(unit: str, role: Role, *more: Any) -> Any:
    which = sa.select(table(Unit).c.id).where(table(Unit).c.code == unit)
    return sa.select(assignments.c.case_id).where(
        assignments.c.unit_id.in_(which), assignments.c.role == role,
        assignments.c.ended_at.is_(None), *more,
    )  # fmt: skip


def _things(
    connection: Connection, unit: str, accounts_of: Mapping[str, int]
) -> Iterator[tuple[str, str]]:
    people, log, held = table(Person), table(Escalation), table(Account)
    contact = sa.select(held.c.person_id).where(held.c.id == accounts_of["contact"])
    level = sa.select(log.c.id).where(log.c.level > 0).order_by(log.c.level.desc(), log.c.id)
    for name, query in (
        ("unit", sa.select(table(Unit).c.id).where(table(Unit).c.code == unit)),
        ("person", sa.select(people.c.id).where(people.c.id.in_(contact))),
        ("account", sa.select(held.c.id).where(held.c.id == accounts_of["contact"])),
        ("area", sa.select(table(Area).c.id).order_by(table(Area).c.id)),
        ("category", sa.select(table(Category).c.code).order_by(table(Category).c.code)),
        ("policy", sa.select(table(PolicyVersion).c.id).order_by(table(PolicyVersion).c.id)),
        ("hook", sa.select(table(Hook).c.id).order_by(table(Hook).c.id)),
        ("row", level),
        ("notice", sa.select(table(Notice).c.id).order_by(table(Notice).c.id.desc())),
    ):
        found = connection.execute(query.limit(1)).scalar_one_or_none()
        if found is not None:
            yield name, str(found)


def _links(connection: Connection, number: str, unit: str, at: datetime) -> dict[str, str]:
    """A link that opens, one to be used up, and one that was made too long ago."""
    case = connection.execute(sa.select(cases.c.id).where(cases.c.number == number)).scalar_one()
    people = table(Person)
    bob = connection.execute(sa.select(people.c.id).where(people.c.code == "bob")).scalar_one()
    own = connection.execute(sa.select(table(Unit).c.id).where(table(Unit).c.code == unit))
    whom, long_ago = (case, bob, own.scalar_one()), at - links.VALID - timedelta(days=1)
    made = {"link": at, "link_used": at, "link_expired": long_ago}
    secrets = {name: links.make(connection, *whom, when) for name, when in made.items()}
    return secrets | {"link_answer": links.make(connection, *whom, at, Verb.ACKNOWLEDGE)}


def _sealed(app: FastAPI, account: int, at: datetime) -> dict[str, str]:
    """What the pages about somebody from another house are told."""
    settings = app.state.house.settings
    if settings.sign_in_file is None:
        return {}
    seal, until = gate(settings).seal, (at + timedelta(days=1)).timestamp()
    told = {"until": until, "who": asdict(Who("https://wecom.example", "carol", "Carol"))}
    return {
        "unknown": seal.close("unknown", told | {"account": None}),
        "sealed": seal.close("link", told | {"account": account}),
    }


# -- the small city ----------------------------------------------------------------------------


def furnish(portal: Portal) -> None:
    """Let something stand on every page of the portal: a fortnight in the small city."""
    world = inspecting.load(portal.world)
    _long_ago(world)
    _late(portal)
    _in_hand(portal)
    _to_decide(world)
    _by_hand(world)
    _told_elsewhere(world)
    _come_in(world)


def _come_in(world: World) -> None:
    """Mail has come in: of unknown origin with and without a case, a bounce, one dealt with."""
    case = world.rows(Case)[0].id
    mails = (
        (IncomingKind.UNKNOWN, None, "", "路灯还是不亮\n已经第三天了，请派人看看。"),
        (IncomingKind.UNKNOWN, case, "", "转发给施工单位了，他们说明天到场。"),
        (IncomingKind.BOUNCE, case, "", ""),
        (IncomingKind.UNKNOWN, None, "Carol", "推销信"),
    )
    rows = [
        {
            "message_id": f"mail {n}", "kind": kind, "sender": "resident@mail.example",
            "subject": "回复：【交办通知】中山路12号", "text": text, "why": "不是对我们通知的回复",
            "person_id": None, "case_id": about, "notice_id": None, "photos": 0, "refused": n % 2,
            "received_at": world.now, "settled_at": world.now if by else None, "settled_by": by,
        }
        for n, (kind, about, by, text) in enumerate(mails)
    ]  # fmt: skip
    with world.ledger.transaction() as connection:
        insert(connection, Incoming, rows)


def _told_elsewhere(world: World) -> None:
    """Another system is told: once it took it, once it will be tried again, once no more."""
    rows = world.rows(Record)[:3]
    answers = (
        (HookState.SENT, 1, 204, "HTTP 204 No Content"),
        (HookState.OWED, 2, None, "连接不上"),
        (HookState.DEAD, 8, 503, "HTTP 503 Service Unavailable：系统升级"),
    )
    hook = {
        "id": 1, "name": "12345 热线", "url": "sealed:x", "shown": "https://hotline.example.cn/…",
        "secret": "sealed:x", "verbs": "dispatch submit verify_pass", "position": rows[-1].id,
        "active": True, "created_at": world.now, "failing_since": world.now,
    }  # fmt: skip
    with world.ledger.transaction() as connection:
        connection.execute(sa.insert(table(Hook)).values(hook))
        for row, (state, attempts, status, answer) in zip(rows, answers, strict=True):
            call = {
                "hook_id": 1, "record_id": row.id, "state": state, "attempts": attempts,
                "next_try_at": world.now, "at": world.now, "status": status, "answer": answer,
            }  # fmt: skip
            connection.execute(sa.insert(table(HookCall)).values(call))


def _shots(portal: Portal, who: str, *colours: str) -> desk.Shown:
    """Pictures somebody took."""
    person = portal.world.rows(Person, table(Person).c.code == who)[0].id
    viewer, house = Viewer(person, who), portal.app.state.house
    ids = [take(house, viewer, picture(c), f"{c}.jpg", portal.world.now) for c in colours]
    return desk.Shown(tuple(ids), person)


def _found(portal: Portal, place: str, problem: str, colour: str, **more: Any) -> str:
    """Alice hands in a finding with a picture and where it is."""
    shown = _shots(portal, "alice", colour)
    told: dict[str, Any] = {"area": "东澄区", "lat": 30.51, "lon": 104.5, **more}
    return portal.world.report(
        place, problem, person_id=shown.person_id, photos=shown.photos, **told
    )


def _long_ago(world: World) -> None:
    """Closed: one in time, one late, one late and appealed, one that was drawn."""
    world.at("2026-09-14 09:00")
    made = [world.report(f"旧街{n}号", "路面积水", limit="1 工作日") for n in range(1, 5)]
    world.sweep()
    for number in made:
        world.bob.signs(number)
    inspecting.close(world, made[0])
    world.at("2026-09-16 10:00").sweep()
    inspecting.close(world, *made[1:])
    world.bob.appeals(made[2])
    again = world.report("旧街1号", "路面积水")
    world.bob.signs(again)
    inspecting.close(world, again)
    look_back.draw(world.ledger, world.now, "种子")


def _late(portal: Portal) -> None:
    """Nobody did anything: reminded, escalated; and where nobody is on duty, nobody told."""
    world = portal.world
    world.at("2026-09-17 09:00")
    number = _found(portal, "新桥大道1号", "垃圾桶满溢，污水横流", "red", limit="1 工作日")
    world.report("北坡路2号", "暴露垃圾", unit="北坡社区", limit="1 工作日", area="西岚区")
    for at in ("2026-09-17 18:00", "2026-09-18 18:00", "2026-09-22 09:00", "2026-09-24 18:00"):
        world.at(at).sweep()
    cause = world.rows(Escalation, table(Escalation).c.level > 1)[0]
    _propose(world, world.case(number).id, cause.id)


def _propose(world: World, case: int, cause: int) -> None:
    unit = world.rows(Unit, table(Unit).c.code == "csgl")[0].id
    row = {
        "unit_id": unit, "case_id": case, "cause_id": cause, "kind": MeasureKind.INTERVIEW,
        "rule": "reds_in_a_row", "made_at": world.now, "reason": "连续三次红牌，建议约谈。",
        "state": ProposalState.OPEN, "actor": "",
    }  # fmt: skip
    with world.ledger.transaction() as connection:
        connection.execute(sa.insert(table(Proposal)).values(row))


def _in_hand(portal: Portal) -> None:
    """What units work on, in every status, with pictures before and after."""
    world = portal.world.at("2026-09-28 09:00")
    wait, work, rest, done, again = (
        _found(portal, f"云湖路{n}号", "井盖破损，行人绕行", colour, limit="5 工作日")
        for n, colour in enumerate(("red", "orange", "olive", "green", "teal"), start=1)
    )
    other = world.report("月台路1号", "路灯不亮", unit="住建局、城管局", limit="5 工作日")
    Actor(world, "住建局联络员").signs(other)
    for number in (work, rest, done, again):
        world.bob.signs(number)
    world.bob.assigns(work, section="市政科", person="Bob")
    world.bob.asks_to_suspend(rest, "2026-10-30 18:00")
    world.carol.grants(rest)
    for number in (done, again):
        shown = _shots(portal, "bob", "white", "silver")
        moved(desk.submit(world.ledger, number, "已更换井盖", world.now, "Bob", shown))
    world.alice.fails(again, "路面未恢复")
    world.carol.notes(wait, "已电话核实")


def _to_decide(world: World) -> None:
    """What waits for a supervisor, and what has left the work."""
    world.at("2026-09-28 15:00")
    world.report("广场西侧", "路面塌陷", unit="", coordinate=True)
    world.report("无名路", "说不清是什么", unit="", area="")
    back, more, pause, joined, parted, void, twin = (
        world.report(f"滨江路{n}号", "人行道破损", limit="5 工作日") for n in range(1, 8)
    )
    for number in (more, pause):
        world.bob.signs(number)
    world.bob.sends_back(back)
    world.bob.asks_for_more_time(more)
    world.bob.asks_to_suspend(pause, "2026-11-30 18:00")
    world.carol.merges(joined, twin)
    world.carol.splits(parted, desk.Share("井盖破损", ("城管局",)), desk.Share("路灯不亮"))
    world.carol.cancels(void)
    world.sweep()


def _by_hand(world: World) -> None:
    """Where every finding is looked at first: one waits, one is filed, one is rejected."""
    enact(world.at("2026-09-29 09:00"), "filing: hand")
    _, filed, rejected = (world.report(f"解放路{n}号", "路面积水", limit="3天") for n in (1, 2, 3))
    world.at("2026-09-29 10:00")
    world.carol.files(filed)
    world.carol.rejects(rejected)
