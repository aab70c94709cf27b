"""Mail that comes in: an answer stands in the record of its case, once, from its reader."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from ledger import desk
from ledger.changes import insert, table
from models.delivery import Delivery, DeliveryOutcome
from models.incoming import IncomingKind as Kind
from models.notice import Notice, NoticeKind, NoticeState
from models.person import Channel, Person
from models.photo import Photo, PhotoPurpose
from models.words import Trouble
from tests.mailing import Mails, bounce, displayed, reply
from tests.portal.programs import picture
from tests.world import World, clock


@pytest.fixture
def mails(world: World, tmp_path: Path) -> Mails:
    return Mails(world, tmp_path)


@pytest.fixture
def sqlite_mails(sqlite_world: World, tmp_path: Path) -> Mails:
    return Mails(sqlite_world, tmp_path)


def told(mails: Mails, place: str = "解放路1号", **more: str) -> str:
    """A case that Bob was told of by mail."""
    number = mails.world.report(place, "井盖缺失", **more)
    mails.world.sweep()
    mails.sent()
    return number


def last_words(mails: Mails, number: str) -> tuple[str, str]:
    record = mails.world.thread(number).records[-1]
    return record.actor, record.words


# -- an answer -----------------------------------------------------------------------------------


def test_an_answer_stands_in_the_record_of_its_case_under_the_name_of_its_writer(
    mails: Mails,
) -> None:
    number = told(mails)
    received = mails.comes(reply())
    assert (received.kind, received.case) == (Kind.REPLY, number)
    assert last_words(mails, number) == ("Bob", "邮件回复：已整改，请核查。")
    [kept] = mails.kept
    assert (kept.kind, kept.sender) == (Kind.REPLY, "bob@city.example")
    assert kept.case_id == mails.world.case(number).id
    assert kept.notice_id is not None
    assert mails.world.proven()


def test_the_same_mail_twice_is_written_once(sqlite_mails: Mails) -> None:
    mails = sqlite_mails
    number = told(mails)
    mails.comes(reply())
    before = len(mails.world.thread(number).records)
    assert mails.comes(reply()).again
    assert mails.comes(reply("别的话")).again
    assert len(mails.world.thread(number).records) == before
    assert len(mails.kept) == 1


def test_the_same_mail_taken_by_many_at_once_is_written_once(mails: Mails) -> None:
    number = told(mails)
    before = len(mails.world.thread(number).records)
    gate = threading.Barrier(4)

    def comes(_: int) -> bool:
        gate.wait()
        return mails.comes(reply()).again

    with ThreadPoolExecutor(4) as many:
        again = list(many.map(comes, range(4)))
    assert again.count(False) >= 1
    assert len(mails.world.thread(number).records) == before + 1
    assert len(mails.kept) == 1


def test_pictures_become_evidence_and_other_files_are_refused_with_a_reason(mails: Mails) -> None:
    number = told(mails)
    files = (("after.jpg", picture()), ("report.pdf", b"%PDF"), ("broken.jpg", b"no picture"))
    mails.comes(reply(pictures=files))
    [photo] = mails.world.rows(Photo)
    assert photo.case_id == mails.world.case(number).id
    assert photo.purpose is PhotoPurpose.SUBMISSION
    record = mails.world.thread(number).records[-1]
    assert photo.record_seq == record.seq
    assert photo.digest in record.data
    assert "（照片 1 张）" in record.words
    assert "report.pdf 不是照片" in record.words
    assert "broken.jpg" in record.words
    [kept] = mails.kept
    assert (kept.photos, kept.refused) == (1, 2)
    assert mails.post.store.exists(photo.path)
    assert mails.world.proven()


def test_no_more_pictures_are_taken_than_a_form_takes(sqlite_mails: Mails) -> None:
    told(sqlite_mails)
    colours = ["red", "green", "blue", "grey", "pink", "navy", "teal", "gold", "cyan", "lime"]
    files = tuple((f"{colour}.jpg", picture(colour)) for colour in colours)
    sqlite_mails.comes(reply(pictures=files))
    [kept] = sqlite_mails.kept
    assert (kept.photos, kept.refused) == (9, 1)


def test_a_mail_brought_again_after_a_crash_keeps_its_picture_once(
    sqlite_mails: Mails, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(sqlite_mails)
    mail = reply(pictures=(("after.jpg", picture()),))
    with monkeypatch.context() as patch:
        patch.setattr("ledger.incoming.answer", lambda *_: 1 / 0)  # killed before it was written
        with pytest.raises(ZeroDivisionError):
            sqlite_mails.comes(mail)
    assert not sqlite_mails.kept
    assert sqlite_mails.comes(mail).kind is Kind.REPLY
    assert len(sqlite_mails.world.rows(Photo)) == 1


def test_a_store_that_is_away_leaves_the_mail_to_be_brought_again(
    sqlite_mails: Mails, tmp_path: Path
) -> None:
    told(sqlite_mails)
    (tmp_path / "photos").write_text("a file where the folder should be")
    with pytest.raises(Trouble):
        sqlite_mails.comes(reply(pictures=(("after.jpg", picture()),)))
    assert not sqlite_mails.kept
    assert not sqlite_mails.world.rows(Photo)


def test_of_several_cases_in_one_message_the_answer_names_its_own(sqlite_mails: Mails) -> None:
    mails = sqlite_mails
    first = mails.world.report("解放路1号", "井盖缺失")
    second = mails.world.report("解放路2号", "路面积水")
    mails.world.sweep()
    assert len(mails.sent()) == 2
    received = mails.comes(reply())
    assert (received.kind, received.case) == (Kind.UNKNOWN, "")
    assert "多件案件" in received.why.zh
    received = mails.comes(reply(f"{second} 已整改", message_id="2@phone.example"))
    assert (received.kind, received.case) == (Kind.REPLY, second)
    assert last_words(mails, first)[0] != "Bob"


def test_an_answer_in_a_long_exchange_belongs_to_the_notice_it_answers(
    sqlite_mails: Mails,
) -> None:
    mails = sqlite_mails
    told(mails)
    mails.world.at("2026-09-25 09:00")
    newer = mails.world.report("建设路9号", "井盖缺失")
    mails.world.sweep()
    mails.world.at("2026-09-28 09:00").sweep()  # they wait for the morning
    mails.sent(message_id="m.2@city.example", about=newer)
    both = "<m.1@city.example> <m.2@city.example>"
    received = mails.comes(reply(to="m.2@city.example", References=both))
    assert received.case == newer


# -- whose it is cannot be told ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mail", "why"),
    [
        (reply(sender="Bob <mallory@evil.example>"), "不是该通知收件人登记的邮箱"),
        (reply(sender="bob@city.example, mallory@evil.example"), "没有可辨认的发件人"),
        (reply(to="m.9@city.example"), "不是对我们通知的回复"),
        (reply(to=""), "不是对我们通知的回复"),
        (reply(to="case.2026-000001@city.example"), "不是对我们通知的回复"),
        (reply(""), "没有写什么"),
    ],
    ids=["stranger", "two senders", "unknown notice", "no notice", "only the case", "empty"],
)
def test_what_cannot_be_told_whose_it_is_changes_no_case_and_waits(
    mail: bytes, why: str, sqlite_mails: Mails
) -> None:
    number = told(sqlite_mails)
    before = len(sqlite_mails.world.thread(number).records)
    received = sqlite_mails.comes(mail)
    assert received.kind is Kind.UNKNOWN
    assert why in received.why.zh
    [kept] = sqlite_mails.kept
    assert kept.settled_at is None
    assert why in kept.why
    assert len(sqlite_mails.world.thread(number).records) == before


def test_somebody_who_has_left_writes_into_no_record(sqlite_mails: Mails) -> None:
    told(sqlite_mails)
    people = table(Person)
    with sqlite_mails.world.ledger.transaction() as connection:
        connection.execute(sa.update(people).where(people.c.code == "bob").values(active=False))
    received = sqlite_mails.comes(reply())
    assert (received.kind, "已停用" in received.why.zh) == (Kind.UNKNOWN, True)


def test_what_cannot_even_be_read_waits_too(mails: Mails) -> None:
    assert mails.comes(b"X: y\n" * 5_000).kind is Kind.UNKNOWN
    assert mails.comes(b"\x00\xff" * 100).kind is Kind.UNKNOWN
    assert len(mails.kept) == 2


# -- what machines report ------------------------------------------------------------------------


def second_channel(mails: Mails) -> None:
    """Bob can also be reached in another folder."""
    [bob] = {row.person_id for row in mails.world.rows(Channel) if row.position == 5}
    row = {
        "person_id": bob, "position": 1, "url": "folder://bob2", "shown": "folder://bob2",
        "outlet": "", "delay": 0, "active": True,
    }  # fmt: skip
    with mails.world.ledger.transaction() as connection:
        insert(connection, Channel, [row])


def test_a_notice_that_bounced_goes_out_by_the_next_channel(mails: Mails) -> None:
    second_channel(mails)
    number = told(mails)
    received = mails.comes(bounce())
    assert (received.kind, received.case) == (Kind.BOUNCE, number)
    attempt = mails.world.rows(Delivery, table(Delivery).c.receipt != "")[0]
    assert attempt.outcome is DeliveryOutcome.PERMANENT
    assert "no such user" in attempt.answer
    mails.world.sweep()
    [again] = mails.world.told("bob2")
    assert number in again.body
    [notice] = mails.world.rows(Notice, table(Notice).c.id == attempt.notice_id)
    assert notice.state is NoticeState.SENT


def test_a_bounce_that_comes_twice_sends_once(sqlite_mails: Mails) -> None:
    mails = sqlite_mails
    second_channel(mails)
    told(mails)
    mails.comes(bounce())
    mails.world.sweep()
    assert mails.comes(bounce()).again
    mails.comes(bounce().replace(b"<b@city.example>", b"<c@city.example>"))
    mails.world.sweep()
    assert len(mails.world.told("bob2")) == 1


def test_a_mail_that_is_still_being_tried_is_only_noted(sqlite_mails: Mails) -> None:
    told(sqlite_mails)
    received = sqlite_mails.comes(bounce("delayed"))
    assert "尚在重试" in received.why.zh
    attempt = sqlite_mails.world.rows(Delivery, table(Delivery).c.receipt != "")[0]
    assert attempt.outcome is DeliveryOutcome.SENT


def test_a_bounce_of_what_is_not_ours_changes_nothing(sqlite_mails: Mails) -> None:
    told(sqlite_mails)
    received = sqlite_mails.comes(bounce(to="m.9@city.example"))
    assert received.kind is Kind.BOUNCE
    assert all(d.outcome is DeliveryOutcome.SENT for d in sqlite_mails.world.rows(Delivery))


def test_what_was_read_is_not_sent_again_when_it_bounces(sqlite_mails: Mails) -> None:
    mails = sqlite_mails
    second_channel(mails)
    told(mails)
    mails.comes(displayed())
    mails.comes(bounce())
    mails.world.sweep()
    assert not mails.world.told("bob2")


def test_a_read_receipt_says_when_it_was_read(mails: Mails) -> None:
    told(mails)
    mails.world.at("2026-09-24 16:10")
    assert mails.comes(displayed()).kind is Kind.RECEIPT
    [notice] = mails.sent()
    assert clock(notice.read_at) == clock(notice.arrived_at) == "2026-09-24 16:10"


@pytest.mark.parametrize(
    ("headers", "kind"),
    [({"Auto_Submitted": "auto-replied"}, Kind.AUTOMATIC), ({"X_Duban": "1"}, Kind.LOOP)],
)
def test_what_a_machine_wrote_is_kept_beside_its_notice_and_never_in_the_record(
    headers: dict[str, str], kind: Kind, sqlite_mails: Mails
) -> None:
    number = told(sqlite_mails)
    before = len(sqlite_mails.world.thread(number).records)
    assert sqlite_mails.comes(reply("我在休假", **headers)).kind is kind
    [kept] = sqlite_mails.kept
    assert kept.notice_id is not None
    assert len(sqlite_mails.world.thread(number).records) == before


def test_nothing_that_comes_in_makes_anything_go_out(sqlite_mails: Mails) -> None:
    mails = sqlite_mails
    told(mails)
    before = len(mails.world.rows(Notice))
    for n, mail in enumerate((reply(), reply(sender="x@y.example"), reply(X_Duban="1"))):
        mails.comes(mail.replace(b"<1@phone", b"<%d@phone" % n))
    assert len(mails.world.rows(Notice)) == before


def test_an_answer_to_a_closed_case_is_still_written_down(sqlite_mails: Mails) -> None:
    mails = sqlite_mails
    number = told(mails)
    mails.world.raw(desk.cancel, number, "重复")
    assert mails.comes(reply("晚到的话")).kind is Kind.REPLY
    assert last_words(mails, number) == ("Bob", "邮件回复：晚到的话")


def test_an_answer_to_what_is_about_no_case_waits(sqlite_mails: Mails) -> None:
    mails = sqlite_mails
    told(mails)
    notices = table(Notice)
    with mails.world.ledger.transaction() as connection:
        connection.execute(sa.update(notices).values(case_id=None, kind=NoticeKind.SUMMARY))
    assert "不涉及具体案件" in mails.comes(reply()).why.zh
