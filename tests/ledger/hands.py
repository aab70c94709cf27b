"""Processes of the engine, as a test starts, kills and questions them."""

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def start(*arguments: object) -> subprocess.Popen[str]:
    """Start a hand, and wait until it is about to begin its work."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.ledger.hand", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def answer(process: subprocess.Popen[str]) -> Any:
    """What a hand said when it was done."""
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return json.loads(said)


def run(*arguments: object) -> Any:
    """Have a hand do its work undisturbed; gives what it said."""
    return answer(start(*arguments))


def kill(within: float, *arguments: object) -> bool:
    """Start a hand and kill it at a random instant; whether it was still at work."""
    process = start(*arguments)
    time.sleep(random.uniform(0, within))
    at_work = process.poll() is None
    process.kill()
    process.communicate()
    return at_work
