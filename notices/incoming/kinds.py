"""What a mail is, as one table: the first row that fits decides, and says why."""

import re
from collections.abc import Callable
from typing import NamedTuple

from models.incoming import IncomingKind as Kind
from models.words import Words
from notices.incoming.reading import Came
from notices.incoming.reports import Fate

MOST_HOPS = 30
"""A mail passes three to eight servers; what has passed so many goes in circles."""


class Verdict(NamedTuple):
    """What a mail is, and why it was taken for that."""

    kind: Kind
    why: Words


def judge(came: Came, domain: str = "") -> Verdict | None:
    """What a mail is by itself. None: somebody wrote it, and who and about what is to be seen.

    `domain` is the one our Message-IDs are made under, where it is known.
    """
    if came.trouble is not None:
        return Verdict(Kind.UNKNOWN, came.trouble)
    for kind, fits, why in _ROWS:
        if fits(came, domain):
            return Verdict(kind, why)
    return None


def _has(*names: str) -> Callable[[Came, str], bool]:
    return lambda came, _: any(name in came.marks for name in names)


def _says(name: str, said: str) -> Callable[[Came, str], bool]:
    return lambda came, _: bool(re.match(said, came.marks.get(name, ""), re.IGNORECASE))


def _is(*fates: Fate) -> Callable[[Came, str], bool]:
    return lambda came, _: came.report is not None and came.report.fate in fates


def _from_nobody(came: Came) -> bool:
    return came.marks.get("return-path", "").strip() == "<>"


def _ours(came: Came, domain: str) -> bool:
    local, _, theirs = came.message_id.rpartition("@")
    return bool(domain) and theirs.lower() == domain.lower() and local.startswith("m.")


def _away(came: Came, domain: str) -> bool:
    said = re.match(
        r"\W*(自动(回复|答复)|休假|外出|auto\w*[ -]*(reply|response)|out of (the )?office)",
        came.subject, re.IGNORECASE,
    )  # fmt: skip
    return bool(said) and _from_nobody(came)


_ROWS: tuple[tuple[Kind, Callable[[Came, str], bool], Words], ...] = (
    (Kind.LOOP, _has("x-duban"), Words("本系统发出的邮件绕了回来", "a mail of our own came back")),
    (Kind.LOOP, _ours, Words("邮件编号是本系统的，绕了回来", "a mail of our own came back")),
    (Kind.LOOP, lambda came, _: came.hops > MOST_HOPS,
     Words(f"经过的服务器超过 {MOST_HOPS} 个，在绕圈", f"passed more than {MOST_HOPS} servers")),
    (Kind.BOUNCE, _is(Fate.FAILED, Fate.DELAYED),
     Words("邮件系统报告送不到", "a mail system reports that it could not be delivered")),
    (Kind.RECEIPT, _is(Fate.READ, Fate.ARRIVED), Words("回执", "a receipt")),
    (Kind.AUTOMATIC, lambda came, _: came.report is not None,
     Words("邮件系统的通知", "a notice of a mail system")),
    (Kind.AUTOMATIC, _says("auto-submitted", r"(?!no\b)\w"),
     Words("信头写明自动发出（RFC 3834）", "it says it was sent automatically (RFC 3834)")),
    (Kind.AUTOMATIC, _says("precedence", r"(bulk|junk|list|auto_reply)\b"),
     Words("信头写明是群发或自动回复", "it says it is bulk mail or an automatic reply")),
    (Kind.AUTOMATIC, _has("x-autoreply", "x-auto-reply", "x-autorespond", "x-mail-autoreply"),
     Words("信头写明自动回复", "it says it is an automatic reply")),
    (Kind.AUTOMATIC, _has("list-id"), Words("来自邮件列表", "from a mailing list")),
    (Kind.AUTOMATIC,
     lambda came, _: _from_nobody(came) and "x-auto-response-suppress" in came.marks,
     Words("没有回信地址，由机器发出", "it has no address to answer to: a machine sent it")),
    (Kind.AUTOMATIC, _away,
     Words("标题是自动回复，没有回信地址", "an out-of-office subject without a return address")),
)  # fmt: skip
"""Only what a header says makes a mail automatic; a subject alone does not."""
