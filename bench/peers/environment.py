"""An environment of their own for the peers, and their scripts run in it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.databases import Databases, Postgres, Sqlite
from bench.measure import Measured

HERE = Path(__file__).parent
REQUIREMENTS = HERE / "requirements.txt"
STAMP = "peers.txt"
LIMIT = 900
"""Seconds that one step of a peer may take."""


@contextmanager
def environment(folder: Path | None) -> Iterator[Path]:
    """The interpreter of the peers' environment: in the folder, kept for the next run, or in a
    temporary one."""
    if folder is not None:
        yield _made(folder.absolute())
        return
    with TemporaryDirectory(prefix="duban-peers-") as temporary:
        yield _made(Path(temporary) / "environment")


def _made(folder: Path) -> Path:
    wanted, stamp = REQUIREMENTS.read_text("utf-8"), folder / STAMP
    python = folder / "bin" / "python"
    if stamp.exists() and stamp.read_text("utf-8") == wanted:
        return python
    # What is made anew is emptied first: never an environment of somebody else.
    if folder.exists() and not stamp.exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty and not made by this; name another folder")
    print(f"installing the peers into {folder}", file=sys.stderr, flush=True)
    new, install = _commands(folder, python)
    _call(new)
    stamp.write_text("", "utf-8")
    _call(install)
    stamp.write_text(wanted, "utf-8")
    return python


def _commands(folder: Path, python: Path) -> tuple[list[str], list[str]]:
    """To make an environment, and to install into it."""
    if uv := shutil.which("uv"):
        return (
            [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", str(python), "-r", str(REQUIREMENTS)],
        )
    return (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [str(python), "-m", "pip", "install", "--quiet", "-r", str(REQUIREMENTS)],
    )


def _call(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")


@dataclass(frozen=True, slots=True)
class Peer:
    """A script of ours that drives one peer on one database."""

    python: Path
    script: str
    url: str

    def __call__(self, step: str, *options: str | int | Path) -> Measured:
        """One step in a process of its own; what it said of itself."""
        path = HERE / "scripts" / self.script
        command = [str(part) for part in (self.python, path, step, *options)]
        with TemporaryDirectory(prefix="duban-peer-") as folder:
            done = subprocess.run(
                command, cwd=folder, env=self._surroundings(), capture_output=True, text=True,
                check=False, timeout=LIMIT,
            )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-4000:]}")
        return Measured(**json.loads(done.stdout.splitlines()[-1]))

    def _surroundings(self) -> dict[str, str]:
        ours = ("DUBAN_", "PREFECT_", "PYTHON", "VIRTUAL_ENV")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return kept | {"PEER_DATABASE": self.url, "PYTHONDONTWRITEBYTECODE": "1"}


def empty(databases: Databases, name: str) -> str:
    """The URL of a new database without anything of ours in it."""
    if isinstance(databases, Postgres):
        return databases.copy("template1", name)
    assert isinstance(databases, Sqlite)
    return f"sqlite:///{databases.folder / name}"
