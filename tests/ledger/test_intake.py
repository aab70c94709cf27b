"""Intake: every row has one outcome with its reason, and no row is taken twice."""

from dataclasses import replace
from datetime import date

import pytest

from ledger import intake, loading
from ledger.log import by_status
from models.case import Case
from models.escalation import Escalation
from models.finding import Batch, Draft, Finding
from models.notice import Notice
from models.record import Record
from rules.policy import Source
from tests.world import World, clock

PUDDLE = Draft("", "解放路12号", "路面积水", units=("城管局",), limit="3天")
RUBBISH = Draft("", "人民路5号", "垃圾未清运", units=("城管局",), limit="3天")


def outcomes(answers: list[intake.Answer]) -> list[str]:
    return [answer.outcome.value for answer in answers]


def use(world: World, name: str) -> None:
    source = loading.shipped_policy(name)
    assert source
    with world.ledger.transaction() as connection:
        loading.load_policy(connection, source, world.now)


def test_every_row_gets_one_answer_in_the_order_of_the_paper(world: World) -> None:
    answers = world.hand_in(
        PUDDLE,
        replace(RUBBISH, fixed_on_spot=True),
        replace(PUDDLE, remark="群众再次反映"),
        Draft("", "和平路8号", ""),
        Draft("", "建设路1号", "车辆乱停", units=("火星局",)),
    )
    assert outcomes(answers) == ["accepted", "fixed", "merged", "rejected", "accepted"]
    assert [answer.row for answer in answers] == ["2", "3", "4", "5", "6"]
    assert [a.case for a in answers] == [
        "2026-000001", "2026-000002", "2026-000001", None, "2026-000003",
    ]  # fmt: skip
    assert all(answer.reason.zh and answer.reason.en for answer in answers)


def test_the_same_paper_twice_changes_nothing(world: World) -> None:
    paper = (PUDDLE, RUBBISH, Draft("", "和平路8号", ""))
    first = world.hand_in(*paper, paper="一号文")
    before = [world.rows(model) for model in (Case, Finding, Record, Notice, Batch)]
    second = world.at("2026-09-28 09:00").hand_in(*paper, paper="一号文")
    assert outcomes(second) == ["unchanged", "unchanged", "rejected"]
    assert [a.case for a in second] == [a.case for a in first]
    assert second[2].reason == first[2].reason
    assert [world.rows(model) for model in (Case, Finding, Record, Notice, Batch)] == before


def test_a_corrected_paper_takes_in_only_what_is_new_on_it(world: World) -> None:
    world.hand_in(PUDDLE, Draft("", "人民路5号", ""), paper="一号文")
    answers = world.hand_in(PUDDLE, RUBBISH, paper="一号文（更正）")
    assert outcomes(answers) == ["unchanged", "accepted"]
    assert len(world.rows(Case)) == 2


def test_a_line_known_word_for_word_is_unchanged_while_its_case_is_open(world: World) -> None:
    case = world.hand_in(PUDDLE)[0].case
    again = world.hand_in(PUDDLE)[0]
    assert (again.outcome.value, again.case) == ("unchanged", case)
    assert "word for word" in again.reason.en
    assert world.case(str(case)).reports == 1


def test_a_line_known_word_for_word_is_a_relapse_once_its_case_is_closed(world: World) -> None:
    case = str(world.hand_in(PUDDLE)[0].case)
    world.bob.signs(case)
    world.bob.submits(case)
    world.alice.passes(case)
    again = world.at("2026-10-08 09:00").hand_in(PUDDLE)[0]
    assert again.outcome.value == "accepted"
    assert again.case != case
    assert world.case(str(again.case)).recurrence_of == world.case(case).id
    assert f"反弹：{case}" in world.thread(str(again.case)).records[0].words


def test_what_comes_back_after_the_window_is_a_new_problem(world: World) -> None:
    case = str(world.hand_in(PUDDLE)[0].case)
    world.bob.signs(case)
    world.bob.submits(case)
    world.alice.passes(case)
    again = world.at("2026-12-01 09:00").hand_in(PUDDLE)[0]
    assert world.case(str(again.case)).recurrence_of is None


def test_a_duplicate_joins_its_case_and_is_counted(world: World) -> None:
    case = world.report("解放路12号", "路面积水")
    answer = world.hand_in(replace(PUDDLE, place="解放路 12 号"))[0]
    assert (answer.outcome.value, answer.case) == ("merged", case)
    assert world.case(case).reports == 2
    assert [r.verb for r in world.thread(case).records] == ["file", "dispatch", "join"]
    assert len(world.thread(case).findings) == 2


