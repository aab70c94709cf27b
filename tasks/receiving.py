"""收信: one mail, from bytes to what it changes. No Prefect here, and nothing is ever answered.

Who may write to a case by mail: whoever answers a notice of ours, from an address to which
notices of theirs are sent. The Message-ID they answer to is a secret of 64 random bits.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from documents.pictures import MAX_BYTES, check, clean_name
from documents.store import Store, path_of
from ledger import incoming, photos
from ledger.database import Ledger
from ledger.desk.matter import Shown
from ledger.hand_in import waiting_picture
from ledger.incoming import Known, Letter, Writer
from ledger.reference import zone
from models.incoming import IncomingKind as Kind
from models.words import Trouble, Words
from notices.channels.mail import addresses
from notices.incoming import Came, Verdict, judge, read
from notices.incoming.reading import without_links
from notices.incoming.reports import Fate
from notices.message import one_line
from notices.vault import Vault
from rules.lifecycle import Refused

MOST_PICTURES = 9
"""As many as a form of the portal takes."""
LONGEST_NOTE = 2_000
LONGEST_WHY = 300
_NUMBER = re.compile(r"\b\d{4}-\d{6}\b")


@dataclass(frozen=True, slots=True)
class Post:
    """The house a mail comes to. `domain` is the one our Message-IDs are made under, if known."""

    ledger: Ledger
    store: Store
    vault: Vault
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a mail. `again`: it had been taken in before, and nothing was done."""

    kind: Kind
    why: Words
    case: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail in hand: what came, as what it is kept, and the notices it is about."""

    came: Came
    letter: Letter
    about: Sequence[Any]


def receive(post: Post, data: bytes, at: datetime) -> Received:
    """Take one mail in. The same mail twice changes nothing.

    Raises DatabaseTrouble, and Trouble where the store or the key cannot be used: then nothing
    was kept, and the mail has to be brought again.
    """
    came = read(data)
    if incoming.known(post.ledger, came.digest):
        return _AGAIN
    verdict = judge(came, post.domain)
    mail = _in_hand(post, came, verdict or _WRITTEN, at)
    try:
        if verdict is None:
            return _written(post, mail)
        return _DO.get(verdict.kind, _keep)(post, mail, verdict)
    except Known:
        return _AGAIN


_AGAIN = Received(
    Kind.UNKNOWN, Words("这封信已经收过", "this mail was taken in before"), again=True
)
_WRITTEN = Verdict(Kind.UNKNOWN, Words("", ""))


def _in_hand(post: Post, came: Came, verdict: Verdict, at: datetime) -> Mail:
    named = list(reversed(came.named))
    if came.report and came.report.original:
        named.insert(0, came.report.original)
    about = incoming.sent_as(post.ledger, named) if named else []
    about = _of_one_mail(about, [f"<{one}>" for one in named])
    letter = Letter(
        came.digest, verdict.kind, came.sender, came.subject, came.text, "", at,
        **_told(about), refused=len(came.attached),
    )  # fmt: skip
    return Mail(came, letter, about)


def _of_one_mail(about: Sequence[Any], named: Sequence[str]) -> Sequence[Any]:
    """Of all mails it refers to, the nearest: a long exchange names every one of them."""
    nearest = min((named.index(row.receipt) for row in about), default=0)
    return [row for row in about if row.receipt == named[nearest]]


def _told(about: Sequence[Any]) -> dict[str, Any]:
    """Whom and what a mail is about, as far as all its notices agree."""
    if not about:
        return {}
    cases = {row.case_id for row in about}
    return {
        "person_id": about[0].person_id,
        "case_id": about[0].case_id if len(cases) == 1 else None,
        "notice_id": about[0].notice_id,
    }


# -- what machines wrote -----------------------------------------------------------------------


def _keep(post: Post, mail: Mail, verdict: Verdict, also: Any = None) -> Received:
    """Keep it under its reason, and do what belongs to it."""
    letter = replace(mail.letter, kind=verdict.kind, why=one_line(verdict.why.zh, LONGEST_WHY))
    incoming.keep(post.ledger, letter, also or (lambda connection: None))
    number = next((row.number for row in mail.about if row.case_id == letter.case_id), None)
    return Received(verdict.kind, verdict.why, number or "")


def _bounce(post: Post, mail: Mail, verdict: Verdict) -> Received:
    report = mail.came.report
    words = without_links(report.words) if report else ""
    if report is None or report.fate is not Fate.FAILED:
        return _keep(post, mail, _because(verdict, f"尚在重试：{words}", f"still tried: {words}"))
    if not mail.about:
        return _keep(post, mail, _because(verdict, f"不知是哪条通知：{words}", f"of what: {words}"))
    ids = [row.id for row in mail.about]
    also = partial(incoming.bounced, ids=ids, words=words, at=mail.letter.received_at)
    return _keep(post, mail, _because(verdict, words, words), also)


def _receipt(post: Post, mail: Mail, verdict: Verdict) -> Received:
    ids = [row.notice_id for row in mail.about]
    read_ = bool(mail.came.report and mail.came.report.fate is Fate.READ)
    why = _because(verdict, *(("已读", "read") if read_ else ("已送达", "delivered")))
    also = partial(incoming.arrived, ids=ids, at=mail.letter.received_at, read=read_)
    return _keep(post, mail, why, also)


def _because(verdict: Verdict, zh: str, en: str) -> Verdict:
    return Verdict(verdict.kind, Words(f"{verdict.why.zh}：{zh}", f"{verdict.why.en}: {en}"))


_DO: Mapping[Kind, Callable[[Post, Mail, Verdict], Received]] = {
    Kind.BOUNCE: _bounce,
    Kind.RECEIPT: _receipt,
}
"""All other kinds are only kept."""


# -- what somebody wrote -----------------------------------------------------------------------


def _written(post: Post, mail: Mail) -> Received:
    """A reply goes into the record of its case; what is none waits for a supervisor."""
    by = _writer(post, mail)
    found = by if isinstance(by, Words) else _case_of(mail)
    if isinstance(by, Words) or isinstance(found, Words):
        return _keep(post, mail, Verdict(Kind.UNKNOWN, found))
    shown, refused = _pictures(post, mail, found.person_id)
    words = _note(mail.came.text, refused, bool(shown))
    if not words:
        return _keep(post, mail, Verdict(Kind.UNKNOWN, _EMPTY))
    letter = replace(
        mail.letter, kind=Kind.REPLY, why=_REPLY.zh, case_id=found.case_id,
        notice_id=found.notice_id, photos=len(shown), refused=len(refused),
    )  # fmt: skip
    answer = incoming.answer(
        post.ledger, found.number, words, letter, by.actor,
        Shown(shown, found.person_id) if shown else None, found.unit_id,
    )  # fmt: skip
    if isinstance(answer, Refused):
        return _keep(post, mail, Verdict(Kind.UNKNOWN, answer.reason))
    return Received(Kind.REPLY, _REPLY, found.number)


def _writer(post: Post, mail: Mail) -> Writer | Words:
    """Whoever answers what was sent to them; else why nobody can tell who it is."""
    if not mail.came.sender:
        return _NO_SENDER
    if not mail.about:
        return _NO_NOTICE
    found = incoming.writer(post.ledger, mail.about[0].person_id)
    if found is None:
        return _GONE
    # Addresses lie sealed: they are compared here, not in the database.
    theirs = {address for url in found.urls for address in addresses(post.vault.open(url))}
    return found if mail.came.sender in theirs else _OTHER_SENDER


def _case_of(mail: Mail) -> Any:
    """The notice that is answered, with its case; else why nobody can tell which."""
    cases = {row.number: row for row in mail.about if row.number}
    if len(cases) > 1:
        said = set(_NUMBER.findall(f"{mail.came.subject}\n{mail.came.text}")) & cases.keys()
        cases = {number: cases[number] for number in said}
    if len(cases) != 1:
        return _SEVERAL if cases or mail.about[0].number else _NO_CASE
    return next(iter(cases.values()))


def _note(text: str, refused: Sequence[str], pictures: bool) -> str:
    """What is written into the record; nothing where nothing was said."""
    if not (text or pictures):
        return ""
    said = text if len(text) <= LONGEST_NOTE else text[: LONGEST_NOTE - 1] + "…"
    left = f"\n（没有收下的附件：{'；'.join(refused)[:500]}）" if refused else ""
    return f"邮件回复：{said or '（只有照片）'}{left}"


_REPLY = Words("回复了发给他的通知", "it answers a notice that was sent to its writer")
_NO_SENDER = Words("没有可辨认的发件人", "there is no one sender that can be read")
_NO_NOTICE = Words("不是对我们通知的回复", "it answers none of our notices")
_GONE = Words("该通知的收件人已停用", "the person the notice was sent to is no longer active")
_OTHER_SENDER = Words(
    "回复了我们的通知，但发件地址不是该通知收件人登记的邮箱",
    "it answers a notice of ours, but not from an address of the person it was sent to",
)
_SEVERAL = Words(
    "回复的通知含多件案件，信中没有写明是哪一件的案号",
    "it answers a message about several cases and does not name one of them",
)
_NO_CASE = Words("回复的通知不涉及具体案件", "the message it answers is about no single case")
_EMPTY = Words("回复里没有写什么", "the reply says nothing")


# -- pictures ----------------------------------------------------------------------------------


def _pictures(post: Post, mail: Mail, person_id: int) -> tuple[tuple[int, ...], list[str]]:
    """Keep what can be evidence, loose; gives their ids, and why the others were not kept."""
    ids: list[int] = []
    refused: list[str] = []
    city = zone(post.ledger)
    for file in mail.came.attached:
        name = clean_name(file.name)
        if not file.media.startswith("image/"):
            refused.append(f"{name} 不是照片")
        elif len(ids) >= MOST_PICTURES:
            refused.append(f"{name} 超过 {MOST_PICTURES} 张")
        else:
            kept = _picture(post, file.data, name, person_id, mail.letter.received_at, city)
            if isinstance(kept, int):
                ids.append(kept)
            else:
                refused.append(f"{name}：{kept.zh}")
    return tuple(dict.fromkeys(ids)), refused


def _picture(
    post: Post, data: bytes, name: str, person_id: int, at: datetime, city: ZoneInfo
) -> int | Words:
    """One picture, as the portal keeps those of its forms, the same file once; or why not.

    Raises Trouble where the store cannot be used: then the mail has to be brought again.
    """
    data = data[: MAX_BYTES + 1]
    waiting = waiting_picture(post.ledger, person_id, sha256(data).hexdigest(), name)
    if waiting is not None and post.store.exists(waiting.path):
        return int(waiting.id)
    try:
        picture = check(data, name, city)
        path = path_of(picture.digest)
        photo_id = photos.keep(post.ledger, person_id, picture, picture.name, path, at)
    except Trouble as trouble:
        if type(trouble) is not Trouble:  # the database itself
            raise
        return trouble.words
    try:
        post.store.keep(picture)
    except Trouble:
        with post.ledger.transaction() as connection:
            photos.forget(connection, [photo_id], person_id)
        raise
    return photo_id
