"""汇总: several notices to one person, as one message."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import accumulate

from models.category import Role
from models.notice import NoticeKind
from models.words import Words
from notices import lines
from notices.facts import Facts
from notices.forms import Forms
from notices.kinds import TEMPLATES
from notices.message import Message, one_line
from notices.texts import HOUSE, message_from, notes_of, plain_door, tone_of
from notices.wording import Entry, Section, Several, Url
from rules.digest import Overdue
from rules.spoken import moment

LISTED = 50
"""So many cases are named. Channels refuse what is too long, and then nobody is told at all."""

LADDER = {NoticeKind.ESCALATION, NoticeKind.URGED}
"""Of these every case is named, however short."""


def compose_digest(
    told: Sequence[Facts],
    lang: str = "zh",
    forms: Forms = HOUSE,
    overdue: Sequence[Overdue] = (),
) -> Message:
    """One message for several notices to one person, already in order of urgency.

    Each kind has its section, each case place, due instant and what happens next. `overdue`
    cases are named before them. `lang` and `forms` as in `compose`.
    """
    first = told[0]
    several = several_of(told, lang, overdue)
    filled = forms.fill(several, ["digest"], _shorter(several))
    return message_from(several, filled, first, plain_several)


def several_of(told: Sequence[Facts], lang: str, overdue: Sequence[Overdue] = ()) -> Several:
    """What a message about several cases says."""
    first, count = told[0], len(told)
    kinds = list(dict.fromkeys(facts.kind for facts in told))
    title, headline = _title(told, kinds), _headline(told, kinds)
    sections = tuple(_section(kind, told, lang, alone=len(kinds) == 1) for kind in kinds)
    held = max(told, key=lambda facts: facts.unsaid)
    again = any(facts.resend for facts in told)
    several = Several(
        kind="digest",
        lang=lang,
        title=title.within(lang),
        headline=headline.within(lang),
        subject=Words(f"【{title.zh}】{headline.zh}", f"[{title.en}] {headline.en}").within(lang),
        tone=next(tone for tone in _TONES if tone in {tone_of(facts) for facts in told}),
        greeting=lines.greeting(first).within(lang),
        opening=_opening(told, kinds).within(lang),
        ask=_ask(kinds, sections).within(lang),
        notes=notes_of(replace(held, resend=again), lang),
        door=Url(first.door),
        count=count,
        sections=_numbered(sections),
        overdue=_late_ones(told, overdue, lang),
    )
    return _at_most(several, LISTED)


_TONES = ("late", "soon", "calm", "done")


def _title(told: Sequence[Facts], kinds: Sequence[NoticeKind]) -> Words:
    titles = {TEMPLATES[facts.kind].title(facts) for facts in told}
    if len(titles) == 1:
        return titles.pop()
    return kinds[0].words if len(kinds) == 1 else Words("督办汇总", "digest")


def _headline(told: Sequence[Facts], kinds: Sequence[NoticeKind]) -> Words:
    if len(kinds) > 1:
        return _counted(told, kinds)
    first, count = told[0], len(told)
    place, until = lines.place(first, 30), lines.by(first)
    zh = f"（{until.zh}）" if until.zh else ""
    en = f" ({until.en})" if until.en else ""
    return Words(f"{count} 件，最急：{place.zh}{zh}", f"{_cases(count)}, first: {place.en}{en}")


def _counted(told: Sequence[Facts], kinds: Iterable[NoticeKind]) -> Words:
    """How many of each kind."""
    counts = [(kind.words, sum(facts.kind is kind for facts in told)) for kind in kinds]
    return Words(
        "、".join(f"{words.zh} {count} 件" for words, count in counts),
        ", ".join(f"{words.en}: {count}" for words, count in counts),
    )


def _opening(told: Sequence[Facts], kinds: Sequence[NoticeKind]) -> Words:
    count = len({facts.number or facts.headline for facts in told})
    if set(kinds) == {NoticeKind.REMINDER}:
        return Words(
            f"以下 {count} 件问题请抓紧办理，先到期的在前：",
            f"{_these(count)} you, those due first at the top:",
        )
    if set(kinds) <= LADDER:
        return Words(
            f"以下 {count} 件问题请立即督办，先到期的在前：",
            f"{_these(count)} you now, those due first at the top:",
        )
    return Words(
        f"以下 {count} 件有新情况，先到期的在前：",
        f"There is news of {_cases(count)}, those due first at the top:",
    )


def _these(count: int) -> str:
    return "This case needs" if count == 1 else f"These {count} cases need"


def _cases(count: int) -> str:
    return f"{count} case{'' if count == 1 else 's'}"


def _ask(kinds: Sequence[NoticeKind], sections: Iterable[Section]) -> Words:
    """How to answer, unless every section says so itself."""
    if set(kinds) == {NoticeKind.REMINDER}:
        return Words(
            "请回复：在督办系统逐件办理并反馈；确需延期的，请在时限前申请。",
            "To answer: act on each in Duban; more time must be asked for before the limit.",
        )
    if set(kinds) == {NoticeKind.ESCALATION}:
        return Words(
            "请回复：督促责任单位逐件办理，并在督办系统反馈。",
            "To answer: press the units on, case by case, and say so in Duban.",
        )
    if all(section.ask for section in sections):
        return lines.NOTHING
    return Words(
        "请回复：在督办系统逐件办理；只作告知的，无需再办。",
        "To answer: act on each in Duban; what only tells you something needs nothing.",
    )


# -- the cases ---------------------------------------------------------------------------------


def _section(kind: NoticeKind, told: Sequence[Facts], lang: str, *, alone: bool) -> Section:
    mine, row = [facts for facts in told if facts.kind is kind], TEMPLATES[kind]
    # What only reminds or presses says so at the top, once.
    quiet = kind is NoticeKind.SUMMARY or (alone and kind in _SAY_IT_ABOVE)
    return Section(
        kind=kind.value,
        title=kind.words.within(lang),
        tone=tone_of(mine[0]),
        count=len(mine),
        entries=tuple(_entry(facts, lang) for facts in mine),
        opening="" if quiet else _same(map(row.opening, mine), lang),
        ask="" if quiet else _same(map(row.ask, mine), lang),
    )


_SAY_IT_ABOVE = {NoticeKind.REMINDER, NoticeKind.ESCALATION}


def _same(said: Iterable[Words], lang: str) -> str:
    """What holds for all of them, or nothing."""
    each = {words.within(lang) for words in said}
    return each.pop() if len(each) == 1 else ""


def _entry(facts: Facts, lang: str) -> Entry:
    if facts.kind is NoticeKind.SUMMARY:
        return _summary(facts, lang)
    place, problem = lines.place(facts, 40).within(lang), lines.problem(facts, 40).within(lang)
    level = lines.level(facts).within(lang) if facts.kind is NoticeKind.ESCALATION else ""
    number = one_line(facts.number, 80)
    told = [row(facts).words.within(lang) for row in _rows(facts.kind)]
    if facts.role is Role.ASSISTING:
        told.append(_ASSISTS.within(lang))
    return Entry(
        at=0,
        number=number,
        place=place,
        problem=problem,
        level=level,
        late=lines.late(facts),
        head=f"{number} {place}{_COLON.within(lang)}{problem}",
        details=tuple(text for text in (level, *told) if text),
        between=_BETWEEN.within(lang),
    )


_ASSISTS = Words("贵单位协同", "your unit assists")
_BETWEEN = Words("；", "; ")
_COLON = Words("：", ": ")


def _summary(facts: Facts, lang: str) -> Entry:
    told = tuple(one_line(line, 100) for line in facts.told[:5])
    head = one_line(facts.headline, 80)
    return Entry(
        at=0, number="", place=head, problem="", level="", late=False, head=head, details=told,
        between=_BETWEEN.within(lang),
    )  # fmt: skip


def _rows(kind: NoticeKind) -> Iterable[Callable[[Facts], lines.Row]]:
    """What is said of a case besides its name: of its own kind's lines, those that differ."""
    mine = (row for row in TEMPLATES[kind].lines if row not in _IN_HEAD)
    why_too = kind not in _SAME_REASON
    return [row for row in mine if why_too or row is not lines.why]


