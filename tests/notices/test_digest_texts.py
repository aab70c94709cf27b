"""One message for several notices: every case with place, due and what comes next."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.case import Stage
from models.category import Role
from models.notice import NoticeKind
from notices.digest import LISTED, compose_digest
from notices.facts import Facts
from rules.digest import Overdue

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 9, 29, 9, 0, tzinfo=ZONE)

LATE = Facts(
    kind=NoticeKind.REMINDER,
    number="2026-000001",
    place="解放路12号",
    problem="路面积水",
    at=AT,
    zone=ZONE,
    person="Bob",
    due_at=AT - timedelta(hours=15),
    stage=Stage.HANDLE,
    left=timedelta(hours=-1),
    next_at=AT + timedelta(hours=9),
    next_words="2 级 分管领导督办单，告知分管领导",
)
SOON = replace(
    LATE,
    number="2026-000002",
    place="中山路3号",
    stage=Stage.SIGN,
    due_at=AT + timedelta(hours=9),
    left=timedelta(hours=8),
    next_at=None,
    next_words="",
)


def test_each_case_is_one_line_with_place_due_and_what_happens_next() -> None:
    lines = compose_digest([LATE, SOON]).body.splitlines()
    assert lines[0] == "Bob，您好："
    assert lines[1] == "以下 2 件问题请抓紧办理，先到期的在前："
    assert lines[2] == (
        "1. 2026-000001 解放路12号：路面积水；整改时限：昨天18:00前，已逾期 1 小时；"
        "下一步：到今天18:00仍未整改，2 级 分管领导督办单，告知分管领导"
    )
    assert lines[3] == (
        "2. 2026-000002 中山路3号：路面积水；签收时限：今天18:00前，还剩 1 个工作日"
    )
    assert lines[4].startswith("请回复：")
    assert len(lines) == 5


def test_the_subject_says_how_many_and_which_is_the_most_urgent() -> None:
    subject = compose_digest([LATE, SOON]).subject
    assert subject == "【催办提醒】2 件，最急：解放路12号（昨天18:00前）"


def test_it_says_what_was_held_back_and_that_it_may_come_twice() -> None:
    held = replace(LATE, unsaid=4)
    body = compose_digest([held, replace(SOON, resend=True)]).body
    assert "另有 4 条提醒超过每日上限" in body
    assert "可能重复收到" in body
    assert "可能重复收到" not in compose_digest([LATE, SOON]).body


def test_a_very_long_digest_names_the_most_urgent_and_counts_the_rest() -> None:
    many = [replace(LATE, number=f"N{n:03}") for n in range(LISTED + 7)]
    body = compose_digest(many).body
    assert f"以下 {LISTED + 7} 件" in body
    assert f"N{LISTED - 1:03}" in body
    assert f"N{LISTED:03}" not in body
    assert "另有 7 件未列出" in body
    assert "未列出" not in compose_digest(many[:LISTED]).body


def test_a_place_cannot_forge_a_line_of_a_digest() -> None:
    forged = replace(LATE, place="市场\r\n3. 2026-000009 假", problem="\u2028x")
    assert len(compose_digest([forged, SOON]).body.splitlines()) == 5


def test_it_can_be_read_in_english_too() -> None:
    told = replace(LATE, place="12 Main St", problem="litter", next_words="tell the head")
    message = compose_digest([told, replace(SOON, place="Market", problem="litter")], "en")
    assert message.subject == "[reminder] 2 cases, first: 12 Main St (by yesterday 18:00)"
    assert "1. 2026-000001 12 Main St: litter; Time limit (handle): by yesterday 18:00, 1 hour" in (
        message.body
    )
    assert [char for char in message.body if "\u3000" <= char <= "\uffef"] == []


def test_it_carries_the_instant_of_writing_in_the_zone_of_the_city() -> None:
    utc = replace(LATE, at=AT.astimezone(ZoneInfo("UTC")))
    assert compose_digest([utc, SOON]).at.isoformat() == "2026-09-29T09:00:00+08:00"


# -- several kinds -----------------------------------------------------------------------------

NEW = replace(SOON, kind=NoticeKind.DISPATCHED, unit="城管局")
CHECK = replace(LATE, kind=NoticeKind.SUBMITTED, number="2026-000009", stage=Stage.VERIFY)


def test_each_kind_has_its_section_with_its_count_and_how_to_answer() -> None:
    new = [replace(NEW, number=f"2026-00001{n}") for n in range(3)]
    message = compose_digest([*new, CHECK])
    assert message.subject == "【督办汇总】交办通知 3 件、待核查 1 件"
    lines = message.body.splitlines()
    assert lines[1] == "以下 4 件有新情况，先到期的在前："
    assert lines[2:4] == ["【交办通知】3 件", "以下问题交由城管局办理（牵头单位）。"]
    assert [line[:2] for line in lines[4:7]] == ["1.", "2.", "3."]
    assert lines[7].startswith("请回复：在督办系统签收")
    assert lines[8:10] == ["【待核查】1 件", "以下问题已反馈整改完成，请到现场核查。"]
    assert lines[10].startswith("4. 2026-000009")
    assert lines[11].startswith("请回复：在督办系统填写核查结果")
    assert len(lines) == 12


def test_three_hundred_dispatches_are_one_message_of_one_kind() -> None:
    message = compose_digest([replace(NEW, number=f"N{n:03}") for n in range(300)])
    assert message.subject.startswith("【交办通知】300 件，最急：")
    assert message.body.count("中山路3号") == LISTED
    assert "另有 250 件未列出" in message.body


def test_levels_that_go_together_name_every_case_with_its_level() -> None:
    up = replace(LATE, kind=NoticeKind.ESCALATION, level=2, level_title="分管领导督办单")
    same = compose_digest([up, replace(up, number="2026-000005")])
    assert same.subject.startswith("【分管领导督办单】2 件")
    other = replace(up, number="2026-000005", level_title="约谈")
    mixed = compose_digest([up, other])
    assert mixed.subject.startswith("【督办升级】2 件")
    assert "以下 2 件问题请立即督办" in mixed.body
    assert "路面积水；分管领导督办单；" in mixed.body
    assert "路面积水；约谈；" in mixed.body


def test_a_case_told_of_twice_is_one_case() -> None:
    urged = replace(LATE, kind=NoticeKind.URGED)
    body = compose_digest([replace(LATE, kind=NoticeKind.ESCALATION), urged]).body
    assert "以下 1 件问题请立即督办" in body


def test_an_assisting_unit_sees_in_which_cases_it_assists() -> None:
    body = compose_digest([NEW, replace(NEW, number="2026-000007", role=Role.ASSISTING)]).body
    first, second = (line for line in body.splitlines() if line[0] in "12")
    assert "贵单位协同" not in first
    assert second.endswith("贵单位协同")


def test_what_is_overdue_already_is_named_first_and_never_twice() -> None:
    late = [
        Overdue("2026-000003", "东风巷", AT - timedelta(days=4), 2),
        Overdue(LATE.number, LATE.place, AT - timedelta(hours=15), 0),
    ]
    body = compose_digest([LATE], overdue=late).body
    assert body.splitlines()[1:4] == [
        "已经逾期 1 件，请先办：",
        "1. 2026-000003 东风巷；9月25日(周五)09:00到期；第2级督办",
        "以下 1 件问题请抓紧办理，先到期的在前：",
    ]
    assert body.count(LATE.number) == 1


def test_a_summary_that_goes_along_is_told_in_short() -> None:
    summary = replace(
        LATE, kind=NoticeKind.SUMMARY, number="", headline="城管局 9 月", told=("在办 3 件",)
    )
    assert "城管局 9 月；在办 3 件" in compose_digest([NEW, summary]).body


def test_it_says_the_most_that_was_held_back() -> None:
    body = compose_digest([LATE, replace(SOON, unsaid=4)]).body
    assert "另有 4 条提醒超过每日上限" in body
