"""原件时限: the limit that the paper of a case names, read as the rules in force read it."""

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import among, table
from ledger.dispatching import written
from ledger.reference import Reference
from models.finding import Finding, FindingOutcome
from rules.acceptance import limit_named


def paper_limits(
    connection: Connection, reference: Reference, policies: Mapping[int, int]
) -> dict[int, str]:
    """The limits the papers of these cases name, read by the policy given for each case.

    A date on paper is so many working days by one calendar, and another number by the next; and
    another policy may read "3天" otherwise. Cases whose paper names none are left out.
    """
    findings = table(Finding)
    query = sa.select(findings.c.case_id, findings.c.paper, findings.c.taken_at).where(
        among(connection, findings.c.case_id, list(policies)),
        findings.c.outcome == FindingOutcome.ACCEPTED,
    )
    named: dict[int, tuple[str, date]] = {}
    for row in connection.execute(query.order_by(findings.c.id)):
        day = row.taken_at.astimezone(reference.zone).date()
        named.setdefault(row.case_id, (row.paper.get("limit", ""), day))
    return {
        case_id: written(limit)
        for case_id, (text, day) in named.items()
        if (limit := limit_named(text, day, reference.books[policies[case_id]]))
    }
