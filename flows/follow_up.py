"""巡查: reminders, levels of the ladder, suspensions that end, look-backs, measures proposed."""

from collections import Counter
from datetime import datetime

from prefect import flow

from flows.running import in_short, instant, leave
from ledger import log
from tasks.follow_up import hands, look_at_due, propose_measures
from tasks.summaries import owe_summaries
from tasks.surroundings import ledger

SHOWN = 500


@flow(name="follow-up", flow_run_name="follow-up", timeout_seconds=1800)
def follow_up(at: datetime | None = None) -> dict[str, int]:
    """Look at every case whose time has come by `at`; counts what was done.

    The work is shared by as many hands as the database lets work at once. Units whose cards
    and levels call for it are then `proposed` for an interview, and weekly summaries `summed`.
    """
    moment = instant(at)
    if moment is None:
        return {}
    others = [look_at_due.submit(moment, hand) for hand in range(2, hands() + 1)]
    counts = Counter(look_at_due(moment))
    for other in others:
        counts.update(other.result())
    if proposed := propose_measures(moment):
        counts["proposed"] = proposed
    counts.update(owe_summaries(moment))
    leave("follow-up", moment, _why(moment) if counts else [], in_short(counts))
    return dict(counts)


def _why(at: datetime) -> list[dict[str, object]]:
    """The rows of the log that this sweep wrote: what was done to which case, by which rule."""
    return [
        {
            "case": row.case,
            "stage": row.stage,
            "level": row.level,
            "rule": row.rule,
            "planned": row.planned_at.isoformat(),
            "outcome": row.outcome,
            "told": ", ".join(f"{who['unit']} {who['person']}" for who in row.recipients),
        }
        for row in log.rows(ledger(), at=at, reminders=True)[:SHOWN]
    ]
