"""What is under way at this instant: seen at the database, and at the mail server's file."""

from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.reliability.server import Server

IMPORT, SWEEP, DELIVERY = "import", "sweep", "delivery"
PHASES = (IMPORT, SWEEP, DELIVERY)
ROLES = {IMPORT: "importer", SWEEP: "sweeper", DELIVERY: "carrier"}
"""The names under which the programs of each phase are known to the database."""

_WRITING = (
    b"SELECT DISTINCT usename FROM pg_stat_activity "
    b"WHERE datname = 'duban' AND backend_xid IS NOT NULL"
)


@dataclass(slots=True)
class Watch:
    """Looks at the database from a session of its own, and again after that was killed."""

    postgres: Server
    taken: Path
    """What the mail server took."""
    _session: psycopg.Connection[tuple[str]] | None = None
    _taken: int = 0

    def under_way(self) -> set[str]:
        """Which phases are in the middle of their work: a transaction that has written, or a
        message taken since the last look."""
        writing, size = self._writing(), self._size()
        found = {phase for phase, role in ROLES.items() if role in writing}
        if size > self._taken:
            found.add(DELIVERY)
        self._taken = size
        return found

    def _size(self) -> int:
        file = self.taken
        return file.stat().st_size if file.exists() else 0

    def _writing(self) -> set[str]:
        try:
            if self._session is None:
                self._session = _open(self.postgres)
            return {row[0] for row in self._session.execute(_WRITING)}
        except psycopg.Error:
            self.close()
            return set()

    def close(self) -> None:
        """Let go of the session."""
        if self._session is not None:
            self._session.close()
        self._session = None


def _open(postgres: Server) -> psycopg.Connection[tuple[str]]:
    return postgres.connect("duban", timeout=2)
