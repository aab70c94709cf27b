"""已经做过的: who was reminded, which levels were reached, and why the last one was."""

from collections.abc import Iterator
from typing import Any

from duban.letters.ahead import STAGES
from duban.letters.saying import CARDS, joined, moment
from ledger.standing import Standing
from ledger.thread import Thread
from models.case import Stage
from models.escalation import Outcome
from models.person import DutyKind
from models.verb import Verb
from models.words import Words
from rules.agenda import RAISED, Book
from rules.history import course, remembers
from rules.policy import Level


def fired(thread: Thread, s: Standing) -> Iterator[Words]:
    """Each reminder and level so far, and the reason of the last level."""
    if not s.fired:
        yield Words("至此没有催办或升级过。", "No reminder and no escalation so far.")
        return
    yield Words(
        "至此已经催办（提醒）、升级（报给更高一级的人）过：", "Reminders and escalations so far:"
    )
    for row in s.fired:
        yield _line(thread, s, row)
    last = last_level(s)
    if last is not None:
        yield Words("", "")
        yield from why(thread, s, last)


def last_level(s: Standing) -> Any | None:
    """The row of the last level reached, of several at one instant the highest; None when none."""
    levels = [row for row in s.fired if row.level]
    return max(levels, key=lambda row: (row.at, row.level, row.id), default=None)


def _line(thread: Thread, s: Standing, row: Any) -> Words:
    when, what, came = moment(row.at, thread.reference.zone), done_by(s, row), came_of(row)
    point = point_of(s.book, row)
    return Words(
        f"  · {when.zh} {what.zh}（{point.zh}）。{came.zh}",
        f"  · {when.en} {what.en} ({point.en}). {came.en}",
    )


def point_of(book: Book, row: Any) -> Words:
    """The clock and the point of it that a row belongs to."""
    if row.rule == RAISED.zh:
        return Words("因案件提级，当即执行", "at once, as the case was raised")
    rule = _rule(book, row)
    return Words(f"{row.stage.words.zh}{rule.zh}", f"{STAGES[row.stage]}: {rule.en}")


def done_by(s: Standing, row: Any) -> Words:
    """What a row of the log did: a reminder, or which level."""
    card = CARDS[row.card]
    if not row.level:
        return Words("催办", "reminder")
    level = _level(s.book, row)
    zh, en = (f"“{level.title}”", f" “{level.title}”") if level else ("", "")
    return Words(
        f"督办升级，{row.level} 级{zh}{card.zh}", f"escalation, level {row.level}{en}{card.en}"
    )


def _level(book: Book, row: Any) -> Level | None:
    ladder = book.policy.stages[row.stage].ladder
    return next((level for level in ladder if level.level == row.level), None)


def _rule(book: Book, row: Any) -> Words:
    """The rule of a row in both languages; the log keeps it in Chinese."""
    rules = book.policy.stages[row.stage]
    points = [point.words for point in rules.reminders] + [level.words for level in rules.ladder]
    same = (words for words in (*points, RAISED) if words.zh == row.rule)
    return next(same, Words(row.rule, row.rule))


def came_of(row: Any) -> Words:
    """What came of it: who was told, or why nobody was."""
    told = _told(row)
    if row.outcome == Outcome.SKIPPED:
        return Words(
            "跳过，没有告知：到点时没有办成，补办时只办最高的一级或最近的一次。",
            "Skipped, nobody told: it was not done in time, and of what is made up for only the "
            "highest level or the latest reminder is carried out.",
        )
    if row.outcome == Outcome.NOBODY and not row.recipients:
        return Words(
            "该岗位无人在岗，没有告知到人，随即转上一级。",
            "Nobody was on duty, so nobody was told; it went to the next level up.",
        )
    if row.outcome == Outcome.NOBODY:
        return Words(
            f"该岗位无人在岗，改为告知 {told.zh}。", f"Nobody was on duty; told instead: {told.en}."
        )
    return Words(f"告知 {told.zh}。", f"Told: {told.en}.")


def _told(row: Any) -> Words:
    return joined([_recipient(who) for who in row.recipients])


_DUTIES = {duty.value: duty.words for duty in DutyKind}


def _recipient(who: dict[str, Any]) -> Words:
    duty = _DUTIES.get(who["duty"], Words("", ""))
    name = f"{who['unit']} {who['person']}"
    return Words(f"{name}（{duty.zh}）", f"{name} ({duty.en})")


