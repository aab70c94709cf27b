"""接口令牌: secrets by which programs act for an account, as far as their scopes go.

A token is shown once, when it is made; what is kept is its SHA-256, for it is random enough.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.accounts import digest, viewer_of
from ledger.changes import table
from ledger.database import Ledger
from ledger.scope import Missing
from models.account import Account, Token
from models.columns import Labelled
from models.person import Person
from models.words import Trouble
from rules.permission import Viewer

PREFIX = "duban_"
"""By it a token is known again where it has been left lying about."""
LASTS = timedelta(days=365)
"""How long a token lasts unless it is told otherwise."""
LONGEST_NAME = 60
_RANDOM = 32
"""Bytes: 43 characters as they are written."""
_TOUCH = timedelta(minutes=5)


class Scope(Labelled):
    """权限范围: what a program may do with a token, of what its account may."""

    CASES_READ = "cases:read", "查看案件", "read cases"
    CASES_WRITE = "cases:write", "办理案件", "act on cases"
    FINDINGS_WRITE = "findings:write", "上报问题", "hand in findings"
    LOG_READ = "log:read", "查看督办日志", "read the escalation log"
    REFERENCE_READ = "reference:read", "查看基础资料", "read reference data"
    NOTICES_READ = "notices:read", "查看通知", "read notices"
    METRICS_READ = "metrics:read", "读取运行指标", "read metrics"
    RECEIPTS_WRITE = "receipts:write", "回报短信送达", "report that text messages arrived"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who holds a token: for which account they act, and how far."""

    token_id: int
    viewer: Viewer
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class TokenLine:
    """One token in a list. The token itself is nowhere any more."""

    id: int
    account_id: int
    login: str
    person: str
    name: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    used_at: datetime | None

    def works(self, at: datetime) -> bool:
        """Whether it opens anything at `at`, as long as its account does."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


def make(
    connection: Connection,
    account_id: int,
    name: str,
    scopes: Collection[str],
    at: datetime,
    expires_at: datetime | None = None,
) -> tuple[int, str]:
    """Make a token for an account: its id, and the token, which is shown this once.

    Without `expires_at` it lasts a year. Raises Trouble for a name, a scope or an end that
    cannot be, and Missing for an account that is not there or closed.
    """
    until = expires_at or at + LASTS
    name = name.strip()
    _check(name, scopes, until, at)
    if viewer_of(connection, account_id) is None:
        raise Missing("没有这个账号，或已停用。", "There is no such account, or it is closed.")
    secret = PREFIX + secrets.token_urlsafe(_RANDOM)
    row = {
        "account_id": account_id, "name": name, "digest": digest(secret),
        "scopes": [scope.value for scope in Scope if scope in scopes], "created_at": at,
        "expires_at": until,
    }  # fmt: skip
    made = connection.execute(sa.insert(table(Token)).values(row).returning(table(Token).c.id))
    return int(made.scalar_one()), secret


def _check(name: str, scopes: Collection[str], until: datetime, at: datetime) -> None:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Trouble(
            f"请给令牌取名（最多 {LONGEST_NAME} 字），写明哪个系统使用。",
            f"Name the token, in at most {LONGEST_NAME} characters, after the system that uses it.",
        )
    known = "、".join(scope.value for scope in Scope)
    if not scopes or not set(scopes) <= set(Scope):
        raise Trouble(
            f"请选择令牌的权限范围，可选：{known}。",
            f"Choose the scopes of the token among: {known}.",
        )
    if until <= at:
        raise Trouble(
            "令牌的有效期须晚于现在。", "The token must end later than now. Choose another date."
        )


def find(ledger: Ledger, secret: str, at: datetime) -> Bearer | None:
    """Who holds this token now; None when nobody does any more."""
    rows = table(Token)
    with ledger.snapshot() as connection:
        query = sa.select(rows).where(
            rows.c.digest == digest(secret),
            rows.c.revoked_at.is_(None),
            sa.or_(rows.c.expires_at.is_(None), rows.c.expires_at > at),
        )
        token = connection.execute(query).one_or_none()
        viewer = viewer_of(connection, token.account_id) if token is not None else None
    if token is None or viewer is None:
        return None
    if token.used_at is None or token.used_at + _TOUCH < at:
        _touch(ledger, token.id, at)
    return Bearer(token.id, viewer, frozenset(s for s in Scope if s in token.scopes))


def any_with(ledger: Ledger, scope: Scope, at: datetime) -> bool:
    """Whether anybody holds a token with this scope that still opens something."""
    rows = table(Token)
    query = sa.select(rows.c.scopes).where(
        rows.c.revoked_at.is_(None),
        sa.or_(rows.c.expires_at.is_(None), rows.c.expires_at > at),
    )
    with ledger.snapshot() as connection:
        return any(scope in scopes for scopes in connection.execute(query).scalars())


def _touch(ledger: Ledger, token_id: int, at: datetime) -> None:
    rows = table(Token)
    with ledger.transaction() as connection:
        connection.execute(sa.update(rows).where(rows.c.id == token_id).values(used_at=at))


def listed(connection: Connection, account_id: int | None = None) -> Sequence[TokenLine]:
    """The tokens of an account, or all, the newest first; those that ended as well."""
    rows, accounts, people = table(Token), table(Account), table(Person)
    query = (
        sa.select(rows, accounts.c.login, people.c.name.label("person"))
        .join(accounts, rows.c.account_id == accounts.c.id)
        .join(people, accounts.c.person_id == people.c.id)
        .order_by(rows.c.id.desc())
    )
    if account_id is not None:
        query = query.where(rows.c.account_id == account_id)
    return [_line(row) for row in connection.execute(query)]


def _line(row: Any) -> TokenLine:
    return TokenLine(
        row.id, row.account_id, row.login, row.person, row.name,
        tuple(scope for scope in Scope if scope in row.scopes),
        row.created_at, row.expires_at, row.revoked_at, row.used_at,
    )  # fmt: skip


def revoke(
    connection: Connection, token_id: int, at: datetime, account_id: int | None = None
) -> None:
    """Let a token open nothing any more; once revoked it stays so.

    With `account_id` only one of that account's. Raises Missing when there is none.
    """
    rows = table(Token)
    which = rows.c.id == token_id
    if account_id is not None:
        which &= rows.c.account_id == account_id
    if connection.execute(sa.select(rows.c.id).where(which)).first() is None:
        raise Missing("没有这个令牌。", "There is no such token.")
    still = which & rows.c.revoked_at.is_(None)
    connection.execute(sa.update(rows).where(still).values(revoked_at=at))
