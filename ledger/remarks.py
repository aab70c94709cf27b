"""批注: what supervisors and leaders say to a row of the escalation log. Only ever added."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ledger.changes import insert, table
from ledger.database import Ledger
from ledger.logbook import one
from ledger.scope import case_for, concerns
from ledger.watching import NotYours
from models.remark import Remark, RemarkKind
from models.words import Trouble
from rules.permission import Concern, Viewer

LONGEST = 1000
_SAY = {Concern.SUPERVISOR, Concern.LEADER}


def remark(
    ledger: Ledger, viewer: Viewer, row_id: int, kind: RemarkKind, text: str, at: datetime
) -> None:
    """Say something to a row, or that it was seen; seen twice by one person is seen once.

    Raises Missing for a row out of scope, NotYours for whoever neither supervises nor leads
    there, Trouble for a comment that says nothing or too much.
    """
    said = text.strip()
    if kind is RemarkKind.COMMENT and not 0 < len(said) <= LONGEST:
        raise Trouble(
            f"批注请写 1 至 {LONGEST} 个字。只表示看过的，请点“已阅”。",
            f"A comment takes 1 to {LONGEST} characters. To say only that you have seen it, "
            "press Seen.",
        )
    with ledger.transaction() as connection:
        line = one(connection, viewer, row_id)
        if not concerns(connection, viewer, case_for(connection, viewer, line.number)) & _SAY:
            raise NotYours(
                "只有督办员和领导可以批注。", "Only supervisors and leaders may remark on it."
            )
        if kind is RemarkKind.SEEN and _seen(connection, row_id, viewer.person_id):
            return
        row: dict[str, Any] = {
            "escalation_id": row_id, "case_id": line.case_id, "at": at, "kind": kind,
            "person_id": viewer.person_id, "actor": viewer.actor, "text": said[:LONGEST],
        }  # fmt: skip
        insert(connection, Remark, [row])


def _seen(connection: Connection, row_id: int, person_id: int) -> bool:
    rows = table(Remark)
    query = sa.select(rows.c.id).where(
        rows.c.escalation_id == row_id, rows.c.person_id == person_id
    )
    return connection.execute(query).first() is not None
