"""清理: what nobody needs any more: pictures never handed in, old links, sessions and keys,
cases set aside that were closed by hand."""

from collections import Counter
from datetime import datetime, timedelta

from documents.store import Store
from ledger import hooks, links, once, photos, setting_aside
from ledger.database import Ledger

LOOSE_FOR = timedelta(days=7)
"""As long as a phone may be without signal between a picture and the finding it belongs to."""
OVER_FOR = timedelta(days=30)
"""As long as somebody may ask who was signed in from where."""
BATCH = 200


def tidy(ledger: Ledger, store: Store, at: datetime) -> Counter[str]:
    """Forget them; counts `pictures`, `sign_ins`, `keys`, `calls` and `aside`."""
    with ledger.transaction() as connection:
        aside = setting_aside.tidy(connection)
    return Counter(
        pictures=_pictures(ledger, store, at),
        sign_ins=links.forget(ledger, at - OVER_FOR),
        keys=once.forget_before(ledger, at - once.KEPT),
        calls=hooks.forget(ledger, at - hooks.KEPT),
        aside=aside,
    )


def _pictures(ledger: Ledger, store: Store, at: datetime) -> int:
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
