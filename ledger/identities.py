"""外部身份: which account another house means by its name for somebody.

A person is one `(issuer, subject)`: who vouches, and by which name. A name belongs to one account
at most; an account may have several.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import table, unless_there
from ledger.database import Ledger
from models.account import Identity
from models.words import Trouble

LONGEST = 200
"""Characters of an issuer or a subject."""


@dataclass(frozen=True, slots=True)
class Linked:
    """One name by which another house knows an account."""

    id: int
    issuer: str
    subject: str
    linked_at: datetime


def account_of(ledger: Ledger, issuer: str, subject: str) -> int | None:
    """The account that is meant; None when nobody has linked it."""
    with ledger.snapshot() as connection:
        return _owner(connection, issuer, subject)


def linked(ledger: Ledger, account_id: int) -> Sequence[Linked]:
    """Every name an account is known by, the oldest first."""
    rows = table(Identity)
    query = (
        sa.select(rows.c.id, rows.c.issuer, rows.c.subject, rows.c.linked_at)
        .where(rows.c.account_id == account_id)
        .order_by(rows.c.id)
    )
    with ledger.snapshot() as connection:
        return [Linked(*row) for row in connection.execute(query)]


def link(connection: Connection, account_id: int, issuer: str, subject: str, at: datetime) -> None:
    """Let this name mean the account; to say so again changes nothing.

    Raises Trouble when the name is another account's already, is empty or too long.
    """
    if not all(0 < len(part) <= LONGEST for part in (issuer, subject)):
        raise Trouble(
            f"外部账号的来源和标识须为 1 至 {LONGEST} 个字符，请核对后重填。",
            f"The issuer and the subject have 1 to {LONGEST} characters each; check them.",
        )
    row = {"account_id": account_id, "issuer": issuer, "subject": subject, "linked_at": at}
    connection.execute(unless_there(connection, table(Identity)).values(row))
    if _owner(connection, issuer, subject) != account_id:
        raise Trouble(
            "这个外部账号已绑定另一个账号。一个外部账号只能绑定一个账号；"
            "如确要改绑，请管理员先解除原来的绑定。",
            "This outside account is linked to another account. It can be linked to one only; "
            "to change that, the administrator removes the old link first.",
        )


def unlink(connection: Connection, account_id: int, identity_id: int) -> Linked:
    """Let the name mean nobody any more; gives what it was. Raises Trouble.

    Sessions that are open stay open: to end them is `ledger.accounts.sign_out_everywhere`.
    """
    rows = table(Identity)
    mine = sa.and_(rows.c.id == identity_id, rows.c.account_id == account_id)
    gone = connection.execute(
        sa.delete(rows)
        .where(mine)
        .returning(rows.c.id, rows.c.issuer, rows.c.subject, rows.c.linked_at)
    ).one_or_none()
    if gone is None:
        raise Trouble(
            "没有这条绑定，可能已经解除。请刷新页面。",
            "There is no such link; it may have been removed. Reload the page.",
        )
    return Linked(*gone)


def _owner(connection: Connection, issuer: str, subject: str) -> int | None:
    rows = table(Identity)
    query = sa.select(rows.c.account_id).where(rows.c.issuer == issuer, rows.c.subject == subject)
    return connection.execute(query).scalar_one_or_none()