def test_the_house_next_door_is_another_case(world: World) -> None:
    case = world.report("解放路25号", "路面积水")
    other = world.report("解放路235号", "路面积水")
    assert case != other


def test_a_rejected_row_is_kept_with_its_reason_and_makes_no_case(world: World) -> None:
    answer = world.hand_in(replace(PUDDLE, limit="尽快"))[0]
    assert answer.outcome.value == "rejected"
    assert answer.case is None
    [finding] = world.rows(Finding)
    assert finding.outcome.value == "rejected"
    assert answer.reason.zh in finding.reason
    assert world.rows(Case) == []


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (replace(PUDDLE, problem="  "), "没有写明问题"),
        (replace(PUDDLE, problem="水" * 4001), "最多 4000 字"),
        (replace(PUDDLE, place="路" * 201), "最多 200 字"),
        (replace(PUDDLE, found_on=date(1999, 12, 31)), "请核对年份"),
        (replace(PUDDLE, found_on=date(2100, 1, 1)), "请核对年份"),
        (replace(PUDDLE, limit="2026-09-20"), "已过"),
        (replace(PUDDLE, limit="很快"), "很快"),
        (replace(PUDDLE, trouble=("单元格过长", "the cell is too long")), "单元格过长"),
    ],
)
def test_what_cannot_be_taken_says_why(sqlite_world: World, draft: Draft, said: str) -> None:
    answer = sqlite_world.hand_in(draft)[0]
    assert answer.outcome.value == "rejected"
    assert said in answer.reason.zh


def test_a_dry_run_gives_the_same_answers_and_writes_nothing(world: World) -> None:
    paper = (PUDDLE, replace(PUDDLE, remark="又报"), replace(RUBBISH, fixed_on_spot=True))
    tried = world.hand_in(*paper, paper="一号文", dry_run=True)
    for model in (Case, Finding, Record, Notice, Batch):
        assert world.rows(model) == []
    assert world.hand_in(*paper, paper="一号文") == tried


@pytest.mark.parametrize(
    ("draft", "why"),
    [
        (replace(PUDDLE, units=("火星局",)), "火星局"),
        (replace(PUDDLE, units=(), coordinate=True), "请求协调定责"),
        (replace(PUDDLE, units=("城管局", "火星局")), "火星局"),
        (replace(PUDDLE, units=(), problem="井盖破损", category="B0123-2"), "covers-1、covers-2"),
        (replace(PUDDLE, units=(), category="B0125"), "B0125"),
        (replace(PUDDLE, units=(), problem="说不清的事情"), "类别未定"),
    ],
)
def test_where_no_unit_can_be_named_the_case_waits_and_says_why(
    sqlite_world: World, draft: Draft, why: str
) -> None:
    world = sqlite_world
    answer = world.hand_in(draft)[0]
    case = str(answer.case)
    assert world.status(case) == "undecided"
    assert world.due(case) is None
    assert why in answer.reason.zh
    assert why in world.thread(case).records[-1].words
    world.sweep()
    assert [told.who for told in world.told()] == ["carol"]
    assert why in world.told()[0].body


def test_a_route_names_the_units_the_paper_leaves_out(world: World) -> None:
    case = world.report("和平路8号", "路灯不亮", unit="")
    thread = world.thread(case)
    assert [(p.name, p.role.value) for p in thread.parts] == [
        ("市住房和城乡建设局", "lead"),
        ("市城市管理局", "assisting"),
    ]
    assert "按责任路由 lamps" in thread.records[-1].words


def test_the_units_on_the_paper_count_before_any_route(world: World) -> None:
    case = world.report("和平路8号", "路灯不亮", unit="城管局、住建局")
    assert [p.name for p in world.thread(case).parts] == ["市城市管理局", "市住房和城乡建设局"]


@pytest.mark.parametrize(
    ("policy", "paper", "limit", "source"),
    [
        ("chuangcheng", "4 工作时", "4工作时", "paper"),
        ("chuangcheng", "", "3工作日", "policy"),
        ("shuzi-chengguan", "9天", "2工作日", "category"),
    ],
)
def test_the_limit_comes_from_the_first_source_the_policy_names(
    sqlite_world: World, policy: str, paper: str, limit: str, source: str
) -> None:
    use(sqlite_world, policy)
    case = sqlite_world.report("和平路8号", "路灯不亮", unit="", limit=paper, category="B0137-3")
    row = sqlite_world.case(case)
    assert (row.limit.replace(" ", ""), row.limit_source.value) == (limit, source)


