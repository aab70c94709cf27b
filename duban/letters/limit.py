"""时限: from when to when a unit has time, what counts, and how much of it is left."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from duban.letters.saying import joined, length, moment, span
from ledger.standing import Pauses, Standing
from models.case import Stage, Status
from models.words import Words
from rules.agenda import HANDLING, STEP
from rules.counted import Stretch, stretches, until
from rules.explanation import called, explain
from rules.limits import Deadline, extend
from rules.requests import overdue
from rules.worktime import Span, SpanKind

_TICK = timedelta(microseconds=1)
_MINUTE = timedelta(minutes=1)


def standing_clocks(s: Standing, zone: ZoneInfo) -> Iterator[Words]:
    """Whether each clock of the case runs, since when, and how much is left."""
    if s.rounds:
        yield _in_short(s, zone)
    yield running(s, zone)
    yield from _step(s, zone)
    yield from _look_back(s, zone)


def _in_short(s: Standing, zone: ZoneInfo) -> Words:
    facts, due = s.facts, moment(s.facts.due_at, zone)
    limit, source = s.book.limit(facts.limit).words, facts.limit_source.words
    zh, en = _due_note(facts)
    more = f"，准予延期 {facts.extensions} 次" if facts.extensions else ""
    times = f", extended {facts.extensions} time(s)" if facts.extensions else ""
    return Words(
        f"整改时限：{limit.zh}（依据：{source.zh}）{more}，{due.zh} 到期{zh}。",
        f"Time limit: {limit.en} (from {source.en}){times}, due {due.en}{en}.",
    )


def _due_note(facts: Any) -> Words:
    if facts.status is Status.SUSPENDED:
        return Words("（这是挂账之前算的）", " (as reckoned before it was put on hold)")
    return Words("（暂定）", " (provisional)") if facts.provisional else Words("", "")


def reckoned(s: Standing, zone: ZoneInfo) -> Iterator[Words]:
    """How each limit there has been was counted, day by day."""
    if not s.rounds:
        return
    yield Words("时限是这样算出来的：", "How the limit was counted:")
    if len(s.rounds) > 1:
        yield Words(
            "（每次交办、返工或重新办理，时限都重新起算，下面各算一轮。）",
            "(Whenever a case is given out or has to be done again, a new limit begins: a round.)",
        )
    for number, facts in enumerate(s.rounds, start=1):
        if len(s.rounds) > 1:
            yield _round(facts, number)
        yield from _reckoning(s, facts, zone)
        if number < len(s.rounds):
            yield _ended(s, facts, zone)


def _round(facts: Any, number: int) -> Words:
    source = facts.limit_source.words
    return Words(f"第 {number} 轮，依据：{source.zh}。", f"Round {number}, from {source.en}.")


def _reckoning(s: Standing, facts: Any, zone: ZoneInfo) -> Iterator[Words]:
    found = legs(s, facts)
    resting = facts.status is Status.SUSPENDED
    if found[-1].due_at != facts.due_at and not resting:
        yield _otherwise(facts, zone)
        return
    for extension, leg in enumerate(found):
        if extension:
            yield Words(
                f"第 {extension} 次准予延期，再加一个原时限，接着原到期时间算：",
                f"Extension {extension} was granted: the same limit once more, counted on from "
                "where it ended:",
            )
        yield from explain(leg, s.book.worktime)
        yield from _festivals(s, leg)
    if resting:
        before = moment(facts.due_at, zone)
        yield Words(
            f"（挂账之前的到期时间是 {before.zh}；上面是如期恢复之后的。）",
            f"(Before it was put on hold it was due {before.en}; the above holds once it goes on.)",
        )


def _festivals(s: Standing, leg: Deadline) -> Iterator[Words]:
    """The holidays that lay in a pause: they are part of it, and not listed by themselves."""
    worktime = s.book.worktime
    inside = [pause for pause in leg.pauses if pause[0] < leg.due_at and leg.start < pause[1]]
    for start, end in inside:
        spans = worktime.spans(start, end)
        rests = [_rest(span) for span in spans if span.kind is SpanKind.HOLIDAY]
        if rests:
            named = joined(rests)
            yield Words(f"暂停期间有{named.zh}。", f"While it stood still there was: {named.en}.")


def _rest(span: Span) -> Words:
    name, first, last = called(span), span.start.date(), (span.end - _TICK).date()
    return Words(f"{name.zh}（{first}至{last}）", f"{name.en} ({first} to {last})")


def _otherwise(facts: Any, zone: ZoneInfo) -> Words:
    start, due = moment(facts.clock_from, zone), moment(facts.due_at, zone)
    return Words(
        f"时限 {facts.limit}，{start.zh} 起算，{due.zh} 到期。这是按当时的日历和办法算定的；"
        "日历或办法后来改过，逐日的算法已不能照原样重列。",
        f"The limit is {facts.limit}, from {start.en} to {due.en}. It was reckoned by the calendar "
        "and the rules of that time; they have changed since, so the days cannot be listed again.",
    )


def legs(s: Standing, facts: Any) -> list[Deadline]:
    """The handling deadline of a clock: the limit itself, then each extension.

    Pauses that were over when the clock began are none of its own; but a clock that was reckoned
    with them is told as it was.
    """
    own = [(start, end) for start, end in s.pauses if end > facts.clock_from]
    found = _legs(s, facts, own)
    if found[-1].due_at == facts.due_at:
        return found
    with_all = _legs(s, facts, s.pauses)
    return with_all if with_all[-1].due_at == facts.due_at else found


def _legs(s: Standing, facts: Any, pauses: Pauses) -> list[Deadline]:
    limit, book = s.book.limit(facts.limit), s.book
    found = [book.deadline(limit, facts.clock_from, pauses)]
    for _ in range(facts.extensions):
        more = extend(found[-1], limit, book.worktime, book.published, pauses=pauses)
        found.append(more)
    return found


def _ended(s: Standing, facts: Any, zone: ZoneInfo) -> Words:
    """What became of a clock that another one followed."""
    if not _handed_in(facts):
        return Words(
            "这一轮没有交来整改反馈，就重新起算了。", "Nothing was handed in; a new round began."
        )
    when, margin = moment(facts.submitted_at, zone), _margin(s, facts)
    return Words(
        f"{when.zh} 交来整改反馈，{margin.zh}；此后重新起算。",
        f"It was handed in {when.en}, {margin.en}; then a new round began.",
    )


def _handed_in(facts: Any) -> bool:
    return facts.submitted_at is not None and facts.submitted_at >= facts.clock_from


def _margin(s: Standing, facts: Any) -> Words:
    gap = length(s, facts, facts.submitted_at, facts.due_at)
    size = span(s, facts, gap)
    if overdue(facts.due_at, facts.submitted_at):
        return Words(f"比到期时间晚 {size.zh}", f"{size.en} after it was due")
    return Words(f"比到期时间早 {size.zh}", f"{size.en} before it was due")


# -- is the clock running ----------------------------------------------------------------------


def is_running(s: Standing) -> bool:
    """Whether the handling clock ran."""
    return s.facts.status in HANDLING and s.facts.clock_from is not None


def left(s: Standing) -> timedelta | None:
    """What was left of the limit, negative when overdue; None when its clock has stopped.

    While a case rests nothing is used up: what was left when it began to rest.
    """
    facts = s.facts
    if is_running(s):
        return length(s, facts, s.at, facts.due_at)
    if facts.status is Status.SUSPENDED:
        return length(s, facts, facts.since, facts.due_at)
    return None


def running(s: Standing, zone: ZoneInfo) -> Words:
    """Whether the handling clock ran, and why not."""
    facts, rest = s.facts, left(s)
    if facts.clock_from is None:
        return Words("整改时限没有在走：还没有交办。", "The clock has not begun.")
    if facts.status is Status.SUSPENDED and rest is not None:
        return _resting(s, rest, zone)
    if rest is None:
        return _stopped(s, zone)
    since, much, though = moment(facts.clock_from, zone), _much(s, rest), _although(s)
    return Words(
        f"整改时限正在走，自 {since.zh} 起{though.zh}。{much.zh}。",
        f"The clock runs since {since.en}{though.en}. {much.en}.",
    )


def _much(s: Standing, rest: timedelta) -> Words:
    """How much is left, or how much too late it is."""
    size = span(s, s.facts, rest)
    if not overdue(s.facts.due_at, s.at):
        return Words(f"还剩 {size.zh}", f"{size.en} left")
    if abs(rest) < _MINUTE:
        return Words("时限已经用完", "The limit is used up")
    return Words(f"已逾期 {size.zh}", f"Overdue by {size.en}")


def _although(s: Standing) -> Words:
    if s.facts.status is Status.RETURNED:
        return Words("（退回等裁定期间照走）", " (also while the return is decided)")
    rested = any(end > s.facts.clock_from for _, end in s.pauses)
    return Words("（挂账的日子除外）", " (but for the time on hold)") if rested else Words("", "")


def _resting(s: Standing, rest: timedelta, zone: ZoneInfo) -> Words:
    facts, size = s.facts, span(s, s.facts, rest)
    since, end = moment(facts.since, zone), moment(facts.resumes_at, zone)
    later = s.resumed()
    due = moment(later.due_at, zone) if later else end
    return Words(
        f"整改时限停着没走：挂账自 {since.zh} 起，到 {end.zh} 自动恢复。停下时还剩 {size.zh}；"
        f"如期恢复，{due.zh} 到期。",
        f"The clock stands still: on hold since {since.en}, until {end.en}, when it goes on by "
        f"itself. {size.en} were left when it stopped; it will then be due {due.en}.",
    )


def _stopped(s: Standing, zone: ZoneInfo) -> Words:
    facts = s.facts
    if not _handed_in(facts):
        status = facts.status.words
        return Words(
            f"整改时限已经停了：案件{status.zh}。",
            f"The clock has stopped: the case is {status.en}.",
        )
    when, margin, decided = moment(facts.submitted_at, zone), _margin(s, facts), _decided(s)
    return Words(
        f"整改时限已经停了：{when.zh} 交来整改反馈，{margin.zh}。{decided.zh}",
        f"The clock has stopped: it was handed in {when.en}, {margin.en}. {decided.en}",
    )


def _decided(s: Standing) -> Words:
    said = {True: Words("逾期", "late"), False: Words("按期", "on time")}.get(s.facts.late)
    if said is None:
        return Words("是否逾期尚未判定。", "Whether it was late is not decided.")
    exempt = s.facts.exempt
    return Words(
        f"一案是否逾期以第一次反馈为准：本案记为{said.zh}"
        f"{'；申诉成立，不计入考核' if exempt else ''}。",
        f"The first submission decides whether a case was late: this one was {said.en}"
        f"{'; an appeal was upheld, so it is left out of the scores' if exempt else ''}.",
    )


# -- the clocks beside it ----------------------------------------------------------------------

_STEPS = {
    Stage.FILE: Words("决定是否立案", "The decision whether to take it up"),
    Stage.DISPATCH: Words("交办给责任单位", "Giving it to a unit"),
    Stage.SIGN: Words("责任单位签收", "Signing by the unit"),
    Stage.RULE: Words("退单裁定", "The ruling on the return"),
    Stage.VERIFY: Words("现场核查", "Verification on site"),
    Stage.PUBLISH: Words("公示", "Publication"),
}


def _step(s: Standing, zone: ZoneInfo) -> Iterator[Words]:
    stage = STEP.get(s.facts.status)
    if stage is None or s.facts.step_due_at is None:
        return
    yield _due(_STEPS[stage], s.facts.since, s.facts.step_due_at, s.at, zone)


def _look_back(s: Standing, zone: ZoneInfo) -> Iterator[Words]:
    facts = s.facts
    if facts.look_back_from is None or facts.look_back_due_at is None:
        return
    what = Words("抽中回头看（再看一次有没有反弹）", "Looking again whether it is back")
    yield _due(what, facts.look_back_from, facts.look_back_due_at, s.at, zone)


def _due(what: Words, start: datetime, due: datetime, at: datetime, zone: ZoneInfo) -> Words:
    since, end = moment(start, zone), moment(due, zone)
    zh, en = ("，已经超过", ", which has passed") if overdue(due, at) else ("", "")
    return Words(
        f"{what.zh}另有时限：自 {since.zh} 起，须在 {end.zh} 前完成{zh}。",
        f"{what.en} has a limit of its own: from {since.en}, due {end.en}{en}.",
    )


# -- as data -----------------------------------------------------------------------------------


def counted(s: Standing) -> list[tuple[Stretch, bool]]:
    """What the limit that runs is made of, from start to due; whether each stretch has passed."""
    if not s.rounds:
        return []
    whole = [x for leg in legs(s, s.rounds[-1]) for x in stretches(leg, s.book.worktime)]
    return [(piece, piece.end <= s.at) for x in whole for piece in until(x, s.at)]


def clocks(s: Standing) -> Sequence[dict[str, Any]]:
    """Every clock of the case: of which stage, whether it runs, since when and until when."""
    facts, stage = s.facts, STEP.get(s.facts.status)
    found = [(Stage.HANDLE, is_running(s), facts.clock_from, facts.due_at)]
    if stage:
        found.append((stage, facts.step_due_at is not None, facts.since, facts.step_due_at))
    if facts.look_back_from:
        found.append((Stage.LOOK_BACK, True, facts.look_back_from, facts.look_back_due_at))
    return [
        {"stage": of, "running": runs, "since": since, "due_at": due}
        for of, runs, since, due in found
        if since is not None
    ]
