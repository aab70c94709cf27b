"""Processes that are killed and started again, as an orchestrator would start them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Unit:
    """One program with its log and its surroundings; killed, it can be started again."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        env: Mapping[str, str],
        user: str | None = None,
        before: Sequence[str] = (),
    ) -> None:
        self.name, self.log, self.env, self.user = name, log, dict(env), user
        self.command = [*before, *map(str, command)]
        self.process: subprocess.Popen[bytes] | None = None
        self.starts = 0

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self) -> int:
        """Its number; 0 when it does not run."""
        return self.process.pid if self.process and self.alive else 0

    def start(self) -> None:
        """Start it, in a group of its own."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=os.environ | self.env, cwd="/" if self.user else ROOT, user=self.user,
                start_new_session=True,
            )  # fmt: skip
        self.starts += 1

    def kill(self, *, children: bool = True) -> list[int]:
        """SIGKILL, by default with all that it has started; gives whom it hit."""
        mine = [self.pid, *(descendants(self.pid) if children else [])] if self.pid else []
        hit = [pid for pid in mine if end(pid)]
        if self.process:
            self.process.wait()
        return hit

    def stop(self, patience: float = 20) -> None:
        """Ask it to end, and see to it that it does, and all that it has started."""
        if self.process is None:
            return
        rest = descendants(self.pid) if self.pid else []
        with suppress(ProcessLookupError):
            self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(patience)
        self.kill()
        for pid in rest:
            end(pid)


def python(*arguments: str | Path) -> list[str]:
    """A command of our own interpreter."""
    return [sys.executable, *map(str, arguments)]


def end(pid: int, how: signal.Signals = signal.SIGKILL) -> bool:
    """Send a signal; whether there was anybody to take it."""
    with suppress(ProcessLookupError):
        os.kill(pid, how)
        return True
    return False


def descendants(pid: int) -> list[int]:
    """Everything this process has started, and what that has started."""
    below = children_of(_parents(), pid)
    return list(below)


def children_of(parents: Mapping[int, int], pid: int) -> Iterator[int]:
    """Of a table of parents, everything below one of them."""
    for child, parent in parents.items():
        if parent == pid:
            yield child
            yield from children_of(parents, child)


def _parents() -> dict[int, int]:
    return {pid: parent for pid in _numbers() if (parent := _parent(pid))}


def _numbers() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _parent(pid: int) -> int:
    with suppress(OSError, IndexError, ValueError):
        # The name stands in brackets and may hold anything.
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def environment(pid: int, name: str) -> str:
    """One variable of a running process; empty where it has none, or has ended."""
    wanted = f"{name}=".encode()
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if line.startswith(wanted):
                return line.removeprefix(wanted).decode()
    return ""


def wait_until(
    what: str, true: Callable[[], object], patience: float = 120, pause: float = 0.2
) -> None:
    """Ask again until it is true. Raises RuntimeError when patience ends."""
    by = time.monotonic() + patience
    while time.monotonic() < by:
        if true():
            return
        time.sleep(pause)
    raise RuntimeError(f"{what}: not within {patience:.0f} s")
