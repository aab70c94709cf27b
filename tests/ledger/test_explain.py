"""Any moment is explained as it was known then: who had the case, its limit, what lay ahead."""

import json
from datetime import timedelta
from itertools import pairwise

import sqlalchemy as sa

from duban.explained import document
from duban.letter import case_letter
from ledger import loading
from ledger.changes import table
from models.record import Record
from tests.ledger.explaining import closed, explained, foretold, handed_in, opened, signed
from tests.world import World, clock, instant

TICK = timedelta(microseconds=1)

# -- who had it --------------------------------------------------------------------------------


def parts_at(world: World, number: str, at: str) -> list[tuple[str, str]]:
    standing = world.thread(number).as_of(instant(at))
    return [(part.name, part.role.value) for part in standing.parts]


def test_who_led_before_a_higher_unit_took_over_is_still_told(world: World) -> None:
    case = signed(world)
    world.at("2026-09-28 10:00").carol.takes_over(case, "市创城办")
    world.at("2026-09-28 12:00").carol.notes(case, "继续督办")
    assert parts_at(world, case, "2026-09-28 09:59") == [("市城市管理局", "lead")]
    taken = [("市城市管理局", "assisting"), ("市创城办", "lead")]
    assert parts_at(world, case, "2026-09-28 10:00") == taken
    assert parts_at(world, case, "2026-09-28 12:00") == taken


