"""单位周报: what a unit's weekly summary says."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from models.words import Words
from rules.spoken import moment, span
from rules.subscription import NAMED, Late, Summary, Week

_DAY = timedelta(days=1)


def facts_of(told: Summary, zone: ZoneInfo) -> dict[str, Any]:
    """The facts of a notice of kind SUMMARY: subject and lines, in both languages."""
    subject, lines = _subject(told, zone), list(_lines(told, zone))
    return {
        "subject": {"zh": subject.zh, "en": subject.en},
        "lines": {"zh": [line.zh for line in lines], "en": [line.en for line in lines]},
    }


def _subject(told: Summary, zone: ZoneInfo) -> Words:
    since, until = (f"{at.astimezone(zone):%m-%d}" for at in (told.since, told.until))
    return Words(
        f"{told.unit}周报（{since} 至 {until}）：在办 {told.open} 件，逾期 {told.overdue} 件",
        f"{told.unit}, week {since} to {until}: {told.open} open, {told.overdue} overdue",
    )


def _lines(told: Summary, zone: ZoneInfo) -> Iterator[Words]:
    week, before = told.week, told.before
    yield Words(
        f"现在在办 {told.open} 件：逾期 {told.overdue} 件，待裁定或审批 {told.decision} 件。",
        f"Open now: {told.open}, of them {told.overdue} overdue and {told.decision} waiting for "
        "a decision.",
    )
    yield Words(
        f"新交办 {week.dispatched} 件（上周 {before.dispatched} 件）。",
        f"Newly dispatched: {week.dispatched} (the week before: {before.dispatched}).",
    )
    yield Words(
        f"销号 {week.closed} 件：按时 {week.on_time} 件，逾期 {week.late} 件"
        f"（上周 {before.closed} 件：按时 {before.on_time} 件，逾期 {before.late} 件）。",
        f"Closed: {week.closed}, {week.on_time} on time and {week.late} late (the week before: "
        f"{before.closed}, {before.on_time} on time and {before.late} late).",
    )
    yield Words(
        f"返工 {week.reworked} 件（上周 {before.reworked} 件）。",
        f"Sent back to be reworked: {week.reworked} (the week before: {before.reworked}).",
    )
    yield _levels(week, before)
    if told.latest:
        yield _heading(told)
        yield from (_late(n, each, told, zone) for n, each in enumerate(told.latest, start=1))


def _levels(week: Week, before: Week) -> Words:
    counts = sorted(week.levels.items())
    zh = "、".join(f"{level} 级 {count} 次" for level, count in counts) or "没有"
    en = ", ".join(f"level {level}: {count}" for level, count in counts) or "none"
    return Words(
        f"督办升级：{zh}（上周共 {before.escalations} 次）。",
        f"Escalations: {en} (the week before: {before.escalations} in all).",
    )


def _heading(told: Summary) -> Words:
    if told.overdue > NAMED:
        return Words(f"逾期最久的 {NAMED} 件：", f"The {NAMED} that have been overdue the longest:")
    return Words("逾期的案件：", "Overdue:")


def _late(place: int, each: Late, told: Summary, zone: ZoneInfo) -> Words:
    due, over = moment(each.due_at, told.until, zone), span(told.until - each.due_at, _DAY)
    return Words(
        f"{place}. {each.number} {_short(each.place)}：{_short(each.problem)}，"
        f"应于{due.zh}办结，已超 {over.zh}",
        f"{place}. {each.number} {_short(each.place)}: {_short(each.problem)}, due {due.en}, "
        f"over by {over.en}",
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else f"{line[:39]}…"
