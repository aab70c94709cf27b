"""Every notice answers: why, to whom, when, by which channel, what was said, what comes next."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from duban.letters.told import paragraph
from ledger import noticebook, outbox
from ledger.changes import table
from ledger.noticebook import Sought
from ledger.outbox import Result
from ledger.reading import mark_read
from ledger.reference import read
from ledger.resending import resend
from ledger.scope import Missing
from ledger.whereabouts import Whereabouts
from ledger.whereabouts import outbox as known_of
from models.account import AccountRole
from models.delivery import DeliveryOutcome
from models.instants import plain
from models.notice import Notice, NoticeKind, NoticeState
from models.outlet import Outlet
from models.person import Absence, Channel, DutyKind, Person
from models.unit import Area, Unit
from models.verb import Verb
from rules.permission import Grant, Viewer
from tests.world import ZONE, World, instant


def told(world: World, **which: Any) -> Whereabouts:
    """The one notice of which this holds."""
    found = known_of(world.ledger, world.now)
    [one] = [w for w in found if all(getattr(w, name) == value for name, value in which.items())]
    return one


def person(world: World, code: str) -> int:
    [row] = world.rows(Person, table(Person).c.code == code)
    return int(row.id)


def outlet(world: World, **more: Any) -> None:
    """Bob's channel goes through an outlet."""
    row = {
        "digest": "d", "shown": "dingtalk://****@oapi.dingtalk.com/…", "per_minute": 0, "burst": 0,
        "tokens": 0, "filled_at": world.now, "failures": 0, "answer": "",
    }  # fmt: skip
    channels, who = table(Channel), person(world, "bob")
    with world.ledger.transaction() as connection:
        connection.execute(sa.insert(table(Outlet)).values(row | more))
        bob = sa.update(channels).where(channels.c.person_id == who)
        connection.execute(bob.values(outlet="d", shown=row["shown"]))


def test_a_notice_tells_its_whole_story(world: World) -> None:
    case = world.report("揽月路12号", "井盖缺失")
    world.sweep()
    one = told(world, person="Bob")
    assert (one.case, one.kind, one.state) == (case, NoticeKind.DISPATCHED, NoticeState.SENT)
    assert one.why.zh == "案件已交办，由该单位承办"
    assert (one.duty, one.unit, one.stands_for) == (DutyKind.CONTACT, "市城市管理局", ())
    assert one.planned_at == one.owed_at == one.first_tried_at == one.sent_at == plain(world.now)
    assert (one.arrived_at, one.read_at, one.answered_at, one.next_try_at) == (None,) * 4
    assert (one.channel, one.answer, one.together) == ("folder://bob", "渠道已接收", 1)
    assert [(t.attempt, t.channel, t.outcome) for t in one.tries] == [
        (1, "folder://bob", DeliveryOutcome.SENT)
    ]
    mark_read(world.ledger, world.case(case).id, one.person_id, world.now)
    world.at("2026-09-24 16:00").bob.signs(case)
    later = told(world, person="Bob", case=case)
    assert later.read_at == plain(instant("2026-09-24 15:00"))
    assert (later.answered_at, later.answered_by) == (plain(world.now), Verb.ACKNOWLEDGE)


def test_what_is_read_aloud_says_all_of_it(sqlite_world: World) -> None:
    world = sqlite_world
    case = world.report("揽月路12号", "井盖缺失")
    world.sweep()
    world.at("2026-09-24 16:00").bob.signs(case)
    zh, en = paragraph(told(world), ZONE)
    assert zh == (
        f"【交办通知】案件 {case}（揽月路12号：井盖缺失），告知市城市管理局 Bob（联络员）。"
        "为何：案件已交办，由该单位承办。09-24 15:00 起待发。"
        "09-24 15:00 第 1 次，经 folder://bob 发出，答复“渠道已接收”。09-24 16:00 答复：签收。"
    )
    assert en.startswith(f"[dispatched] case {case} (揽月路12号: 井盖缺失), to Bob of")
    assert en.endswith("Answered at 09-24 16:00: acknowledge.")


