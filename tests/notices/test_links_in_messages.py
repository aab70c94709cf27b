"""Messages lead into the portal: from a message to the case it speaks of, and to no other."""

import re
from datetime import timedelta

import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ledger import links, log, sweeps
from ledger.changes import table
from ledger.links import Opening
from models.account import Link
from models.notice import Notice, NoticeState
from models.person import Channel
from tasks import sending
from tests.world import Told, World

HOUSE = "https://duban.example"
_SECRET = re.compile(rf"{HOUSE}/l/([\w-]+)")


def send(world: World, portal: str = HOUSE) -> None:
    """One round of the engine, with a portal."""
    sweeps.dispatch_filed(world.ledger, world.now)
    sweeps.follow_up(world.ledger, world.now)
    sending.deliver(world.ledger, world.now, world.folder, portal=portal)


def secret_in(told: Told) -> str:
    [secret] = _SECRET.findall(told.body)
    return str(secret)


def test_a_message_carries_a_link_to_its_case_for_its_reader_alone(world: World) -> None:
    made = {world.report("解放路1号", "井盖缺失"), world.report("解放路2号", "路面积水")}
    send(world)
    for told in world.told("bob"):
        opening = links.look(world.ledger, secret_in(told), world.now)
        assert isinstance(opening, Opening)
        assert (opening.person, opening.to_sign) == ("Bob", True)
        assert f"编号：{opening.number}" in told.body
        made.remove(opening.number)
    assert not made


def test_every_message_has_a_link_of_its_own(sqlite_world: World) -> None:
    world = sqlite_world
    world.report("解放路1号", "井盖缺失")
    send(world)
    world.at("2026-09-30 18:00")
    send(world)
    secrets = [secret for told in world.told() for secret in _SECRET.findall(told.body)]
    assert len(secrets) == len(set(secrets)) > 1


def test_the_ledger_keeps_nothing_by_which_a_link_could_be_opened(sqlite_world: World) -> None:
    world = sqlite_world
    world.report("解放路1号", "井盖缺失")
    send(world)
    [secret] = [secret_in(told) for told in world.told("bob")]
    [row] = world.rows(Link)
    assert secret not in repr(row)
    assert secret not in repr(log.outbox(world.ledger))
    assert secret not in repr(world.rows(Notice))


def test_a_channel_that_repeats_the_message_does_not_bring_the_link_into_the_log(
    sqlite_world: World, httpserver: HTTPServer
) -> None:
    world, sent = sqlite_world, []

    def repeat(request: Request) -> Response:
        sent.append(request.get_json()["message"])
        return Response(_SECRET.search(sent[-1])[0].replace("/", "\\/"), 503)  # type: ignore[index]

    httpserver.expect_request("/in").respond_with_handler(repeat)
    channels = table(Channel)
    with world.ledger.transaction() as connection:
        url = f"json://{httpserver.host}:{httpserver.port}/in"
        connection.execute(
            sa.update(channels).where(channels.c.url == "folder://bob").values(url=url)
        )
    world.report("解放路1号", "井盖缺失")
    send(world)
    [message] = sent
    [secret] = _SECRET.findall(message)
    [row] = log.outbox(world.ledger)
    assert "/l\\/…" in row.answer
    assert secret not in repr(row)


def test_several_reminders_in_one_message_lead_to_the_door_and_not_to_one_case(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    for n in range(3):
        world.bob.signs(world.report(f"解放路{n}号", "路面积水", limit="3天"))
    world.sweep()
    world.at("2026-09-29 10:30")
    send(world)
    [told] = [told for told in world.told("bob") if "3 件" in told.subject]
    assert f"登录办理：{HOUSE}/" in told.body
    assert not _SECRET.findall(told.body)


def test_without_a_portal_messages_are_as_they_were_and_no_link_is_made(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    world.report("解放路1号", "井盖缺失")
    send(world, portal="")
    [told] = world.told("bob")
    assert "打开办理" not in told.body
    assert not world.rows(Link)


def test_whoever_is_told_that_the_case_has_left_them_gets_no_way_back_to_it(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    number = world.report("解放路1号", "井盖缺失")
    world.sweep()
    world.now += timedelta(hours=1)
    world.carol.transfers(number, "住建局")
    send(world)
    mine = [told for told in world.told("bob") if "已改派" in told.body]
    theirs = [told for told in world.told("builder") if "住房" in told.body]
    assert len(mine) == 1
    assert not _SECRET.findall(mine[0].body)
    assert len(theirs) == 1
    assert secret_in(theirs[0])


def test_a_message_sent_again_carries_another_link(sqlite_world: World) -> None:
    world = sqlite_world
    world.report("解放路1号", "井盖缺失")
    sweeps.dispatch_filed(world.ledger, world.now)
    world.folder.parent.mkdir(parents=True, exist_ok=True)
    # A file where the folder should be: the channel fails for now.
    world.folder.write_text("in the way", "utf-8")
    sending.deliver(world.ledger, world.now, world.folder, portal=HOUSE)
    world.folder.unlink()
    world.now += timedelta(hours=2)
    sending.deliver(world.ledger, world.now, world.folder, portal=HOUSE)
    [notice] = world.rows(Notice)
    assert notice.state is NoticeState.SENT
    secret = secret_in(world.told("bob")[-1])
    assert isinstance(links.look(world.ledger, secret, world.now), Opening)
    assert len(world.rows(Link)) == 2
