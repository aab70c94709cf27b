"""来信: take in one mail that a mail server pipes in, or fetch what lies in the mailbox."""

import sys
from typing import TYPE_CHECKING, NoReturn

import typer

from duban import show
from duban.looking import AsJson, At
from duban.session import at_of, opened, settings
from ledger.reference import zone
from models.words import Trouble, Words

if TYPE_CHECKING:
    from tasks.receiving import Post, Received

app = typer.Typer(
    no_args_is_help=True, help="来信：回复、退信、回执、自动回复 · mail that comes in"
)

LATER = 75
"""EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and pipes it in again."""


def add_to(program: typer.Typer) -> None:
    """Hang these commands on the program."""
    program.add_typer(app, name="mail")


@app.command()
def receive(at: At = None, as_json: AsJson = False) -> None:
    """收下标准输入上的一封邮件（供邮件服务器管道调用）· take in one mail on standard input.

    退出码 0：已收下或已收过；75：现在收不了，请邮件服务器稍后重投 · 0: taken; 75: try again later.
    """
    from notices.incoming import MOST_BYTES
    from tasks.receiving import receive as take

    # One byte more than is read at most: what is too large is known by it.
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    try:
        ledger = opened()
        received = take(_post(), data, at_of(at, ledger))
    except Trouble as trouble:
        _later(trouble)
    if as_json:
        show.print_json(_document(received), zone(ledger))
        return
    show.out.print(_said(received).within(settings().lang), markup=False)


def _later(trouble: Trouble) -> NoReturn:
    """Any other status would have the mail server send the mail back to its writer."""
    show.refuse(trouble.words.within(settings().lang))
    raise typer.Exit(LATER)


def _post() -> "Post":
    from tasks import surroundings
    from tasks.receiving import Post

    return Post(opened(), surroundings.store(), surroundings.vault(), surroundings.mail_domain())


def _document(received: "Received") -> dict[str, object]:
    return {
        "kind": received.kind, "why": received.why.within(settings().lang),
        "case": received.case or None, "again": received.again,
    }  # fmt: skip


def _said(received: "Received") -> Words:
    if received.again:
        return received.why
    case = f" {received.case}" if received.case else ""
    kind = received.kind.words
    return Words(f"{kind.zh}{case}：{received.why.zh}", f"{kind.en}{case}: {received.why.en}")


@app.command()
def fetch(at: At = None, as_json: AsJson = False) -> None:
    """收取 DUBAN_IMAP_URL 信箱里的未读邮件，一次 · fetch what lies unseen in the mailbox, once."""
    from tasks.mailbox import take_all

    if not settings().imap_url:
        raise Trouble(
            "没有设置收信信箱。请在环境变量或 .env 中设 DUBAN_IMAP_URL，"
            "如 imaps://用户名:口令@主机:993/INBOX。",
            "No mailbox is set. Set DUBAN_IMAP_URL in the environment or in .env, such as "
            "imaps://user:password@host:993/INBOX.",
        )
    ledger = opened()
    moment = at_of(at, ledger)
    counts = take_all(_post(), settings().imap_url, moment)
    if as_json:
        show.print_json({"at": moment, **counts}, zone(ledger))
        return
    show.print_counts("来信", dict(counts))
