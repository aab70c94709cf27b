"""The explanation of a case as one JSON document."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from duban.letter import case_letter, forecast, is_forecast, is_known, recorded
from duban.letters.ahead import told
from duban.letters.fired import counts_from, last_level
from duban.letters.limit import clocks, counted, is_running, left
from duban.letters.saying import span
from ledger.standing import Standing
from ledger.thread import Thread
from rules.agenda import Look

_NOTHING: dict[str, Any] = {
    "status": None, "running": None, "due_at": None, "provisional": None, "clocks": [],
    "spans": [], "left": None, "agenda": [], "fired": [], "last_level": None,
}  # fmt: skip


def document(thread: Thread, at: datetime, lang: str, now: datetime) -> dict[str, Any]:
    """How the case stood at `at`, as data, with the letter that says the same.

    `status` is null before the case existed. Of a past that was recorded by an earlier version
    only the status is known. `forecast` says that `at` has not come yet: then everything is as
    of now, and the agenda ends at `at`.
    """
    head = {"case": thread.case.number, "forecast": is_forecast(thread, at, now)}
    letter = case_letter(thread, at, lang, now)
    return {**head, **_facts(thread, at, lang, now), "letter": letter}


def _facts(thread: Thread, at: datetime, lang: str, now: datetime) -> dict[str, Any]:
    known = recorded(thread, at)
    if not is_known(thread, at):
        return {**_NOTHING, "status": known[-1].status if known else None}
    if not is_forecast(thread, at, now):
        return _standing(thread, thread.as_of(at), lang)
    found = _standing(thread, forecast(thread, at, now), lang)
    return {**found, "agenda": [line for line in found["agenda"] if line["at"] <= at]}


def _standing(thread: Thread, s: Standing, lang: str) -> dict[str, Any]:
    last = last_level(s)
    return {
        "status": s.facts.status,
        "running": is_running(s),
        "due_at": s.facts.due_at,
        "provisional": s.facts.provisional,
        "clocks": clocks(s),
        "spans": [asdict(piece) | {"passed": passed} for piece, passed in counted(s)],
        "left": _left(s, lang),
        "agenda": [_look(thread, s, look, lang) for look in s.agenda()],
        "fired": [_row(row) for row in s.fired],
        "last_level": _row(last) | {"due_at": counts_from(thread, s, last)} if last else None,
    }


def _left(s: Standing, lang: str) -> dict[str, Any] | None:
    rest = left(s)
    if rest is None:
        return None
    return {"seconds": rest.total_seconds(), "words": span(s, s.facts, rest).within(lang)}


def _look(thread: Thread, s: Standing, look: Look, lang: str) -> dict[str, Any]:
    return {
        "at": look.at,
        "stage": look.stage,
        "act": look.act,
        "level": look.level,
        "rule": look.rule,
        "tell": list(look.tell),
        "who": [
            {"person": who.person, "unit": who.unit, "duty": who.duty}
            for who in told(thread, s, look)
        ],
        "words": look.words.within(lang),
    }


def _row(row: Any) -> dict[str, Any]:
    return {
        "at": row.at,
        "planned_at": row.planned_at,
        "stage": row.stage,
        "level": row.level,
        "rule": row.rule,
        "card": row.card,
        "outcome": row.outcome,
        "recipients": [
            {key: who[key] for key in ("person", "unit", "duty")} for who in row.recipients
        ],
    }
