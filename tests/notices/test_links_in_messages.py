"""Messages lead into the portal: from a message to the case it speaks of, and to no other."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from ledger import links, log, outbox, sweeps
from ledger.changes import table
from ledger.database import Ledger
from ledger.links import Opening
from ledger.reference import Reference
from ledger.reference import read as reference_of
from models.account import Link
from models.notice import Notice, NoticeState
from models.person import Channel, Person
from models.verb import Verb
from notices.channels.groups import form_for
from notices.samples import CASE
from notices.texts import HOUSE as HOUSE_FORMS
from notices.texts import compose
from tasks import sending
from tasks.composing import message_of, ways_of
from tests.world import Told, World

HOUSE = "https://duban.example"
_SECRET = re.compile(rf"{HOUSE}/l/([\w-]+)")
_OPENS = re.compile(rf"打开办理：{HOUSE}/l/([\w-]+)")
_ANSWERS = re.compile(rf"^(签收|已整改|申请延期)：{HOUSE}/l/([\w-]+)$", re.MULTILINE)


def send(world: World, portal: str = HOUSE) -> None:
    """One round of the engine, with a portal."""
    sweeps.dispatch_filed(world.ledger, world.now)
    sweeps.follow_up(world.ledger, world.now)
    sending.deliver(world.ledger, world.now, world.folder, portal=portal)


def secret_in(told: Told) -> str:
    [secret] = _OPENS.findall(told.body)
    return str(secret)


def verbs_in(told: Told) -> list[str]:
    """What can be answered from the message."""
    return [label for label, _ in _ANSWERS.findall(told.body)]


def reach_by(world: World, who: str, url: str) -> None:
    """Let somebody be reached by another channel."""
    channels = table(Channel)
    with world.ledger.transaction() as connection:
        mine = sa.update(channels).where(channels.c.url == f"folder://{who}")
        connection.execute(mine.values(url=url))


def test_a_message_carries_a_link_to_its_case_for_its_reader_alone(world: World) -> None:
    number = world.report("解放路1号", "井盖缺失")
    send(world)
    [told] = world.told("bob")
    opening = links.look(world.ledger, secret_in(told), world.now)
    assert isinstance(opening, Opening)
    assert (opening.person, opening.to_sign, opening.verb) == ("Bob", True, None)
    assert opening.number == number
    assert f"编号：{number}" in told.body


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
    [told] = world.told("bob")
    secrets = _SECRET.findall(told.body)
    kept = repr((world.rows(Link), log.outbox(world.ledger), world.rows(Notice)))
    assert len(secrets) == len(world.rows(Link)) == 2
    assert not [secret for secret in secrets if secret in kept]


def test_a_channel_that_repeats_the_message_does_not_bring_the_link_into_the_log(
    sqlite_world: World, httpserver: HTTPServer
) -> None:
    world, sent = sqlite_world, []

    def repeat(request: Request) -> Response:
        sent.append(request.get_json()["message"])
        return Response(_SECRET.search(sent[-1])[0].replace("/", "\\/"), 503)  # type: ignore[index]

    httpserver.expect_request("/in").respond_with_handler(repeat)
    reach_by(world, "bob", f"json://{httpserver.host}:{httpserver.port}/in")
    world.report("解放路1号", "井盖缺失")
    send(world)
    [message] = sent
    [row] = log.outbox(world.ledger)
    assert "/l\\/…" in row.answer
    assert not [secret for secret in _SECRET.findall(message) if secret in repr(row)]


def test_several_reminders_in_one_message_lead_to_the_door_and_not_to_one_case(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    for n in range(3):
        world.bob.signs(world.report(f"解放路{n}号", "路面积水", limit="3天"))
    world.sweep()
    world.at("2026-09-29 10:30")
    send(world)
    [told] = [told for told in world.told("bob") if "催办提醒】3 件" in told.subject]
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
    assert [row.verb for row in world.rows(Link)] == ["", "acknowledge"] * 2


# -- answering ---------------------------------------------------------------------------------


def test_a_message_offers_what_its_reader_can_do_now_and_nothing_else(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    number = world.report("解放路1号", "路面积水", limit="3天")
    send(world)
    [told] = world.told("bob")
    assert verbs_in(told) == ["签收"]
    world.bob.signs(number)
    world.at("2026-09-29 10:30")
    send(world)
    reminded = world.told("bob")[-1]
    assert "催办提醒" in reminded.subject
    assert verbs_in(reminded) == ["已整改", "申请延期"]
    for _, secret in _ANSWERS.findall(reminded.body):
        opening = links.look(world.ledger, secret, world.now)
        assert isinstance(opening, Opening)
        assert opening.verb in (Verb.SUBMIT, Verb.REQUEST_EXTENSION)


def test_who_is_told_of_a_level_opens_the_case_and_answers_nothing_for_the_unit(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    world.bob.signs(world.report("解放路1号", "路面积水", limit="3天"))
    world.sweep()
    world.at("2026-09-30 18:00")
    send(world)
    [told] = world.told("head")
    assert secret_in(told)
    assert not verbs_in(told)


def test_an_assisting_unit_is_offered_nothing_that_the_lead_answers_for(
    sqlite_world: World,
) -> None:
    world = sqlite_world
    world.report("解放路1号", "路灯不亮", unit="城管局、住建局")
    send(world)
    [told] = world.told("builder")
    assert secret_in(told)
    assert not verbs_in(told)


def test_an_extension_that_would_be_refused_is_not_offered(sqlite_world: World) -> None:
    world = sqlite_world
    number = world.report("解放路1号", "路面积水", limit="3天")
    world.bob.signs(number)
    world.sweep()
    world.at("2026-09-30 18:30").sweep()  # over its limit by now
    world.now += timedelta(minutes=10)
    world.carol.urges(number, "市民再次反映")
    send(world)
    urged = [told for told in world.told("bob") if "市民再次反映" in told.body]
    assert [verbs_in(told) for told in urged] == [["已整改"]], urged


@pytest.mark.parametrize("scheme", ["dingtalk", "wecombot", "feishu", "lark"])
def test_a_robot_in_a_group_is_given_nobody_s_own_links(sqlite_world: World, scheme: str) -> None:
    world = sqlite_world
    world.report("解放路1号", "井盖缺失")
    sweeps.dispatch_filed(world.ledger, world.now)
    hand = outbox.claim(world.ledger, world.now, world.now)
    [owed] = [
        replace(owed, url=f"{scheme}://token", shown=f"{scheme}://****") for owed in hand.owed
    ]
    ways = ways_of(world.ledger, [[owed]], HOUSE, hand.reference, world.now)
    message = message_of([owed], hand.reference, world.now, ways[owed.message])
    assert not world.rows(Link)
    for form in (message.body, message.markdown, message.html, message.short):
        assert "/l/" not in form
    assert f"登录办理：{HOUSE}/" in message.body
    assert f"[登录办理]({HOUSE}/)" in message.markdown


def test_the_links_of_one_claim_are_made_in_one_statement(sqlite_world: World) -> None:
    world, said = sqlite_world, list[str]()
    made = [replace(owed, message=f"m{owed.id}") for owed in _thirty(world)]
    sa.event.listen(world.ledger.engine, "before_cursor_execute", lambda *a: said.append(str(a[2])))
    reference = read(world.ledger)
    said.clear()
    ways = ways_of(world.ledger, [[owed] for owed in made], HOUSE, reference, world.now)
    assert len(ways) == len(made) == 30
    assert len(world.rows(Link)) == 60
    assert len([line for line in said if line.startswith("INSERT")]) == 1
    assert len(said) < 10


def _thirty(world: World) -> list[outbox.Owed]:
    for n in range(30):
        world.report(f"解放路{n}号", "井盖缺失")
    sweeps.dispatch_filed(world.ledger, world.now)
    return outbox.claim(world.ledger, world.now, world.now).owed


def read(ledger: Ledger) -> Reference:
    with ledger.snapshot() as connection:
        return reference_of(connection)


# -- each reader's own ------------------------------------------------------------------------


def test_a_message_is_written_in_its_reader_s_language(sqlite_world: World) -> None:
    world, people = sqlite_world, table(Person)
    with world.ledger.transaction() as connection:
        connection.execute(sa.update(people).where(people.c.code == "bob").values(lang="en"))
    number = world.report("解放路1号", "井盖缺失")
    send(world)
    [told] = world.told("bob")
    assert told.subject.startswith("[dispatched]")
    assert f"Case: {number}" in told.body
    assert "Sign for it: " in told.body


def test_an_office_words_its_messages_by_files_and_a_broken_one_is_said(
    sqlite_world: World, tmp_path: Path
) -> None:
    world, templates = sqlite_world, tmp_path / "templates"
    (templates / "zh").mkdir(parents=True)
    mine = templates / "zh" / "dispatched.plain.j2"
    mine.write_text("请办 {{ place }}", "utf-8")
    # No mail goes out here: that its template is broken is nothing to this message.
    (templates / "zh" / "message.html.j2").write_text("{{ plaec }}", "utf-8")
    for n, text in enumerate(("请办 {{ place }}", "{{ plaec }}")):
        mine.write_text(text, "utf-8")
        world.report(f"解放路{n}号", "井盖缺失")
        sweeps.dispatch_filed(world.ledger, world.now)
        sending.deliver(world.ledger, world.now, world.folder, templates=templates)
        world.now += timedelta(hours=1)
    first, second = world.told("bob")
    assert first.body.strip() == "请办 解放路0号"
    assert "地点：解放路1号" in second.body
    fine, row = log.outbox(world.ledger)
    assert "模板" not in fine.answer
    assert row.state == NoticeState.SENT
    assert "模板 zh/dispatched.plain.j2 出错，已改用纯文本：'plaec' is undefined" in row.answer


@pytest.mark.parametrize(
    ("address", "form"),
    [
        ("mailtos://****@mail.example/bob", "html"),
        ("dingtalk://****", "markdown"),
        ("wecomapp://****@1000002/…", "markdown"),
        ("schan://****", "markdown"),
        ("aliyunsms://****", "short"),
        ("json://hooks.example", ""),
    ],
)
def test_of_the_forms_only_the_one_that_its_channel_shows_is_made(address: str, form: str) -> None:
    made = compose(CASE, forms=HOUSE_FORMS.only(form_for(address)))
    assert made.body
    shown = {"html": made.html, "markdown": made.markdown, "short": made.short}
    assert {name for name, text in shown.items() if text} == ({form} if form else set())