def test_without_a_category_the_paper_is_next_and_the_policy_last(sqlite_world: World) -> None:
    use(sqlite_world, "shuzi-chengguan")
    named = sqlite_world.report("和平路8号", "说不清的事情", limit="9天")
    silent = sqlite_world.report("和平路9号", "说不清的事情")
    assert sqlite_world.case(named).limit_source.value == "paper"
    assert sqlite_world.case(silent).limit_source.value == "policy"


@pytest.mark.parametrize(
    ("until", "due"),
    [
        ("2026-09-28", "2026-09-28 18:00"),
        ("2026-09-24", "2026-09-24 18:00"),
        ("2026-10-10", "2026-10-10 18:00"),
        # A day off: the last working day before it.
        ("2026-10-05", "2026-09-30 18:00"),
    ],
)
def test_a_limit_written_as_a_date_is_due_at_closing_of_that_day(
    sqlite_world: World, until: str, due: str
) -> None:
    case = sqlite_world.at("2026-09-24 15:00").report("解放路12号", "路面积水", limit=until)
    assert sqlite_world.due(case) == due


def test_what_was_fixed_on_the_spot_is_closed_and_nobody_is_told(world: World) -> None:
    [answer] = world.hand_in(replace(PUDDLE, fixed_on_spot=True))
    row = world.case(str(answer.case))
    assert (row.status.value, row.late, row.due_at) == ("closed", False, None)
    assert clock(row.closed_at) == "2026-09-24 15:00"
    world.at("2026-12-01 09:00").sweep()
    assert world.told() == []


def test_a_policy_loaded_later_leaves_open_cases_their_own(sqlite_world: World) -> None:
    before = sqlite_world.report("解放路12号", "路面积水")
    source = Source("短.yaml", "extends: chuangcheng\npolicy: short\ntitle: 短\nrework: 4 工作时\n")
    with sqlite_world.ledger.transaction() as connection:
        loading.load_policy(connection, source, sqlite_world.now)
    after = sqlite_world.report("解放路13号", "路面积水")
    assert sqlite_world.case(before).policy_id != sqlite_world.case(after).policy_id


def test_numbers_go_on_after_new_year_from_one(sqlite_world: World) -> None:
    sqlite_world.at("2026-12-31 23:59").report("解放路12号", "路面积水")
    assert sqlite_world.at("2027-01-01 00:00").report("解放路13号", "垃圾") == "2027-000001"


def test_a_failure_in_the_middle_leaves_whole_chunks_and_the_next_run_finishes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "CHUNK", 4)
    paper = [replace(PUDDLE, place=f"解放路{n}号", problem=f"第{n}处积水") for n in range(1, 13)]

    def fall_over(*_: object) -> None:
        raise ConnectionError("the cable was pulled")

    with monkeypatch.context() as patch:
        patch.setattr(intake, "dispatch", _after(6, intake.dispatch, fall_over))
        with pytest.raises(ConnectionError):
            world.hand_in(*paper, paper="一号文")
    assert len(world.rows(Case)) == len(world.rows(Finding)) == 4
    answers = world.hand_in(*paper, paper="一号文")
    assert outcomes(answers) == ["unchanged"] * 4 + ["accepted"] * 8
    assert by_status(world.ledger) == {"dispatched": 12}
    assert [row.number for row in world.rows(Case)] == [f"2026-{n:06d}" for n in range(1, 13)]
    assert world.proven()


def test_the_same_line_twice_on_one_paper_is_two_reports_wherever_a_chunk_ends(
    sqlite_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "CHUNK", 1)
    assert outcomes(sqlite_world.hand_in(PUDDLE, PUDDLE)) == ["accepted", "merged"]
    monkeypatch.setattr(intake, "CHUNK", 500)
    assert outcomes(sqlite_world.hand_in(RUBBISH, RUBBISH)) == ["accepted", "merged"]


def test_a_unit_without_a_contact_is_told_through_the_next_duty_and_the_record_says_so(
    world: World,
) -> None:
    number = world.report("北坡路1号", "路灯不亮", unit="北坡社区")
    said = "北坡社区居委会联络员无人在岗，改告创城办督办员Carol。"
    assert world.thread(number).records[-1].words == said
    (row,) = world.rows(Escalation)
    assert (row.level, row.outcome.value, row.recipients[0]["person"]) == (
        0, "nobody on duty", "Carol",
    )  # fmt: skip
    world.sweep()
    assert world.hears("carol", number, "无人在岗")


def _after(calls: int, first: object, then: object) -> object:
    left = iter(range(calls))

    def either(*args: object, **more: object) -> object:
        chosen = first if next(left, None) is not None else then
        return chosen(*args, **more)  # type: ignore[operator]

    return either
