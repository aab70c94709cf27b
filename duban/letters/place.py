"""现状: where a case stands, since when, and with whom it lies."""

from collections.abc import Iterator
from typing import Any

from duban.letters.course import HAPPENED
from duban.letters.saying import joined, moment
from ledger.standing import Part, Standing
from ledger.thread import Thread
from models.case import Status
from models.category import Role
from models.verb import Verb
from models.words import Words

MEANS = {
    Status.REPORTED: Words(
        "问题已上报，等督办员决定是否立案", "reported; a supervisor decides whether to take it up"
    ),
    Status.FILED: Words("已立案，等交办给责任单位", "taken up; it waits to be given to a unit"),
    Status.UNDECIDED: Words(
        "还定不下由哪个单位负责，等督办员决定",
        "no unit can be named yet; a supervisor decides who is responsible",
    ),
    Status.DISPATCHED: Words("已交给责任单位，等它签收", "given to the unit; it must sign"),
    Status.IN_PROGRESS: Words("责任单位正在整改", "the unit is putting it right"),
    Status.RETURNED: Words(
        "责任单位认为不归它管，退了回来，等督办员裁定",
        "the unit says it is not responsible and sent it back; a supervisor decides",
    ),
    Status.SUSPENDED: Words(
        "经批准暂停办理，到约定日期自动恢复",
        "put on hold with permission; it goes on by itself on the date agreed",
    ),
    Status.SUBMITTED: Words(
        "责任单位报告已整改，等检查员到现场核查",
        "the unit says it is put right; an inspector goes and looks",
    ),
    Status.REWORK: Words(
        "没有真正改好，责任单位须重新整改", "it was not really put right; the unit must do it again"
    ),
    Status.CLOSED: Words("已经改好，办结", "it is put right; the case is closed"),
    Status.REJECTED: Words("没有立案，不再办理", "not taken up"),
    Status.MERGED: Words("已并入另一案，在那边办理", "joined to another case and handled there"),
    Status.SPLIT: Words("已拆成几案，分别办理", "split into several cases, each handled by itself"),
    Status.CANCELLED: Words("已作废，不再办理", "called off"),
}


def place(thread: Thread, s: Standing) -> Iterator[Words]:
    """Where it stands, who has it, and what was recorded last."""
    since, status = moment(s.facts.since, thread.reference.zone), s.facts.status
    means = MEANS[status]
    yield Words(
        f"现状：{status.words.zh}（{means.zh}），自 {since.zh} 起。",
        f"Status: {status.words.en}, since {since.en}: {means.en}.",
    )
    yield _units(s)
    for part in s.parts:
        yield from _inside(thread, part)
    yield from _asked(thread, s)
    last = s.records[-1]
    yield Words(f"最近一条记录：{last.words}", f"Last record: {_verbs(last)} ({last.words})")


def _verbs(record: Any) -> str:
    return HAPPENED.get(record.verb) or _VERBS[record.verb]


_VERBS = {verb.value: verb.words.en for verb in Verb}


def _units(s: Standing) -> Words:
    if not s.parts:
        return Words("尚无责任单位。", "No unit is responsible yet.")
    parts = sorted(s.parts, key=lambda part: part.role is not Role.LEAD)
    shown = joined([_unit(part) for part in parts])
    return Words(f"责任单位：{shown.zh}。", f"Units: {shown.en}.")


def _unit(part: Part) -> Words:
    done = part.role is not Role.LEAD and part.confirmed_at is not None
    zh, en = ("，已完成", ", done") if done else ("", "")
    role = part.role.words
    return Words(f"{part.name}（{role.zh}{zh}）", f"{part.name} ({role.en}{en})")


def _inside(thread: Thread, part: Part) -> Iterator[Words]:
    known = thread.reference.directory.people
    handler, leader = part.handler_id, part.leader_id
    lies = [
        Words(part.section, part.section) if part.section else None,
        _who("经办人", "handled by", known.get(handler, "—")) if handler else None,
        _who("分管领导", "under", known.get(leader, "—")) if leader else None,
    ]
    shown = joined([words for words in lies if words])
    if shown.zh:
        yield Words(f"{part.name}内部：{shown.zh}。", f"Inside {part.name}: {shown.en}.")


def _who(zh: str, en: str, name: str) -> Words:
    return Words(f"{zh} {name}", f"{en} {name}")


def _asked(thread: Thread, s: Standing) -> Iterator[Words]:
    if s.asked is None:
        return
    kind, when = s.asked.kind.words, moment(s.asked.asked_at, thread.reference.zone)
    yield Words(
        f"{when.zh} 提出的{kind.zh}申请还没有答复：{s.asked.reason}。",
        f"A request ({kind.en}) of {when.en} is not answered yet: {s.asked.reason}.",
    )
