"""从消息里答复: one link, one verb, one use; looking never acts."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ledger import desk, links
from ledger.changes import table
from models.account import Link
from models.person import Person
from models.photo import Photo
from models.request import Request
from models.verb import Verb
from tests.portal.programs import picture
from tests.portal.readers import Portal, Reader

PICTURE = picture()


def _link(portal: Portal, number: str, verb: Verb) -> str:
    world, people = portal.world, table(Person)
    unit_id = portal.app.state.house.reference().unit("城管局")
    case = world.case(number)
    with world.ledger.transaction() as connection:
        bob = connection.execute(sa.select(people.c.id).where(people.c.code == "bob")).scalar_one()
        return links.make(connection, case.id, bob, unit_id, world.now, verb)


def _hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def _press(reader: Reader, secret: str, page: str, **written: str) -> object:
    sent = {name: _hidden(page, name) for name in ("version", "seen")}
    return reader.post(f"/l/{secret}", sent | written)


def test_two_taps_sign_for_the_case(portal: Portal) -> None:
    number = portal.world.report("新桥大道", "垃圾未清")
    phone, secret = portal.reader(), _link(portal, number, Verb.ACKNOWLEDGE)
    page = phone.text(f"/l/{secret}")
    assert page.count("<button") - page.count('class="link"') == 1
    answer = _press(phone, secret, page)
    assert answer.headers["location"] == f"/cases/{number}"  # type: ignore[attr-defined]
    assert portal.world.case(number).status == "in_progress"
    assert "已办理" in phone.text(f"/cases/{number}")


@pytest.mark.parametrize("verb", links.ANSWERS)
def test_looking_never_acts_and_uses_nothing_up(sqlite_portal: Portal, verb: Verb) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    if verb is not Verb.ACKNOWLEDGE:
        world.bob.signs(number)
    before, secret = world.case(number), _link(sqlite_portal, number, verb)
    for _ in range(3):  # a mail scanner, a chat program, the person
        assert sqlite_portal.reader().get(f"/l/{secret}").status_code == 200
    assert world.case(number) == before
    assert [row.used_at for row in world.rows(Link)] == [None]


def test_what_was_done_is_handed_in_from_the_message_with_its_photo(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    world.bob.signs(number)
    phone, secret = sqlite_portal.reader(), _link(sqlite_portal, number, Verb.SUBMIT)
    page = phone.text(f"/l/{secret}")
    assert "按期" in page  # what the rules say beforehand
    sent = {name: _hidden(page, name) for name in ("version", "seen")} | {"text": "已清运"}
    phone.post(f"/l/{secret}", sent, files={"files": ("after.jpg", PICTURE, "image/jpeg")})
    assert world.case(number).status == "submitted"
    [photo] = world.rows(Photo)
    assert photo.case_id == world.case(number).id


def test_what_is_refused_is_said_and_nothing_written_is_lost(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    world.bob.signs(number)
    phone, secret = sqlite_portal.reader(), _link(sqlite_portal, number, Verb.SUBMIT)
    sent = {name: _hidden(phone.text(f"/l/{secret}"), name) for name in ("version", "seen")}
    broken = {"files": ("a.jpg", b"no picture", "image/jpeg")}
    answer = phone.post(f"/l/{secret}", sent | {"text": "已清运两车"}, files=broken)
    assert answer.status_code == 422
    assert "已清运两车" in answer.text
    # From here on the page is the case's own, and its form is accepted.
    csrf = _hidden(answer.text, "csrf")
    phone.client.post(
        f"/cases/{number}/do/submit",
        data=sent | {"csrf": csrf, "text": "已清运两车"},
        follow_redirects=False,
    )
    assert world.case(number).status == "submitted"


def test_more_time_is_asked_for_with_the_rules_said_beforehand(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    world.bob.signs(number)
    phone, secret = sqlite_portal.reader(), _link(sqlite_portal, number, Verb.REQUEST_EXTENSION)
    page = phone.text(f"/l/{secret}")
    assert "还剩 2 次" in page
    assert "Carol" in page
    _press(phone, secret, page, reason="等待材料")
    [request] = world.rows(Request)
    assert (request.kind, request.asked_by) == ("extension", "Bob")


def test_a_link_answers_once(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    world.bob.signs(number)
    phone, secret = sqlite_portal.reader(), _link(sqlite_portal, number, Verb.REQUEST_EXTENSION)
    page = phone.text(f"/l/{secret}")
    _press(phone, secret, page, reason="等待材料")
    again = _press(phone, secret, page, reason="再等")
    assert again.status_code == 410  # type: ignore[attr-defined]
    assert "已经用过" in again.text  # type: ignore[attr-defined]
    assert "去我的案件" in again.text  # type: ignore[attr-defined]
    assert len(world.rows(Request)) == 1


def test_when_the_case_has_moved_on_the_link_says_so_and_opens_it(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    phone, secret = sqlite_portal.reader(), _link(sqlite_portal, number, Verb.ACKNOWLEDGE)
    world.raw(desk.acknowledge, number)
    page = phone.text(f"/l/{secret}")
    assert "现在不能签收" in page
    assert "不能签收。签收须在" in page
    answer = phone.post(f"/l/{secret}")
    assert answer.headers["location"] == f"/cases/{number}"
    assert phone.get(f"/cases/{number}").status_code == 200


def test_a_case_signed_while_the_page_lay_open_is_not_signed_twice(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    phone, secret = sqlite_portal.reader(), _link(sqlite_portal, number, Verb.ACKNOWLEDGE)
    page = phone.text(f"/l/{secret}")
    world.raw(desk.acknowledge, number)
    answer = _press(phone, secret, page)
    assert answer.status_code == 409  # type: ignore[attr-defined]
    records = [record.verb for record in world.thread(number).records]
    assert records.count("acknowledge") == 1
    assert phone.get(f"/cases/{number}").status_code == 200


def test_an_answering_link_expires_and_is_revoked_with_the_unit_s_part(
    sqlite_portal: Portal,
) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    old, lost = (_link(sqlite_portal, number, Verb.ACKNOWLEDGE) for _ in range(2))
    world.raw(desk.transfer, number, ["住建局"], "不属城管")
    assert "收回" in sqlite_portal.reader().get(f"/l/{lost}").text
    assert sqlite_portal.reader().post(f"/l/{lost}").status_code == 410
    other = _link(sqlite_portal, world.report("旧桥", "垃圾未清"), Verb.ACKNOWLEDGE)
    world.now += timedelta(days=15)
    for secret, word in ((old, "收回"), (other, "过期")):
        assert word in sqlite_portal.reader().get(f"/l/{secret}").text


def test_a_unit_that_only_assists_by_now_is_told_that_the_step_is_not_theirs(
    sqlite_portal: Portal,
) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    phone, secret = sqlite_portal.reader(), _link(sqlite_portal, number, Verb.ACKNOWLEDGE)
    page = phone.text(f"/l/{secret}")
    world.raw(desk.take_over, number, "市创城办", "久拖不决")
    assert "不再由您办理" in phone.text(f"/l/{secret}")
    answer = _press(phone, secret, page)
    assert answer.status_code in (303, 409)  # type: ignore[attr-defined]
    assert world.case(number).status == "dispatched"


def test_whoever_is_signed_in_stays_so_and_acts_as_themselves(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    bob, secret = sqlite_portal.reader("bob"), _link(sqlite_portal, number, Verb.ACKNOWLEDGE)
    before = bob.client.cookies.get("duban")
    _press(bob, secret, bob.text(f"/l/{secret}"))
    assert bob.client.cookies.get("duban") == before
    assert sqlite_portal.world.case(number).status == "in_progress"


def test_a_form_of_another_house_answers_nothing(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    secret = _link(sqlite_portal, number, Verb.ACKNOWLEDGE)
    stranger = sqlite_portal.reader()
    answer = stranger.client.post(f"/l/{secret}", data={"version": "1"}, follow_redirects=False)
    assert answer.status_code == 403
    assert sqlite_portal.world.case(number).status == "dispatched"
