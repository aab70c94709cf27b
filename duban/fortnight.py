"""The demo's fortnight: a city's papers and people on a movable clock, through the real flows."""

from datetime import datetime

import pendulum
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from documents.store import Store
from duban import show
from duban.demo import play
from duban.engine import prefect_for
from duban.looking import print_log
from duban.settings import Settings
from ledger.database import Ledger, connect
from ledger.log import by_status, rows
from ledger.reference import zone
from models.case import Status
from models.instants import plain
from tasks.papers import take

DAYS = 14
EVENING = 18
"""From this hour on a round is followed by the audit, which signs the log of the day."""
SHOWN = 40


def play_once(settings: Settings) -> None:
    """Play the fortnight that ends today, unless the ledger already holds cases; then show it."""
    ledger = connect(settings.database())
    if by_status(ledger):
        show.say("台账里已有案件，不再重演 · the ledger holds cases already; not played again")
        return
    start = plain(pendulum.now(zone(ledger).key).start_of("day").subtract(days=DAYS))
    with prefect_for(settings):
        _play(ledger, settings, start)
    summary(ledger)


def _play(ledger: Ledger, settings: Settings, start: datetime) -> None:
    from flows.audit import audit
    from flows.sweep import sweep

    local = zone(ledger)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=show.err) as progress:
        bar = progress.add_task("演示一个双周 playing a fortnight", total=DAYS * 24 * 3600)

        def told(what: str, at: datetime) -> None:
            done = (at - start).total_seconds()
            progress.update(bar, completed=done, description=f"{at:%m-%d %H:%M} {what}"[:60])

        def hand_in(name: str, data: bytes, at: datetime) -> None:
            take(ledger, data, name, at, settings.home / "demo" / f"未受理-{name}")

        def sweep_at(at: datetime) -> None:
            sweep(at)
            if at.astimezone(local).hour >= EVENING:
                audit(at)

        store = Store(settings.store())
        play(ledger, start, sweep_at, hand_in, days=DAYS, told=told, store=store)


def summary(ledger: Ledger) -> None:
    """What the fortnight came to: cases by status, and the end of the escalation log."""
    counts = by_status(ledger)
    labels = {status.value: status.words.zh for status in Status}
    show.print_counts("案件 cases", {labels[name]: counts[name] for name in labels if counts[name]})
    log = rows(ledger)
    print_log(log[-SHOWN:], zone(ledger))
    if len(log) > SHOWN:
        show.say(f"以上是最近 {SHOWN} 行，共 {len(log)} 行；全部见 duban log · all: duban log")
