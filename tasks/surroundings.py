"""What a task needs from the process it runs in: the ledger and the home folder.

They come from the environment, not as arguments: Prefect keeps arguments, and a database URL
holds a password.
"""

import os
from functools import lru_cache
from pathlib import Path

from ledger.database import Ledger, connect


def ledger() -> Ledger:
    """The ledger named by DUBAN_DATABASE_URL, kept open for the process."""
    return _opened(os.environ["DUBAN_DATABASE_URL"])


def home() -> Path:
    """DUBAN_HOME: where papers wait and the demo's messages lie."""
    return Path(os.environ["DUBAN_HOME"])


@lru_cache(maxsize=4)
def _opened(url: str) -> Ledger:
    return connect(url)
