"""The demo city on a ledger of its own, where everybody is reached through one mail server."""

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench.reliability.processes import ROOT, python
from duban.demo import FOLDER

DOMAIN = "city.example"
DUBAN = python("-c", "from duban.cli import main; main()")
"""The command `duban` of this very tree."""


def set_up(env: Mapping[str, str], mail_port: int) -> None:
    """Make the ledger named by `env` with its home, the demo city in it, its accounts, and
    everybody's mailbox behind the mail server at this port."""
    duban(env, "init", "--demo")
    file = Path(env["DUBAN_HOME"]) / "mailed.yaml"
    file.write_text(mailed(mail_port), "utf-8")
    duban(env, "load", str(file))


def mailed(port: int) -> str:
    """The demo city; where messages lay in folders, they go by mail."""
    text = (FOLDER / "city.yaml").read_text("utf-8")
    return re.sub(
        r'"folder://([\w-]+)"',
        rf'"mailto://127.0.0.1:{port}?from=duban@{DOMAIN}&to=\1@{DOMAIN}"',
        text,
    )


def duban(env: Mapping[str, str], *arguments: str) -> str:
    """Run one command of ours; gives what it said. Raises where it failed."""
    done = subprocess.run(
        [*DUBAN, *arguments], env=os.environ | dict(env), cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        said = f"{done.stdout[-2000:]}{done.stderr[-2000:]}"
        raise RuntimeError(f"duban {' '.join(arguments)}: {said}")
    return done.stdout
