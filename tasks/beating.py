"""心跳: a round says that it went through, in the ledger and to a watch outside."""

import logging
import os
from collections.abc import Mapping, Sequence

import requests

from ledger import heartbeats
from ledger.database import DatabaseTrouble
from rules.heartbeat import FOLLOWS_UP, LATE, delayed_since, kind, stale
from tasks.sending import now
from tasks.surroundings import ledger

_log = logging.getLogger("duban.beating")

PATIENCE = 5
"""Seconds the watch outside may take to answer."""


def went_well(
    name: str, took: float, counts: Mapping[str, int], together: Sequence[str] = ()
) -> None:
    """The round `name` has gone well in `took` seconds, and did this; see `heartbeats.beat`."""
    at = now()
    heartbeats.beat(ledger(), name, at, took, counts, together)
    if kind(name) in FOLLOWS_UP and delayed_since(_beats(), at) is None:
        _call_watch("")


def failed(name: str, why: str) -> None:
    """The round `name` has failed. Best effort: what made it fail may keep this from being said."""
    _write_down(name, why)
    _call_watch("/fail")


def alarm(name: str, why: str) -> None:
    """The round `name` is in trouble, as somebody else found; it may have said so itself.

    One that was missed may have come since: after an outage the news of it is the older.
    """
    try:
        beats = _beats()
    except DatabaseTrouble:  # said below
        beats = ()
    if why.startswith(LATE) and _came(beats, name):
        _log.warning("%s was missed, and has come since", name)
        return
    if not any(beat.name == name and beat.failures for beat in beats):
        _write_down(name, why)
    _call_watch("/fail")


def _came(beats: Sequence[heartbeats.Beat], name: str) -> bool:
    known = [beat for beat in beats if beat.name == name and beat.at]
    return bool(known) and name not in stale(known, now())


def _beats() -> Sequence[heartbeats.Beat]:
    with ledger().snapshot() as connection:
        return heartbeats.all_beats(connection)


def _write_down(name: str, why: str) -> None:
    try:
        heartbeats.stumble(ledger(), name, now(), why)
    except DatabaseTrouble as trouble:
        _log.warning("%s failed, and could not write it down: %s", name, trouble)


def _call_watch(what: str) -> None:
    """Tell whoever watches from outside; its address is a secret, and its absence no matter."""
    url = os.environ.get("DUBAN_HEARTBEAT_URL")
    if not url:
        return
    try:
        requests.get(url.rstrip("/") + what, timeout=PATIENCE)
    except requests.RequestException as error:
        _log.warning("the watch outside could not be told: %s", type(error).__name__)
