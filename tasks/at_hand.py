"""手头的密钥: which keys a backup was made beside, and whether those here are enough for it.

Nothing is made here: a key that is missing stays missing, and that is said.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from models.words import Trouble, Words
from notices.vault import Vault
from tasks import keys


def fingerprints(home: Path) -> dict[str, list[str]]:
    """The public signing keys, and by what the keys of the channels are known: none opens."""
    channels = [sha256(key.encode()).hexdigest()[:16] for key in _channel_keys(home)]
    return {"signing": keys.trusted(home), "channels": channels}


def lacking(home: Path, sealed: Sequence[str], seal: Mapping[str, Any] | None) -> Iterator[Words]:
    """What cannot be done with the keys at hand, of what a ledger holds."""
    shut = _shut(home, sealed)
    if shut:
        yield Words(
            f"有 {shut} 个渠道地址或外发接口用手头的密钥解不开：请恢复 DUBAN_HOME/keys/channels.key"
            "（或 DUBAN_SECRET_KEY），否则这些渠道发不出通知。",
            f"{shut} addresses of channels or hooks cannot be opened with the keys at hand: "
            "restore keys/channels.key in DUBAN_HOME (or DUBAN_SECRET_KEY), or nothing goes out "
            "by them.",
        )
    if seal and seal["key"] not in keys.trusted(home):
        yield Words(
            f"签封所用的公钥 {seal['key'][:8]}… 不在 DUBAN_HOME/keys，未能核对签封。请恢复 keys。",
            f"The public key of the seals, {seal['key'][:8]}…, is not in DUBAN_HOME/keys: they "
            "could not be checked. Restore the folder keys.",
        )
    elif seal and not (home / "keys" / "log.pem").exists():
        yield Words(
            "签封的私钥 keys/log.pem 不在手头：可核对，不能续签，下次自检会另生成一把。",
            "The private key keys/log.pem is not at hand: seals can be checked but not continued; "
            "the next audit makes another key.",
        )


def later(home: Path, seal: Mapping[str, Any] | None) -> Iterator[Words]:
    """Whether more had been sealed here than what was restored reaches."""
    last = keys.last_seal(home)
    if last is None:
        return
    restored = datetime.fromisoformat(seal["at"]) if seal else None
    if restored is None or last.at > restored:
        yield Words(
            f"此处记下的最新签封（{last.at:%Y-%m-%d %H:%M}Z，第 {last.position} 条）晚于备份："
            "其后的记录不在备份中。核实并记录原因后，请移走 "
            "keys/last-checkpoint.json，否则不再签封。",
            f"The newest seal written down here ({last.at:%Y-%m-%d %H:%M}Z, entry {last.position}) "
            "is later than the backup: what was recorded after it is not in it. Once the reason "
            "is on file, move keys/last-checkpoint.json away; until then nothing is sealed.",
        )


def _channel_keys(home: Path) -> list[str]:
    file = home / "keys" / "channels.key"
    try:
        text = os.environ.get("DUBAN_SECRET_KEY", "") or file.read_text("ascii")
    except (OSError, UnicodeError):
        return []
    return text.split()


def _shut(home: Path, sealed: Sequence[str]) -> int:
    """How many of these the keys at hand do not open."""
    known = _channel_keys(home)
    if not known:
        return sum(text.startswith("sealed:") for text in sealed)
    try:
        vault = Vault(known)
    except ValueError:
        return len(sealed)
    return sum(not _opens(vault, text) for text in sealed)


def _opens(vault: Vault, text: str) -> bool:
    try:
        vault.open(text)
    except Trouble:
        return False
    return True
