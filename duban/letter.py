"""说明信: why a deadline is what it is, and what will happen to a case, as a short letter."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ledger.thread import Thread
from models.case import Status
from models.verb import Verb
from models.words import Words
from rules.agenda import HANDLING, Look
from rules.explanation import explain
from rules.lifecycle import allowed
from rules.limits import Deadline, LimitUnit, parse
from rules.worktime import Worktime

WEEKDAYS = (
    *(("周一", "Mon"), ("周二", "Tue"), ("周三", "Wed"), ("周四", "Thu"), ("周五", "Fri")),
    *(("周六", "Sat"), ("周日", "Sun")),
)


def deadline_letter(deadline: Deadline, worktime: Worktime, lang: str) -> str:
    """Why this limit from this start is due when it is."""
    return "\n".join(words.within(lang) for words in explain(deadline, worktime))


def moment(at: datetime, zone: ZoneInfo) -> Words:
    """An instant as the city's clocks and calendar show it."""
    local = at.astimezone(zone)
    zh, en = WEEKDAYS[local.weekday()]
    return Words(f"{local:%Y-%m-%d}（{zh}）{local:%H:%M}", f"{en} {local:%Y-%m-%d %H:%M}")


def case_letter(thread: Thread, at: datetime, lang: str) -> str:
    """The whole standing of a case as of `at`, and its agenda with the rule behind each line.

    For an instant before its last record: how it stood then, as the records tell it.
    """
    told = _then(thread, at) if is_past(thread, at) else _paragraphs(thread, at)
    return "\n".join(words.within(lang) for words in told)


def is_past(thread: Thread, at: datetime) -> bool:
    """Whether something has happened to the case since `at`."""
    return any(record.at > at for record in thread.records)


def recorded(thread: Thread, at: datetime) -> list[Any]:
    """The records of the case up to `at`."""
    return [record for record in thread.records if record.at <= at]


def _then(thread: Thread, at: datetime) -> Iterator[Words]:
    case, zone, known = thread.case, thread.reference.zone, recorded(thread, at)
    when, later = moment(at, zone), len(thread.records) - len(known)
    yield _heading(case)
    if not known:
        first = moment(thread.records[0].at, zone)
        yield Words(
            f"{when} 时还没有这个案件：它于 {first} 上报。",
            f"At {when.en} this case did not exist yet: it was reported {first.en}.",
        )
        return
    status = known[-1].status.words
    yield Words(
        f"截至 {when}：{status.zh}。当时的记录：", f"At {when.en}: {status.en}. Records then:"
    )
    for record in known:
        noted = moment(record.at, zone)
        yield Words(f"  · {noted} {record.words}", f"  · {noted.en} {record.words}")
    yield Words(
        f"此后又有 {later} 条记录，见 duban case {case.number}；"
        f"现在的期限与日程见 duban explain {case.number}。",
        f"{later} more records followed: duban case {case.number}. "
        f"The limit and the agenda as they are now: duban explain {case.number}.",
    )


def _heading(case: Any) -> Words:
    return Words(
        f"案件 {case.number}：{case.place}，{case.problem}",
        f"Case {case.number}: {case.place}, {case.problem}",
    )


def _paragraphs(thread: Thread, at: datetime) -> Iterator[Words]:
    case, zone = thread.case, thread.reference.zone
    yield _heading(case)
    yield _standing(thread)
    yield from _clock(thread, at)
    if case.step_due_at and case.status in _STEP_WORDS:
        step = _STEP_WORDS[case.status]
        when = moment(case.step_due_at, zone)
        yield Words(f"{step.zh}须在 {when} 前完成。", f"{step.en} is due {when.en}.")
    yield Words("", "")
    yield from _future(thread, at)
    yield Words("", "")
    verbs = [verb for verb in allowed(case.status) if verb in _COMMANDS]
    if not verbs:
        return
    yield Words(
        f"此时可以：{'、'.join(verb.words.zh for verb in verbs)}。",
        f"What can be done now: {', '.join(verb.words.en for verb in verbs)}.",
    )


_COMMANDS = frozenset(
    {
        *(Verb.DISPATCH, Verb.ACKNOWLEDGE, Verb.SEND_BACK, Verb.UPHOLD_RETURN),
        *(Verb.REFUSE_RETURN, Verb.REQUEST_EXTENSION, Verb.REQUEST_SUSPENSION, Verb.RESUME),
        *(Verb.SUBMIT, Verb.VERIFY_PASS, Verb.VERIFY_FAIL, Verb.PUBLISH, Verb.MERGE, Verb.CANCEL),
    }
)
"""What `duban do` carries out and the reader may choose; deciding needs an open request."""

