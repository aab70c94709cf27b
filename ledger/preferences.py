"""本人的选择: how a person wants to be reached, in which language, and at what time of the day.

Channels are given by the administrator; a person switches them off and on and puts them in
order, and always keeps one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.admin import Deed, Hand, differing, log, update
from ledger.admin_channels import renumber
from ledger.changes import table
from ledger.database import Ledger
from ledger.reference import Reference, current
from ledger.scope import Missing
from ledger.subscriptions import Subscribed, listed, offered
from models.person import Channel, Person
from models.words import Trouble
from rules.permission import Viewer
from rules.policy import DigestTimes

LANGS = ("zh", "en")

people, channels = table(Person), table(Channel)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a person has chosen, and what there is to choose from.

    `channels` are rows (id, position, shown, delay, active) in order. `allowed` are the digest
    times the policy in force leaves to people, None where it leaves none.
    """

    lang: str
    digest_at: time | None
    allowed: DigestTimes | None
    channels: Sequence[Any]
    subscriptions: Sequence[Subscribed]
    units: Mapping[int, str]
    """The units whose weekly summary the person may have."""


def of(ledger: Ledger, viewer: Viewer, reference: Reference) -> Preferences:
    """What a viewer has chosen about their notices."""
    with ledger.snapshot() as connection:
        row = _person(connection, viewer)
        return Preferences(
            lang=row.lang,
            digest_at=row.digest_at,
            allowed=reference.book.policy.burden.digest_times,
            channels=_channels(connection, viewer),
            subscriptions=listed(connection, viewer.person_id),
            units=offered(connection, viewer),
        )


def choose(ledger: Ledger, hand: Hand, viewer: Viewer, lang: str, digest_at: time | None) -> None:
    """Have notices in this language, and what can wait at this time of working days.

    Without a time: as the policy has it. Raises Trouble for what the policy does not allow.
    """
    if lang not in LANGS:
        raise Trouble("语言只有中文和英文。", "The languages are Chinese and English.")
    with ledger.transaction() as connection:
        if digest_at is not None:
            _check(current(connection, None), digest_at)
        row = _person(connection, viewer)
        before, after = differing(
            {"lang": row.lang, "digest_at": _said(row.digest_at)},
            {"lang": lang, "digest_at": _said(digest_at)},
        )
        if not after:
            return
        update(connection, Person, viewer.person_id, lang=lang, digest_at=digest_at)
        log(connection, hand, Deed.NOTICES_CHOSEN, hand.actor, before, after)


def _check(reference: Reference, chosen: time) -> None:
    allowed = reference.book.policy.burden.digest_times
    if allowed is None:
        raise Trouble(
            "现行督办办法不允许自选汇总时间。请选“按单位统一安排”。",
            "The policy in force leaves the digest time to nobody. Choose “as the office has it”.",
        )
    if not allowed.start <= chosen <= allowed.until:
        span = f"{allowed.start:%H:%M}–{allowed.until:%H:%M}"
        raise Trouble(
            f"督办办法允许的汇总时间是 {span}，{chosen:%H:%M} 不在其中。请另选。",
            f"The policy allows a digest time from {span}, and {chosen:%H:%M} lies outside. "
            "Choose another.",
        )


def _said(clock: time | None) -> str:
    return f"{clock:%H:%M}" if clock else ""


def switch(ledger: Ledger, hand: Hand, viewer: Viewer, channel_id: int, *, on: bool) -> None:
    """Use one of one's channels, or do not. Raises Missing, and Trouble for the last one."""
    with ledger.transaction() as connection:
        _person(connection, viewer, held=True)
        mine = _channels(connection, viewer)
        row = _mine(mine, channel_id)
        if row.active is on:
            return
        if not on and not any(other.active for other in mine if other.id != channel_id):
            raise Trouble(
                "至少要留一个渠道，否则督办通知无法送达。请先启用另一个，再停用这个；"
                "需要新渠道请找管理员。",
                "One channel must stay on, or nothing would reach you. Switch another on first; "
                "for a new one ask the administrator.",
            )
        update(connection, Channel, channel_id, active=on)
        before, after = {"active": row.active}, {"active": on, "channel": row.shown}
        log(connection, hand, Deed.CHANNEL_SWITCHED, hand.actor, before, after)


def move_up(ledger: Ledger, hand: Hand, viewer: Viewer, channel_id: int) -> None:
    """Have one of one's channels tried one place earlier. Raises Missing."""
    with ledger.transaction() as connection:
        _person(connection, viewer, held=True)
        mine = _channels(connection, viewer)
        row = _mine(mine, channel_id)
        ids = [each.id for each in mine]
        place = ids.index(channel_id)
        if place == 0:
            return
        ids[place - 1], ids[place] = ids[place], ids[place - 1]
        renumber(connection, ids)
        before, after = {"order": place + 1}, {"order": place, "channel": row.shown}
        log(connection, hand, Deed.CHANNEL_MOVED, hand.actor, before, after)


def _person(connection: Connection, viewer: Viewer, *, held: bool = False) -> Any:
    query = sa.select(people).where(people.c.id == viewer.person_id)
    return connection.execute(query.with_for_update(key_share=True) if held else query).one()


def _channels(connection: Connection, viewer: Viewer) -> Sequence[Any]:
    names = ("id", "position", "shown", "delay", "active")
    query = sa.select(*(channels.c[name] for name in names))
    query = query.where(channels.c.person_id == viewer.person_id)
    return connection.execute(query.order_by(channels.c.position)).all()


def _mine(mine: Sequence[Any], channel_id: int) -> Any:
    found = next((row for row in mine if row.id == channel_id), None)
    if found is None:
        raise Missing("没有这个渠道。", "There is no such channel.")
    return found
