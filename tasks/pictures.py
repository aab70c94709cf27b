"""照片清理: pictures that were uploaded and never handed in are not kept for ever."""

from datetime import datetime, timedelta

from documents.store import Store
from ledger import photos
from ledger.database import Ledger

LOOSE_FOR = timedelta(days=7)
"""As long as a phone may be without signal between a picture and the finding it belongs to."""
BATCH = 200


def tidy(ledger: Ledger, store: Store, at: datetime) -> int:
    """Forget pictures that have lain loose for a week, and their files; gives how many."""
    done = 0
    while True:
        with ledger.transaction() as connection:
            loose = photos.loose_before(connection, at - LOOSE_FOR)[:BATCH]
            # The files first: a crash in between leaves rows that are forgotten the next time.
            for path in photos.forget(connection, [photo.id for photo in loose]):
                store.delete(path)
        done += len(loose)
        if len(loose) < BATCH:
            return done
