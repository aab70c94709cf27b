"""事先说明: what the rules say to a verb before it is carried out.

How many are left, who decides, what the new limit will be; and, where it is known already, why
it would be refused. The figures are those of the policy by which the desk judges afterwards.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from ledger.file import File
from models.category import Role
from models.person import DutyKind
from models.request import RequestKind
from models.verb import Verb
from models.words import Words
from rules import requests
from rules.spoken import moment

__all__ = ["known_refusal", "said"]

Says = Callable[[File, datetime], Iterator[Words]]


def said(file: File, verb: Verb, at: datetime) -> list[Words]:
    """What to know before doing this to the case."""
    say = _SAYS.get(verb)
    return list(say(file, at)) if say else []


def known_refusal(file: File, verb: Verb, at: datetime) -> Words | None:
    """Why the desk would refuse it whatever is written, or None where it depends."""
    case, rules = file.case, file.thread.book.policy.requests
    if verb is Verb.SEND_BACK:
        return requests.return_refusal(case)
    kind = _KINDS.get(verb)
    # Any date serves here: which one is asked for is judged when it is known.
    return requests.refusal(case, kind, rules, at, at + timedelta(days=1)) if kind else None


_KINDS = {
    Verb.REQUEST_EXTENSION: RequestKind.EXTENSION,
    Verb.REQUEST_SUSPENSION: RequestKind.SUSPENSION,
    Verb.REQUEST_APPEAL: RequestKind.APPEAL,
}


# -- asking for time ---------------------------------------------------------------------------


def _extension(file: File, at: datetime) -> Iterator[Words]:
    case, rules = file.case, file.thread.book.policy.requests
    yield _left(RequestKind.EXTENSION, case.extensions, rules.extensions)
    yield from _if_granted(file, at)
    yield _decided_by(file, rules.reviewers.extension, at)


def _suspension(file: File, at: datetime) -> Iterator[Words]:
    case, rules = file.case, file.thread.book.policy.requests
    yield _left(RequestKind.SUSPENSION, case.suspensions, rules.suspensions)
    last = moment(at + timedelta(days=rules.suspension_days), at, file.thread.reference.zone)
    yield Words(
        f"最长 {rules.suspension_days} 天，最晚到{last.zh}；时钟停走，到期自动恢复。",
        f"At most {rules.suspension_days} days, until {last.en} at the latest; then it goes on by "
        "itself.",
    )
    yield _decided_by(file, rules.reviewers.suspension, at)


def _appeal(file: File, at: datetime) -> Iterator[Words]:
    rules = file.thread.book.policy.requests
    yield _left(RequestKind.APPEAL, file.case.appeals, rules.appeals)
    yield _decided_by(file, rules.reviewers.appeal, at, runs=False)


def _left(kind: RequestKind, used: int, most: int) -> Words:
    left, name = max(most - used, 0), kind.words
    return Words(
        f"{name.zh}每案最多 {most} 次：本案已用 {used} 次，还剩 {left} 次。",
        f"At most {most} ({name.en}): {used} used, {left} left.",
    )


def _if_granted(file: File, at: datetime) -> Iterator[Words]:
    """The limit once more, from where it ends now."""
    case, thread = file.case, file.thread
    if case.due_at is None or not case.limit:
        return
    limit = thread.book.limit(case.limit)
    more = thread.book.handling(limit, case.clock_from, case.extensions + 1, thread.pauses)
    zone = thread.reference.zone
    now, then = moment(case.due_at, at, zone), moment(more.due_at, at, zone)
    yield Words(
        f"同意后再加一个原时限（{limit.words.zh}）：到期由{now.zh}改为{then.zh}。",
        f"If granted, {limit.words.en} more: due {then.en} instead of {now.en}.",
    )


def _decided_by(file: File, needs: int, at: datetime, *, runs: bool = True) -> Words:
    names = _office(file, at)
    people = Words(f"（{names}）", f" ({names})") if names else Words("", "")
    clock = Words("；审批期间时限照算", " The clock runs meanwhile.") if runs else Words("", "")
    return Words(
        f"由督办员{people.zh}审批，须 {needs} 人同意{clock.zh}。",
        f"A supervisor decides{people.en}; {needs} must agree.{clock.en}",
    )


def _office(file: File, at: datetime) -> str:
    who = file.thread.reference.directory.who(None, DutyKind.OFFICE, at)
    return "、".join(dict.fromkeys(person.person for person in who))


# -- sending back, handing in ------------------------------------------------------------------


def _send_back(file: File, at: datetime) -> Iterator[Words]:
    time, most = file.case.returns + 1, requests.MOST_RETURNS
    yield Words(
        f"这是本案第 {time} 次退单，最多 {most} 次；第 {most} 次由终审裁定，之后不能再退。",
        f"This is return {time} of this case, of at most {most}; the last gets a final ruling.",
    )
    yield Words(
        f"由督办员（{_office(file, at) or '市创城办'}）裁定；裁定之前整改时限照算。",
        f"A supervisor rules ({_office(file, at) or 'the office'}); the clock runs on until then.",
    )


def _submit(file: File, at: datetime) -> Iterator[Words]:
    case = file.case
    if case.late is None and case.due_at is not None:
        late = requests.overdue(case.due_at, at)
        yield Words(
            f"现在反馈记为{'逾期' if late else '按期'}；一案是否逾期以第一次反馈为准。",
            f"Handed in now it counts as {'late' if late else 'on time'}; the first submission "
            "decides.",
        )
    if names := _still_open(file):
        yield Words(
            f"协同单位尚未报告完成：{names}。您仍可代表全案反馈，记录中会写明。",
            f"Assisting units not done yet: {names}. You may hand in for all; the record says so.",
        )
    yield from _standard(file)


def _still_open(file: File) -> str:
    parts = file.thread.parts
    open_ = [p.name for p in parts if p.ended_at is None and p.confirmed_at is None
             and p.role is not Role.LEAD]  # fmt: skip
    return "、".join(open_)


def _standard(file: File) -> Iterator[Words]:
    category = file.thread.reference.categories.get(file.case.category_code or "")
    if category is not None and category.closing:
        yield Words(f"结案标准：{category.closing}", f"It counts as done when: {category.closing}")


# -- what others decide ------------------------------------------------------------------------


def _rework(file: File, at: datetime) -> Iterator[Words]:
    book, zone = file.thread.book, file.thread.reference.zone
    due = moment(book.deadline(book.policy.rework, at).due_at, at, zone)
    limit = book.policy.rework.words
    yield Words(
        f"返工时限 {limit.zh}，{due.zh}到期。", f"The rework limit is {limit.en}: due {due.en}."
    )


def _asked(file: File, at: datetime) -> Iterator[Words]:
    asked = file.asked
    if asked is None:
        return
    when = moment(asked.asked_at, at, file.thread.reference.zone)
    yield Words(
        f"{asked.asked_by} {when.zh}申请{asked.kind.words.zh}：{asked.reason}",
        f"{asked.asked_by} asked ({asked.kind.words.en}) {when.en}: {asked.reason}",
    )
    agreed = [r for r in file.reviews if r.request_id == asked.id and r.granted]
    if asked.needs > 1:
        names = "、".join(review.actor for review in agreed)
        yield Words(
            f"须 {asked.needs} 人同意，已同意 {len(agreed)} 人{f'（{names}）' if names else ''}。",
            f"{asked.needs} must agree; so far {len(agreed)}{f' ({names})' if names else ''}.",
        )


def _extend(file: File, at: datetime) -> Iterator[Words]:
    yield from _asked(file, at)
    yield from _if_granted(file, at)


def _suspend(file: File, at: datetime) -> Iterator[Words]:
    yield from _asked(file, at)
    if file.asked is not None and file.asked.until is not None:
        until = moment(file.asked.until, at, file.thread.reference.zone)
        yield Words(f"申请挂账至{until.zh}。", f"It asks to rest until {until.en}.")


def _verify(file: File, at: datetime) -> Iterator[Words]:
    yield from _standard(file)


def _again(file: File, at: datetime) -> Iterator[Words]:
    yield from _standard(file)
    yield from _rework(file, at)


_SAYS: Mapping[Verb, Says] = {
    Verb.REQUEST_EXTENSION: _extension,
    Verb.REQUEST_SUSPENSION: _suspension,
    Verb.REQUEST_APPEAL: _appeal,
    Verb.SEND_BACK: _send_back,
    Verb.SUBMIT: _submit,
    Verb.EXTEND: _extend,
    Verb.SUSPEND: _suspend,
    Verb.REFUSE_REQUEST: _asked,
    Verb.UPHOLD_APPEAL: _asked,
    Verb.REFUSE_APPEAL: _asked,
    Verb.VERIFY_PASS: _verify,
    Verb.VERIFY_PARTLY: _again,
    Verb.VERIFY_FAIL: _again,
    Verb.LOOK_BACK_FAIL: _rework,
    Verb.REOPEN: _rework,
}
