"""一轮: intake, dispatch, follow-up, delivery, in this order, once."""

from datetime import datetime

from prefect import flow

from flows.deliver import deliver
from flows.dispatch import dispatch
from flows.follow_up import follow_up
from flows.intake import intake
from flows.running import failed, instant, leave
from tasks.intake import Line


@flow(name="sweep", flow_run_name="sweep", timeout_seconds=3600, on_failure=[failed])
def sweep(at: datetime | None = None) -> dict[str, int]:
    """The whole round as of `at`. Counts what was done, under each flow's own words.

    A part that fails does not keep the later ones from their work; it fails the round at the end.
    """
    moment = instant(at)
    if moment is None:
        return {}
    papers = intake(moment, return_state=True)
    done = dispatch(moment, return_state=True)
    looked = follow_up(moment, return_state=True)
    sent = deliver(moment, return_state=True)
    counts = _taken(papers.result()) | done.result() | looked.result() | sent.result()
    leave("sweep", moment, [counts], counts)
    return counts


def _taken(papers: list[Line]) -> dict[str, int]:
    """Findings by what became of them, over all papers."""
    outcomes = ("accepted", "merged", "rejected")
    return {o: sum(int(paper.get(o, 0)) for paper in papers) for o in outcomes}
