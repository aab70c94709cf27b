"""Few messages: Bob has more on his desk than anybody should be rung about one by one."""

import re

from ledger import loading, log
from models.notice import NoticeState
from rules.policy import Source
from tests.world import World


def heard(world: World, who: str = "bob") -> list[str]:
    """What somebody was reminded of: when, and how many cases in one message."""
    found = []
    for told in world.told(who):
        if told.subject.startswith("【催办提醒】"):
            many = re.search(r"】(\d+) 件", told.subject)
            found.append(f"{told.at} {many[1] if many else 1}")
    return found


def given(world: World, count: int, street: str) -> list[str]:
    """So many cases of three working days, signed for at once, their notices sent."""
    made = [world.report(f"{street}{n}号", "路面积水", limit="3天") for n in range(count)]
    for case in made:
        world.bob.signs(case)
    world.sweep()
    return made


def one_a_day(world: World) -> None:
    """A city that wants its people left in peace: one reminder a day."""
    text = "policy: quiet\nextends: chuangcheng\nburden: {reminders_per_day: 1}\n"
    with world.ledger.transaction() as connection:
        loading.load_policy(connection, Source("quiet.yaml", text), world.now)


def test_three_overdue_and_five_near_due_cases_are_one_message_of_the_ladder_and_one_digest(
    world: World,
) -> None:
    overdue = given(world.at("2026-10-12 10:00"), 3, "解放路")
    near = given(world.at("2026-10-13 10:00"), 5, "中山路")
    for quiet in ("2026-10-14 08:30", "2026-10-15 17:00"):
        world.at(quiet).sweep()

    # Friday morning: three are over since Thursday evening, five have four fifths gone.
    world.at("2026-10-16 10:30").sweep()
    now = [told for told in world.told("bob") if told.at == "2026-10-16 10:30"]
    [levels] = [told for told in now if "【单位负责人督办】" in told.subject]
    assert [case in levels.body for case in overdue] == [True] * 3
    assert [case in levels.body for case in near] == [False] * 5
    [digest] = [told for told in now if told is not levels]
    assert digest.subject.startswith("【催办提醒】5 件")
    # What is overdue stands at the top, then what comes next.
    order = [digest.body.index(case) for case in (*overdue, *near)]
    assert order == sorted(order)
    assert digest.body.index("已经逾期 3 件") < order[0]
    assert digest.body.count("中山路") == digest.body.count("整改时限：今天18:00前，还剩") == 5
    assert digest.body.count("下一步：到今天18:00仍未整改，整改到期：督办升级") == 5

    # Nothing is lost: the log names every reminder and how far it came.
    for case in near:
        rows = log.rows(world.ledger, case, reminders=True)
        assert {who["state"] for row in rows for who in row.recipients} == {"sent"}
    assert world.proven()


def test_what_the_cap_held_back_is_in_the_log_and_the_next_day_has_its_own_messages(
    world: World,
) -> None:
    one_a_day(world.at("2026-10-12 09:00"))
    given(world.at("2026-10-12 10:00"), 1, "解放路")
    later = given(world.at("2026-10-12 16:00"), 2, "中山路")
    # Wednesday at nine the first is half gone, at eleven the others; the day is full by then.
    world.at("2026-10-14 09:00").sweep()
    assert world.at("2026-10-14 11:00").sweep()["capped"] == 2
    assert heard(world) == ["2026-10-14 09:00 1"]
    held = log.outbox(world.ledger, NoticeState.CAPPED)
    assert [(row.case, row.person, row.attempts) for row in held] == [
        (case, "Bob", 0) for case in later
    ]
    [row] = log.rows(world.ledger, later[0], reminders=True)
    assert [(who["person"], who["state"]) for who in row.recipients] == [("Bob", "capped")]

    # Thursday has a message of its own, and it says what Wednesday kept back.
    world.at("2026-10-15 11:00").sweep()
    assert heard(world)[1:] == ["2026-10-15 11:00 3"]
    assert world.hears("bob", "另有 2 条提醒超过每日上限", "我的通知")
    # In the afternoon that day is full, too. Levels of the ladder are never held back.
    assert world.at("2026-10-15 16:00").sweep()["capped"] == 3
    assert world.at("2026-10-15 18:00").sweep()["escalated"] == 3
    assert world.hears("bob", "【单位负责人督办】")
    assert len(heard(world)) == 2
    assert world.proven()


def test_after_three_dark_days_there_is_one_digest(world: World) -> None:
    made = given(world.at("2026-10-14 15:00"), 4, "解放路")
    # Half of the limit went by on Friday. The lights come back on Sunday night.
    world.at("2026-10-18 20:00").sweep()
    assert heard(world) == []
    world.at("2026-10-19 08:00").sweep()
    assert heard(world) == ["2026-10-19 08:00 4"]
    assert [case in world.told("bob")[-1].body for case in made] == [True] * 4
    world.at("2026-10-19 08:01").sweep()
    assert len(heard(world)) == 1


def test_a_reminder_soon_after_another_waits_and_goes_with_the_rest(world: World) -> None:
    first = given(world.at("2026-10-12 10:00"), 1, "解放路")
    given(world.at("2026-10-12 11:00"), 2, "中山路")
    given(world.at("2026-10-12 14:30"), 1, "和平街")
    # Half gone at nine, at half past nine, and at a quarter past ten.
    for quarter in range(4 * 4):
        hour, minute = divmod(15 * quarter, 60)
        world.at(f"2026-10-14 {8 + hour:02}:{minute:02}").sweep()
    assert heard(world) == ["2026-10-14 09:00 1", "2026-10-14 11:00 3"]
    assert first[0] in world.told("bob")[-2].body
    assert {row.attempts for row in log.outbox(world.ledger)} == {1}


def test_a_missing_manhole_cover_waits_for_no_digest_and_no_quota(world: World) -> None:
    one_a_day(world.at("2026-10-12 09:00"))
    given(world.at("2026-10-12 10:00"), 1, "解放路")
    world.at("2026-10-14 09:00").sweep()
    cover = world.at("2026-10-14 09:30").report("中山路井盖", "井盖丢失", limit="4 紧急工作时")
    world.bob.signs(cover)
    world.sweep()
    # Half of four hours that never rest is gone.
    world.at("2026-10-14 11:30").sweep()
    assert heard(world) == ["2026-10-14 09:00 1", "2026-10-14 11:30 1"]
    assert world.hears("bob", cover, "中山路井盖")