def test_a_level_tells_its_rule_and_when_it_was_planned(world: World) -> None:
    world.report("揽月路12号", "井盖缺失", limit="1 工作日")
    world.at("2026-09-28 18:30").sweep()
    one = told(world, kind=NoticeKind.ESCALATION, person="城管局负责人")
    assert (one.rule, one.planned_at) == ("到期", plain(instant("2026-09-28 18:00")))
    assert one.owed_at == plain(world.now)
    assert "整改到期仍未整改，按督办办法升到 1 级" in one.why.zh


def test_a_substitute_is_told_in_whose_place(world: World) -> None:
    away = {"person_id": person(world, "bob"), "substitute_id": person(world, "head"),
            "start": world.now, "until": world.now + timedelta(days=2)}  # fmt: skip
    with world.ledger.transaction() as connection:
        connection.execute(sa.insert(table(Absence)).values(away))
    world.report("揽月路12号", "井盖缺失")
    one = told(world)
    assert (one.person, one.duty, one.stands_for) == ("城管局负责人", DutyKind.CONTACT, ("Bob",))
    assert "代不在岗的Bob" in paragraph(one, ZONE).zh


def test_what_waits_says_for_what_and_until_when(world: World) -> None:
    # The day after is Mid-Autumn, and then comes the week-end.
    world.at("2026-09-24 21:00").report("揽月路12号", "井盖缺失")
    world.sweep()
    one = told(world)
    assert (one.state, one.attempts) == (NoticeState.OWED, 0)
    assert one.next_try_at == plain(instant("2026-09-28 08:00"))
    assert one.waits_for is not None
    assert "静默" in one.waits_for.zh


def test_an_outlet_that_fails_or_is_slow_is_why_it_waits(world: World) -> None:
    world.report("揽月路12号", "井盖缺失")
    outlet(world, closed_until=world.now + timedelta(minutes=8), failures=6)
    one = told(world)
    assert one.waits_for is not None
    assert "连续失败" in one.waits_for.zh
    assert one.next_channel == "dingtalk://****@oapi.dingtalk.com/…"
    outlets = table(Outlet)
    with world.ledger.transaction() as connection:
        mended = sa.update(outlets).values(closed_until=None, failures=0, per_minute=20, burst=20)
        connection.execute(mended)
    assert "每分钟只收 20 条" in str(told(world).waits_for)


def test_notices_of_one_message_know_how_many_they_are(world: World) -> None:
    for number in range(3):
        world.report(f"揽月路{number}号", "井盖缺失")
    world.sweep()
    found = known_of(world.ledger, world.now)
    assert {one.together for one in found} == {3}
    assert len({one.message for one in found}) == 1
    assert known_of(world.ledger, world.now, last=1)[0].together == 3


def test_what_was_sent_again_by_hand_says_by_whom(world: World) -> None:
    world.report("揽月路12号", "井盖缺失")
    [owed] = outbox.claim(world.ledger, world.now, world.now).owed
    outbox.mark(
        world.ledger,
        [Result(owed, "folder://…", DeliveryOutcome.PERMANENT, "550 no such user")],
        world.now,
    )
    world.sweep()
    dead = told(world)
    assert (dead.state, dead.resendable) == (NoticeState.DEAD, True)
    [answer] = resend(world.ledger, [dead.key], world.now, "Carol")
    assert answer.reason is None
    again = told(world)
    assert (again.state, again.resent_by, again.resendable) == (NoticeState.OWED, "Carol", False)
    assert "由Carol要求重发" in paragraph(again, ZONE).zh


# -- for one viewer ----------------------------------------------------------------------------


def summary(world: World, who: str) -> int:
    """A notice that is about no single case."""
    [unit] = world.rows(Unit, table(Unit).c.code == "csgl")
    row = {
        "key": f"summary:1:{who}", "case_id": None, "person_id": person(world, who),
        "unit_id": unit.id, "kind": NoticeKind.SUMMARY, "owed_at": world.now, "attempts": 0,
        "next_try_at": world.now, "state": NoticeState.OWED, "lease_by": "", "forgiven": 0,
        "facts": {"subject": {"zh": "城管局周报", "en": "week"}, "lines": {"zh": [], "en": []}},
    }  # fmt: skip
    notices = table(Notice)
    with world.ledger.transaction() as connection:
        made = connection.execute(sa.insert(notices).values(row).returning(notices.c.id))
        return int(made.scalar_one())


