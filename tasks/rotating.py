"""换密钥: another key for the log, another one for the channels."""

from datetime import datetime
from pathlib import Path

from ledger.database import Ledger
from ledger.resealing import reseal
from tasks import keys, sealing


def signing(ledger: Ledger, home: Path, at: datetime) -> str:
    """Have another key sign from now on; gives its public half, in hexadecimal.

    What is not signed yet is signed with the old one first.
    """
    sealing.seal(ledger, home, at)
    public = keys.renew_signing(home)
    sealing.seal(ledger, home, at)
    return public


def channels(ledger: Ledger, home: Path) -> int:
    """Seal with a new key what lies sealed; gives how much that was.

    The old keys still open: older backups, and processes that have read the file before.
    """
    keys.renew_channels(home)
    safe = keys.vault(home)

    def again(text: str) -> str:
        return safe.seal(safe.open(text)) if safe.sealed(text) else text

    return reseal(ledger, again)
