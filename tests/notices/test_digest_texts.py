"""One message for several reminders: every case with place, due and what comes next."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.case import Stage
from models.notice import NoticeKind
from notices.digest import LISTED, compose_digest
from notices.facts import Facts

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
