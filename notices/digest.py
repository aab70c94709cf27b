"""汇总提醒: several reminders to one person, as one message."""

from collections.abc import Sequence

from models.words import Words
from notices import lines
from notices.facts import Facts
from notices.message import Message
from notices.texts import RESEND, body_of

LISTED = 50
"""So many cases are named. Channels refuse what is too long, and then nobody is told at all."""


def compose_digest(told: Sequence[Facts], lang: str = "zh") -> Message:
    """One message for two reminders or more, already in order of urgency.

    Each case is told with place, due instant and what happens next. `lang` as in `compose`.
    """
    first, count = told[0], len(told)
    body = (
        lines.greeting(first),
        Words(
            f"以下 {count} 件问题请抓紧办理，先到期的在前：",
            f"These {count} cases need you, those due first at the top:",
        ),
        *(_case(place, facts) for place, facts in enumerate(told[:LISTED], start=1)),
        _more(count - LISTED),
        Words(
            "请回复：在督办系统逐件办理并反馈；确需延期的，请在时限前申请。",
            "To answer: act on each in Duban; more time must be asked for before the limit.",
        ),
        lines.door(first),
        lines.unsaid(first),
        RESEND if any(facts.resend for facts in told) else lines.NOTHING,
    )
    subject = _subject(first, count).within(lang)
    return Message(subject, body_of(body, lang), first.at.astimezone(first.zone))


def _subject(first: Facts, count: int) -> Words:
    place, until = lines.place(first, 30), lines.by(first)
    zh = f"（{until.zh}）" if until.zh else ""
    en = f" ({until.en})" if until.en else ""
    return Words(
        f"【{first.kind.words.zh}】{count} 件，最急：{place.zh}{zh}",
        f"[{first.kind.words.en}] {count} cases, first: {place.en}{en}",
    )


def _case(at: int, facts: Facts) -> Words:
    """One case in one line."""
    place, problem = lines.place(facts, 40), lines.problem(facts, 40)
    head = Words(
        f"{at}. {facts.number} {place.zh}：{problem.zh}",
        f"{at}. {facts.number} {place.en}: {problem.en}",
    )
    parts = [head, lines.limit_and_left(facts), lines.what_next(facts)]
    said = [part for part in parts if part.zh]
    return Words("；".join(part.zh for part in said), "; ".join(part.en for part in said))


def _more(count: int) -> Words:
    if count <= 0:
        return lines.NOTHING
    return Words(
        f"另有 {count} 件未列出，请在督办系统查看。",
        f"{count} more are not listed here; see Duban.",
    )
