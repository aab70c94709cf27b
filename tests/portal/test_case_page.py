"""案件页: one case for everybody who may see it, and what they can do to it."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from ledger import links
from models.notice import Notice
from models.photo import Photo, PhotoPurpose
from portal.acting import ACTIONS
from tests.documents.hostile import SCRIPT, jpeg, textured
from tests.portal.readers import Portal, Reader
from tests.world import World, clock

Words = Callable[[str], str]

BY_NAME = {verb.value: action for verb, action in ACTIONS.items()}
_ACT = re.compile(r'(?:action|href)="/cases/[\d-]+/do/(\w+)"')


def verbs(html: str) -> set[str]:
    """The verbs that a page offers."""
    return set(_ACT.findall(html))


def open_case(portal: Portal, **more: Any) -> str:
    """A case that waits for 城管局 to sign."""
    portal.world.at("2026-09-21 09:00")
    more = {"area": "东澄区", **more}
    number = portal.world.report("解放路1号", "井盖缺失", limit="3 工作日", **more)
    portal.world.sweep()
    return number


def signed_case(portal: Portal) -> str:
    """A case that 城管局 is working on."""
    number = open_case(portal)
    portal.world.at("2026-09-21 10:00")
    portal.world.bob.signs(number)
    return number


def form_of(reader: Reader, url: str) -> dict[str, str]:
    """The hidden fields of the form of a page, as a browser sends them."""
    page = reader.text(url)
    return dict(re.findall(r'<input type="hidden" name="(version|seen)" value="(\d+)"', page))


def picture(seed: int = 1, name: str = "现场.jpg") -> tuple[str, tuple[str, bytes, str]]:
    return "files", (name, jpeg(textured(seed)), "image/jpeg")


# -- who sees it -------------------------------------------------------------------------------


def test_whoever_is_concerned_sees_the_case_and_nobody_else_does(portal: Portal) -> None:
    number = open_case(portal)
    seen = {
        who: [
            portal.reader(who).get(url).status_code
            for url in (f"/cases/{number}", f"/cases/{number}/why", f"/cases/{number}/do/note")
        ]
        for who in portal.accounts
    }
    assert {who for who, codes in seen.items() if codes == [200, 200, 200]} == {
        "bob", "head", "carol", "leader",
    }  # fmt: skip
    assert {who for who, codes in seen.items() if codes == [404, 404, 404]} == {
        "alice", "builder", "mallory", "discipline",
    }  # fmt: skip


def test_a_foreign_case_cannot_be_told_from_one_that_does_not_exist(
    sqlite_portal: Portal,
) -> None:
    number, mallory = open_case(sqlite_portal), sqlite_portal.reader("mallory")
    for path in ("", "/why", "/do/note", "/do/never"):
        foreign, none = (mallory.get(f"/cases/{n}{path}") for n in (number, "2026-999999"))
        assert foreign.status_code == none.status_code == 404
        assert foreign.text.replace(number, "2026-999999") == none.text
    answer = mallory.post(f"/cases/{number}/do/note", {"text": "I was here"})
    assert answer.status_code == 404
    assert "I was here" not in str(sqlite_portal.world.thread(number).records)


def test_pictures_sent_to_a_foreign_case_are_not_even_kept(sqlite_portal: Portal) -> None:
    number = signed_case(sqlite_portal)
    mallory = sqlite_portal.reader("mallory")
    answer = mallory.post(f"/cases/{number}/do/submit", {"text": "done"}, files=[picture()])
    assert answer.status_code == 404
    assert not sqlite_portal.world.rows(Photo)


def test_other_cases_are_named_only_to_those_who_may_see_them(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    first = open_case(sqlite_portal)
    other = world.report("解放路1号旁", "路灯杆倾斜", unit="住建局")
    world.sweep()
    world.carol.merges(other, first)
    carol, bob = sqlite_portal.reader("carol"), sqlite_portal.reader("bob")
    assert f'href="/cases/{other}"' in carol.text(f"/cases/{first}")
    assert f'href="/cases/{other}"' not in bob.text(f"/cases/{first}")
    assert f'href="/cases/{first}"' in carol.text(f"/cases/{other}")


# -- what can be done --------------------------------------------------------------------------


def test_each_is_offered_what_is_theirs_to_do_now(sqlite_portal: Portal) -> None:
    number = open_case(sqlite_portal)
    page = f"/cases/{number}"
    bob, carol = sqlite_portal.reader("bob"), sqlite_portal.reader("carol")
    assert verbs(bob.text(page)) == {"acknowledge", "assign", "send_back", "record_cost", "note"}
    assert {"transfer", "urge", "cancel"} <= verbs(carol.text(page))
    assert verbs(sqlite_portal.reader("leader").text(page)) == {"urge", "note"}
    sqlite_portal.world.bob.signs(number)
    assert {"submit", "request_extension", "request_suspension"} <= verbs(bob.text(page))
    sqlite_portal.world.bob.asks_for_more_time(number)
    assert "request_extension" not in verbs(bob.text(page)), "one request at a time"
    assert {"extend", "refuse_request"} <= verbs(carol.text(page))
    assert "suspend" not in verbs(carol.text(page)), "nobody asked for that"


def test_what_is_not_theirs_is_refused_by_page_and_by_form(sqlite_portal: Portal) -> None:
    number, bob = open_case(sqlite_portal), sqlite_portal.reader("bob")
    assert bob.get(f"/cases/{number}/do/cancel").status_code == 403
    assert bob.post(f"/cases/{number}/do/cancel", {"reason": "no"}).status_code == 403
    for unknown in ("remind", "escalate", "nothing"):
        assert bob.get(f"/cases/{number}/do/{unknown}").status_code == 404
        assert bob.post(f"/cases/{number}/do/{unknown}").status_code == 404
    assert sqlite_portal.world.status(number) == "dispatched"


def test_what_cannot_be_done_now_says_why(sqlite_portal: Portal) -> None:
    number, bob = open_case(sqlite_portal), sqlite_portal.reader("bob")
    answer = bob.get(f"/cases/{number}/do/submit")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{number}")
    assert "案件现为“待签收”，不能整改反馈" in bob.text(f"/cases/{number}")
    answer = bob.post(f"/cases/{number}/do/submit", {"text": "done"})
    assert answer.status_code == 422
    assert "案件现为“待签收”，不能整改反馈" in answer.text


def test_one_tap_signs(portal: Portal) -> None:
    number, bob = open_case(portal), portal.reader("bob")
    form = form_of(bob, f"/cases/{number}")
    answer = bob.post(f"/cases/{number}/do/acknowledge", form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{number}")
    assert portal.world.status(number) == "in_progress"
    assert "签收：已办理，案件现为“整改中”" in bob.text(f"/cases/{number}")


def test_every_verb_that_is_offered_prints_its_form(sqlite_portal: Portal) -> None:
    world, printed = sqlite_portal.world, set()

    def look(number: str) -> None:
        for who in ("bob", "builder", "carol", "alice"):
            reader = sqlite_portal.reader(who)
            if reader.get(f"/cases/{number}").status_code != 200:
                continue
            for name in verbs(reader.text(f"/cases/{number}")):
                page = reader.text(f"/cases/{number}/do/{name}")
                printed.add(name)
                for field in BY_NAME[name].fields:
                    asked = "files" if field.name == "photos" else field.name
                    assert f'name="{asked}"' in page or field.kind == "part", (name, field.name)

    number = open_case(sqlite_portal, unit="城管局、住建局")
    look(number)
    world.bob.sends_back(number)
    look(number)
    world.carol.overrules(number)
    world.bob.signs(number)
    look(number)
    world.bob.asks_for_more_time(number)
    look(number)
    world.carol.turns_down(number)
    world.bob.asks_to_suspend(number, "2026-11-30 18:00")
    look(number)
    world.carol.grants(number)
    look(number)
    world.bob.resumes(number)
    world.at("2026-12-30 10:00")
    world.bob.submits(number)
    look(number)
    world.carol.passes(number)
    look(number)
    world.bob.appeals(number)
    look(number)
    world.carol.turns_down(number)
    odd = world.report("无名路", "不知何物", unit="")
    look(odd)
    # Looking back is drawn by the engine; filing and its like are for what was not filed.
    rest = {"file", "reject", "fix_on_spot", "look_back_pass", "look_back_fail"}
    assert set(BY_NAME) - printed <= rest


def test_after_what_was_done_they_go_on_where_their_work_is(sqlite_portal: Portal) -> None:
    world, number = sqlite_portal.world, signed_case(sqlite_portal)
    world.bob.submits(number)
    alice, carol = sqlite_portal.reader("alice"), sqlite_portal.reader("carol")
    answer = alice.post(f"/cases/{number}/do/verify_fail", {"reason": "仍有积水"})
    assert answer.headers["location"] == "/hand-in", "what waits for the unit she sees no more"
    note = {"text": "已电话核实"}
    back = {**note, "next": "/board?queue=returns"}
    assert carol.post(f"/cases/{number}/do/note", back).headers["location"] == back["next"]
    for stranger in ("//evil.example", "https://evil.example", "/board/..//evil", "/nowhere"):
        answer = carol.post(f"/cases/{number}/do/note", {**note, "next": stranger})
        assert answer.headers["location"] == f"/cases/{number}"


# -- two at once -------------------------------------------------------------------------------


def test_the_second_of_two_browsers_hears_what_happened_and_writes_nothing(
    portal: Portal, words: Words
) -> None:
    number = open_case(portal)
    bob, head = portal.reader("bob"), portal.reader("head")
    mine, theirs = (form_of(reader, f"/cases/{number}") for reader in (bob, head))
    bob.post(f"/cases/{number}/do/acknowledge", mine)
    records = len(portal.world.thread(number).records)
    answer = head.post(f"/cases/{number}/do/acknowledge", theirs)
    assert answer.status_code == 409
    said = words(answer.text)
    assert "案件已被他人处理，本次没有写入" in said
    assert "Bob 签收：签收。" in said
    assert "整改中" in said
    assert len(portal.world.thread(number).records) == records


def test_what_was_written_survives_that_somebody_was_faster(
    sqlite_portal: Portal, words: Words
) -> None:
    number = signed_case(sqlite_portal)
    bob, head = sqlite_portal.reader("bob"), sqlite_portal.reader("head")
    form = form_of(head, f"/cases/{number}/do/submit")
    bob.post(f"/cases/{number}/do/assign", {"section": "市政科"})
    sent = {**form, "text": "井盖已换好"}
    answer = head.post(f"/cases/{number}/do/submit", sent, files=[picture()])
    assert answer.status_code == 409
    assert "市政科" in words(answer.text)
    assert "井盖已换好" in answer.text
    again = dict(re.findall(r'name="(version|seen|photos)" value="(\d+)"', answer.text))
    answer = head.post(f"/cases/{number}/do/submit", {**again, "text": "井盖已换好"})
    assert answer.status_code == 303
    assert sqlite_portal.world.status(number) == "submitted"
    assert [photo.purpose for photo in sqlite_portal.world.rows(Photo)] == [PhotoPurpose.SUBMISSION]


def test_a_reminder_sent_meanwhile_is_nobody_being_faster(sqlite_portal: Portal) -> None:
    number, bob = signed_case(sqlite_portal), sqlite_portal.reader("bob")
    form = form_of(bob, f"/cases/{number}/do/submit")
    version = sqlite_portal.world.case(number).version
    sqlite_portal.world.at("2026-09-24 18:30").sweep()
    assert sqlite_portal.world.case(number).version > version
    answer = bob.post(f"/cases/{number}/do/submit", {**form, "text": "井盖已换好"})
    assert answer.status_code == 303


# -- handing in --------------------------------------------------------------------------------


def test_a_rectification_is_handed_in_with_pictures_that_its_record_names(
    portal: Portal,
) -> None:
    number, bob = signed_case(portal), portal.reader("bob")
    form = {**form_of(bob, f"/cases/{number}/do/submit"), "text": "井盖已换好"}
    answer = bob.post(f"/cases/{number}/do/submit", form, files=[picture(1), picture(2)])
    assert answer.status_code == 303, answer.text
    photos = portal.world.rows(Photo)
    record = portal.world.thread(number).records[-1]
    assert record.verb == "submit"
    assert all(photo.digest in record.data for photo in photos)
    page = bob.text(f"/cases/{number}")
    assert all(f'href="/photos/{photo.id}.jpg"' in page for photo in photos)
    assert portal.world.proven()


def test_a_picture_that_is_refused_is_named_and_nothing_else_is_lost(
    sqlite_portal: Portal, words: Words
) -> None:
    number, bob = signed_case(sqlite_portal), sqlite_portal.reader("bob")
    bad = ("files", ("脚本.jpg", b"<svg>" + SCRIPT + b"</svg>", "image/jpeg"))
    sent = {"text": "井盖已换好，路面已清扫"}
    answer = bob.post(f"/cases/{number}/do/submit", sent, files=[picture(), bad])
    assert answer.status_code == 422
    said = words(answer.text)
    assert "有照片没有收下" in said
    assert "脚本.jpg ：" in said
    assert "井盖已换好，路面已清扫" in answer.text
    assert sqlite_portal.world.status(number) == "in_progress"
    [kept] = re.findall(r'name="photos" value="(\d+)" checked', answer.text)
    answer = bob.post(f"/cases/{number}/do/submit", {**sent, "photos": kept})
    assert answer.status_code == 303
    [photo] = sqlite_portal.world.rows(Photo)
    assert (photo.id, photo.case_id) == (int(kept), sqlite_portal.world.case(number).id)


def test_a_form_that_lacks_something_keeps_its_pictures(sqlite_portal: Portal) -> None:
    number, bob = signed_case(sqlite_portal), sqlite_portal.reader("bob")
    answer = bob.post(f"/cases/{number}/do/submit", {"text": " "}, files=[picture()])
    assert answer.status_code == 422
    assert "请填写：整改情况" in answer.text
    assert len(re.findall(r'name="photos" value="\d+" checked', answer.text)) == 1


def test_pictures_of_another_person_cannot_be_handed_in(sqlite_portal: Portal) -> None:
    number = signed_case(sqlite_portal)
    head, bob = sqlite_portal.reader("head"), sqlite_portal.reader("bob")
    head.post(f"/cases/{number}/do/submit", {"text": ""}, files=[picture()])
    [theirs] = sqlite_portal.world.rows(Photo)
    answer = bob.post(f"/cases/{number}/do/submit", {"text": "done", "photos": str(theirs.id)})
    assert answer.status_code == 422
    assert "不是您上传的" in answer.text
    assert sqlite_portal.world.status(number) == "in_progress"


def test_no_more_pictures_than_nine_are_taken_and_the_tenth_is_named(
    sqlite_portal: Portal, words: Words
) -> None:
    number, bob = signed_case(sqlite_portal), sqlite_portal.reader("bob")
    files = [picture(n, f"{n}.jpg") for n in range(1, 11)]
    answer = bob.post(f"/cases/{number}/do/submit", {"text": "done"}, files=files)
    assert answer.status_code == 422
    assert "10.jpg ：一次最多 9 张" in words(answer.text)
    assert len(re.findall(r'name="photos" value="\d+" checked', answer.text)) == 9


# -- what the rules say beforehand -------------------------------------------------------------


def test_asking_for_time_says_how_many_are_left_who_decides_and_what_it_gives(
    sqlite_portal: Portal, words: Words
) -> None:
    world, number = sqlite_portal.world, signed_case(sqlite_portal)
    url, bob = f"/cases/{number}/do/request_extension", sqlite_portal.reader("bob")
    said = words(bob.text(url))
    assert "延期每案最多 2 次：本案已用 0 次，还剩 2 次" in said
    assert "由督办员（Carol）审批，须 1 人同意" in said
    [due] = re.findall(r"到期由9月24日\(周四\)18:00改为(\S+?)。", said)
    world.bob.asks_for_more_time(number)
    world.carol.grants(number)
    assert clock(world.case(number).due_at) == "2026-09-30 18:00"
    assert due == "9月30日(周三)18:00"
    assert "已用 1 次，还剩 1 次" in words(bob.text(url))


def test_asking_for_time_once_overdue_is_refused_beforehand(sqlite_portal: Portal) -> None:
    number, bob = signed_case(sqlite_portal), sqlite_portal.reader("bob")
    sqlite_portal.world.at("2026-09-28 09:00")
    page = bob.text(f"/cases/{number}/do/request_extension")
    assert "时限已到，不能再申请延期" in page
    assert '<textarea id="f-reason"' not in page


def test_a_suspension_says_until_when_at_the_latest(sqlite_portal: Portal, words: Words) -> None:
    number, bob = signed_case(sqlite_portal), sqlite_portal.reader("bob")
    said = words(bob.text(f"/cases/{number}/do/request_suspension"))
    assert "还剩 1 次" in said
    assert "最长 365 天，最晚到2027年9月21日" in said


def test_sending_back_says_which_time_it_is(sqlite_portal: Portal, words: Words) -> None:
    world, number, bob = sqlite_portal.world, open_case(sqlite_portal), sqlite_portal.reader("bob")
    url = f"/cases/{number}/do/send_back"
    assert "这是本案第 1 次退单，最多 2 次" in words(bob.text(url))
    world.bob.sends_back(number)
    world.carol.overrules(number)
    assert "这是本案第 2 次退单" in words(bob.text(url))
    world.bob.sends_back(number)
    world.carol.overrules(number)
    assert "本案已作终审裁定，不能再退单" in bob.text(url)


def test_units_are_named_one_a_line_where_there_is_no_script(sqlite_portal: Portal) -> None:
    number, carol = open_case(sqlite_portal), sqlite_portal.reader("carol")
    page = carol.text(f"/cases/{number}/do/transfer")
    assert '<option value="市住房和城乡建设局" label="住建局 市住建局">' in page
    sent = {"units": "住建局\r\n城管局", "reason": "职责划转"}
    assert carol.post(f"/cases/{number}/do/transfer", sent).status_code == 303
    parts = [part for part in sqlite_portal.world.thread(number).parts if part.ended_at is None]
    assert [(p.name, p.role.value) for p in parts] == [
        ("市住房和城乡建设局", "lead"), ("市城市管理局", "assisting"),
    ]  # fmt: skip


def test_a_case_is_given_to_a_person_of_the_unit(sqlite_portal: Portal, words: Words) -> None:
    number, bob = signed_case(sqlite_portal), sqlite_portal.reader("bob")
    url = f"/cases/{number}/do/assign"
    page = bob.text(url)
    assert '<option value="城管局负责人"' in page
    assert '<option value="Mallory"' not in page
    wrong = bob.post(url, {"person": "Mallory", "section": "市政科"})
    assert wrong.status_code == 422
    assert "市政科" in wrong.text
    assert bob.post(url, {"person": "城管局负责人"}).status_code == 303
    assert "经办人 城管局负责人" in words(bob.text(f"/cases/{number}"))


# -- why ---------------------------------------------------------------------------------------


def test_the_limit_explains_itself_day_by_day_and_says_what_happens_next(
    sqlite_portal: Portal, words: Words
) -> None:
    number, bob = signed_case(sqlite_portal), sqlite_portal.reader("bob")
    said = words(bob.text(f"/cases/{number}/why"))
    assert "时限 3 工作日：起算当日不计，到期于末个工作日下班时" in said
    assert "计入的工作日（3 天）：2026-09-22（周二）" in said
    assert re.search(r"明天08:00 明天12:00 工作时间 计入 未到", said)
    assert re.search(r"今天09:00 今天10:00 工作时间 不计 已过", said)
    assert "1 级 单位负责人督办" in said
    assert "城管局负责人" in said
    bob.client.cookies.set("duban-lang", "en")
    english = words(bob.text(f"/cases/{number}/why"))
    assert "The limit is 3 working days" in english
    assert "escalate to level 1" in english


def test_the_case_says_what_happens_next_if_nobody_acts(
    sqlite_portal: Portal, words: Words
) -> None:
    number, bob = signed_case(sqlite_portal), sqlite_portal.reader("bob")
    said = words(bob.text(f"/cases/{number}"))
    assert "干不成怎么办 9月23日(周三)08:30 整改时限过 50%：催办，告知联络员" in said


# -- pictures and doubts -----------------------------------------------------------------------


def used_twice(portal: Portal) -> tuple[str, str]:
    """Two cases that were handed in with the same picture."""
    world, bob = portal.world, portal.reader("bob")
    first = signed_case(portal)
    second = world.report("解放路9号", "路面坑洼", area="东澄区")
    world.bob.signs(second)
    for number in (first, second):
        answer = bob.post(f"/cases/{number}/do/submit", {"text": "已整改"}, files=[picture()])
        assert answer.status_code == 303
    return first, second


def test_doubts_about_pictures_are_told_to_whoever_verifies_and_not_to_the_unit(
    sqlite_portal: Portal,
) -> None:
    first, second = used_twice(sqlite_portal)
    doubt = f"同一张照片已用于案件 {first}"
    assert doubt in sqlite_portal.reader("alice").text(f"/cases/{second}")
    assert doubt in sqlite_portal.reader("carol").text(f"/cases/{second}/do/verify_pass")
    assert "同一张照片" not in sqlite_portal.reader("bob").text(f"/cases/{second}")
    assert "同一张照片" not in sqlite_portal.reader("carol").text(f"/cases/{first}")


def test_a_doubt_does_not_name_a_case_out_of_scope(sqlite_portal: Portal) -> None:
    first, second = used_twice(sqlite_portal)
    sqlite_portal.world.carol.passes(first)  # closed: an inspector sees it no more
    page = sqlite_portal.reader("alice").text(f"/cases/{second}")
    assert "同一张照片已用于您范围外的另一案件" in page
    assert first not in page


# -- what was said to whom ---------------------------------------------------------------------


def test_opening_the_case_marks_ones_own_messages_as_read_and_nobody_elses(
    portal: Portal,
) -> None:
    number = signed_case(portal)
    portal.world.at("2026-09-28 09:00").sweep()
    portal.reader("bob").text(f"/cases/{number}")
    bob, head = (portal.world.rows(Notice, Notice.person_id == id_) for id_ in ids(portal))
    assert bob
    assert all(clock(notice.read_at) == "2026-09-28 09:00" for notice in bob)
    assert head
    assert all(notice.read_at is None for notice in head)


def ids(portal: Portal) -> list[int]:
    people = {"bob": "Bob", "head": "城管局负责人"}
    directory = portal.app.state.house.reference().directory
    return [directory.codes[code] for code in people]


def test_what_is_owed_later_is_not_read_yet(sqlite_portal: Portal) -> None:
    number, bob = signed_case(sqlite_portal), sqlite_portal.reader("bob")
    bob.text(f"/cases/{number}")
    sqlite_portal.world.at("2026-09-23 10:00").sweep()
    unread = [n for n in sqlite_portal.world.rows(Notice) if n.read_at is None]
    assert [notice.kind.value for notice in unread] == ["reminder"]


def test_the_case_shows_who_was_told_whether_it_arrived_and_was_read(
    sqlite_portal: Portal, words: Words
) -> None:
    number = signed_case(sqlite_portal)
    sqlite_portal.world.at("2026-09-28 09:00").sweep()
    sqlite_portal.reader("bob").text(f"/cases/{number}")
    said = words(sqlite_portal.reader("carol").text(f"/cases/{number}"))
    assert "督办升级，1 级“单位负责人督办”，黄牌" in said
    assert "城管局负责人（市城市管理局 单位负责人） 已发 folder://head" in said
    assert "Bob（市城市管理局 联络员） 已发 已读 今天09:00" in said
    assert "folder://" not in sqlite_portal.reader("bob").text(f"/cases/{number}")


def test_ones_own_steps_stand_out_in_the_course_of_the_case(sqlite_portal: Portal) -> None:
    number = signed_case(sqlite_portal)
    own = re.compile(r'<li class="tone-blue">\s*<div class="timeline-head"><strong>签收</strong>')
    assert own.search(sqlite_portal.reader("bob").text(f"/cases/{number}"))
    assert not own.search(sqlite_portal.reader("carol").text(f"/cases/{number}"))


# -- by a link ---------------------------------------------------------------------------------


def by_link(portal: Portal, number: str, who: str = "bob", unit: str = "城管局") -> Reader:
    """Somebody's phone after the link in a notice was opened."""
    house, world = portal.app.state.house, portal.world
    reference = house.reference()
    case, person = world.case(number), reference.directory.codes[who]
    with world.ledger.transaction() as connection:
        secret = links.make(connection, case.id, person, reference.unit(unit) or 0, world.now)
    phone = portal.reader()
    answer = phone.post(f"/l/{secret}")
    assert answer.headers["location"] == f"/cases/{number}"
    page = phone.text(f"/cases/{number}")
    [token] = re.findall(r'<meta name="csrf" content="(\w+)">', page)
    return Reader(phone.client, token)


