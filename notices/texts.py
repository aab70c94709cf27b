"""A message about one case: what, where, by when, how late, what happens next, how to answer.

What each kind says is in `notices.kinds`. Lines without content are left out.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from models.notice import NoticeKind
from models.words import Words
from notices import lines
from notices.facts import Facts
from notices.forms import Filled, Forms
from notices.kinds import TEMPLATES, Template
from notices.message import Message, one_line
from notices.wording import Reply, Report, Single, Url, Wording, line_of, said

__all__ = ["HOUSE", "TEMPLATES", "Facts", "Message", "Template", "compose"]

W = TypeVar("W", bound=Wording)

HOUSE = Forms()
"""The templates that Duban brings."""


def compose(facts: Facts, lang: str = "zh", forms: Forms = HOUSE) -> Message:
    """The message for `facts` in all its forms, in Chinese or with "en" in English.

    A form whose template fails is left empty, the plain one falls back to the house's own text;
    `trouble` says so.
    """
    if facts.kind is NoticeKind.SUMMARY:
        report = report_of(facts, lang)
        filled = forms.fill(report, [facts.kind.value, "message"], _shorter(report))
        return message_from(report, filled, facts, plain_report)
    single = single_of(facts, lang)
    filled = forms.fill(single, [facts.kind.value, "message"])
    return message_from(single, filled, facts, plain_single, thread=facts.number)


def message_from(
    wording: W, filled: Filled, facts: Facts, plain: Callable[[W], str], thread: str = ""
) -> Message:
    """The message of these forms; `plain` is the house's own text."""
    texts = filled.texts
    return Message(
        wording.subject,
        texts.get("plain") or plain(wording),
        facts.at.astimezone(facts.zone),
        markdown=texts.get("markdown", ""),
        html=texts.get("html", ""),
        short=texts.get("short", ""),
        key=facts.key,
        thread=thread,
        lang=wording.lang,
        trouble=filled.trouble,
    )


# -- one case ----------------------------------------------------------------------------------


def single_of(facts: Facts, lang: str) -> Single:
    """What a message about one case says."""
    row = TEMPLATES[facts.kind]
    title, headline = row.title(facts), headline_of(facts)
    subject = Words(f"【{title.zh}】{headline.zh}", f"[{title.en}] {headline.en}")
    rows = [line(facts) for line in row.lines]
    rows += [lines.labelled(Words(name, name), text, 200) for name, text in facts.extra.items()]
    return Single(
        kind=facts.kind.value,
        lang=lang,
        title=title.within(lang),
        headline=headline.within(lang),
        subject=subject.within(lang),
        tone=tone_of(facts),
        greeting=lines.greeting(facts).within(lang),
        opening=row.opening(facts).within(lang),
        ask=row.ask(facts).within(lang),
        notes=notes_of(facts, lang),
        link=Url(facts.link),
        door=Url(facts.door),
        number=one_line(facts.number, 80),
        place=lines.place(facts).within(lang),
        problem=lines.problem(facts).within(lang),
        until=lines.by(facts).within(lang),
        rows=tuple(line_of(each, lang) for each in rows if each.value.zh),
        answers=tuple(
            Reply(verb.value, lines.ANSWERS[verb].within(lang), Url(url))
            for verb, url in facts.answers
        ),
    )


def headline_of(facts: Facts) -> Words:
    """Place, problem and due instant in one line."""
    until = lines.by(facts)
    place, problem = lines.place(facts, 30), lines.problem(facts, 30)
    zh = f"（{until.zh}）" if until.zh else ""
    en = f" ({until.en})" if until.en else ""
    return Words(f"{place.zh}：{problem.zh}{zh}", f"{place.en}: {problem.en}{en}")


def tone_of(facts: Facts) -> str:
    """How pressing: late, soon, calm or done."""
    if facts.kind in _DONE:
        return "done"
    if lines.late(facts) or facts.kind in _PRESSING:
        return "late"
    return "soon" if facts.kind is NoticeKind.REMINDER else "calm"


_DONE = {NoticeKind.CLOSED, NoticeKind.ENDED, NoticeKind.TRANSFERRED, NoticeKind.WITHDRAWN}
_PRESSING = {NoticeKind.ESCALATION, NoticeKind.URGED}


def notes_of(facts: Facts, lang: str) -> tuple[str, ...]:
    """What was held back, and that it may come twice."""
    return said((lines.unsaid(facts), lines.RESEND if facts.resend else lines.NOTHING), lang)


def plain_single(single: Single) -> str:
    """The house's own text: what the shipped template prints, whatever has become of that."""
    link, number = _OPEN.within(single.lang), _NUMBER.within(single.lang)
    colon = Words("：", ": ").within(single.lang)
    told = [
        single.greeting,
        single.opening,
        *(row.said for row in single.rows),
        single.ask,
        link.format(single.link) if single.link else plain_door(single),
        *(f"{reply.label}{colon}{reply.url}" for reply in single.answers),
        number.format(single.number) if single.number else "",
        *single.notes,
    ]
    return "\n".join(line for line in told if line)


_OPEN = Words(
    "打开办理：{}（发给您本人，只能用一次）", "Open it here: {} (for you alone; it opens once)"
)
_NUMBER = Words("编号：{}", "Case: {}")
_DOOR = Words("登录办理：{}", "Sign in here: {}")


def plain_door(wording: Wording) -> str:
    """Where to sign in, in the house's own text."""
    return _DOOR.within(wording.lang).format(wording.door) if wording.door else ""


# -- no single case ----------------------------------------------------------------------------


MOST_TOLD = 100
"""Lines of a report."""


def report_of(facts: Facts, lang: str) -> Report:
    """What a message about no single case says."""
    title = facts.kind.words.within(lang)
    headline = one_line(facts.headline, 100)
    subject = Words(f"【{title}】{headline}", f"[{title}] {headline}").within(lang)
    return Report(
        kind=facts.kind.value,
        lang=lang,
        title=title,
        headline=headline,
        subject=subject,
        tone="calm",
        greeting=lines.greeting(facts).within(lang),
        notes=notes_of(facts, lang),
        door=Url(facts.door),
        told=tuple(one_line(line, 300) for line in facts.told[:MOST_TOLD]),
    )


def _shorter(report: Report) -> Callable[[int], Report]:
    return lambda count: replace(report, told=report.told[:count])


def plain_report(report: Report) -> str:
    """The house's own text of a report, its empty lines included."""
    above = [report.greeting] if report.greeting else []
    below = [line for line in (plain_door(report), *report.notes) if line]
    return "\n".join((*above, report.headline, *report.told, *below)).strip()