_IN_HEAD = {lines.where, lines.what, lines.who}
_SAME_REASON = {NoticeKind.REMINDER}
"""Of these the reason says no more than the due instant does."""


def _late_ones(told: Sequence[Facts], overdue: Sequence[Overdue], lang: str) -> tuple[Entry, ...]:
    """Cases overdue already that are not told of anyway, the longest overdue first."""
    first, named = told[0], {facts.number for facts in told}
    others = [case for case in overdue if case.number not in named][:LISTED]
    return tuple(_late_one(at, case, first, lang) for at, case in enumerate(others, start=1))


def _late_one(at: int, case: Overdue, first: Facts, lang: str) -> Entry:
    named = lines.level_named("", case.level)
    level = named.within(lang) if named else ""
    place, number = one_line(case.place, 40), one_line(case.number, 80)
    due = moment(case.due_at, first.at, first.zone)
    until = Words(f"{due.zh}到期", f"was due {due.en}").within(lang)
    return Entry(
        at=at,
        number=number,
        place=place,
        problem="",
        level=level,
        late=True,
        head=f"{number} {place}",
        details=(until, level) if level else (until,),
        between=_BETWEEN.within(lang),
    )


def _numbered(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """One count through all sections."""
    starts = accumulate((len(section.entries) for section in sections), initial=0)
    return tuple(
        replace(
            section,
            entries=tuple(replace(e, at=start + n) for n, e in enumerate(section.entries, 1)),
        )
        for section, start in zip(sections, starts, strict=False)
    )


# -- how many of them --------------------------------------------------------------------------


def _at_most(several: Several, count: int) -> Several:
    """With only so many cases named."""
    sections = tuple(
        replace(section, entries=tuple(e for e in section.entries if e.at <= count))
        for section in several.sections
    )
    named = sum(len(section.entries) for section in sections)
    return replace(several, sections=sections, more=several.count - named)


def _shorter(several: Several) -> Callable[[int], Several]:
    """With so many entries in all, the overdue first; of the ladder all, but in few words."""
    if {section.kind for section in several.sections} <= {kind.value for kind in LADDER}:
        several = _in_few_words(several)

    def fewer(count: int) -> Several:
        left = max(count - len(several.overdue), 0)
        cut = _at_most(several, left)
        unnamed = max(len(several.overdue) - count, 0)
        return replace(cut, overdue=several.overdue[:count], more=cut.more + unnamed)

    return fewer


def _in_few_words(several: Several) -> Several:
    sections = tuple(
        replace(section, entries=tuple(_briefly(entry) for entry in section.entries))
        for section in several.sections
    )
    return replace(several, sections=sections)


def _briefly(entry: Entry) -> Entry:
    place, level = one_line(entry.place, 14), one_line(entry.level, 10)
    return replace(
        entry, place=place, problem="", head=f"{entry.number} {place}", level=level,
        details=(level,) if level else (),
    )  # fmt: skip


# -- the house's own text ----------------------------------------------------------------------


def plain_several(several: Several) -> str:
    """What the shipped template prints, whatever has become of that."""
    told = [
        several.greeting,
        *_overdue_lines(several),
        several.opening,
        *(line for section in several.sections for line in _section_lines(several, section)),
        more_of(several),
        several.ask,
        plain_door(several),
        *several.notes,
    ]
    return "\n".join(line for line in told if line)


def _overdue_lines(several: Several) -> list[str]:
    if not several.overdue:
        return []
    count = len(several.overdue)
    head = Words(f"已经逾期 {count} 件，请先办：", f"{count} overdue already, to be done first:")
    return [head.within(several.lang), *(f"{e.at}. {e.said}" for e in several.overdue)]


def _section_lines(several: Several, section: Section) -> list[str]:
    if not section.entries:
        return []
    head = Words(f"【{section.title}】{section.count} 件", f"[{section.title}] {section.count}")
    return [
        head.within(several.lang) if len(several.sections) > 1 else "",
        section.opening,
        *(f"{entry.at}. {entry.said}" for entry in section.entries),
        section.ask,
    ]


def more_of(several: Several) -> str:
    """How many are not listed."""
    if several.more <= 0:
        return ""
    return Words(
        f"另有 {several.more} 件未列出，请在督办系统查看。",
        f"{several.more} more {'is' if several.more == 1 else 'are'} not listed here; see Duban.",
    ).within(several.lang)