def test_each_unit_is_told_for_the_time_it_had_the_case(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-28 10:00").carol.transfers(case, "住建局")
    world.at("2026-09-29 10:00").carol.notes(case, "已交接")
    assert parts_at(world, case, "2026-09-28 09:59") == [("市城市管理局", "lead")]
    assert parts_at(world, case, "2026-09-28 10:00") == [("市住房和城乡建设局", "lead")]


def test_with_whom_it_lay_inside_the_unit_is_told_as_it_was_then(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-28 10:00").bob.assigns(case, section="市政科", person="Bob")
    world.at("2026-09-29 10:00").bob.assigns(case, section="养护科", leader="城管局分管领导")
    world.at("2026-09-30 10:00").carol.notes(case, "已催")
    letters = [
        case_letter(world.thread(case), instant(f"{day} 11:00"), "zh")
        for day in ("2026-09-24", "2026-09-28", "2026-09-29", "2026-09-30")
    ]
    assert "内部：" not in letters[0]
    assert "市城市管理局内部：市政科、经办人 Bob。" in letters[1]
    assert "市城市管理局内部：养护科、经办人 Bob、分管领导 城管局分管领导。" in letters[2]
    assert "市城市管理局内部：养护科、经办人 Bob、分管领导 城管局分管领导。" in letters[3]


def test_an_assisting_part_is_done_from_its_report_until_it_is_opened_again(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = signed(world, unit="城管局、住建局")
    world.at("2026-09-28 09:00").bob.confirms_part(case, "住建局")
    world.at("2026-09-28 10:00").bob.submits(case)
    world.at("2026-09-28 15:00").alice.passes_in_part(case, "住建局", why="路灯未亮")
    world.at("2026-09-29 09:00").bob.confirms_part(case, "住建局")
    world.at("2026-09-29 10:00").carol.notes(case, "已催")
    done = [
        [bool(p.confirmed_at) for p in world.thread(case).as_of(instant(at)).parts]
        for at in ("2026-09-28 08:00", "2026-09-28 09:00", "2026-09-28 15:00", "2026-09-29 09:30")
    ]
    assert done == [[False, False], [False, True], [False, False], [False, True]]
    then = case_letter(world.thread(case), instant("2026-09-28 09:30"), "zh")
    assert "市住房和城乡建设局（协同单位，已完成）" in then


# -- the limit, as it was known ----------------------------------------------------------------


def test_a_later_extension_does_not_leak_into_the_past(world: World) -> None:
    case = signed(world)
    world.at("2026-09-28 10:00").bob.asks_for_more_time(case)
    world.at("2026-09-28 11:00").carol.grants(case)
    before = explained(world, case, "2026-09-28 10:30")
    after = explained(world, case, "2026-09-28 11:00")
    assert [clock(said.due_at) for said in (before, after)] == [
        "2026-09-30 18:00", "2026-10-10 18:00",
    ]  # fmt: skip
    assert "准予延期" not in before.letter
    assert "延期申请还没有答复：配件未到" in before.letter
    assert "第 1 次准予延期" in after.letter
    assert "还没有答复" not in after.letter


def test_a_later_suspension_does_not_leak_into_the_past(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-28 10:00").bob.asks_to_suspend(case, "2026-10-20 08:00")
    world.at("2026-09-28 11:00").carol.grants(case)
    world.at("2026-09-29 10:00").bob.resumes(case)
    before = explained(world, case, "2026-09-28 09:00")
    resting = explained(world, case, "2026-09-28 12:00")
    assert (before.running, resting.running) == (True, False)
    assert "挂账" not in before.letter
    # While it rested nobody knew that it would go on sooner.
    assert "到 2026-10-20（周二）08:00 自动恢复" in resting.letter
    assert "2026-09-29" not in resting.letter.partition("时限是这样算出来的")[0]


def test_a_calendar_that_has_changed_since_is_said_instead_of_a_wrong_list_of_days(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit="3天")
    world.at("2026-09-28 09:00").bob.signs(case)
    with world.ledger.transaction() as connection:
        loading.load_calendar(connection, "date,workday,name,source\n2026-02-02,0,元旦,改\n")
    said = explained(world, case, "2026-09-25 09:00")
    assert clock(said.due_at) == "2026-09-30 18:00"
    assert "日历或办法后来改过" in said.letter
    assert "计入的工作日" not in said.letter


def test_the_stretches_of_a_limit_have_no_gaps_and_say_which_of_them_count(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = signed(world)
    said = explained(world, case, "2026-09-28 10:00")
    spans = said.spans
    assert spans[0]["start"] == world.case(case).clock_from
    assert spans[-1]["end"] == said.due_at
    assert all(a["end"] == b["start"] for a, b in pairwise(spans))
    assert {span["name"] for span in spans if span["kind"] == "holiday"} == {"中秋节"}
    counted = sum((s["end"] - s["start"] for s in spans if s["counted"]), timedelta())
    assert counted == timedelta(hours=24)
    passed = sum(
        (s["end"] - s["start"] for s in spans if s["counted"] and s["passed"]), timedelta()
    )
    assert passed == timedelta(hours=2)
    assert said.left["words"] == "2 个工作日 6 小时"


def test_each_clock_says_whether_it_ran_and_why_not(sqlite_world: World) -> None:
    world = sqlite_world
    case = closed(world)
    expected = {
        "2026-09-24 15:00": (True, "整改时限正在走，自 2026-09-24（周四）15:00 起"),
        "2026-09-28 12:00": (False, "10:00 交来整改反馈，比到期时间早 2 个工作日 6 小时"),
        "2026-09-28 16:00": (False, "公示另有时限"),
    }  # fmt: skip
    for at, (running, words) in expected.items():
        said = explained(world, case, at)
        assert said.running is running, at
        assert words in said.letter, at


def test_a_case_nobody_has_been_given_yet_has_no_limit_running(sqlite_world: World) -> None:
    world = sqlite_world
    case = opened(world, unit="")
    said = explained(world, case, "2026-09-24 16:00")
    assert (said.status.value, said.running, said.left) == ("undecided", False, None)
    assert "还没有交办" in said.letter
    assert "交办给责任单位另有时限" in said.letter


# -- what lay ahead ----------------------------------------------------------------------------


def test_what_lay_ahead_is_what_then_came(world: World) -> None:
    case = signed(world)
    foreseen = explained(world, case, "2026-09-24 16:00").agenda
    for look in foreseen:
        world.now = look["at"]
        world.sweep()
    fired = explained(world, case, clock(world.now) or "").fired
    assert [(row["planned_at"], row["level"]) for row in fired] == [
        (look["at"], look["level"]) for look in foreseen
    ]
    again = explained(world, case, "2026-09-24 16:00")
    assert again.agenda == foreseen
    assert (again.fired, again.last_level) == ([], None)


def test_a_look_whose_time_had_come_while_the_engine_was_down_was_still_to_be_done(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-10-10 09:00").sweep()
    said = explained(world, case, "2026-10-01 09:00")
    first = said.letter.partition("若无人处理")[2].splitlines()[1]
    assert "（当时已到点，还没有办）" in first
    assert said.agenda[0]["at"] < instant("2026-10-01 09:00")
    assert said.fired == []


def test_of_a_suspended_case_what_follows_its_end_is_told_too(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-28 10:00").bob.asks_to_suspend(case, "2026-10-20 08:00")
    world.carol.grants(case)
    agenda = explained(world, case, "2026-10-01 09:00").agenda
    assert (agenda[0]["act"].value, clock(agenda[0]["at"])) == ("resume", "2026-10-20 08:00")
    # Three days were left; the day of the suspension does not count.
    level = next(look for look in agenda if look["level"] == 1)
    world.at("2026-10-20 08:00").sweep()
    assert clock(level["at"]) == world.due(case)


def test_the_future_is_told_as_a_forecast_up_to_the_moment_asked_for(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world)
    said = foretold(world, case, "2026-09-30 18:30")
    assert said.forecast is True
    assert (said.agenda[0]["at"], said.agenda[-1]["at"]) >= (world.now, world.now)
    assert max(look["at"] for look in said.agenda) == instant("2026-09-30 18:00")
    assert "还没有到。下面是从 2026-09-24（周四）15:00 的情况推算的，不是记录" in said.letter
    assert "分管领导督办单" not in said.letter
    # Nothing has been worked since six o'clock.
    assert "时限已经用完" in said.letter.partition("到那时：")[2]


def test_the_forecast_of_a_suspended_case_goes_on_where_the_suspension_ends(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-28 10:00").bob.asks_to_suspend(case, "2026-10-20 08:00")
    world.carol.grants(case)
    said = foretold(world, case, "2026-10-20 09:00")
    assert said.running is False
    assert "整改时限正在走" in said.letter.partition("到那时：")[2]


def test_what_the_engine_has_judged_already_is_no_forecast(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-29 10:30").sweep()
    world.at("2026-09-24 16:00")
    assert foretold(world, case, "2026-09-29 10:30").forecast is False
    assert foretold(world, case, "2026-09-29 10:31").forecast is True


def test_who_would_be_told_is_named_by_the_directory_as_it_is_now(sqlite_world: World) -> None:
    world = sqlite_world
    case = signed(world, unit="城管局、住建局")
    world.at("2026-09-28 09:00").bob.assigns(case, person="城管局负责人")
    world.at("2026-09-28 10:00").bob.confirms_part(case, "住建局")
    names = []
    for at in ("2026-09-24 16:00", "2026-09-28 09:30", "2026-09-28 10:30"):
        said = explained(world, case, at)
        half = next(look for look in said.agenda if look["rule"] == "时限过 50%")
        names.append([who["person"] for who in half["who"]])
        assert "人名按现在的通讯录列出" in said.letter
    # The assisting unit until its part was done, the handler from when he was given it.
    assert names == [
        ["Bob", "住建局联络员"], ["城管局负责人", "Bob", "住建局联络员"], ["城管局负责人", "Bob"],
    ]  # fmt: skip


def test_a_note_written_for_an_earlier_hour_does_not_make_the_case_older(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-24 14:00").carol.notes(case, "补记")
    assert explained(world, case, "2026-09-24 14:30").status is None


# -- where less is known -----------------------------------------------------------------------


def test_before_it_was_reported_there_was_no_case(sqlite_world: World) -> None:
    case = signed(sqlite_world)
    said = explained(sqlite_world, case, "2026-09-24 14:59")
    assert (said.status, said.agenda, said.fired, said.forecast) == (None, [], [], False)
    assert "还没有这个案件：它于 2026-09-24（周四）15:00 上报" in said.letter


def test_records_of_an_earlier_version_are_told_alone_and_that_is_said(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    case = signed(world)
    world.at("2026-09-28 10:00").bob.submits(case)
    thread = world.thread(case)
    forget(world)
    old = world.thread(case)
    then = document(old, instant("2026-09-28 09:00"), "zh", world.now)
    assert (then["status"].value, then["agenda"], then["due_at"]) == ("in_progress", [], None)
    assert "旧版写下的" in then["letter"]
    assert "签收。" in then["letter"]
    # How it stands now its row still tells.
    now = document(old, world.now, "zh", world.now)
    with_memory = document(thread, world.now, "zh", world.now)
    for key in ("status", "running", "due_at", "agenda", "fired", "spans"):
        assert now[key] == with_memory[key], key


def forget(world: World) -> None:
    """Take out of the records what an earlier version did not write."""
    records = table(Record)
    with world.ledger.transaction() as connection:
        for (name,) in connection.execute(_TRIGGERS).all():
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
        for row in connection.execute(sa.select(records)).all():
            data = {key: value for key, value in json.loads(row.data).items() if key != "now"}
            less = sa.update(records).where(records.c.id == row.id).values(data=json.dumps(data))
            connection.execute(less)


_TRIGGERS = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'record'")


def test_a_moment_before_a_change_is_told_to_the_microsecond(sqlite_world: World) -> None:
    world = sqlite_world
    case = handed_in(world)
    thread, at = world.thread(case), instant("2026-09-28 10:00")
    statuses = [
        document(thread, moment, "zh", world.now)["status"].value for moment in (at - TICK, at)
    ]
    assert statuses == ["in_progress", "submitted"]
