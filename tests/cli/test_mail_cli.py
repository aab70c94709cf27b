"""`duban mail`: a mail piped in, or fetched from a mailbox; no secret in what is printed."""

import io
import sys

import pytest

from duban.settings import Settings
from tests.cli.conftest import Duban
from tests.mailing import reply
from tests.notices.imap_server import PASSWORD, Mailbox, imap_server

AT = ("--at", "2026-09-24T16:00")


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_mail_piped_in_is_taken_and_what_it_is_is_said(
    town: Duban, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, reply())
    said = town("mail", "receive", *AT)
    assert said.status == 0
    assert "来源不明：不是对我们通知的回复" in said.out
    pipe(monkeypatch, reply())
    assert town("mail", "receive", *AT, "--json").json["again"] is True
    pipe(monkeypatch, reply(message_id="2@x", X_Duban="1"))
    found = town("mail", "receive", *AT, "--json").json
    assert (found["kind"], found["case"]) == ("loop", None)


def test_whatever_is_piped_in_the_mail_server_never_has_to_send_it_back(
    town: Duban, monkeypatch: pytest.MonkeyPatch
) -> None:
    for data in (b"", b"\x00\xff" * 50, b"X: y\n" * 5_000):
        pipe(monkeypatch, data)
        assert town("mail", "receive", *AT).status == 0


def test_without_a_ledger_the_mail_server_is_asked_to_come_again(
    duban: Duban, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe(monkeypatch, reply())
    said = duban("mail", "receive")
    assert (said.status, said.clear) == (75, True)


def test_a_mailbox_is_fetched_once_and_its_password_is_nowhere(
    town: Duban, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Mailbox()
    for n in range(3):
        box.put(reply(message_id=f"{n}@x"))
    with imap_server(box) as url:
        monkeypatch.setenv("DUBAN_IMAP_URL", url)
        said = town("mail", "fetch", *AT, "--json")
        assert said.json["unknown"] == 3
        assert town("mail", "fetch", *AT).status == 0
        monkeypatch.setenv("DUBAN_IMAP_URL", url.replace(PASSWORD, "wr0ngSecret"))
        refused = town("mail", "fetch", *AT)
    assert box.seen == {1, 2, 3}
    assert (refused.status, refused.clear) == (1, True)
    for text in (said.out, said.err, refused.out, refused.err):
        assert PASSWORD not in text
        assert "wr0ngSecret" not in text


def test_without_a_mailbox_fetching_says_how_to_set_one(town: Duban) -> None:
    said = town("mail", "fetch")
    assert (said.status, said.clear) == (1, True)
    assert "DUBAN_IMAP_URL" in said.err


def test_settings_are_never_shown_with_the_password_of_the_mailbox() -> None:
    url = f"imaps://duban:{PASSWORD}@mail.example/INBOX"
    assert PASSWORD not in repr(Settings(imap_url=url, _env_file=None))  # type: ignore[call-arg]
