"""管理外部账号、令牌与专用链接: every other way in, and how it is shut."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from ledger import identities, links, tokens
from ledger.admin import Deed, Hand, acting, log, one
from ledger.admin_accounts import held, named
from ledger.changes import table
from ledger.database import Ledger
from models.account import Link
from models.case import Case
from models.person import Person
from models.words import Words


def link_identity(ledger: Ledger, hand: Hand, account_id: int, issuer: str, subject: str) -> None:
    """Let an outside account sign in as this one. Raises Trouble."""
    issuer, subject = issuer.strip(), subject.strip()
    with acting(ledger) as connection:
        _, name = held(connection, account_id)
        identities.link(connection, account_id, issuer, subject, hand.at)
        after = {"issuer": issuer, "subject": subject}
        log(connection, hand, Deed.IDENTITY_LINKED, name, after=after)


def unlink_identity(ledger: Ledger, hand: Hand, account_id: int, identity_id: int) -> None:
    """An outside account signs in here no more. Raises Trouble."""
    with acting(ledger) as connection:
        _, name = held(connection, account_id)
        gone = identities.unlink(connection, account_id, identity_id)
        before = {"issuer": gone.issuer, "subject": gone.subject}
        log(connection, hand, Deed.IDENTITY_REMOVED, name, before)


def live_links(ledger: Ledger, at: datetime) -> int:
    """How many links could still be opened."""
    rows = table(Link)
    live = sa.and_(rows.c.revoked_at.is_(None), rows.c.used_at.is_(None), rows.c.expires_at > at)
    with ledger.snapshot() as connection:
        query = sa.select(sa.func.count()).select_from(rows).where(live)
        return int(connection.execute(query).scalar_one())


def revoke_links_of_person(ledger: Ledger, hand: Hand, person_id: int) -> int:
    """Revoke every link sent to a person, and what was opened by one; gives how many."""
    with acting(ledger) as connection:
        name = one(connection, Person, person_id, Words("人员", "person")).name
        done = links.revoke(connection, table(Link).c.person_id == person_id, hand.at)
        log(connection, hand, Deed.LINKS_REVOKED, name, after={"links": done})
    return done


def revoke_links_of_case(ledger: Ledger, hand: Hand, number: str) -> int:
    """Revoke every link to a case, and what was opened by one; gives how many.

    A number nobody has gives 0 as well: an administrator need not learn which cases there are.
    """
    cases = table(Case)
    with acting(ledger) as connection:
        mine = sa.select(cases.c.id).where(cases.c.number == number)
        done = links.revoke(connection, table(Link).c.case_id.in_(mine), hand.at)
        log(connection, hand, Deed.LINKS_REVOKED, number[:32], after={"links": done})
    return done


# -- tokens of programs ------------------------------------------------------------------------


def make_token(
    ledger: Ledger,
    hand: Hand,
    login: str,
    name: str,
    scopes: Collection[str],
    expires_at: datetime | None = None,
) -> str:
    """Make a token for the account of this login; gives it, this once. Raises Trouble."""
    with acting(ledger) as connection:
        account = named(connection, login)
        made, secret = tokens.make(
            connection, account.id, name, scopes, hand.at, expires_at=expires_at
        )
        after = {"id": made, "name": name.strip(), "scopes": sorted(scopes)}
        log(connection, hand, Deed.TOKEN_MADE, account.login, after=after)
    return secret


def revoke_token(ledger: Ledger, hand: Hand, token_id: int) -> None:
    """Let a token open nothing any more. Raises Missing."""
    with acting(ledger) as connection:
        line = next((t for t in tokens.listed(connection) if t.id == token_id), None)
        tokens.revoke(connection, token_id, hand.at)
        if line is not None:
            before = {"id": token_id, "name": line.name}
            log(connection, hand, Deed.TOKEN_REVOKED, line.login, before)


def all_tokens(ledger: Ledger) -> Sequence[tokens.TokenLine]:
    """Every token, the newest first; those that ended as well."""
    with ledger.snapshot() as connection:
        return tokens.listed(connection)
