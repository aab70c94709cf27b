"""What is sent: the notices of one message, in words, with the links of its reader."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from ledger import links
from ledger.database import Ledger
from ledger.links import Wanted
from ledger.outbox import Owed
from ledger.reference import Reference
from models.category import Role
from models.notice import NoticeKind
from models.verb import Verb
from models.words import Words
from notices.channels.groups import form_for, in_group
from notices.digest import compose_digest
from notices.facts import Facts
from notices.forms import Forms
from notices.message import Message
from notices.texts import HOUSE, compose
from rules.digest import in_order

NOBODY = Words(
    "应通知的岗位无人在岗，故告知您",
    "nobody is on duty whom this should have reached, so you are told",
)
NO_LINK = {NoticeKind.TRANSFERRED, NoticeKind.SUMMARY}
"""Whoever is told that the case has left them no longer sees it; a summary is of no one case."""
TO_ANSWER = {
    NoticeKind.DISPATCHED, NoticeKind.ASSIGNED, NoticeKind.REMINDER, NoticeKind.URGED,
    NoticeKind.REWORK, NoticeKind.RELAPSED, NoticeKind.REOPENED, NoticeKind.RESUMED,
    NoticeKind.TAKEN_OVER, NoticeKind.DECIDED, NoticeKind.RECOMPUTED,
}  # fmt: skip
"""What asks its reader to do something to the case; what goes up the ladder asks them to press
others on."""
SETTINGS = "/account/notices"
"""Where people choose how they are written to."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways into the portal that a message carries.

    `door` is for everybody; `link` and `answers` are its reader's own, good for one message and
    one use. Secrets are kept nowhere else.
    """

    door: str = ""
    link: str = field(default="", repr=False)
    answers: tuple[tuple[Verb, str], ...] = field(default=(), repr=False)


NOWHERE = Ways()


def ways_of(
    ledger: Ledger,
    messages: Sequence[Sequence[Owed]],
    portal: str,
    reference: Reference,
    at: datetime,
) -> dict[str, Ways]:
    """The ways of each message, by its name. All links of one claim are made in one statement.

    Of several cases, or where others read along, there is only the door.
    """
    if not portal:
        return {}
    base = portal.rstrip("/")
    door = Ways(f"{base}/")
    own = [m[0] for m in messages if len(m) == 1 and _own(m[0])]
    ways = {together[0].message: door for together in messages}
    if not own:
        return ways
    asked = [(o.case_id, o.unit_id) for o in own if o.case_id and o.kind in TO_ANSWER]
    with ledger.transaction() as connection:
        wanted = _wanted(own, links.answers(connection, reference, asked, at))
        made = links.make_all(connection, [link for _, link in wanted], at)
    for (message, link), secret in zip(wanted, made, strict=True):
        ways[message] = _with(ways[message], link.verb, f"{base}/l/{secret}")
    return ways


def _own(owed: Owed) -> bool:
    """Whether its reader, and nobody else, may open the case by it."""
    if owed.url is None or owed.case_id is None or owed.kind in NO_LINK or owed.overdue:
        return False
    return not in_group(owed.shown or owed.url)


def _wanted(
    own: Iterable[Owed], can: Mapping[tuple[int, int], Sequence[Verb]]
) -> list[tuple[str, Wanted]]:
    """The links to be made, each with the message it goes into: one that opens, then answers."""
    wanted = []
    for o in own:
        if o.case_id is not None:
            verbs = can.get((o.case_id, o.unit_id), ()) if o.kind in TO_ANSWER else ()
            each = [Wanted(o.case_id, o.person_id, o.unit_id, verb) for verb in (None, *verbs)]
            wanted += [(o.message, link) for link in each]
    return wanted


def _with(ways: Ways, verb: Verb | None, url: str) -> Ways:
    if verb is None:
        return replace(ways, link=url)
    return replace(ways, answers=(*ways.answers, (verb, url)))


# -- words -------------------------------------------------------------------------------------


def message_of(
    together: Sequence[Owed],
    reference: Reference,
    at: datetime,
    ways: Ways = NOWHERE,
    forms: Forms = HOUSE,
) -> Message:
    """What is sent for notices that go together, in their reader's language, the urgent first.

    Only the forms that their channel shows are made.
    """
    first = together[0]
    forms = forms.only(form_for(first.shown or first.url or ""))
    told = [facts_of(owed, reference, at, ways) for owed in in_order(together)]
    if len(told) == 1 and not first.overdue:
        message = compose(told[0], first.lang, forms)
    else:
        message = compose_digest(told, first.lang, forms, first.overdue)
    if not ways.door:
        return message
    settings = f"<{ways.door.rstrip('/')}{SETTINGS}>"
    return replace(message, headers={"List-Unsubscribe": settings})


def facts_of(owed: Owed, reference: Reference, at: datetime, ways: Ways = NOWHERE) -> Facts:
    """What the wording of a notice is made from."""
    said = owed.facts
    return Facts(
        kind=owed.kind,
        number=owed.number,
        place=owed.place,
        problem=owed.problem,
        at=at,
        zone=reference.zone,
        unit=owed.unit,
        role=Role[said["role"].upper()] if "role" in said else Role.LEAD,
        person=owed.person,
        due_at=owed.due_at,
        provisional=owed.provisional,
        stage=owed.stage,
        level=said.get("level", 0),
        level_title=said.get("title", ""),
        rule=said.get("rule", ""),
        reason=_reason(owed),
        left=owed.left,
        day_length=reference.worktime.day_length,
        next_at=owed.next.at if owed.next else None,
        next_words=owed.next.words.within(owed.lang) if owed.next else "",
        resend=owed.resend,
        unsaid=owed.unsaid,
        door=ways.door,
        link=ways.link,
        answers=ways.answers,
        key=owed.message,
        headline=_in(said.get("subject"), owed.lang, ""),
        told=tuple(map(str, _in(said.get("lines"), owed.lang, ()))),
    )


def _reason(owed: Owed) -> str:
    if owed.facts.get("nobody"):
        return NOBODY.within(owed.lang)
    return str(owed.facts.get("reason", ""))


def _in(said: Any, lang: str, nothing: Any) -> Any:
    """What facts hold in both languages, in one of them."""
    return said.get(lang, said.get("zh", nothing)) if isinstance(said, dict) else nothing
