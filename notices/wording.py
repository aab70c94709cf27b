"""What a template is given: everything a message can say, in the reader's language.

The names here are what an office writes into its templates (docs/templates.md lists them).
Every text is one clean line; links are `Url`, which no template escapes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from models.words import Words
from notices.lines import Row


class Url(str):
    """An address of our own making. Whatever somebody wrote is never one."""

    __slots__ = ()


NOWHERE = Url("")


@dataclass(frozen=True, slots=True)
class Line:
    """One fact: its label, its value, and both as they are said together."""

    label: str
    value: str
    said: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One way to answer from the message: what is pressed, and its link for the reader alone."""

    verb: str
    label: str
    url: Url = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What every message can say. What is unknown or does not apply is empty."""

    kind: str
    lang: str
    title: str
    """What kind of message: 催办提醒, or the level of the ladder."""
    headline: str
    """What it is about, in one line."""
    subject: str
    tone: str
    """How pressing: late, soon, calm or done."""
    greeting: str
    opening: str = ""
    ask: str = ""
    """How to answer."""
    notes: tuple[str, ...] = ()
    """What was held back, that it may come twice."""
    link: Url = field(default=NOWHERE, repr=False)
    """Opens the case for the reader alone, once."""
    door: Url = NOWHERE
    """Where everybody signs in."""

    def values(self) -> Mapping[str, Any]:
        """By name, as templates ask for them."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Single(Wording):
    """What a message about one case can say."""

    number: str
    place: str
    problem: str
    until: str
    rows: tuple[Line, ...]
    """The facts, in order."""
    answers: tuple[Reply, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Wording):
    """What a message about no single case can say."""

    told: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One case among several: `head` names it, `details` say how it stands."""

    at: int
    number: str
    place: str
    problem: str
    level: str
    late: bool
    head: str
    details: tuple[str, ...]
    between: str
    """What stands between them."""

    @property
    def said(self) -> str:
        """All of it in one line."""
        return self.between.join((self.head, *self.details))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The cases of one kind of notice. `count` includes those that are not listed."""

    kind: str
    title: str
    tone: str
    count: int
    entries: tuple[Entry, ...]
    opening: str = ""
    """What holds for all of them."""
    ask: str = ""
    """How to answer, where that is the same for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Several(Wording):
    """What a message about several cases can say."""

    count: int
    sections: tuple[Section, ...]
    overdue: tuple[Entry, ...] = ()
    """Cases overdue already that no section names."""
    more: int = 0
    """So many are not listed."""


def line_of(row: Row, lang: str) -> Line:
    """A row in one language."""
    return Line(row.label.within(lang), row.value.within(lang), row.words.within(lang))


def said(told: tuple[Words, ...], lang: str) -> tuple[str, ...]:
    """Those that say something, in one language."""
    return tuple(text for words in told if (text := words.within(lang)))
