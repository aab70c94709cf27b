"""密钥: the key that signs the log, the public keys it is verified with, the key of the channels.

They lie in DUBAN_HOME/keys, away from the database: whoever can write to the one cannot, for
that alone, sign in the name of the other. The private key is read here and nowhere else; it is
never an argument of a task, for Prefect keeps arguments.
"""

import json
import os
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import mkstemp

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledger.journal import Seal
from models.words import Trouble
from notices.vault import Vault, new_key


def signing_key(home: Path) -> Ed25519PrivateKey:
    """The key that signs, made on first use; its public half is then in keys/log.pub."""
    file = home / "keys" / "log.pem"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make(file)
        key = _read(file)
        _publish(file.with_name("log.pub"), public_hex(key))
    except OSError as error:
        raise Trouble(
            f"不能在 {file.parent} 写入签封密钥：{error.strerror}。请让 DUBAN_HOME 可写。",
            f"The key cannot be kept in {file.parent}: {error.strerror}. DUBAN_HOME must be one "
            "that can be written.",
        ) from None
    return key


def vault(home: Path) -> Vault:
    """What channel addresses are sealed with: DUBAN_SECRET_KEY, else keys/channels.key.

    The file is made on first use. Either may hold several keys, one a line (or parted by
    spaces): the first seals, all open.
    """
    said = os.environ.get("DUBAN_SECRET_KEY", "") or _channel_keys(home / "keys" / "channels.key")
    try:
        return Vault(said.split())
    except ValueError:
        raise Trouble(
            "渠道密钥读不出：DUBAN_SECRET_KEY 或 keys/channels.key 中每行应是一把 44 个字符的"
            "密钥。请从备份恢复。",
            "The key of the channels cannot be read: DUBAN_SECRET_KEY or keys/channels.key holds "
            "keys of 44 characters, one a line. Restore it from a backup.",
        ) from None


def _channel_keys(file: Path) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _write(file, f"{new_key()}\n".encode(), 0o600, new=True)
        return file.read_text("ascii")
    except (OSError, UnicodeError) as error:
        raise Trouble(
            f"不能读写渠道密钥 {file}：{error}。请让 DUBAN_HOME 可写，或设 DUBAN_SECRET_KEY。",
            f"The key of the channels, {file}, cannot be kept or read: {error}. DUBAN_HOME must "
            "be one that can be written; or set DUBAN_SECRET_KEY.",
        ) from None


def renew_signing(home: Path) -> str:
    """Put another key in the place of the one that signs; gives its public half.

    The old one is gone, its public half stays trusted.
    """
    _make(home / "keys" / "log.pem", new=False)
    # Broken off here, the next use of the key publishes its public half.
    return public_hex(signing_key(home))


def renew_channels(home: Path) -> None:
    """Put a new key before those of the file; where DUBAN_SECRET_KEY holds them, they are there."""
    if os.environ.get("DUBAN_SECRET_KEY"):
        return
    file = home / "keys" / "channels.key"
    _write(file, f"{new_key()}\n{_channel_keys(file)}".encode(), 0o600)


def public_hex(key: Ed25519PrivateKey) -> str:
    """The public half, 32 bytes in hexadecimal."""
    return key.public_key().public_bytes_raw().hex()


def trusted(home: Path) -> list[str]:
    """Every public key in keys/*.pub, in hexadecimal; the one that signs now comes first."""
    files = sorted((home / "keys").glob("*.pub"), key=lambda file: (file.stem != "log", file.stem))
    return [_public(file) for file in files]


def last_seal(home: Path) -> Seal | None:
    """The newest checkpoint as it was written down outside of the database."""
    file = home / "keys" / "last-checkpoint.json"
    if not file.exists():
        return None
    try:
        said = json.loads(file.read_text("utf-8"))
        return Seal(**said | {"at": datetime.fromisoformat(said["at"])})
    except (OSError, ValueError, TypeError, KeyError):
        raise Trouble(
            f"{file} 读不出来，无法核对最新签封。请从备份恢复；确认无误后可删除，下次自检重写。",
            f"{file} cannot be read, so the newest checkpoint cannot be compared. Restore it from "
            "a backup; or, once you know why, delete it: the next audit writes it again.",
        ) from None


def keep(home: Path, seal: Seal) -> None:
    """Write the newest checkpoint down outside of the database."""
    said = asdict(seal) | {"at": seal.at.isoformat()}
    text = json.dumps(said, indent=2) + "\n"
    _write(home / "keys" / "last-checkpoint.json", text.encode(), 0o644)


def _make(file: Path, *, new: bool = True) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    _write(file, pem, 0o600, new=new)


def _read(file: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError):
        key = None
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise Trouble(
        f"{file} 不是可用的 Ed25519 私钥，日志无法签封。请从备份恢复；若已丢失，移走该文件，"
        "下次自检会另生成一把，旧公钥保留备查。",
        f"{file} is not an Ed25519 private key that can be read, so the log cannot be signed. "
        "Restore it from a backup; if it is lost, move the file away: the next audit makes a new "
        "one and keeps the old public key.",
    )


def _publish(file: Path, public: str) -> None:
    """Write the public half. One that it replaces stays trusted, under a name of its own."""
    if file.exists():
        old = _public(file)
        if old == public:
            return
        file.replace(file.with_name(f"log-{old[:8]}.pub"))
    _write(file, f"{public}\n".encode(), 0o644)


def _public(file: Path) -> str:
    try:
        text = file.read_text("ascii").strip().lower()
        if len(bytes.fromhex(text)) == 32:
            return text
    except (OSError, ValueError):
        pass
    raise Trouble(
        f"{file} 不是公钥：应为 64 位十六进制数字。请改正或移走。",
        f"{file} is not a public key: 64 hexadecimal digits are expected. Correct it, or move it "
        "away.",
    )


def _write(file: Path, data: bytes, mode: int, *, new: bool = False) -> None:
    """Write a file whole or not at all; with `new`, leave one that is there already."""
    handle, name = mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "wb") as out:
            os.fchmod(out.fileno(), mode)
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        if not new:
            Path(name).replace(file)
            return
        with suppress(FileExistsError):  # two first uses at once: one key wins, both read it
            os.link(name, file)
    finally:
        Path(name).unlink(missing_ok=True)
