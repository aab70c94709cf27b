"""Fetching mail from a mailbox (IMAP4rev1, RFC 3501): each is marked as seen once it was taken.

A crash in between leaves it unseen: it is fetched again, and taken for the one it was.
"""

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import unquote, urlsplit

from models.words import Trouble
from notices.incoming.reading import MOST_BYTES

BATCH = 20
MOST = 500
"""Mails of one round: what is more waits for the next."""
TIMEOUT = 30.0
_PORTS = {"imaps": 993, "imap": 143}


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Where mail is fetched. Its address is `imaps://user:password@host:993/INBOX`."""

    host: str
    port: int
    secure: bool
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"

    @classmethod
    def read(cls, url: str) -> "Mailbox":
        """From its address. Raises Trouble, whose words do not repeat it."""
        try:
            said = urlsplit(url.strip())
            port = said.port or _PORTS[said.scheme]
            folder = unquote(said.path.strip("/")) or "INBOX"
            found = cls(
                said.hostname or "", port, said.scheme == "imaps",
                unquote(said.username or ""), unquote(said.password or ""), folder,
            )  # fmt: skip
        except (ValueError, KeyError):
            raise _unreadable() from None
        if not (found.host and found.user and found.password and _plain(found)):
            raise _unreadable()
        return found


def _plain(mailbox: Mailbox) -> bool:
    """No line ends or quotes, which could be taken for commands."""
    return not re.search(r"[\x00-\x1f\x7f\"\\]", mailbox.folder + mailbox.user + mailbox.password)


def _unreadable() -> Trouble:
    return Trouble(
        "DUBAN_IMAP_URL 读不出。应写作 imaps://用户名:口令@主机:993/INBOX，用户名和口令里的 @ : / "
        "写成 %40 %3A %2F。请改正后重试。",
        "DUBAN_IMAP_URL cannot be read. It is written as imaps://user:password@host:993/INBOX, "
        "with @ : / in user and password as %40 %3A %2F. Correct it and try again.",
    )


def fetch(mailbox: Mailbox, take: Callable[[bytes], object], most: int = MOST) -> int:
    """Give every unseen mail to `take`, then mark it as seen; gives how many were taken.

    What `take` raises ends the round, and that mail stays unseen. Raises Trouble where the
    mailbox cannot be reached or opened.
    """
    done = 0
    with _opened(mailbox) as box:
        for batch in _batches(_unseen(box)[:most]):
            for uid in batch:
                data = _mail(box, uid)
                if data is not None:
                    take(data)
                    done += 1
                _asked(box, "STORE", uid, "+FLAGS.SILENT", r"(\Seen)")
    return done


def knock(mailbox: Mailbox, patience: float) -> None:
    """Open the mailbox and leave it as it is; it has `patience` seconds for each answer.

    Raises Trouble where it cannot be reached or opened.
    """
    with _opened(mailbox, patience):
        pass


@contextmanager
def _opened(mailbox: Mailbox, patience: float = TIMEOUT) -> Iterator[imaplib.IMAP4]:
    box: imaplib.IMAP4 | None = None
    try:
        box = _connected(mailbox, patience)
        box.login(mailbox.user, mailbox.password)
        answer, _ = box.select(f'"{mailbox.folder}"')
        if answer != "OK":
            raise _cannot(f"没有文件夹 {mailbox.folder}", f"there is no folder {mailbox.folder}")
        yield box
    except (OSError, imaplib.IMAP4.error) as error:
        # Its words may repeat the password: only what kind of error it was is said.
        raise _cannot(*_CAUSES.get(type(error), (type(error).__name__,) * 2)) from None
    finally:
        if box is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                box.logout()


def _connected(mailbox: Mailbox, patience: float) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if mailbox.secure:
        return imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=context, timeout=patience)
    box = imaplib.IMAP4(mailbox.host, mailbox.port, timeout=patience)
    if not _here(mailbox.host):
        try:
            box.starttls(context)
        except BaseException:
            box.shutdown()
            raise
    return box


def _here(host: str) -> bool:
    """Whether the way there leaves this machine: then nothing goes in the clear."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


_CAUSES: dict[type[BaseException], tuple[str, str]] = {
    imaplib.IMAP4.error: ("登录或命令被拒", "the login or a command was refused"),
    imaplib.IMAP4.abort: ("连接中断", "the connection broke"),
    imaplib.IMAP4.readonly: ("文件夹只读", "the folder cannot be written"),
    ConnectionRefusedError: ("连接不上", "nothing listens there"),
    TimeoutError: ("没有按时答复", "it did not answer in time"),
    ssl.SSLCertVerificationError: ("证书不可信", "its certificate cannot be trusted"),
}


def _cannot(zh: str, en: str) -> Trouble:
    return Trouble(
        f"收信信箱打不开：{zh}。信还在信箱里，下一轮再收。请核对 DUBAN_IMAP_URL 的主机、端口、"
        "用户名和口令（多数邮箱要开通 IMAP 并用授权码）。",
        f"The mailbox cannot be opened: {en}. What is in it stays there until the next round. "
        "Check host, port, user and password in DUBAN_IMAP_URL (most providers want IMAP switched "
        "on, and a code of its own instead of the password).",
    )


# -- the conversation --------------------------------------------------------------------------


def _unseen(box: imaplib.IMAP4) -> list[str]:
    found = _asked(box, "SEARCH", "UNSEEN")
    return found[0].decode("ascii").split() if found and isinstance(found[0], bytes) else []


def _batches(uids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(uids), BATCH):
        yield uids[start : start + BATCH]


def _mail(box: imaplib.IMAP4, uid: str) -> bytes | None:
    """The bytes of a mail, one more than are read at most; None where it is gone meanwhile."""
    found = _asked(box, "FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES + 1}>)")
    return next((part[1] for part in found if isinstance(part, tuple)), None)


def _asked(box: imaplib.IMAP4, *command: str) -> list[bytes | tuple[bytes, bytes]]:
    answer, data = box.uid(*command)
    if answer != "OK":
        raise imaplib.IMAP4.error(command[0])
    return data
