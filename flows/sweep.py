"""一轮: intake, dispatch, follow-up, delivery, in this order, once."""

from datetime import datetime

from prefect import flow

from flows.deliver import deliver
from flows.dispatch import dispatch
from flows.follow_up import follow_up
from flows.intake import intake
from flows.running import in_short, instant, leave


@flow(name="sweep", flow_run_name="sweep", timeout_seconds=3600)
def sweep(at: datetime | None = None) -> dict[str, int]:
    """The whole round as of `at`. Counts what was done, under each flow's own words."""
    moment = instant(at)
    if moment is None:
        return {}
    papers = intake(moment)
    taken = {o: sum(int(p.get(o, 0)) for p in papers) for o in ("accepted", "merged", "rejected")}
    counts = taken | dispatch(moment) | follow_up(moment) | deliver(moment)
    leave("sweep", moment, [counts], in_short(counts))
    return counts
