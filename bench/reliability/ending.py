"""The end of a kill run: everything runs out undisturbed, and the last questions are asked."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
import sqlalchemy as sa

from bench import owing
from bench.reliability import arrivals, clicks, invariants
from bench.reliability.arrivals import Compared
from bench.reliability.chaos import LAST, Chaos
from bench.reliability.papers import Paper
from bench.reliability.processes import wait_until
from ledger.changes import table
from ledger.database import Ledger
from models.case import Case
from models.finding import Batch, Finding
from tasks import keys, sending
from tasks import papers as taking
from tasks.sending import now

MINUTE = timedelta(minutes=1)
ROUNDS = 500
"""So many deliveries at most, each when the next notice is due."""


@dataclass(frozen=True, slots=True)
class End:
    """How it ended."""

    at: datetime
    """The last sweep."""
    runs: dict[str, str]
    """The last runs that Prefect was asked for, each with the state it ended in."""
    states: dict[str, int]
    compared: Compared
    wrongs: list[str]
    all_runs: Counter[str]


def settle(chaos: Chaos) -> End:
    """Let everything run out, then ask everything."""
    chaos.clicks.stop()
    stack = chaos.stack
    stack.tend()
    wait_until("PostgreSQL", stack.postgres.answers)
    at = (chaos.start_at + LAST).replace(microsecond=0)
    _take_the_rest(chaos, at)
    wait_until("the Prefect server", lambda: _tended(chaos) and stack.server_answers(), 240)
    runs = _last_runs(chaos, at)
    _deliver(chaos, at)
    wrongs = invariants.quick(chaos.ledger, chaos.chains, now()) + invariants.whole(chaos.ledger)
    wrongs += papers_wrong(chaos.ledger, chaos.importer.done)
    wrongs += clicks.wrongs(chaos.ledger, chaos.clicks.done)
    compared = arrivals.compare(chaos.ledger, chaos.arrivals)
    wrongs += list(_of(compared))
    with suppress(requests.RequestException):
        return End(at, runs, invariants.states(chaos.ledger), compared, wrongs,
                   chaos.rounds.states())  # fmt: skip
    return End(at, runs, invariants.states(chaos.ledger), compared, wrongs, Counter())


def _tended(chaos: Chaos) -> bool:
    chaos.stack.tend()
    return True


def _take_the_rest(chaos: Chaos, at: datetime) -> None:
    """Every paper that is still on the pile, undisturbed, as of the last sweep."""
    importer = chaos.importer
    while importer.unit:
        importer.look()
        time.sleep(0.1)
    while importer.waiting:
        paper = importer.waiting.popleft()
        paper.at = paper.at or at
        answers = taking.take(chaos.ledger, paper.data, paper.name, paper.at).answers
        paper.answers = [{"row": answer.row, "case": answer.case} for answer in answers]
        importer.done.append(paper)


def _last_runs(chaos: Chaos, at: datetime) -> dict[str, str]:
    """One undisturbed round by the workers: that all of it still works, not only its parts."""
    rounds = chaos.rounds
    ids = {name: rounds.ask(name, at) for name in ("dispatch", "follow-up", "deliver")}
    states = dict.fromkeys(ids, "")
    by = time.monotonic() + 300
    while time.monotonic() < by and (not all(states.values()) or chaos.stack.flow_runs()):
        with suppress(requests.RequestException):
            states = {name: rounds.ended(run) for name, run in ids.items()}
        time.sleep(0.5)
    return {name: state or "not ended" for name, state in states.items()}


def _deliver(chaos: Chaos, at: datetime) -> None:
    """Whatever is still owed, the clock put on to when it is due."""
    home = chaos.stack.folder / "home"
    vault = keys.vault(home)
    for _ in range(ROUNDS):
        sending.deliver(chaos.ledger, at, home / "messages", portal=chaos.stack.portal, vault=vault)
        due = owing.next_due(chaos.stack.url)
        if due is None:
            return
        at = max(at + MINUTE, due)


def papers_wrong(ledger: Ledger, papers: list[Paper]) -> Iterator[str]:
    """Every row of a paper is one finding, and of the case that was answered."""
    rows, cases, batches = table(Finding), table(Case), table(Batch)
    joined = rows.join(batches, batches.c.id == rows.c.batch_id)
    joined = joined.outerjoin(cases, cases.c.id == rows.c.case_id)
    query = sa.select(batches.c.name, rows.c.row, cases.c.number).select_from(joined)
    # What comes by the portal has no paper of its own.
    query = query.where(batches.c.name.in_([paper.name for paper in papers]))
    with ledger.snapshot() as connection:
        found = connection.execute(query).all()
    kept = {(row.name, row.row): row.number for row in found}
    if len(kept) < len(found):
        yield f"{len(found) - len(kept)} rows were taken twice"
    for paper in papers:
        answers = paper.answers or []
        if len(answers) != paper.rows:
            yield f"{paper.name}: {len(answers)} answers for {paper.rows} rows"
        for answer in answers:
            there = (paper.name, answer["row"])
            if there not in kept:
                yield f"{paper.name}, row {answer['row']}: answered and not kept"
            elif kept[there] != answer["case"]:
                yield f"{paper.name}, row {answer['row']}: of case {kept[there]}, answered {answer}"


def _of(compared: Compared) -> Iterator[str]:
    yield from (f"{key} is called sent and never came" for key in compared.lost)
    yield from (f"{key} came twice without a word" for key in compared.doubled_unsaid)
    yield from (f"{key} came oftener than it was tried" for key in compared.beyond)
    yield from (f"{key} came twice and the ledger does not know" for key in compared.unsaid_unknown)
