"""督办日志的一行, as the pages and the workbook show it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from documents.exported import Cell
from duban.letters.fired import came_of, point_of
from ledger.logbook import LogLine
from ledger.reference import Reference
from ledger.telling import Told
from models.delivery import DeliveryOutcome
from models.escalation import Outcome
from models.notice import NoticeState
from models.person import DutyKind
from models.words import Words
from portal.channels import called
from rules.agenda import Book
from rules.spoken import span

ROUNDS = timedelta(minutes=5)
"""A round goes every minute; what came within a few of them came in time."""
_DAY = timedelta(days=1)

_OUTCOME_TONES = {
    Outcome.CARRIED_OUT: "green",
    Outcome.SKIPPED: "grey",
    Outcome.NOBODY: "red",
}
_STATE_TONES = {
    NoticeState.SENT: "green",
    NoticeState.DEAD: "red",
    NoticeState.CAPPED: "amber",
    NoticeState.OWED: "blue",
    NoticeState.SENDING: "blue",
}
_CARDS = {
    "yellow": (Words("黄牌", "yellow card"), "amber"),
    "red": (Words("红牌", "red card"), "red"),
}
_REMINDER = Words("催办", "Reminder")


def shown(line: LogLine, reference: Reference, person_id: int) -> dict[str, Any]:
    """One row for a page."""
    book = reference.books[line.policy_id]
    return {
        "line": line,
        "rule": point_of(book, line),
        "level": level_of(line, book),
        "card": _CARDS.get(line.card),
        "tone": _OUTCOME_TONES[line.outcome],
        "came": came_of(line),
        "late": late_by(line),
        "told": [told(each) for each in line.told],
        "seen": line.seen_by(person_id),
        "bad": line.outcome is Outcome.NOBODY
        or any(t.state is NoticeState.DEAD for t in line.told),
    }


def level_of(line: LogLine, book: Book) -> Words:
    """Which level, with its title; or that it is a reminder."""
    if not line.level:
        return _REMINDER
    ladder = book.policy.stages[line.stage].ladder
    title = next((level.title for level in ladder if level.level == line.level), "")
    return Words(f"{line.level} 级 {title}".strip(), f"Level {line.level} {title}".strip())


def late_by(line: LogLine) -> Words | None:
    """How long after its time it was carried out; None when that was in the next rounds."""
    length = line.at - line.planned_at
    return span(length, _DAY) if length > ROUNDS else None


def told(each: Told) -> dict[str, Any]:
    """One of those told: how far it came, by which channel, and what they did."""
    last = each.last
    return {
        "person": each.person,
        "unit": each.unit,
        "duty": each.duty,
        "state": each.state,
        "tone": _STATE_TONES.get(each.state, "grey") if each.state else "grey",
        "channel": called(last.channel) if last and last.channel else None,
        "address": last.channel if last else "",
        "answer": last.answer if last and last.outcome is not DeliveryOutcome.SENT else "",
        "refused": each.refused,
        "tried_at": last.at if last else None,
        "next_try_at": each.next_try_at if each.state is NoticeState.OWED else None,
        "read_at": each.read_at,
        "answered_at": each.answered_at,
        "answered_by": each.answered_by,
        "tries": each.tries,
    }


def told_of_notice(notice: Any, attempt: Any | None) -> dict[str, Any]:
    """A notice with the last attempt at it, in the same shape."""
    tries = [attempt] if attempt is not None else []
    duty = next((each for each in DutyKind if each.value == notice.facts.get("duty")), None)
    return told(
        Told(notice.person, "", duty, notice.state, read_at=notice.read_at, tries=tries)
    ) | {"kind": notice.kind}


# -- the workbook ------------------------------------------------------------------------------

COLUMNS: Sequence[tuple[Words, int]] = (
    (Words("执行时间", "Carried out"), 16), (Words("应执行时间", "Planned"), 16),
    (Words("案号", "Case"), 14), (Words("级别", "Level"), 16), (Words("依据", "Rule"), 22),
    (Words("红黄牌", "Card"), 8), (Words("结果", "Outcome"), 12),
    (Words("当时牵头单位", "Unit that led"), 20), (Words("辖区", "Area"), 14),
    (Words("类别", "Category"), 16), (Words("地点", "Place"), 24),
    (Words("问题", "Problem"), 36), (Words("案件现状", "Case is now"), 12),
    (Words("告知谁、是否送达、已读、答复", "Told, arrived, read, answered"), 60),
    (Words("批注", "Remarks"), 36),
)  # fmt: skip


def cells(line: LogLine, reference: Reference, lang: str) -> list[Cell]:
    """One row of the workbook."""
    book, zone = reference.books[line.policy_id], reference.zone
    card = _CARDS[line.card][0].within(lang) if line.card in _CARDS else ""
    return [
        line.at, line.planned_at, line.number, level_of(line, book).within(lang),
        point_of(book, line).within(lang), card, line.outcome.words.within(lang), line.unit,
        line.area, line.category, line.place, line.problem, line.status.words.within(lang),
        "\n".join(_sentence(each, zone).within(lang) for each in line.told),
        "\n".join(_remark(each, zone, lang) for each in line.remarks),
    ]  # fmt: skip


def _sentence(each: Told, zone: ZoneInfo) -> Words:
    parts = [Words(f"{each.unit} {each.person}", f"{each.unit} {each.person}")]
    if each.state is not None:
        parts.append(each.state.words)
    if each.last is not None and each.last.channel:
        parts.append(called(each.last.channel))
    if each.refused and each.last is not None:
        parts.append(Words(each.last.answer, each.last.answer))
    parts += [
        _at(label, at, zone)
        for label, at in (
            (Words("已读", "read"), each.read_at),
            (Words("答复", "answered"), each.answered_at),
        )
        if at is not None
    ]
    return Words("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def _at(label: Words, at: datetime, zone: ZoneInfo) -> Words:
    clock = at.astimezone(zone).strftime("%m-%d %H:%M")
    return Words(f"{label.zh} {clock}", f"{label.en} {clock}")


def _remark(each: Any, zone: ZoneInfo, lang: str) -> str:
    said = each.text or each.kind.words.within(lang)
    return f"{each.at.astimezone(zone):%m-%d %H:%M} {each.actor}: {said}"