_STEP_WORDS = {
    Status.FILED: Words("交办", "Dispatch"),
    Status.UNDECIDED: Words("定责交办", "Settling duty and dispatch"),
    Status.DISPATCHED: Words("签收", "Signing"),
    Status.RETURNED: Words("退单裁定", "The ruling on the return"),
    Status.SUBMITTED: Words("现场核查", "Verification on site"),
    Status.CLOSED: Words("公示", "Publication"),
}


def _standing(thread: Thread) -> Words:
    case, zone = thread.case, thread.reference.zone
    units = [p for p in thread.parts if p.ended_at is None]
    zh = "、".join(f"{p.name}（{p.role.words.zh}）" for p in units) or "尚无责任单位"
    en = ", ".join(f"{p.name} ({p.role.words.en})" for p in units) or "no unit yet"
    since = moment(case.since, zone)
    last = thread.records[-1].words if thread.records else ""
    return Words(
        f"现状：{case.status.words.zh}，自 {since} 起。责任单位：{zh}。最近一条记录：{last}",
        f"It is {case.status.words.en} since {since.en}. Units: {en}. Last record: {last}",
    )


def _clock(thread: Thread, at: datetime) -> Iterator[Words]:
    case, book = thread.case, thread.book
    if case.clock_from is None:
        return
    source = case.limit_source.words
    yield Words(
        f"整改时限 {case.limit}，依据：{source.zh}。", f"Limit {case.limit}, from {source.en}."
    )
    deadline = book.handling(parse(case.limit), case.clock_from, 0, thread.pauses)
    yield from explain(deadline, book.worktime)
    zone = thread.reference.zone
    if case.extensions:
        when = moment(case.due_at, zone)
        yield Words(
            f"准予延期 {case.extensions} 次，每次加一个原时限，现到期时间为 {when}。",
            f"Extended {case.extensions} times by one original limit; now due {when.en}.",
        )
    yield _running(thread, at)


def _running(thread: Thread, at: datetime) -> Words:
    case, worktime = thread.case, thread.book.worktime
    if case.status is Status.SUSPENDED:
        until = moment(case.resumes_at, thread.reference.zone)
        return Words(
            f"挂账中，不计时，{until} 自动恢复。", f"Suspended; resumes by itself {until.en}."
        )
    if case.status not in HANDLING:
        late = {True: Words("逾期", "late"), False: Words("按期", "on time")}.get(case.late)
        said = late or Words("未判定", "not decided")
        return Words(
            f"整改计时已停止（{said.zh}）。", f"The handling clock has stopped ({said.en})."
        )
    if parse(case.limit).unit is LimitUnit.CONTINUOUS_HOUR:
        left = _span(case.due_at - at, timedelta(hours=24), Words("天", "days"))
    else:
        worked = worktime.between(at, case.due_at, thread.pauses)
        left = _span(worked, worktime.day_length, Words("个工作日", "working days"))
    if at >= case.due_at:
        return Words(f"已逾期 {left.zh}。", f"Overdue by {left.en}.")
    return Words(f"正在计时，还剩 {left.zh}。", f"Running: {left.en} left.")


def _span(length: timedelta, day: timedelta, days: Words) -> Words:
    """The size of a span in days of that length, hours and minutes."""
    whole, rest = divmod(abs(length), day)
    hours, minutes = divmod(int(rest.total_seconds()) // 60, 60)
    named = [(whole, days), (hours, Words("小时", "hours")), (minutes, Words("分钟", "minutes"))]
    said = [(count, unit) for count, unit in named if count] or [(0, named[-1][1])]
    return Words(
        " ".join(f"{count} {unit.zh}" for count, unit in said),
        " ".join(f"{count} {unit.en}" for count, unit in said),
    )


def _future(thread: Thread, at: datetime) -> Iterator[Words]:
    looks = thread.agenda()
    if not looks:
        yield Words("此后没有待办的督办节点。", "No further looks are planned.")
        return
    yield Words("若无人处理，此后将：", "If nobody acts, then:")
    for look in looks:
        yield _line(look, thread, at)


def _line(look: Look, thread: Thread, at: datetime) -> Words:
    when = moment(look.at, thread.reference.zone)
    told = thread.reference.directory.everyone(thread.lead, look.tell, max(at, look.at))
    names = "、".join(f"{r.unit} {r.person}" for r in told)
    missing = Words("（该岗位现无人）", " (nobody holds that duty now)")
    who = Words(f"（{names}）", f" ({names})") if names else missing if look.tell else Words("", "")
    late = Words("（已到点，下一轮督办时补办）", " (its time has come; the next round does it)")
    note = late if look.at <= at else Words("", "")
    return Words(
        f"  · {when} {look.words.zh}{who.zh}{note.zh}",
        f"  · {when.en} {look.words.en}{who.en}{note.en}",
    )
