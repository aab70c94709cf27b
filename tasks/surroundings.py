"""What a task needs from the process it runs in: the ledger, the home folder, the portal, pictures.

They come from the environment, not as arguments: Prefect keeps arguments, and a database URL
holds a password.
"""

import os
from functools import lru_cache
from pathlib import Path

from documents.store import Store
from ledger.database import Ledger, connect
from notices.vault import Vault
from tasks import keys


def ledger() -> Ledger:
    """The ledger named by DUBAN_DATABASE_URL, kept open for the process."""
    return _opened(os.environ["DUBAN_DATABASE_URL"])


def home() -> Path:
    """DUBAN_HOME: where papers wait and the demo's messages lie."""
    return Path(os.environ["DUBAN_HOME"])


def portal() -> str:
    """DUBAN_PORTAL_URL: the address people reach the portal by; empty where there is none."""
    return os.environ.get("DUBAN_PORTAL_URL", "")


def store() -> Store:
    """DUBAN_PHOTOS: where pictures are kept; `photos` in the home folder by default."""
    return Store(os.environ.get("DUBAN_PHOTOS") or str(home() / "photos"))


def hooks_private() -> bool:
    """DUBAN_HOOKS_PRIVATE: whether other systems of the own network may be called."""
    return os.environ.get("DUBAN_HOOKS_PRIVATE", "").lower() in ("1", "true", "yes", "on")


def mailbox() -> str:
    """DUBAN_IMAP_URL: where mail is fetched; empty where nowhere. It holds a password."""
    return os.environ.get("DUBAN_IMAP_URL", "")


def mail_domain() -> str:
    """DUBAN_MAIL_DOMAIN: the domain of the address notices are sent from; empty: not known."""
    return os.environ.get("DUBAN_MAIL_DOMAIN", "")


def vault() -> Vault:
    """What channel addresses are sealed with."""
    return keys.vault(home())


@lru_cache(maxsize=4)
def _opened(url: str) -> Ledger:
    return connect(url)