def test_by_a_link_the_case_can_be_signed_and_handed_in(portal: Portal) -> None:
    number = open_case(portal)
    phone = by_link(portal, number)
    form = form_of(phone, f"/cases/{number}")
    answer = phone.post(f"/cases/{number}/do/acknowledge", form)
    assert answer.headers["location"] == f"/cases/{number}"
    answer = phone.post(f"/cases/{number}/do/submit", {"text": "已整改"}, files=[picture()])
    assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{number}")
    assert portal.world.status(number) == "submitted"


def test_by_a_link_there_is_no_way_to_anything_else(sqlite_portal: Portal) -> None:
    number = open_case(sqlite_portal)
    other = sqlite_portal.world.report("解放路9号", "路面坑洼")
    phone = by_link(sqlite_portal, number)
    page = phone.text(f"/cases/{number}")
    ways = set(re.findall(r'(?:href|action)="(/[^"?#]*)', page))
    inside = {way for way in ways if not way.startswith((f"/cases/{number}", "/static/"))}
    assert inside == {"/", "/language", "/sign-out"}
    assert phone.get(f"/cases/{other}").status_code == 404
    assert phone.get("/mine").status_code == 404
    assert phone.get("/").headers["location"] == "/linked"


def test_by_a_link_somebody_who_was_only_told_may_read_and_do_nothing(
    sqlite_portal: Portal,
) -> None:
    number = open_case(sqlite_portal)
    phone = by_link(sqlite_portal, number, "builder", "住建局")
    assert verbs(phone.text(f"/cases/{number}")) == set()
    assert phone.post(f"/cases/{number}/do/acknowledge").status_code == 403
    assert sqlite_portal.world.status(number) == "dispatched"


# -- languages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "/do/send_back", "/do/assign"])
def test_the_pages_speak_english_too(sqlite_portal: Portal, words: Words, path: str) -> None:
    number, bob = open_case(sqlite_portal), sqlite_portal.reader("bob")
    bob.client.cookies.set("duban-lang", "en")
    said = words(bob.text(f"/cases/{number}{path}"))
    expected = {
        "": ("By when", "And if not", "given to the unit", "remind; signing: due"),
        "/do/send_back": ("This is return 1 of this case", "Confirm: send back"),
        "/do/assign": ("The handler is reminded too", "Back to the case"),
    }[path]
    assert [phrase for phrase in expected if phrase not in said] == []


def test_the_world_is_whole_after_a_day_at_the_portal(sqlite_portal: Portal) -> None:
    world: World = sqlite_portal.world
    first, second = used_twice(sqlite_portal)
    alice = sqlite_portal.reader("alice")
    alice.post(f"/cases/{first}/do/verify_pass", {}, files=[picture(7)])
    alice.post(f"/cases/{second}/do/verify_fail", {"reason": "仍有坑洼"}, files=[picture(8)])
    assert [world.status(first), world.status(second)] == ["closed", "rework"]
    assert world.proven()
