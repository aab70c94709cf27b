"""回头看抽查: once a day, closed cases are drawn to be looked at again by another inspector."""

from datetime import datetime

from prefect import flow

from flows.running import failed, instant, leave
from tasks.look_back import draw_closed


@flow(name="look-back", flow_run_name="look-back", timeout_seconds=1800, on_failure=[failed])
def look_back(at: datetime | None = None) -> dict[str, int]:
    """Draw among the cases closed up to `at`; counts `drawn` and `population`.

    The seed stands in the run's name and in every row of its table: the draw can be repeated.
    """
    moment = instant(at)
    if moment is None:
        return {}
    done = draw_closed(moment)
    drawn, among, seed = done["cases"], done["population"], done["seed"]
    rows = [{**case, "seed": seed} for case in drawn] or [{"drawn": 0, "seed": seed}]
    said = f"{len(drawn)} of {among} drawn, rate {done['rate']}, seed {seed}"
    counts = {"drawn": len(drawn), "population": among}
    leave("look-back", moment, rows, counts, said if among else "nothing to draw among")
    return counts
