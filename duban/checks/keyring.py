"""Keys and log: whether what was sealed can be opened, and what was written still holds."""

import os
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from duban.checks.finding import Finding, Group, Site, ok, warning, wrong
from ledger import checkup
from ledger.checkup import Trust
from ledger.database import Ledger
from models.words import Trouble, Words
from tasks import keys

SEALED = timedelta(hours=26)
"""An audit an hour seals the log; for a day nobody has when this has passed."""
_RESTORE = Words(
    "从存放密钥副本的地方恢复 DUBAN_HOME/keys。",
    "Restore DUBAN_HOME/keys from where the copy of the keys is kept.",
)


def files(site: Site) -> Iterator[Finding]:
    """Whether the key that signs is there, and nobody else can read any."""
    folder = site.settings.home / "keys"
    if not (folder / "log.pem").exists():
        yield wrong(
            "signing-key",
            Words(
                f"没有签封密钥 {folder / 'log.pem'}。", f"The key that signs is missing: "
                f"{folder / 'log.pem'}."
            ),
            Words(
                f"{_RESTORE.zh}若已丢失，运行 duban init 另生成一把，旧公钥留着备查。",
                f"{_RESTORE.en} If it is lost, duban init makes a new one; keep the old public "
                "key.",
            ),
        )  # fmt: skip
    open_ = [file for file in _secret(folder) if _readable_by_others(file)]
    if open_:
        names = "、".join(file.name for file in open_)
        yield wrong(
            "key-mode",
            Words(f"别人读得到密钥：{names}。", f"Others can read keys: {names}."),
            Words(
                f"chmod 600 {' '.join(map(str, open_))}；若可能已经泄露，轮换密钥。",
                f"chmod 600 {' '.join(map(str, open_))}; if they may have been read, rotate them.",
            ),
        )
    elif (folder / "log.pem").exists():
        yield ok(
            "signing-key",
            "签封密钥在，只有自己能读。",
            "The key that signs is there, for us alone.",
        )


def _secret(folder: Path) -> list[Path]:
    return [file for file in (folder / "log.pem", folder / "channels.key") if file.exists()]


def _readable_by_others(file: Path) -> bool:
    return bool(stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO))


def channels(site: Site, ledger: Ledger) -> Iterator[Finding]:
    """Whether the addresses that lie sealed can be opened with the key that is here."""
    sealed = [url for url in checkup.sealed_addresses(ledger) if url.startswith("sealed:")]
    file = site.settings.home / "keys" / "channels.key"
    if not sealed:
        yield ok("channel-key", "还没有封存的渠道地址。", "No address of a channel is sealed yet.")
        return
    if not file.exists() and not os.environ.get("DUBAN_SECRET_KEY"):
        yield wrong(
            "channel-key",
            Words(
                f"没有渠道密钥 {file}，封存的渠道地址打不开，一条通知也发不出。",
                f"The key of the channels is missing, {file}: their addresses cannot be opened, "
                "and no notice can be sent.",
            ),
            Words(
                f"{_RESTORE.zh}或设 DUBAN_SECRET_KEY。", f"{_RESTORE.en} Or set DUBAN_SECRET_KEY."
            ),
        )
        return
    try:
        vault = keys.vault(site.settings.home)
        for url in sealed:
            vault.open(url)
    except Trouble as trouble:
        yield wrong("channel-key", trouble.words, _RESTORE)
        return
    yield ok(
        "channel-key",
        f"渠道密钥打得开封存的地址（试了 {len(sealed)} 个）。",
        f"The key of the channels opens their addresses ({len(sealed)} tried).",
    )


# -- the log -----------------------------------------------------------------------------------


def log(site: Site, ledger: Ledger) -> Iterator[Finding]:
    """Whether the newest records hold, and are sealed by the key that is here."""
    found = checkup.trust(ledger)
    yield _chain(found)
    yield from _seal(site, found)


def _chain(found: Trust) -> Finding:
    if not found.broken:
        return ok(
            "chain",
            f"最新 {found.checked} 条流转记录相连，未被改动。",
            f"The newest {found.checked} records are linked and as written.",
        )
    first = found.broken[0]
    return wrong(
        "chain",
        Words(
            f"流转记录被改动：案件 {first.case} 第 {first.seq} 条，共 {len(found.broken)} 处。",
            f"Records are not as written: case {first.case}, record {first.seq}; "
            f"{len(found.broken)} places in all.",
        ),
        Words(
            "运行 duban log verify 看全部断处，保留现场，见 docs/verify-log.md。",
            "See every break with duban log verify, touch nothing, and see docs/verify-log.md.",
        ),
    )


def _seal(site: Site, found: Trust) -> Iterator[Finding]:
    todo = Words(
        "看自检（audit）是否每小时在跑；立即跑一次：prefect deployment run audit/audit。",
        "See whether the audit runs every hour; at once: prefect deployment run audit/audit.",
    )
    if found.sealed_at is None:
        if found.unsealed:
            yield warning(
                "seal",
                Words("流转记录还没有签封过。", "The records have never been sealed."),
                todo,
            )
        return
    try:
        known = keys.trusted(site.settings.home)
    except Trouble as trouble:
        yield wrong("seal", trouble.words, _RESTORE)
        return
    if found.sealed_by not in known:
        yield wrong(
            "seal",
            Words(
                "最新签封所用的公钥不在 DUBAN_HOME/keys 中：密钥被换过，或不是这里签的。",
                "The public key of the newest seal is not in DUBAN_HOME/keys: the key was "
                "exchanged, or it was signed elsewhere.",
            ),
            Words(
                f"{_RESTORE.zh}查明是谁签的，再把其公钥放回 keys/*.pub。",
                f"{_RESTORE.en} Find out who signed, and put that public key back as keys/*.pub.",
            ),
        )
        return
    age = site.now - found.sealed_at
    said = Words(
        f"最新签封在 {age.total_seconds() / 3600:.0f} 小时前，其后新增 {found.unsealed} 条记录。",
        f"The newest seal is {age.total_seconds() / 3600:.0f} h old; {found.unsealed} records "
        "have come since.",
    )
    if age > SEALED and found.unsealed:
        yield warning("seal", said, todo)
    else:
        yield ok("seal", *said)


GROUP = Group(Words("密钥与日志", "Keys and log"), (files,), (channels, log))
