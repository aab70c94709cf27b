"""People at the portal: they hand in, sign and remark, by real requests, whatever is killed.

What was answered with 201 or 303 is accepted, and must be in the ledger; what was not answered
may be, but never twice.
"""

import re
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import requests
import sqlalchemy as sa

from duban.demo_accounts import PASSWORD
from ledger.changes import table
from ledger.database import Ledger
from models.case import Case
from models.finding import Finding
from models.record import Record

PAUSE = 1.0
PATIENCE = 20
"""Seconds a request may take."""
GONE = (requests.RequestException, KeyError, ValueError)


@dataclass(slots=True)
class Click:
    """One thing somebody did: `what` it is known by in the ledger, and whether it was accepted."""

    kind: str
    what: str
    accepted: bool = False
    case: str = ""
    asked: int = 0

    @property
    def key(self) -> str:
        """Under which it may be sent again; a header holds no Chinese."""
        return f"click-{self.what.encode().hex()}"[:80]


class Person:
    """Somebody signed in to the portal."""

    def __init__(self, portal: str, login: str) -> None:
        self.portal, self.login = portal, login
        self.web = requests.Session()
        self.csrf = ""

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """One request, signed in. Raises RequestException when the portal is away."""
        if not self.csrf:
            self.sign_in()
        more.setdefault("headers", {})["X-CSRF-Token"] = self.csrf
        return self.web.request(method, f"{self.portal}{path}", timeout=PATIENCE,
                                allow_redirects=False, **more)  # fmt: skip

    def sign_in(self) -> None:
        """Through the door, by the form."""
        page = self.web.get(f"{self.portal}/sign-in", timeout=PATIENCE)
        form = {"login": self.login, "password": PASSWORD, "csrf": _token(page.text)}
        self.web.post(f"{self.portal}/sign-in", data=form, timeout=PATIENCE)
        page = self.web.get(f"{self.portal}/account", timeout=PATIENCE)
        page.raise_for_status()
        self.csrf = _token(page.text)


def _token(page: str) -> str:
    found = re.search(r'<meta name="csrf" content="([^"]+)"', page)
    if found is None:
        raise ValueError("a page without its token")
    return found[1]


@dataclass
class Clicks:
    """The people, and everything they did."""

    portal: str
    seed: int
    done: list[Click] = field(default_factory=list)
    pages: int = 0
    away: int = 0
    """Requests that were not answered, or with 5xx."""

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        self.over = threading.Event()
        self.alice, self.bob, self.carol = (
            Person(self.portal, name) for name in ("alice", "bob", "carol")
        )
        self.thread = threading.Thread(target=self._live, daemon=True)

    def start(self) -> None:
        """They come to work."""
        self.thread.start()

    def stop(self) -> None:
        """They go home; what alice had no answer to she sends once more."""
        self.over.set()
        self.thread.join()
        for click in self.done:
            if click.kind == "finding" and not click.accepted:
                with suppress(*GONE):
                    self._hand_in(click)

    def _live(self) -> None:
        turns: list[Callable[[], None]] = [self._find, self._sign, self._look, self._remark]
        while not self.over.wait(PAUSE):
            try:
                self.dice.choice(turns)()
            except GONE:
                self.away += 1

    def _find(self) -> None:
        """Hand in what is new; or once more what was not answered, under the same key."""
        waiting = [c for c in self.done if c.kind == "finding" and not c.accepted]
        if waiting and self.dice.random() < 0.7:
            return self._hand_in(waiting[0])
        number = sum(c.kind == "finding" for c in self.done) + 1
        click = Click("finding", f"书院街{100_000 + number}号")
        self.done.append(click)
        return self._hand_in(click)

    def _hand_in(self, click: Click) -> None:
        click.asked += 1
        body = {"place": click.what, "problem": "井盖缺失，行人绕行", "area": "书院街道",
                "units": ["东澄区综合行政执法局"]}  # fmt: skip
        answer = self.alice.ask("POST", "/api/v1/findings", json=body,
                                headers={"Idempotency-Key": click.key})  # fmt: skip
        if answer.status_code in (200, 201):
            click.accepted, click.case = True, answer.json()["case"]
        self._count(answer)

    def _sign(self) -> None:
        """Sign for a case that waits for it: one that came by the portal, for those of the papers
        are of days to come."""
        signed = {c.what for c in self.done if c.kind == "sign"}
        if free := [number for number in self._mine() if number not in signed]:
            self._click(self.bob, "sign", self.dice.choice(free), "acknowledge", {})

    def _remark(self) -> None:
        """Write a remark into a case."""
        if mine := self._mine():
            words = f"督办备注{len(self.done)}号。"
            number = self.dice.choice(mine)
            self._click(self.carol, "note", number, "note", {"text": words}, words)

    def _mine(self) -> list[str]:
        return [c.case for c in self.done if c.kind == "finding" and c.accepted]

    def _click(
        self, who: Person, kind: str, number: str, verb: str, form: dict[str, str], words: str = ""
    ) -> None:
        click = Click(kind, words or number, case=number, asked=1)
        self.done.append(click)
        answer = who.ask("POST", f"/cases/{number}/do/{verb}", data=form | {"csrf": who.csrf})
        click.accepted = answer.status_code == 303
        self._count(answer)

    def _look(self) -> None:
        """Only read."""
        path = self.dice.choice(["/board", "/log", "/cases", "/health"])
        self._count(self.carol.ask("GET", path))

    def _count(self, answer: requests.Response) -> None:
        self.pages += 1
        self.away += answer.status_code >= 500


def wrongs(ledger: Ledger, done: list[Click]) -> list[str]:
    """What was accepted and is not there, or is there twice."""
    asks = {"finding": _findings, "sign": _signed, "note": _noted}
    found = []
    with ledger.snapshot() as connection:
        for click in done:
            cases = list(connection.execute(asks[click.kind](click)).scalars())
            if len(cases) > 1 or (click.accepted and cases != [click.case]):
                found.append(f"{click.kind} {click.what}: {click.case} answered, {cases} there")
    return found


def _findings(click: Click) -> sa.Select[Any]:
    rows, cases = table(Finding), table(Case)
    joined = rows.outerjoin(cases, cases.c.id == rows.c.case_id)
    return sa.select(cases.c.number).select_from(joined).where(rows.c.place == click.what)


def _signed(click: Click) -> sa.Select[Any]:
    return _records(click, "acknowledge")


def _noted(click: Click) -> sa.Select[Any]:
    return _records(click, "note").where(table(Record).c.words.contains(click.what))


def _records(click: Click, verb: str) -> sa.Select[Any]:
    records, cases = table(Record), table(Case)
    joined = records.join(cases, cases.c.id == records.c.case_id)
    query = sa.select(cases.c.number).select_from(joined).where(records.c.verb == verb)
    return query.where(cases.c.number == click.case)