def supervisor(world: World, who: str, area: int | None = None) -> Viewer:
    return Viewer(person(world, who), who, grants=(Grant(AccountRole.SUPERVISOR, None, area),))


def page(world: World, viewer: Viewer, **sought: Any) -> list[Whereabouts]:
    with world.ledger.snapshot() as connection:
        reference = read(connection)
    return list(noticebook.page(world.ledger, viewer, reference, Sought(**sought), world.now).lines)


def test_a_notice_without_a_case_is_told_like_any_other(world: World) -> None:
    summary(world, "leader")
    one = told(world)
    assert (one.case, one.about.zh, one.kind) == (None, "城管局周报", NoticeKind.SUMMARY)
    world.sweep()
    assert told(world).state is NoticeState.SENT


def test_a_page_shows_the_notices_of_cases_in_sight_and_no_others(world: World) -> None:
    areas = {row.code: row.id for row in world.rows(Area)}
    world.report("西湖路2号", "垃圾", "西岚区", area="西岚区")
    world.report("东湖路1号", "垃圾", area="东澄区")
    world.sweep()
    mine = summary(world, "mallory")
    west = supervisor(world, "mallory", areas["west"])
    assert {one.person for one in page(world, west)} == {"Mallory"}
    assert mine in [one.id for one in page(world, west)]
    theirs = summary(world, "leader")
    assert theirs not in [one.id for one in page(world, west)]
    assert theirs in [one.id for one in page(world, supervisor(world, "carol"))]


def test_one_out_of_sight_is_missing_as_if_there_were_none(world: World) -> None:
    areas = {row.code: row.id for row in world.rows(Area)}
    world.report("东湖路1号", "垃圾", area="东澄区")
    theirs, west = summary(world, "leader"), supervisor(world, "mallory", areas["west"])
    with world.ledger.snapshot() as connection:
        reference = read(connection)
    said = set()
    for which in (1, theirs, 999_999, 2**40):
        try:
            noticebook.one(world.ledger, west, reference, which, world.now)
        except Missing as missing:
            said.add(missing.words)
    assert len(said) == 1
    assert noticebook.one(world.ledger, supervisor(world, "carol"), reference, 1, world.now)


def test_filters_narrow_the_page(world: World) -> None:
    case = world.report("揽月路12号", "井盖缺失", limit="1 工作日")
    world.sweep()
    world.at("2026-09-28 18:00").sweep()
    carol = supervisor(world, "carol")
    everything = page(world, carol)
    assert [one.id for one in everything] == sorted((o.id for o in everything), reverse=True)
    narrowed = {
        "state": (NoticeState.OWED, sum(one.state is NoticeState.OWED for one in everything)),
        "kind": (NoticeKind.DISPATCHED, 1),
        "person": ("Bo", sum(one.person == "Bob" for one in everything)),
        "channel": ("dingtalk", 0),
        "case": (case, len(everything)),
        "since": (instant("2026-09-25 00:00"), len(everything) - 1),
        "until": (instant("2026-09-25 00:00"), 1),
    }
    for name, (value, count) in narrowed.items():
        assert len(page(world, carol, **{name: value})) == count, name
    tried = [one.id for one in everything if one.tries]
    assert [one.id for one in page(world, carol, channel="folder")] == tried


def test_pages_follow_one_another_without_a_gap(world: World) -> None:
    for number in range(5):
        world.report(f"揽月路{number}号", "井盖缺失")
    carol, seen, after = supervisor(world, "carol"), list[int](), 0
    with world.ledger.snapshot() as connection:
        reference = read(connection)
    while True:
        leaf = noticebook.page(world.ledger, carol, reference, Sought(), world.now, after, 2)
        seen += [one.id for one in leaf.lines]
        after = leaf.after
        if not after:
            break
    assert seen == [5, 4, 3, 2, 1]


def test_one_sees_what_one_was_sent_and_nothing_else(world: World) -> None:
    world.report("揽月路12号", "井盖缺失")
    mine = summary(world, "bob")
    summary(world, "leader")
    with world.ledger.snapshot() as connection:
        reference = read(connection)
    leaf = noticebook.own(world.ledger, person(world, "bob"), reference, world.now)
    assert [one.person for one in leaf.lines] == ["Bob", "Bob"]
    assert leaf.lines[0].id == mine
