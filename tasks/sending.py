"""Sending what is owed: claim, compose, send side by side, mark. No Prefect here."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path

import pendulum

from ledger import links, outbox
from ledger.database import Ledger
from ledger.outbox import Hand, Owed, Result
from ledger.reference import Reference
from models.category import Role
from models.delivery import DeliveryOutcome
from models.instants import plain
from models.notice import NoticeKind
from models.words import Words
from notices.channels import mask, send
from notices.digest import compose_digest
from notices.facts import Facts
from notices.message import Message
from notices.texts import compose
from rules.digest import in_order

SENDERS = 8
NO_CHANNEL = "没有可用的通知渠道"
NOBODY = Words(
    "应通知的岗位无人在岗，故告知您",
    "nobody is on duty whom this should have reached, so you are told",
)


def deliver(
    ledger: Ledger, at: datetime, folder: Path, lang: str = "zh", portal: str = ""
) -> Counter[str]:
    """Send everything due as of `at`, in `lang`.

    Where there is a `portal` (its public address), messages carry a link into it.
    Counts notices: `sent`, `retrying`, `dead`, `moot`; reminders `waiting` to go together with
    others, and `capped`, held back by the daily cap.
    """
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(SENDERS) as senders:
        while True:
            hand = outbox.claim(ledger, at, plain(pendulum.now("UTC")))
            if hand.empty:
                return +counts
            counts.update(moot=hand.moot, waiting=hand.waiting, capped=hand.capped)
            messages = _messages(hand)
            ways = _ways(ledger, messages, portal, at) if portal else {}
            post = partial(
                _send, reference=hand.reference, at=at, folder=folder, lang=lang, ways=ways
            )
            results = chain.from_iterable(senders.map(post, messages))
            counts += outbox.mark(ledger, list(results), at)


def _messages(hand: Hand) -> list[list[Owed]]:
    """The notices in hand by the message they go in."""
    messages: dict[str, list[Owed]] = {}
    for owed in hand.owed:
        messages.setdefault(owed.message, []).append(owed)
    return list(messages.values())


_NO_WAY = {NoticeKind.TRANSFERRED}
"""Whoever is told that the case has left them no longer sees it."""


def _ways(
    ledger: Ledger, messages: Sequence[Sequence[Owed]], portal: str, at: datetime
) -> dict[str, str]:
    """The link of each message: to its one case for its one reader, of a digest to the door.

    A link is good for one message: sent again, it gets another. Secrets are kept nowhere else.
    """
    base = portal.rstrip("/")
    ways = {together[0].message: f"{base}/" for together in messages if len(together) > 1}
    single = [m[0] for m in messages if len(m) == 1 and m[0].url is not None]
    linked = [owed for owed in single if owed.kind not in _NO_WAY]
    with ledger.transaction() as connection:
        whom = [(owed.case_id, owed.person_id, owed.unit_id) for owed in linked]
        made = links.make_all(connection, whom, at)
    return ways | {
        owed.message: f"{base}/l/{secret}" for owed, secret in zip(linked, made, strict=True)
    }


def _send(
    together: Sequence[Owed],
    *,
    reference: Reference,
    at: datetime,
    folder: Path,
    lang: str,
    ways: Mapping[str, str],
) -> list[Result]:
    """Send one message; its answer is that of every notice in it."""
    url = together[0].url
    if url is None:
        return [Result(owed, "", DeliveryOutcome.PERMANENT, NO_CHANNEL) for owed in together]
    way = ways.get(together[0].message, "")
    answer = send(url, message_of(together, reference, at, lang, way), folder=folder)
    channel = mask(url)
    said = _LINKED.sub(r"\1…", answer.answer)
    return [Result(owed, channel, answer.outcome, said) for owed in together]


_LINKED = re.compile(r"(/l\\?/)[\w-]+")
"""A secret in what a channel answered: some repeat what they were sent, cut off or escaped, and
answers are kept for others to read."""


def message_of(
    together: Sequence[Owed], reference: Reference, at: datetime, lang: str = "zh", way: str = ""
) -> Message:
    """What is sent for notices that go together: one line for each case, the urgent first.

    `way` is the link into the portal, if there is one.
    """
    told = [facts_of(owed, reference, at, lang, way) for owed in in_order(together)]
    if len(told) == 1:
        return compose(told[0], lang)
    return compose_digest(told, lang)


def facts_of(
    owed: Owed, reference: Reference, at: datetime, lang: str = "zh", way: str = ""
) -> Facts:
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
        reason=_reason(owed, lang),
        left=owed.left,
        day_length=reference.worktime.day_length,
        next_at=owed.next.at if owed.next else None,
        next_words=owed.next.words.within(lang) if owed.next else "",
        resend=owed.resend,
        unsaid=owed.unsaid,
        link=way,
    )


def _reason(owed: Owed, lang: str) -> str:
    if owed.facts.get("nobody"):
        return NOBODY.within(lang)
    return str(owed.facts.get("reason", ""))
