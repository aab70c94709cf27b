"""Messages that reach a person: few of them, at hours when people read, and none of them lost."""

from datetime import time

import pytest
import sqlalchemy as sa

from ledger import loading, log
from ledger.changes import table
from ledger.people import record_absence
from models.delivery import Delivery, DeliveryOutcome
from models.notice import NoticeState
from models.person import Channel, Person
from rules.policy import Source
from tests.ledger.test_outbox import reached_by
from tests.notices.contract.dingtalk import SECRET, TOKEN, DingTalk
from tests.notices.contract.door import door
from tests.stories.test_burden import given
from tests.world import Draft, Told, World, instant

FRIDAY = "2026-10-16 10:30"


def now(world: World, who: str) -> list[Told]:
    """What somebody is told at the instant of the clock."""
    return [told for told in world.told(who) if told.at == f"{world.now:%Y-%m-%d %H:%M}"]


def three_overdue_and_five_near_due(world: World) -> tuple[list[str], list[str]]:
    """Bob's desk on Friday morning, the engine not yet awake."""
    overdue = given(world.at("2026-10-12 10:00"), 3, "解放路")
    near = given(world.at("2026-10-13 10:00"), 5, "中山路")
    for quiet in ("2026-10-14 08:30", "2026-10-15 17:00", "2026-10-15 18:00"):
        world.at(quiet).sweep()
    return overdue, near


# -- a rectification that comes all at once ----------------------------------------------------


def test_three_hundred_rows_handed_in_are_one_message(world: World) -> None:
    drafts = [Draft("", f"解放路{n}号", "路面积水", units=("城管局",)) for n in range(300)]
    answers = world.hand_in(*drafts)
    assert {answer.outcome for answer in answers} == {"accepted"}
    assert world.sweep()["sent"] == 300
    [told] = world.told("bob")
    assert told.subject.startswith("【交办通知】300 件")
    assert "另有 250 件未列出" in told.body
    assert {row.state for row in log.outbox(world.ledger)} == {"sent"}

    # What is handed in a little later waits for company; nobody waits longer than half an hour.
    late = [world.report(f"中山路{n}号", "路面积水") for n in range(2)]
    world.at("2026-09-24 15:10").sweep()
    assert len(world.told("bob")) == 1
    world.at("2026-09-24 15:30").sweep()
    assert [case in world.told("bob")[-1].body for case in late] == [True, True]


# -- an outage ---------------------------------------------------------------------------------


def test_after_three_dark_days_over_a_week_end_everybody_gets_what_is_left_at_opening(
    world: World,
) -> None:
    late = given(world.at("2026-10-13 10:00"), 3, "解放路")
    coming = given(world.at("2026-10-14 15:00"), 2, "人民路")
    for station in ("2026-10-15 09:00", "2026-10-16 08:30"):
        world.at(station).sweep()
    before = len(world.told())

    # Dark from Friday morning. Back on Sunday night; somebody had handed in a paper meanwhile.
    new = world.at("2026-10-18 23:00").report("和平街1号", "占道经营", limit="3天")
    counts = world.sweep()
    assert (counts["escalated"], counts["sent"]) == (3, 0)
    assert len(world.told()) == before
    owed = log.outbox(world.ledger, NoticeState.OWED)
    assert {f"{row.next_try_at:%H:%M}" for row in owed} == {"00:00"}

    world.at("2026-10-19 08:00").sweep()
    digest, ladder = sorted(now(world, "bob"), key=lambda told: "已经逾期" not in told.body)
    assert ladder.subject.startswith("【单位负责人督办】3 件")
    assert [case in ladder.body for case in late] == [True] * 3
    assert digest.subject.startswith("【督办汇总】")
    assert [case in digest.body for case in (*late, *coming, new)] == [True] * 6
    assert len(now(world, "head")) == 1
    assert world.at("2026-10-19 08:01").sweep().total() == 0
    assert world.proven()


# -- on leave ----------------------------------------------------------------------------------


