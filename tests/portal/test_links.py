"""专用链接: from a notice to a signed case in two taps; once, for a while, for one person."""

from datetime import timedelta

import sqlalchemy as sa

from ledger import desk, links
from ledger.changes import table
from models.account import Link
from models.person import Person
from tests.portal.readers import Portal


def _link(portal: Portal, number: str, who: str = "bob", unit: str = "城管局") -> str:
    world, people = portal.world, table(Person)
    unit_id = portal.app.state.house.reference().unit(unit)
    assert unit_id is not None
    case = world.case(number)
    with world.ledger.transaction() as connection:
        query = sa.select(people.c.id).where(people.c.code == who)
        person = connection.execute(query).scalar_one()
        return links.make(connection, case.id, person, unit_id, world.now)


def test_two_taps_lead_from_the_notice_to_a_signed_case(portal: Portal) -> None:
    number = portal.world.report("新桥大道", "垃圾未清")
    phone = portal.reader()
    page = phone.text(f"/l/{_link(portal, number)}")
    assert "签收并查看" in page
    secret = page.split('action="/l/')[1].split('"')[0]
    answer = phone.post(f"/l/{secret}", {"sign": "1"})
    assert answer.headers["location"] == f"/cases/{number}"
    assert portal.world.case(number).status == "in_progress"


def test_looking_uses_nothing_up_and_opening_does(portal: Portal) -> None:
    secret = _link(portal, portal.world.report("新桥大道", "垃圾未清"))
    for _ in range(3):  # a mail server, a chat program, the person
        assert portal.reader().get(f"/l/{secret}").status_code == 200
    assert portal.reader().post(f"/l/{secret}").status_code == 303
    for again in (portal.reader().get(f"/l/{secret}"), portal.reader().post(f"/l/{secret}")):
        assert again.status_code == 410
        assert "已经用过" in again.text


def test_a_link_expires_and_can_be_revoked(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    old, revoked = _link(sqlite_portal, number), _link(sqlite_portal, number)
    with world.ledger.transaction() as connection:
        rows = table(Link)
        links.revoke(connection, rows.c.digest == links.digest(revoked), world.now)
    assert "收回" in sqlite_portal.reader().get(f"/l/{revoked}").text
    world.now += timedelta(days=15)
    assert "过期" in sqlite_portal.reader().get(f"/l/{old}").text


def test_revoking_a_link_ends_the_session_it_opened(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    phone, secret = sqlite_portal.reader(), _link(sqlite_portal, world.report("甲路", "垃圾未清"))
    phone.post(f"/l/{secret}")
    assert phone.get("/account").status_code == 200
    with world.ledger.transaction() as connection:
        links.revoke(connection, sa.true(), world.now)
    assert phone.get("/account").status_code == 303


def test_a_guessed_link_says_no_more_than_that_it_does_not_open(sqlite_portal: Portal) -> None:
    answer = sqlite_portal.reader().get("/l/guessed")
    assert answer.status_code == 410
    assert "无效" in answer.text


def test_a_link_to_somebody_who_only_reads_offers_no_signing(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    page = sqlite_portal.reader().text(f"/l/{_link(sqlite_portal, number, 'carol', '市创城办')}")
    assert "签收" not in page
    assert "查看案件" in page


def test_a_case_signed_in_between_is_opened_all_the_same(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    number = world.report("新桥大道", "垃圾未清")
    secret = _link(sqlite_portal, number)
    world.raw(desk.acknowledge, number)
    answer = sqlite_portal.reader().post(f"/l/{secret}", {"sign": "1"})
    assert answer.headers["location"] == f"/cases/{number}"


def test_the_ledger_keeps_no_secret_of_a_link(sqlite_portal: Portal) -> None:
    secret = _link(sqlite_portal, sqlite_portal.world.report("新桥大道", "垃圾未清"))
    [row] = sqlite_portal.world.rows(Link)
    assert secret not in str(row)


def test_a_link_sent_to_a_unit_that_has_lost_the_case_opens_it_no_more(portal: Portal) -> None:
    world = portal.world
    number = world.report("新桥大道", "垃圾未清")
    opened, waiting = portal.reader(), _link(portal, number)
    opened.post(f"/l/{_link(portal, number)}")
    world.raw(desk.transfer, number, ["住建局"], "不属城管")
    assert "收回" in portal.reader().get(f"/l/{waiting}").text
    assert opened.get(f"/cases/{number}").status_code == 303  # to the door


def test_whoever_is_signed_in_stays_so_when_they_open_a_link(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    bob = sqlite_portal.reader("bob")
    before = bob.client.cookies.get("duban")
    bob.post(f"/l/{_link(sqlite_portal, number)}", {"sign": "1"})
    assert bob.client.cookies.get("duban") == before
    assert sqlite_portal.world.case(number).status == "in_progress"


def test_links_and_sessions_long_over_are_forgotten(portal: Portal) -> None:
    world = portal.world
    phone = portal.reader()
    phone.post(f"/l/{_link(portal, world.report('甲路', '垃圾未清'))}")
    assert links.forget(world.ledger, world.now) == 0
    assert links.forget(world.ledger, world.now + timedelta(days=30)) == 2
