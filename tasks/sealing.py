"""签封: sign what is new in the log, and write the checkpoint down outside of the database."""

from datetime import datetime
from pathlib import Path

from ledger import journal
from ledger.database import Ledger
from ledger.journal import Seal
from tasks import keys


def seal(ledger: Ledger, home: Path, at: datetime) -> Seal | None:
    """The newest checkpoint, made now or before; None when there is nothing that may be signed.

    Nothing may be while the checkpoint written down last is missing from the database.
    """
    key, last = keys.signing_key(home), keys.last_seal(home)
    sealed = journal.seal(ledger, at, key, last)
    if sealed and sealed != last:
        keys.keep(home, sealed)
    return sealed
