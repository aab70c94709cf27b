"""送达回报: what an SMS service reports later of a message it took, found by its receipt."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger import incoming
from ledger.changes import table
from ledger.database import Ledger
from models.delivery import Delivery

deliveries = table(Delivery)


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `at` is when the phone had it, `words` why it did not."""

    receipt: str
    arrived: bool
    at: datetime
    words: str = ""


def arrived(ledger: Ledger, scheme: str, reports: Sequence[Report], at: datetime) -> Counter[str]:
    """Write down what a service reports; counts the notices `arrived`, `failed` and `unknown`.

    `scheme` is how the addresses of its channels begin: another service may use the same
    receipt. What failed after all goes to the next channel of its person. A report that comes
    twice changes nothing.
    """
    counts: Counter[str] = Counter()
    with ledger.transaction() as connection:
        for report in reports:
            found = _of(connection, scheme, report.receipt)
            what = "unknown" if not found else "arrived" if report.arrived else "failed"
            counts[what] += len(found) or 1
            if report.arrived:
                notices = [row.notice_id for row in found]
                incoming.arrived(connection, notices, min(report.at, at), read=False)
            elif found:
                said = f"短信未送达：{report.words}"
                incoming.bounced(connection, [row.id for row in found], said, at)
    return counts


def _of(connection: Connection, scheme: str, receipt: str) -> Sequence[Any]:
    """The attempts a receipt names; those that went together share it."""
    if not receipt:
        return []
    query = sa.select(deliveries.c.id, deliveries.c.notice_id).where(
        deliveries.c.receipt == receipt, deliveries.c.channel.startswith(f"{scheme}://")
    )
    return connection.execute(query).all()