def test_on_leave_the_substitute_gets_the_digest_and_what_is_overdue(world: World) -> None:
    overdue, near = three_overdue_and_five_near_due(world)
    leave = instant("2026-10-16 00:00"), instant("2026-10-24 00:00")
    record_absence(world.ledger, "Bob", *leave, "住建局联络员")
    world.at(FRIDAY).sweep()
    assert now(world, "bob") == []
    [digest] = now(world, "builder")
    assert digest.subject.startswith("【催办提醒】5 件")
    order = [digest.body.index(case) for case in (*overdue, *near)]
    assert order == sorted(order)


def test_what_is_overdue_alone_is_no_message(sqlite_world: World) -> None:
    world = sqlite_world
    given(world.at("2026-10-12 10:00"), 3, "解放路")
    world.at("2026-10-15 18:00").sweep()
    world.at("2026-10-16 08:00").sweep()
    assert now(world, "bob") == []


def test_whom_a_case_was_given_to_reads_of_it_and_nobody_elses_cases_are_named(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    overdue, near = three_overdue_and_five_near_due(world)
    world.bob.assigns(near[0], person="城管局负责人")
    world.at(FRIDAY).sweep()
    [hers] = [told for told in now(world, "head") if "催办提醒" in told.subject]
    assert near[0] in hers.body
    assert [case in hers.body for case in overdue] == [False] * 3


def test_the_days_second_digest_does_not_name_again_what_is_overdue(sqlite_world: World) -> None:
    world = sqlite_world
    overdue, _ = three_overdue_and_five_near_due(world)
    world.at(FRIDAY).sweep()
    world.at("2026-10-16 16:00").sweep()
    [digest] = now(world, "bob")
    assert digest.subject.startswith("【催办提醒】5 件")
    assert [case in digest.body for case in overdue] == [False] * 3


# -- the eve of an inspection ------------------------------------------------------------------


def test_a_robot_misconfigured_on_the_eve_of_an_inspection_costs_no_message(world: World) -> None:
    """Somebody set a keyword on the group's robot; its messages do not hold it."""
    with door(DingTalk(keyword="巡检")) as base:
        robot = f"dingtalk://{SECRET}@{TOKEN}/?base={base}"
        reached_by(world, "Bob", robot, "folder://bob")
        case = world.at("2026-10-15 17:00").report("解放路12号", "路面积水", limit="3天")
        world.sweep()
        # The next channel takes it in the same round.
        [told] = now(world, "bob")
        assert case in told.body
    tried = world.rows(Delivery)
    assert [(row.outcome, row.position) for row in tried] == [
        (DeliveryOutcome.MISCONFIGURED, 0),
        (DeliveryOutcome.SENT, 1),
    ]
    # Whoever looks reads which channel refused, and why, in words to act on; no secret.
    assert "关键词" in tried[0].answer
    assert tried[0].channel.startswith("dingtalk://")
    assert SECRET not in str(tried)
    [row] = log.outbox(world.ledger)
    assert (row.state, row.attempts) == ("sent", 2)


# -- night -------------------------------------------------------------------------------------


def test_a_missing_manhole_cover_is_told_by_night_and_a_puddle_at_opening(world: World) -> None:
    cover = world.at("2026-10-14 23:10").report("中山路井盖", "井盖丢失", limit="4 紧急工作时")
    puddle = world.report("解放路12号", "路面积水", limit="3天")
    assert world.sweep()["waiting"] == 1
    [told] = now(world, "bob")
    assert cover in told.body
    assert puddle not in told.body
    # Nobody signs; the cover's ladder climbs on through the night.
    world.at("2026-10-15 03:10").sweep()
    assert world.hears("head", cover, "单位负责人督办")
    world.at("2026-10-15 07:59").sweep()
    assert not world.hears("bob", puddle)
    world.at("2026-10-15 08:00").sweep()
    assert world.hears("bob", puddle, "交办通知")


def test_the_first_levels_wait_for_opening_and_the_third_does_not(world: World) -> None:
    text = "policy: evenings\nextends: chuangcheng\nburden: {evening: 0, night_levels: [3, 4, 5]}\n"
    with world.ledger.transaction() as connection:
        loading.load_policy(connection, Source("evenings.yaml", text), world.now)
    case = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(case)
    world.at("2026-10-15 18:00").sweep()
    assert not world.hears("head")
    world.at("2026-10-16 08:00").sweep()
    assert world.hears("head", case)
    world.at("2026-10-20 18:00").sweep()
    assert world.hears("leader", case, "列入通报")
    assert world.proven()


# -- a time of one's own -----------------------------------------------------------------------


def chooses(world: World, name: str, clock: time | None) -> None:
    """Somebody chooses when to be told together what can wait."""
    people = table(Person)
    with world.ledger.transaction() as connection:
        mine = people.c.name == name
        connection.execute(sa.update(people).where(mine).values(digest_at=clock))


def test_who_chose_half_past_eight_gets_the_days_news_and_reminders_then(world: World) -> None:
    chooses(world, "Bob", time(8, 30))
    first = world.at("2026-10-12 10:00").report("解放路12号", "路面积水", limit="3天")
    world.bob.signs(first)
    second = world.at("2026-10-12 16:00").report("中山路3号", "路面积水", limit="3天")
    world.sweep()
    assert now(world, "bob") == []
    for moment in ("2026-10-13 08:00", "2026-10-13 08:29"):
        world.at(moment).sweep()
        assert now(world, "bob") == []
    world.at("2026-10-13 08:30").sweep()
    [told] = now(world, "bob")
    assert [case in told.body for case in (first, second)] == [True, True]
    # The ladder asks nobody's time.
    world.at("2026-10-15 18:00").sweep()
    assert world.hears("bob", first, "单位负责人督办")


def test_nobodys_own_time_makes_a_case_late(sqlite_world: World) -> None:
    """Due tomorrow at nine: half past eight would leave half an hour."""
    world = sqlite_world
    chooses(world, "Bob", time(8, 30))
    case = world.at("2026-10-12 15:00").report("解放路12号", "路面积水", limit="4 工作时")
    assert world.due(case) == "2026-10-13 09:00"
    world.sweep()
    assert world.hears("bob", case)


@pytest.mark.parametrize(("chosen", "told_at"), [(time(7), "08:00"), (time(15), "10:00")])
def test_a_time_the_policy_no_longer_allows_is_the_nearest_one_it_does(
    sqlite_world: World, chosen: time, told_at: str
) -> None:
    world = sqlite_world
    chooses(world, "Bob", chosen)
    world.at("2026-10-12 10:30").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    world.at(f"2026-10-13 {told_at}").sweep()
    assert len(now(world, "bob")) == 1


# -- the other end -----------------------------------------------------------------------------


def test_who_never_heard_of_a_case_does_not_hear_that_it_is_over(world: World) -> None:
    """Dispatched by night and cancelled before anybody's office opened."""
    case = world.at("2026-10-14 23:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    world.at("2026-10-15 07:00").carol.cancels(case)
    assert world.at("2026-10-15 08:00").sweep()["moot"] == 2
    assert world.told("bob") == []


def test_who_heard_of_it_hears_the_end_whichever_way_it_ends(world: World) -> None:
    case = world.at("2026-10-14 10:00").report("解放路12号", "路面积水", limit="3天")
    world.sweep()
    world.at("2026-10-14 11:00").carol.cancels(case)
    world.sweep()
    assert world.hears("bob", case, "终止告知")


def test_whom_nothing_could_reach_is_not_told_the_end_either(world: World) -> None:
    channels = table(Channel)
    with world.ledger.transaction() as connection:
        connection.execute(sa.delete(channels))
    case = world.at("2026-10-14 10:00").report("解放路12号", "路面积水", limit="3天")
    assert world.sweep()["dead"] == 1
    reached_by(world, "Bob", "folder://bob")
    world.at("2026-10-14 11:00").carol.cancels(case)
    world.sweep()
    assert world.told("bob") == []
