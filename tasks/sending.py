"""Sending what is owed: claim, compose, send side by side, mark. No Prefect here."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import pendulum

from ledger import outbox
from ledger.database import Ledger
from ledger.outbox import Hand, Owed, Result
from ledger.reference import Reference
from models.category import Role
from models.delivery import DeliveryOutcome
from models.instants import plain
from notices.channels import mask, send
from notices.facts import Facts
from notices.texts import compose

SENDERS = 8
NO_CHANNEL = "没有可用的通知渠道"


def deliver(ledger: Ledger, at: datetime, folder: Path) -> Counter[str]:
    """Send everything due as of `at`. Counts `sent`, `retrying`, `dead`, `moot`."""
    counts: Counter[str] = Counter()
    with ThreadPoolExecutor(SENDERS) as senders:
        while True:
            hand = outbox.claim(ledger, at, plain(pendulum.now("UTC")))
            counts["moot"] += hand.moot
            if not hand.owed and not hand.moot:
                return +counts
            counts += outbox.mark(ledger, _send_all(senders, hand, at, folder), at)


def _send_all(
    senders: ThreadPoolExecutor, hand: Hand, at: datetime, folder: Path
) -> Sequence[Result]:
    return list(senders.map(lambda owed: _send(owed, hand.reference, at, folder), hand.owed))


def _send(owed: Owed, reference: Reference, at: datetime, folder: Path) -> Result:
    if owed.url is None:
        return Result(owed, "", DeliveryOutcome.PERMANENT, NO_CHANNEL)
    answer = send(owed.url, compose(facts_of(owed, reference, at)), folder=folder)
    return Result(owed, mask(owed.url), answer.outcome, answer.answer)


def facts_of(owed: Owed, reference: Reference, at: datetime) -> Facts:
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
        next_words=owed.next.words.zh if owed.next else "",
        resend=owed.resend,
    )


def _reason(owed: Owed) -> str:
    if owed.facts.get("nobody"):
        return "应通知的岗位无人在岗，故告知您"
    return str(owed.facts.get("reason", ""))
