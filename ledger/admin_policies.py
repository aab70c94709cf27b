"""管理督办办法: every version, how many cases each holds, and putting a new one in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import loading
from ledger.admin import Deed, Hand, acting, log, take_turn
from ledger.changes import table
from ledger.database import Ledger
from ledger.recompute import Retimed, load_and_recompute, preview
from ledger.scope import Missing, is_open
from models.case import Case
from models.policy import PolicyVersion
from rules import policy as policies


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of a policy, and how many open cases keep to it."""

    id: int
    name: str
    title: str
    digest: str
    active: bool
    loaded_at: datetime
    cases: int


def versions(ledger: Ledger) -> list[VersionLine]:
    """Every version, the newest first."""
    with ledger.snapshot() as connection:
        rows = loading.policies_in(connection)
        held = _held(connection)
    return [
        VersionLine(
            row.id, row.name, _title(row.name, row.text), row.digest, row.active, row.loaded_at,
            held.get(row.id, 0),
        )
        for row in reversed(rows)
    ]  # fmt: skip


def _title(name: str, text: str) -> str:
    return policies.parse(policies.Source(name, text)).title


def _held(connection: Connection) -> dict[int, int]:
    cases = table(Case)
    query = sa.select(cases.c.policy_id, sa.func.count().label("cases")).where(is_open)
    found = connection.execute(query.group_by(cases.c.policy_id))
    return {row.policy_id: row.cases for row in found}


def text_of(ledger: Ledger, version_id: int) -> str:
    """The text of a version. Raises Missing."""
    rows = table(PolicyVersion)
    with ledger.snapshot() as connection:
        query = sa.select(rows.c.text).where(rows.c.id == version_id)
        found = connection.execute(query).scalar_one_or_none()
    if found is None:
        raise Missing("没有这一版办法。", "There is no such version.")
    return str(found)


def check(text: str, file: str) -> policies.Policy:
    """The policy a text says. Raises PolicyTrouble, which names the line."""
    return policies.parse(policies.Source(file, text), loading.shipped_policy)


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a policy would change if all open cases took it up."""

    moved: Sequence[Retimed]
    """The cases of which a limit, a due instant or the next look would be another."""
    touched: int
    """All that would take it up, also those for which nothing but the version changes."""
    pinned: int
    """Open cases there are, which keep what they have unless it is applied to them."""


def rehearse(ledger: Ledger, hand: Hand, text: str, file: str) -> Rehearsed:
    """Judge every open case by a policy, and undo it all. Raises PolicyTrouble."""
    check(text, file)

    def load(connection: Connection) -> int:
        take_turn(connection)
        loading.load_policy(connection, policies.Source(file, text), hand.at)
        return sum(_held(connection).values())

    pinned, touched = preview(ledger, load, hand.at, "试算", reapply=True)
    return Rehearsed([one for one in touched if _moves(one)], len(touched), pinned)


def _moves(one: Retimed) -> bool:
    before = (one.old_limit, one.old_due, one.old_step_due, one.old_next_look)
    return before != (one.limit, one.due, one.step_due, one.next_look)


def activate(
    ledger: Ledger, hand: Hand, text: str, file: str, *, reapply: bool = False
) -> Sequence[Retimed]:
    """Put a policy in force for cases from now on; with `reapply` for open ones, too.

    Gives the cases that were touched. Raises PolicyTrouble.
    """
    title = check(text, file).title

    def load(connection: Connection) -> None:
        take_turn(connection)
        policy = loading.load_policy(connection, policies.Source(file, text), hand.at)
        after = {"policy": policy.policy, "title": title, "reapplied": reapply}
        log(connection, hand, Deed.POLICY_ACTIVATED, title, after=after)

    if reapply:
        return load_and_recompute(ledger, load, hand.at, f"重新适用《{title}》", reapply=True)[1]
    with acting(ledger) as connection:
        load(connection)
    return []
