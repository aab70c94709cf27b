"""Fetching mail over a real IMAP conversation: taken once, marked only then, secrets unsaid."""

from pathlib import Path

import pytest
from imap_server import PASSWORD, Mailbox, imap_server

from models.words import Trouble
from notices.incoming.imap import Mailbox as Address
from notices.incoming.imap import fetch
from tasks.mailbox import take_all
from tests.mailing import Mails, reply
from tests.world import World


def test_what_is_unseen_is_taken_in_order_and_then_seen() -> None:
    box, taken = Mailbox(), list[bytes]()
    for n in range(45):
        box.put(b"mail %d" % n)
    box.seen.add(1)
    with imap_server(box) as url:
        assert fetch(Address.read(url), taken.append) == 44
        assert fetch(Address.read(url), taken.append) == 0
    assert taken == [b"mail %d" % n for n in range(1, 45)]
    assert len(box.seen) == 45


def test_a_mail_that_could_not_be_taken_stays_unseen() -> None:
    box = Mailbox()
    box.put(b"one")
    with imap_server(box) as url, pytest.raises(ZeroDivisionError):
        fetch(Address.read(url), lambda data: 1 / 0)
    assert not box.seen


@pytest.mark.parametrize("at", ["LOGIN", "SELECT", "SEARCH", "FETCH", "STORE"])
def test_a_line_cut_anywhere_loses_no_mail(at: str) -> None:
    box, taken = Mailbox(hang_up=at), set[bytes]()
    for n in range(3):
        box.put(b"mail %d" % n)
    with imap_server(box) as url:
        with pytest.raises(Trouble, match="下一轮再收"):
            fetch(Address.read(url), taken.add)
        fetch(Address.read(url), taken.add)
    assert taken == {b"mail 0", b"mail 1", b"mail 2"}
    assert box.seen == {1, 2, 3}


def test_one_round_takes_no_more_than_it_may() -> None:
    box, taken = Mailbox(), list[bytes]()
    for n in range(5):
        box.put(b"mail %d" % n)
    with imap_server(box) as url:
        assert fetch(Address.read(url), taken.append, most=2) == 2
    assert box.seen == {1, 2}


def test_another_folder_is_opened_by_its_name_and_a_missing_one_is_said() -> None:
    box = Mailbox(folders=("Duban mail",))
    with imap_server(box, "Duban%20mail") as url:
        assert fetch(Address.read(url), lambda data: None) == 0
    with imap_server(box, "Other") as url, pytest.raises(Trouble, match="没有文件夹 Other"):
        fetch(Address.read(url), lambda data: None)


def test_a_refused_login_says_so_without_the_password() -> None:
    with imap_server(Mailbox()) as url:
        wrong = url.replace(PASSWORD, "other-s3cret")
        with pytest.raises(Trouble) as refused:
            fetch(Address.read(wrong), lambda data: None)
    for words in refused.value.words:
        assert "s3cret" not in words
    assert "登录或命令被拒" in refused.value.words.zh


@pytest.mark.parametrize(
    "url",
    [
        "",
        "s3cretT0ken",
        "http://duban:s3cretT0ken@mail.example/INBOX",
        "imaps://mail.example/INBOX",
        "imaps://duban@mail.example/INBOX",
        "imaps://duban:s3cretT0ken@mail.example:port/INBOX",
        "imaps://duban:s3cretT0ken@mail.example/IN%0D%0ABOX",
        'imaps://duban:s3cretT0ken@mail.example/IN"BOX',
        "imaps://du%22ban:s3cretT0ken@mail.example/INBOX",
        "imaps://[duban:s3cretT0ken@mail.example/INBOX",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Trouble) as refused:
        Address.read(url)
    for words in (*refused.value.words, repr(refused.value)):
        assert "s3cretT0ken" not in words


def test_a_mailbox_is_never_shown_with_its_password() -> None:
    address = Address.read("imaps://duban%40city.example:s3cretT0ken@mail.example")
    assert address.user == "duban@city.example"
    assert (address.port, address.folder, address.secure) == (993, "INBOX", True)
    assert "s3cretT0ken" not in repr(address)


def test_a_line_cut_between_the_ledger_and_the_mark_writes_no_answer_twice(
    sqlite_world: World, tmp_path: Path
) -> None:
    world, mails = sqlite_world, Mails(sqlite_world, tmp_path)
    number = world.report("解放路1号", "井盖缺失")
    world.sweep()
    mails.sent()
    before = len(world.thread(number).records)
    box = Mailbox(hang_up="STORE")
    box.put(reply())
    with imap_server(box) as url:
        with pytest.raises(Trouble):
            take_all(mails.post, url, world.now)
        assert not box.seen
        assert take_all(mails.post, url, world.now) == {"again": 1}
    assert box.seen == {1}
    assert len(world.thread(number).records) == before + 1
