"""Every check side by side, within a time: what hangs is said to hang, and holds up no other."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from threading import Thread
from typing import NamedTuple, TypeVar

from duban.checks import city, database, evidence, house, keyring, prefect, reach, rounds
from duban.checks.finding import Check, Finding, Group, OfLedger, Site, wrong
from ledger.database import (
    REVISION,
    DatabaseTrouble,
    Ledger,
    OtherVersion,
    connect,
    other_version_todo,
)
from models.words import Trouble, Words

LONGEST = 25.0
"""Seconds after which a check is said to hang. Every question has a shorter patience of its own:
only a machine under heavy load comes near."""

GROUPS: tuple[Group, ...] = (
    house.GROUP, database.GROUP, keyring.GROUP, city.GROUP, rounds.GROUP, evidence.GROUP,
    prefect.GROUP, reach.GROUP,
)  # fmt: skip

T = TypeVar("T")


class Looked(NamedTuple):
    """What came of one group."""

    title: Words
    findings: list[Finding]


def examine(site: Site, longest: float = LONGEST) -> list[Looked]:
    """Look at everything; a check that breaks off or hangs is a finding too."""
    opening = _start(partial(connect, site.settings.database()))
    until = time.monotonic() + longest
    begun = [(group, list(_begun(group, site, opening))) for group in GROUPS]
    looked = []
    for group, answers in begun:
        found = list(_opening(opening, until)) if group is database.GROUP else []
        for name, future in answers:
            found += _answer(name, future, until)
        looked.append(Looked(group.title, found))
    return looked


def _begun(
    group: Group, site: Site, opening: Future[Ledger]
) -> Iterator[tuple[str, Future[list[Finding]]]]:
    for check in group.checks:
        yield check.__name__, _start(partial(_done, check, site))
    for of_ledger in group.of_ledger:
        yield of_ledger.__name__, _start(partial(_of, of_ledger, site, opening))


def _start(do: Callable[[], T]) -> Future[T]:
    """Do it in a thread that nobody waits for when the program ends."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(do())
        except Exception as error:
            future.set_exception(error)

    Thread(target=run, daemon=True).start()
    return future


def _done(check: Check, site: Site) -> list[Finding]:
    return list(check(site))


def _of(check: OfLedger, site: Site, opening: Future[Ledger]) -> list[Finding]:
    try:
        ledger = opening.result()
    except Exception:  # said once, where the database is judged
        return []
    return list(check(site, ledger))


def _opening(opening: Future[Ledger], until: float) -> Iterator[Finding]:
    """What keeps the ledger from being opened."""
    left_out = Words(
        "改好后再体检一次：要用数据库的检查都没有做。",
        "Then run duban doctor again: nothing that needs the database was looked at.",
    )
    try:
        opening.result(_left(until))
    except TimeoutError:
        yield wrong(
            "database",
            Words("数据库没有按时应答。", "The database did not answer in time."),
            Words(
                f"检查 DUBAN_DATABASE_URL 所指的主机、网络与防火墙。{left_out.zh}",
                "Check the host that DUBAN_DATABASE_URL names, network and firewall. "
                f"{left_out.en}",
            ),
        )
    except OtherVersion as other:
        yield _revision(other, left_out)
    except DatabaseTrouble as trouble:
        yield wrong("database", trouble.words, left_out)


def _revision(other: OtherVersion, left_out: Words) -> Finding:
    todo = other_version_todo(other.found)
    return wrong(
        "revision",
        Words(
            f"数据库是 {other.found} 版，本程序需要 {REVISION} 版。",
            f"The database is of revision {other.found}; this program needs {REVISION}.",
        ),
        Words(todo.zh + left_out.zh, f"{todo.en} {left_out.en}"),
    )


def _answer(name: str, future: Future[list[Finding]], until: float) -> list[Finding]:
    try:
        return future.result(_left(until))
    except TimeoutError:
        return [
            wrong(
                "check",
                Words(f"检查 {name} 没有按时做完。", f"The check {name} was not done in time."),
                Words(
                    "看它所查的（网络、磁盘、数据库）是否卡住，再体检一次。",
                    "See whether what it looks at hangs (network, disk, database), and try again.",
                ),
            )
        ]
    except Trouble as trouble:
        return [wrong("check", trouble.words, _AGAIN)]
    except Exception as error:
        kind = type(error).__name__
        return [
            wrong(
                "check",
                Words(f"检查 {name} 出错：{kind}。", f"The check {name} broke off: {kind}."),
                _AGAIN,
            )
        ]


_AGAIN = Words("改正后再体检一次。", "Put it right and run duban doctor again.")


def _left(until: float) -> float:
    return max(0.05, until - time.monotonic())
