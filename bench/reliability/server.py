"""A PostgreSQL server of our own that is killed and comes back, with two databases."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from bench.databases import _call, _programs
from bench.reliability.processes import Unit, end, wait_until
from bench.sinks import free_port

SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "max_connections": "120",
}


_AS = ("setpriv", "--regid", "nogroup", "--clear-groups", "--reuid")


class Server:
    """The server, its folder, and how it is reached."""

    def __init__(
        self,
        folder: Path,
        host: str = "127.0.0.1",
        settings: Mapping[str, str] | None = None,
        before: tuple[str, ...] = (),
    ) -> None:
        self.folder, self.host, self.port = folder, host, free_port()
        # The server refuses to run as root.
        self.user = "nobody" if os.getuid() == 0 else None
        said = SETTINGS | {"listen_addresses": host, "port": str(self.port)} | dict(settings or {})
        options = [part for name, value in said.items() for part in ("-c", f"{name}={value}")]
        command: list[str | Path] = [
            _programs() / "postgres",
            "-D",
            folder / "data",
            "-k",
            folder,
            *options,
        ]
        # In a namespace only root comes in: who it is to be is changed behind that door.
        inside = (*before, *_AS, self.user) if before and self.user else before
        user = None if before else self.user
        self.unit = Unit("postgresql", command, folder / "log", {}, user, inside)

    def create(self) -> None:
        """Make the folder of its data."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.user:
            shutil.chown(self.folder, self.user)
        (self.folder / "log").touch()
        how = ("-U", "duban", "-E", "UTF8", "--locale=C", "-A", "trust")
        _call(self.user, _programs() / "initdb", "-D", self.folder / "data", *how)
        hosts = self.folder / "data" / "pg_hba.conf"
        hosts.write_text(hosts.read_text() + "host all all samenet trust\n")

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.unit.start()
        wait_until("PostgreSQL", self._answers_or_again)

    def _answers_or_again(self) -> bool:
        if not self.unit.alive:  # what its killed predecessor shared is not yet let go of
            time.sleep(0.3)
            self.unit.start()
        return self.answers()

    def answers(self) -> bool:
        """Whether it takes connections."""
        with suppress(psycopg.Error, OSError), self.connect("postgres", timeout=2):
            return True
        return False

    def connect(self, database: str, timeout: int = 10) -> psycopg.Connection[Any]:
        """A connection over its socket that commits each statement; named so that it is not
        taken for one of the engine's."""
        return psycopg.connect(
            host=str(self.folder), port=self.port, dbname=database, user="duban",
            autocommit=True, connect_timeout=timeout, application_name="bench",
        )  # fmt: skip

    def new(self, name: str) -> None:
        """Make a database."""
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())

    def role(self, name: str) -> None:
        """Let somebody in under this name."""
        with self.connect("postgres") as connection:
            connection.execute(f"CREATE ROLE {name} SUPERUSER LOGIN".encode())

    def url(self, name: str, driver: str = "postgresql+psycopg", role: str = "duban") -> str:
        """How programs reach a database."""
        return f"{driver}://{role}@{self.host}:{self.port}/{name}"

    def local(self, name: str) -> str:
        """The same over its socket, whatever becomes of the network."""
        return f"postgresql+psycopg://duban@/{name}?host={self.folder}&port={self.port}"

    def kill(self) -> None:
        """SIGKILL to the postmaster alone: its backends see that it is gone, and end."""
        self.unit.kill(children=False)

    def kill_backend(self, role: str) -> str:
        """SIGKILL to one backend of the ledger, best one in the middle of a transaction; gives
        whose. The server then ends all others too and recovers from its log."""
        query = (
            "SELECT pid, usename FROM pg_stat_activity WHERE datname = 'duban' "
            "AND application_name <> 'bench' AND backend_type = 'client backend' "
            "ORDER BY (xact_start IS NOT NULL AND usename = %s) DESC, "
            "xact_start IS NOT NULL DESC, random() LIMIT 1"
        )
        with suppress(psycopg.Error), self.connect("postgres") as connection:
            row = connection.execute(query.encode(), [role]).fetchone()
            if row and end(row[0]):
                return str(row[1])
        return ""

    def stop(self) -> None:
        """End it for good and remove everything."""
        if self.unit.alive:
            with suppress(subprocess.CalledProcessError):
                _call(self.user, _programs() / "pg_ctl", "-D", self.folder / "data",
                      "-m", "immediate", "-w", "stop")  # fmt: skip
        self.unit.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def port_open(host: str, port: int) -> bool:
    """Whether anybody listens there."""
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        return True
    return False
