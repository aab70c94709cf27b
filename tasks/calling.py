"""Calling other systems: owe what happened, claim, post, mark. No Prefect here."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pendulum

from ledger import hooks
from ledger.database import Ledger
from ledger.hooks import Listener, Owed, Result
from models.instants import plain
from models.words import Trouble
from notices.hooks import Told, check, post, written
from notices.vault import Vault
from rules.hooks import Verdict, verdict

AT_ONCE = 8
"""So many systems are called side by side; each of them one call at a time."""
A_ROUND = timedelta(seconds=60)
"""How long one system may take up a round. What is left then, the next round goes on with."""
TIMEOUT = 10.0
"""Seconds one call may take."""
TEST = "duban.test"

Clock = Callable[[], datetime]


def now() -> datetime:
    """The real instant: of leases and signatures, not of cases."""
    return plain(pendulum.now("UTC"))


def call_all(
    ledger: Ledger, at: datetime, vault: Vault, *, private: bool = False, clock: Clock = now
) -> Counter[str]:
    """Tell every hook what has happened since; counts `called`, `refused` and `given_up` calls,
    and hooks that are `unreadable` with this vault.

    `private`: hosts of the own network may be called. A receiver that fails is left alone until
    the next round, and takes no time from the others.
    """
    hooks.owe(ledger, at)
    listening = hooks.active(ledger)
    if not listening:
        return Counter()
    work = partial(_call_one, ledger, at=at, vault=vault, private=private, clock=clock)
    with ThreadPoolExecutor(min(AT_ONCE, len(listening))) as callers:
        return sum(callers.map(work, listening), Counter())


def _call_one(
    ledger: Ledger,
    hook: Listener,
    *,
    at: datetime,
    vault: Vault,
    private: bool,
    clock: Clock,
) -> Counter[str]:
    counts: Counter[str] = Counter()
    try:
        url, secret = vault.open(hook.url), vault.open(hook.secret)
    except Trouble:  # another key than it was sealed with: no reason to let the others wait
        return Counter(unreadable=1)
    until = clock() + A_ROUND
    while clock() < until and (hand := hooks.claim(ledger, hook.id, at, clock())):
        results = _call_hand(hand, url, secret, private, clock)
        untried = hand[len(results) :]
        counts += hooks.mark(ledger, hook.id, results, untried, at)
        if untried or _fails(results[-1]):
            return counts
    return counts


def _call_hand(
    hand: Sequence[Owed], url: str, secret: str, private: bool, clock: Clock
) -> list[Result]:
    """Call for each in turn; after one that fails for the receiver's sake none of the others."""
    results: list[Result] = []
    for owed in hand:
        body = written(document(owed))
        told = post(url, secret, owed.name, body, clock(), private=private, timeout=TIMEOUT)
        results.append(Result(owed, told.status, told.answer, told.again))
        if _fails(results[-1]):
            break
    return results


def _fails(result: Result) -> bool:
    return verdict(result.status) in (Verdict.DOWN, Verdict.GONE)


def try_out(url: str, secret: str, name: str, *, private: bool, clock: Clock = now) -> Told:
    """Send one event that tells of no case, and give what was answered. Raises HookTrouble.

    `url` and `secret` as they are, no longer sealed.
    """
    check(url, private=private)
    at = clock()
    body = written({"id": name, "type": TEST, "at": at.isoformat()})
    return post(url, secret, name, body, at, private=private, timeout=TIMEOUT)


def document(owed: Owed) -> dict[str, Any]:
    """One record as other systems are told of it, with the case as it was after it.

    Who acted is not told, nor how anybody is reached.
    """
    return {
        "id": owed.name,
        "type": f"case.{owed.verb}",
        "at": owed.at.isoformat(),
        "position": owed.position,
        "case": {
            "number": owed.number,
            "record": owed.seq,
            "status": owed.status.value,
            "status_words": owed.status.words._asdict(),
            "unit": owed.unit,
            "due_at": owed.due_at and owed.due_at.isoformat(),
            "provisional": owed.provisional,
            "place": owed.place,
            "problem": owed.problem,
            "category": owed.category,
            "area": owed.area,
        },
        "words": owed.words,
    }
