"""回头看: draw among the cases that were closed."""

from datetime import datetime
from typing import Any

from prefect import task

from ledger import look_back
from tasks.retrying import RETRY, worth_it
from tasks.surroundings import ledger


@task(
    task_run_name="draw for look-backs as of {at}",
    timeout_seconds=900,
    retry_condition_fn=worth_it,
    **RETRY,
)
def draw_closed(at: datetime) -> dict[str, Any]:
    """Draw; gives the seed, the rate, among how many, and each case drawn with its inspector.

    Drawn again as of the same instant, nothing is left to draw among.
    """
    drawn = look_back.draw(ledger(), at)
    return {
        "seed": drawn.seed,
        "rate": str(drawn.rate),
        "population": len(drawn.population),
        "cases": [
            {
                "case": chosen.case,
                "unit": chosen.unit,
                "category": chosen.category,
                "relapse": chosen.relapse,
                "inspector": chosen.inspector,
                "due": chosen.due_at.isoformat(),
            }
            for chosen in drawn.cases
        ],
    }
