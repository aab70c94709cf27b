"""来信: a supervisor sees what waits, puts it to a case or discards it; others see nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.changes import insert
from models.incoming import Incoming, IncomingKind
from tests.mailing import Mails, reply
from tests.portal.readers import Portal

Words = Callable[[str], str]


@pytest.fixture
def mails(sqlite_portal: Portal, tmp_path: Path) -> Mails:
    return Mails(sqlite_portal.world, tmp_path)


def stranger(n: int = 1, text: str = "路灯还是不亮", **headers: str) -> bytes:
    return reply(text, "x@y.example", to="", message_id=f"{n}@y.example", **headers)


def test_what_waits_is_shown_with_who_when_what_and_why(
    sqlite_portal: Portal, mails: Mails, words: Words
) -> None:
    portal = sqlite_portal
    portal.world.at("2026-09-24 16:10")
    mails.comes(stranger(text="路灯<b>还是</b>不亮\n第二行"))
    page = words(portal.reader("carol").text("/incoming"))
    for said in ("x@y.example", "16:10", "Re: 【交办】", "路灯&lt;b&gt;还是", "第二行"):
        assert said in page
    assert "不是对我们通知的回复" in page


def test_a_mail_put_to_a_case_stands_in_its_record_under_the_supervisors_name(
    portal: Portal, tmp_path: Path, words: Words
) -> None:
    mails = Mails(portal.world, tmp_path)
    number = portal.world.report("东湖路1号", "路灯不亮", area="东澄区")
    mails.comes(stranger())
    [mail] = mails.kept
    carol = portal.reader("carol")
    carol.post(f"/incoming/{mail.id}/attach", {"number": f" {number} "})
    record = portal.world.thread(number).records[-1]
    assert record.actor == "Carol"
    for said in ("x@y.example", "未核实", "路灯还是不亮"):
        assert said in record.words
    assert "没有待处理的来信" in carol.text("/incoming")
    assert number in words(carol.text("/incoming?state=settled"))
    [mail] = mails.kept
    assert mail.settled_by == "Carol"
    assert number in mail.why


def test_a_mail_that_is_discarded_waits_no_longer_and_is_still_there(
    sqlite_portal: Portal, mails: Mails, words: Words
) -> None:
    portal = sqlite_portal
    mails.comes(stranger())
    [mail] = mails.kept
    carol = portal.reader("carol")
    carol.post(f"/incoming/{mail.id}/discard")
    assert "没有待处理的来信" in carol.text("/incoming")
    assert "由Carol丢弃" in words(carol.text("/incoming?state=all"))


def test_a_mail_is_dealt_with_once(sqlite_portal: Portal, mails: Mails, words: Words) -> None:
    portal = sqlite_portal
    number = portal.world.report("东湖路1号", "路灯不亮", area="东澄区")
    mails.comes(stranger())
    [mail] = mails.kept
    carol = portal.reader("carol")
    before = len(portal.world.thread(number).records)
    for _ in range(2):
        carol.post(f"/incoming/{mail.id}/attach", {"number": number})
    assert "已经处理过了" in words(carol.text("/incoming"))
    carol.post(f"/incoming/{mail.id}/discard")
    assert len(portal.world.thread(number).records) == before + 1
    assert "丢弃" not in mails.kept[0].why


def test_a_number_nobody_knows_is_said_and_the_mail_still_waits(
    sqlite_portal: Portal, mails: Mails, words: Words
) -> None:
    portal = sqlite_portal
    mails.comes(stranger())
    [mail] = mails.kept
    carol = portal.reader("carol")
    answer = carol.post(f"/incoming/{mail.id}/attach", {"number": "2026-999999"})
    assert answer.status_code == 303
    page = words(carol.text("/incoming"))
    assert "没有编号为 2026-999999 的案件" in page
    assert "路灯还是不亮" in page


def test_what_is_about_no_case_is_seen_by_those_who_supervise_the_city_alone(
    portal: Portal, tmp_path: Path
) -> None:
    mails = Mails(portal.world, tmp_path)
    mails.comes(stranger())
    [mail] = mails.kept
    mallory = portal.reader("mallory")
    assert "路灯还是不亮" not in mallory.text("/incoming?state=all")
    for verb in ("attach", "discard"):
        assert mallory.post(f"/incoming/{mail.id}/{verb}").status_code == 404
    for who in ("bob", "leader", "discipline"):
        assert portal.reader(who).get("/incoming").status_code == 404


def test_what_is_about_a_case_is_seen_by_those_who_supervise_the_case(
    sqlite_portal: Portal, mails: Mails, words: Words
) -> None:
    portal = sqlite_portal
    number = portal.world.report("东湖路1号", "井盖缺失", area="东澄区")
    portal.world.sweep()
    mails.sent()
    mails.comes(reply("转发：已修好", "x@y.example"))
    page = words(portal.reader("carol").text("/incoming"))
    assert "通知的收件人 Bob" in page
    assert f'value="{number}"' in portal.reader("carol").text("/incoming")
    assert "已修好" not in portal.reader("mallory").text("/incoming")


def test_long_lists_are_shown_page_by_page(sqlite_portal: Portal) -> None:
    portal = sqlite_portal
    row = {
        "kind": IncomingKind.UNKNOWN, "sender": "", "text": "", "why": "", "photos": 0,
        "refused": 0, "received_at": portal.world.now, "settled_by": "",
    }  # fmt: skip
    rows = [{**row, "message_id": str(n), "subject": f"mail {n}."} for n in range(35)]
    with portal.world.ledger.transaction() as connection:
        insert(connection, Incoming, rows)
    carol = portal.reader("carol")
    first = carol.text("/incoming")
    assert "mail 34." in first
    assert "mail 4." not in first
    after = first.split("after=")[1].split('"')[0]
    second = carol.text(f"/incoming?after={after}")
    assert "mail 4." in second
    assert "mail 5." not in second


def test_the_page_speaks_english(sqlite_portal: Portal, mails: Mails) -> None:
    portal = sqlite_portal
    mails.comes(stranger())
    carol = portal.reader("carol")
    carol.client.cookies.set("duban-lang", "en")
    page = carol.text("/incoming")
    assert "No mail is ever answered" in page
    assert "of unknown origin" in page