# -- why the last level ------------------------------------------------------------------------


def why(thread: Thread, s: Standing, row: Any) -> Iterator[Words]:
    """Why a level was reached, in a few short sentences."""
    zone, then = thread.reference.zone, _then(thread, s, row)
    what, planned, at = done_by(s, row), moment(row.planned_at, zone), moment(row.at, zone)
    yield Words(f"最近一次升级：{what.zh}。为什么：", f"The last one: {what.en}. Why:")
    yield from _by_rule(thread, s, row, then)
    if row.planned_at == row.at:
        yield Words(f"  · {at.zh} 按时执行。", f"  · Carried out on time, {at.en}.")
    else:
        yield Words(
            f"  · 应于 {planned.zh} 执行，实际于 {at.zh} 执行。",
            f"  · Planned for {planned.en}, carried out {at.en}.",
        )
    came = came_of(row)
    yield Words(f"  · {came.zh}", f"  · {came.en}")


def counts_from(thread: Thread, s: Standing, row: Any) -> Any:
    """The due instant that a level counts from, as it was when the level was reached."""
    return _due(row.stage, _then(thread, s, row))


def _due(stage: Stage, facts: Any) -> Any:
    if stage is Stage.HANDLE:
        return facts.due_at
    return facts.look_back_due_at if stage is Stage.LOOK_BACK else facts.step_due_at


class _Facts:
    """Facts as attributes."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.__dict__ |= facts


def _then(thread: Thread, s: Standing, row: Any) -> Any:
    """The facts of the case as the level found them."""
    if not remembers(thread.records):
        return s.facts
    known = [record for record in thread.records if record.seq <= row.record_seq]
    return _Facts([facts for _, facts in course(known, max(r.at for r in known))][-1])


def _by_rule(thread: Thread, s: Standing, row: Any, then: Any) -> Iterator[Words]:
    """The due instant a level counts from, and the rule that leads from there to the level."""
    due, stage, duties = _due(row.stage, then), row.stage, _duties(s, row)
    if due is not None:
        end = moment(due, thread.reference.zone)
        yield Words(
            f"  · {stage.words.zh}的到期时间是 {end.zh}。",
            f"  · {STAGES[stage].capitalize()} was due {end.en}.",
        )
    if then.raised and stage is Stage.HANDLE:
        yield _raised(s, row, then)
    else:
        rule = _rule(s.book, row)
        yield Words(
            f"  · 督办办法规定：{_not_done(rule.zh)}，升到 {row.level} 级，告知{duties.zh}。",
            f"  · The rules say: {rule.en} and still not done, so level {row.level} is reached. It "
            f"tells: {duties.en}.",
        )


def _not_done(rule: str) -> str:
    return "到期还没有办完" if rule == "到期" else f"{rule}还没有办完"


def _duties(s: Standing, row: Any) -> Words:
    level = _level(s.book, row)
    return joined([duty.words for duty in level.tell]) if level else Words("—", "—")


def _raised(s: Standing, row: Any, then: Any) -> Words:
    """Why a level of a case that stands above its ladder came when it did."""
    cause, duties, rule = _cause(s, then), _duties(s, row), _rule(s.book, row)
    higher = Words(f"本案督办提高了 {then.raised} 级（{cause.zh}）", f"{then.raised} ({cause.en})")
    if row.rule == RAISED.zh:
        return Words(
            f"  · {higher.zh}，所以 {row.level} 级不等时间，当即执行，告知{duties.zh}。",
            f"  · The case was raised by {higher.en}, so level {row.level} did not wait for its "
            f"time; it tells {duties.en}.",
        )
    return Words(
        f"  · {higher.zh}，所以“{rule.zh}”时就升到 {row.level} 级，告知{duties.zh}。",
        f"  · The case was raised by {higher.en}, so level {row.level} came already when "
        f"{rule.en}; it tells {duties.en}.",
    )


_CAUSES = {
    Verb.TAKE_OVER: Words("提级办理：由上级单位牵头", "a unit above took the lead"),
    Verb.LOOK_BACK_FAIL: Words("反弹：回头看发现问题又出现", "it was found again on looking back"),
}
_AGAIN = Words("反弹：同一处同类问题销号后又出现", "the same problem came back after closing")


def _cause(s: Standing, then: Any) -> Words:
    raised_by = [record.verb for record in s.records if record.at == then.raised_at]
    return next((_CAUSES[verb] for verb in raised_by if verb in _CAUSES), _AGAIN)
