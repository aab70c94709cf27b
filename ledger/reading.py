"""已读: who has opened a case after having been written to about it."""

from datetime import datetime

import sqlalchemy as sa

from ledger.changes import table
from ledger.database import Ledger
from models.notice import Notice


def mark_read(ledger: Ledger, case_id: int, person_id: int, at: datetime) -> int:
    """The person has opened the case: what was owed to them about it by `at` counts as read.

    Never touches what was owed to another. Gives how many notices were new to them.
    """
    notices = table(Notice)
    theirs = sa.and_(
        notices.c.case_id == case_id,
        notices.c.person_id == person_id,
        notices.c.read_at.is_(None),
        notices.c.owed_at <= at,
    )
    # Most who look have nothing new: they need not wait for those who write.
    with ledger.snapshot() as connection:
        if connection.execute(sa.select(notices.c.id).where(theirs).limit(1)).first() is None:
            return 0
    with ledger.transaction() as connection:
        done = connection.execute(sa.update(notices).where(theirs).values(read_at=at))
        return int(done.rowcount)
