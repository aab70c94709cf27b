"""巡查: reminders, levels of the ladder, suspensions that end, look-backs, measures proposed."""

from collections import Counter
from datetime import datetime

from prefect import flow
from prefect.futures import wait

from flows.running import failed, instant, leave
from ledger import log
from rules.heartbeat import shares
from tasks.follow_up import look_at_due, parts, propose_measures
from tasks.summaries import owe_summaries
from tasks.surroundings import ledger

SHOWN = 500


@flow(name="follow-up", flow_run_name="follow-up", timeout_seconds=1800, on_failure=[failed])
def follow_up(at: datetime | None = None, share: int = 1, of: int = 1) -> dict[str, int]:
    """Look at every case whose time has come by `at`; counts what was done.

    Where several workers share the work, this is share `share` of `of`. Its shards are taken in
    parts side by side; one that fails leaves the others done, and then fails the run. The first
    share also `proposed` units for an interview, and `summed` weekly summaries.
    """
    moment = instant(at)
    if moment is None:
        return {}
    mine = parts(share, of)
    others = [look_at_due.submit(moment, part) for part in mine[1:]]
    states = [look_at_due(moment, mine[0], return_state=True)]
    wait(others)
    states += [each.state for each in others]
    counts: Counter[str] = Counter()
    for state in states:
        counts.update(state.result() if state.is_completed() else {})
    if share == 1:
        counts.update(_beside(moment))
    for state in states:
        state.result()
    together = shares("follow-up", of)
    why = _why(moment) if counts else []
    leave(together[share - 1], moment, why, counts, together=together)
    return dict(counts)


def _beside(at: datetime) -> Counter[str]:
    """What is looked at once for the whole city."""
    counts = Counter(owe_summaries(at))
    if proposed := propose_measures(at):
        counts["proposed"] = proposed
    return counts


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
