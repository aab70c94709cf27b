"""Connections kept open for the next message: few, young, never used by two at once."""

import threading
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Generic, Protocol, TypeVar


class Connection(Protocol):
    """What can be kept: when it was opened (by the pool's clock), and how often it was used."""

    opened: float
    used: int

    def close(self) -> None: ...


K = TypeVar("K", bound=Hashable)
C = TypeVar("C", bound=Connection)


class Pool(Generic[K, C]):
    """Idle connections by login, for any number of threads.

    At most `most` lie idle, none longer than `idle` seconds: firewalls forget silent
    connections. None is used more than `uses` times or beyond `age` seconds: servers count both.
    """

    def __init__(
        self,
        most: int = 16,
        idle: float = 30.0,
        age: float = 300.0,
        uses: int = 50,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.most, self.idle, self.age, self.uses, self._clock = most, idle, age, uses, clock
        self._lock = threading.Lock()
        self._lying: list[tuple[K, C, float]] = []
        self._watched = False

    def __len__(self) -> int:
        return len(self._lying)

    def take(self, key: K) -> C | None:
        """The connection of this login that was given back last, if it is still fresh."""
        self.tidy()
        with self._lock:
            mine = [n for n, (theirs, _, _) in enumerate(self._lying) if theirs == key]
            return self._lying.pop(mine[-1])[1] if mine else None

    def give(self, key: K, connection: C) -> None:
        """Give a connection back: nothing may be under way on it."""
        if connection.used >= self.uses or self._clock() - connection.opened >= self.age:
            connection.close()
            return
        with self._lock:
            self._lying.append((key, connection, self._clock()))
            over = [self._lying.pop(0)[1] for _ in range(len(self._lying) - self.most)]
            if not self._watched:
                self._watched = True
                threading.Thread(target=self._watch, name="kept", daemon=True).start()
        _close(over)

    def tidy(self) -> None:
        """Close what has lain too long or is too old."""
        now = self._clock()
        with self._lock:
            old = [c for _, c, since in self._lying if self._is_old(c, since, now)]
            self._lying = [row for row in self._lying if row[1] not in old]
        _close(old)

    def clear(self) -> None:
        """Close everything that lies idle."""
        with self._lock:
            all_, self._lying = [connection for _, connection, _ in self._lying], []
        _close(all_)

    def _is_old(self, connection: C, since: float, now: float) -> bool:
        return now - since >= self.idle or now - connection.opened >= self.age

    def _watch(self) -> None:
        """Close what nobody comes for any more; ends when nothing is left."""
        while True:
            time.sleep(self.idle / 2)
            self.tidy()
            with self._lock:
                self._watched = bool(self._lying)
                if not self._watched:
                    return

    def forget(self) -> None:
        """Know of none. For a child process: what it said on its copies would garble ours."""
        self._lock, self._lying, self._watched = threading.Lock(), [], False


def _close(connections: Iterable[Connection]) -> None:
    for connection in connections:
        connection.close()
