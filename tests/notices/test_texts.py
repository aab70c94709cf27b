"""Every notice says what, where, by when, how late, what happens next, and how to answer."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.case import Stage
from models.category import Role
from models.notice import NoticeKind
from notices.message import SUBJECT_LENGTH, Message
from notices.texts import TEMPLATES, Facts, compose

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 9, 29, 9, 0, tzinfo=ZONE)
DUE = datetime(2026, 9, 30, 18, 0, tzinfo=ZONE)

BARE = Facts(
    kind=NoticeKind.REMINDER,
    number="DB-2026-000012",
    place="中山路12号农贸市场",
    problem="垃圾堆积未清运",
    at=AT,
    zone=ZONE,
)
FULL = replace(
    BARE,
    unit="城管局",
    person="Bob",
    due_at=DUE,
    stage=Stage.HANDLE,
    level=2,
    level_title="分管领导督办单",
    reason="整改时限已用去80%",
    left=timedelta(hours=11),
    next_at=datetime(2026, 10, 9, 18, 0, tzinfo=ZONE),
    next_words="通报单位负责人",
)

OF_A_CASE = [kind for kind in NoticeKind if kind is not NoticeKind.SUMMARY]
every_kind = pytest.mark.parametrize("kind", OF_A_CASE)


@every_kind
def test_every_kind_names_place_problem_due_and_case(kind: NoticeKind) -> None:
    message = compose(replace(FULL, kind=kind))
    for told in ("中山路12号农贸市场", "垃圾堆积未清运", "明天18:00前", "DB-2026-000012", "Bob"):
        assert told in message.body
    for told in ("中山路12号农贸市场", "垃圾堆积未清运", "明天18:00前"):
        assert told in message.subject


@every_kind
def test_a_kind_with_the_bare_facts_says_nothing_of_what_is_unknown(kind: NoticeKind) -> None:
    message = compose(replace(BARE, kind=kind))
    text = message.subject + message.body
    assert "None" not in text
    assert "时限：" not in text
    assert not any(line.endswith("：") for line in message.body.split("\n"))
    assert "" not in message.body.split("\n")


@every_kind
def test_every_kind_tells_how_to_answer_or_that_nothing_is_to_be_done(kind: NoticeKind) -> None:
    body = compose(replace(FULL, kind=kind)).body
    assert any(word in body for word in ("请回复：", "请按结果", "无需再办"))


def test_every_kind_has_its_own_row_and_is_told_apart_in_the_subject() -> None:
    assert set(TEMPLATES) == set(NoticeKind)
    subjects = {compose(replace(FULL, kind=kind)).subject for kind in OF_A_CASE}
    assert len(subjects) == len(OF_A_CASE)


def test_a_late_case_says_how_late_in_working_time() -> None:
    body = compose(replace(FULL, left=timedelta(hours=-19))).body
    assert "已逾期 2 个工作日 3 小时" in body
    assert "还剩" not in body


def test_a_case_in_time_says_how_much_is_left() -> None:
    assert "整改时限：明天18:00前，还剩 1 个工作日 3 小时" in compose(FULL).body


def test_an_escalation_names_its_level_and_what_happens_next() -> None:
    facts = replace(FULL, kind=NoticeKind.ESCALATION, left=timedelta(hours=-8))
    message = compose(facts)
    assert message.subject.startswith("【分管领导督办单】")
    assert "以下问题已逾期 1 个工作日，现升级为分管领导督办单。" in message.body
    assert "下一步：到10月9日(周五)18:00仍未整改，通报单位负责人" in message.body
    assert "第3级督办" in compose(replace(facts, level=3, level_title="")).body


def test_the_words_follow_the_clock_that_runs() -> None:
    body = compose(replace(FULL, stage=Stage.SIGN)).body
    assert "以下问题仍未签收" in body
    assert "签收时限：" in body


def test_an_assisting_unit_is_not_asked_to_answer_for_the_lead() -> None:
    facts = replace(FULL, kind=NoticeKind.DISPATCHED, role=Role.ASSISTING)
    assert "配合牵头单位" in compose(facts).body


def test_a_closed_case_is_not_called_late() -> None:
    facts = replace(FULL, kind=NoticeKind.CLOSED, left=timedelta(hours=-8))
    assert "逾期" not in compose(facts).body


def test_a_provisional_deadline_is_said_to_be_provisional() -> None:
    assert "暂定" in compose(replace(FULL, provisional=True)).body
    assert "暂定" not in compose(FULL).body


def test_a_resend_says_that_it_may_arrive_twice() -> None:
    assert "可能重复收到" in compose(replace(FULL, resend=True)).body
    assert "可能重复收到" not in compose(FULL).body


def test_the_reason_is_told_and_the_rule_only_in_its_place() -> None:
    told = compose(replace(FULL, rule="half")).body
    assert "原因：整改时限已用去80%" in told
    assert "half" not in told
    assert "依据：half" in compose(replace(FULL, rule="half", reason="")).body


def test_further_facts_are_told_line_by_line() -> None:
    body = compose(replace(FULL, extra={"新单位": "水务局", "{}": "x", "空": ""})).body
    assert "\n新单位：水务局\n" in body
    assert "空：" not in body


def test_a_long_problem_is_cut_with_an_ellipsis() -> None:
    message = compose(replace(FULL, problem="污" * 100_000))
    assert "污…" in message.body
    assert "污…" in message.subject
    assert len(message.body) < 800
    assert len(message.subject) <= SUBJECT_LENGTH


@pytest.mark.parametrize("evil", ["\r\n", "\n", "\r", "\u2028", "\x85", "\x0b", "\x00", "\u202e"])
def test_a_place_cannot_forge_a_header_or_a_line(evil: str) -> None:
    forged = f"市场{evil}Bcc: mallory@evil.example"
    message = compose(replace(FULL, place=forged, problem=forged, person=forged, unit=forged))
    assert evil not in message.subject
    assert evil not in message.body.replace("\n", "")
    assert not any(line.startswith("Bcc") for line in message.body.splitlines())


def test_a_subject_is_one_line_whoever_made_the_message() -> None:
    assert Message("一\r\nBcc: x", "正文", AT).subject == "一 Bcc: x"


def test_text_that_cannot_be_encoded_does_not_stop_a_notice() -> None:
    message = compose(replace(FULL, place="市场\ud800口"))
    assert "市场口" in message.body
    message.body.encode()


def test_a_message_carries_the_instant_of_writing_in_the_zone_of_the_city() -> None:
    facts = replace(FULL, at=AT.astimezone(ZoneInfo("UTC")))
    assert compose(facts).at.isoformat() == "2026-09-29T09:00:00+08:00"


# -- in English --------------------------------------------------------------------------------


@every_kind
def test_every_kind_can_be_read_in_english_too(kind: NoticeKind) -> None:
    facts = replace(FULL, kind=kind, level_title="", next_words="tell the head", unit="Greening")
    message = compose(replace(facts, place="12 Main St", problem="litter", reason="80 %"), "en")
    for told in ("12 Main St", "litter", "by tomorrow 18:00", "DB-2026-000012", "Bob"):
        assert told in message.body
    assert message.subject.endswith("12 Main St: litter (by tomorrow 18:00)")
    assert any(word in message.body for word in ("To answer: ", "Please go ", "Nothing to do; "))
    text = message.subject + message.body
    assert [char for char in text if "\u3000" <= char <= "\uffef"] == []


def test_english_subjects_tell_the_kinds_apart_too() -> None:
    subjects = {compose(replace(FULL, kind=kind), "en").subject for kind in OF_A_CASE}
    assert len(subjects) == len(OF_A_CASE)


# -- who reads it ------------------------------------------------------------------------------


def test_a_unit_that_is_taken_over_reads_that_it_assists_and_the_other_that_it_leads() -> None:
    facts = replace(FULL, kind=NoticeKind.TAKEN_OVER, reason="久拖不决")
    assert "由贵单位牵头，时限不变" in compose(facts).body
    assisting = compose(replace(facts, role=Role.ASSISTING)).body
    assert "贵单位改为协同单位，时限不变" in assisting
    assert "牵头单位：城管局" in assisting
    assert "原因：久拖不决" in assisting


def test_an_assisting_unit_is_not_told_that_it_leads() -> None:
    facts = replace(FULL, kind=NoticeKind.DISPATCHED, role=Role.ASSISTING)
    assert "以下问题由城管局牵头办理，贵单位为协同单位。" in compose(facts).body


def test_who_is_exposed_reads_where() -> None:
    body = compose(replace(FULL, kind=NoticeKind.EXPOSED, reason="民生直通车")).body
    assert "曝光媒体：民生直通车" in body


def test_what_was_held_back_is_said_and_where_to_see_it() -> None:
    body = compose(replace(FULL, unsaid=3)).body
    assert "另有 3 条提醒超过每日上限" in body
    assert "我的通知" in body
    assert "上限" not in compose(FULL).body
    assert "1 more reminder was held back" in compose(replace(FULL, unsaid=1), "en").body
