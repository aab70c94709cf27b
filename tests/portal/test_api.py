"""接口: the same verbs for programs, the same scope, and nothing twice."""

import json
from datetime import timedelta
from typing import Any

import pytest

from ledger import accounts, once, tokens
from ledger.once import Busy, Claim, Kept, Other
from ledger.scope import Missing
from ledger.tokens import Scope
from models.verb import Verb
from models.words import Trouble
from portal.acting import ACTIONS
from portal.api.admission import Pace
from tests.portal.programs import Program, picture, program
from tests.portal.readers import Portal

PROBLEM = "application/problem+json"


def _is_problem(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, (answer.status_code, answer.text[:500])
    assert answer.headers["content-type"] == PROBLEM
    body = answer.json()
    assert body["status"] == status
    return dict(body)


# -- tokens ------------------------------------------------------------------------------------


def test_a_token_is_kept_as_a_digest_only(portal: Portal) -> None:
    with portal.world.ledger.transaction() as connection:
        number, secret = tokens.make(
            connection, portal.accounts["bob"], "OA", [Scope.CASES_READ], portal.world.now
        )
        [line] = tokens.listed(connection)
    assert secret.startswith("duban_")
    assert len(secret) == len("duban_") + 43
    assert (line.id, line.login, line.name, line.scopes) == (
        number, "bob", "OA", (Scope.CASES_READ,),
    )  # fmt: skip
    assert secret not in repr(line)


def test_a_token_without_an_end_of_its_own_ends_after_a_year(sqlite_portal: Portal) -> None:
    bob = program(sqlite_portal, "bob")
    sqlite_portal.world.now += timedelta(days=364)
    assert bob.get("/me").status_code == 200
    sqlite_portal.world.now += timedelta(days=2)
    assert _is_problem(bob.get("/me"), 401)["words"]["en"].startswith("There is no such token")


def test_a_revoked_token_opens_nothing(portal: Portal) -> None:
    bob = program(portal, "bob")
    with portal.world.ledger.transaction() as connection:
        [line] = tokens.listed(connection, portal.accounts["bob"])
        with pytest.raises(Missing):
            tokens.revoke(connection, line.id, portal.world.now, portal.accounts["head"])
        tokens.revoke(connection, line.id, portal.world.now)
    answer = bob.get("/me")
    _is_problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_token_dies_with_its_account(sqlite_portal: Portal) -> None:
    bob, world = program(sqlite_portal, "bob"), sqlite_portal.world
    with world.ledger.transaction() as connection:
        accounts._update(connection, sqlite_portal.accounts["bob"], active=False)
    _is_problem(bob.get("/me"), 401)


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", ["cases:read"], 1), ("x" * 61, ["cases:read"], 1), ("OA", [], 1), ("OA", ["all"], 1),
     ("OA", ["cases:read"], -1)],
)  # fmt: skip
def test_a_token_that_cannot_be_is_refused(
    sqlite_portal: Portal, name: str, scopes: list[str], days: int
) -> None:
    world, bob = sqlite_portal.world, sqlite_portal.accounts["bob"]
    until = world.now + timedelta(days=days)
    with world.ledger.transaction() as connection, pytest.raises(Trouble):
        tokens.make(connection, bob, name, scopes, world.now, until)


@pytest.mark.parametrize("secret", ["", "duban_", "duban_" + "x" * 43, "Bearer", "duban_\x00é"])
def test_what_is_no_token_opens_nothing(sqlite_portal: Portal, secret: str) -> None:
    door = sqlite_portal.reader().client
    headers = {b"Authorization": f"Bearer {secret}".encode()}
    _is_problem(door.get("/api/v1/me", headers=headers), 401)


def test_a_token_reaches_as_far_as_its_scopes(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    reader = program(sqlite_portal, "bob", [Scope.CASES_READ])
    assert reader.get(f"/cases/{number}").status_code == 200
    refused = _is_problem(reader.post(f"/cases/{number}/acknowledge"), 403)
    assert "cases:write" in refused["title"]
    assert sqlite_portal.world.case(number).status == "dispatched"


def test_me_says_who_asks_and_how_far(sqlite_portal: Portal) -> None:
    me = program(sqlite_portal, "bob", [Scope.CASES_READ]).get("/me").json()
    assert (me["name"], me["by"], me["scopes"]) == ("Bob", "token", ["cases:read"])
    assert me["roles"][0]["role"] == "contact"


# -- a browser's own session -------------------------------------------------------------------


def test_a_session_reads_and_writes_only_from_our_own_page(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    bob = sqlite_portal.reader("bob")
    url = f"/api/v1/cases/{number}"
    assert bob.get(url).status_code == 200
    assert bob.get("/api/v1/me").json()["by"] == "session"
    _is_problem(bob.client.post(f"{url}/acknowledge"), 403)
    proof = {"X-CSRF-Token": bob.csrf}
    stranger = proof | {"Origin": "https://elsewhere.example"}
    _is_problem(bob.client.post(f"{url}/acknowledge", headers=stranger), 403)
    assert bob.client.post(f"{url}/acknowledge", headers=proof).json()["status"] == "in_progress"


def test_nobody_hears_anything_before_saying_who_they_are(sqlite_portal: Portal) -> None:
    door = sqlite_portal.reader()
    _is_problem(door.get("/api/v1/cases"), 401)
    _is_problem(door.client.post("/api/v1/findings", content=b"{not json"), 401)


def test_a_token_that_does_not_hold_is_not_made_good_by_a_cookie(sqlite_portal: Portal) -> None:
    bob = sqlite_portal.reader("bob")
    _is_problem(bob.get("/api/v1/me", headers={"Authorization": "Bearer duban_old"}), 401)


# -- cases -------------------------------------------------------------------------------------


def _all(asker: Program, url: str) -> list[dict[str, Any]]:
    """Every row, by following the header Link."""
    found: list[dict[str, Any]] = []
    while url:
        answer = asker.get(url)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        link = answer.headers.get("link", "")
        assert bool(link) == bool(answer.json()["after"])
        url = link.partition(">")[0].removeprefix("</api/v1")
    return found


@pytest.mark.parametrize("order", ["due", "newest"])
def test_following_the_links_shows_every_case_once(portal: Portal, order: str) -> None:
    made = [portal.world.report(f"{n}号", "垃圾未清") for n in range(5)]
    made += [portal.world.report(f"{n}号院", "垃圾未清", unit="") for n in range(3)]
    seen = _all(program(portal, "carol"), f"/cases?limit=3&order={order}")
    assert sorted(case["number"] for case in seen) == sorted(made)


def test_a_filter_is_kept_from_page_to_page(sqlite_portal: Portal) -> None:
    mine = [sqlite_portal.world.report(f"{n}号", "垃圾未清") for n in range(3)]
    sqlite_portal.world.report("云湖路", "路灯不亮", unit="住建局")
    carol = program(sqlite_portal, "carol")
    unit = next(u["id"] for u in _all(carol, "/units") if u["code"] == "csgl")
    seen = _all(carol, f"/cases?limit=1&unit={unit}&leading=true&status=dispatched")
    assert sorted(case["number"] for case in seen) == sorted(mine)


@pytest.mark.parametrize(
    "query",
    ["limit=201", "limit=0", "status=lost", "after=garbage", "after=2026-09-24~x", "unit=0",
     f"unit={2**31}", "due_from=yesterday", "due_from=2026-09-24T15:00", "q=%00", "order=random"],
)  # fmt: skip
def test_a_filter_that_cannot_be_read_is_refused_and_named(
    sqlite_portal: Portal, query: str
) -> None:
    refused = _is_problem(program(sqlite_portal, "carol").get(f"/cases?{query}"), 422)
    assert refused["fields"][0]["at"].startswith(f"query.{query.partition('=')[0]}")


def test_a_case_tells_its_clock_its_units_and_what_can_be_done(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("云湖路", "路灯不亮", unit="住建局、城管局")
    lead = program(sqlite_portal, "builder").get(f"/cases/{number}").json()
    assert [(part["unit"], part["role"]) for part in lead["units"]] == [
        ("市住房和城乡建设局", "lead"), ("市城市管理局", "assisting"),
    ]  # fmt: skip
    assert lead["countdown"]["colour"] == "green"
    assert lead["countdown"]["words"]["zh"].startswith("还剩")
    assert "acknowledge" in [each["verb"] for each in lead["offered"]]
    assert lead["due_at"].endswith("+08:00")
    assisting = program(sqlite_portal, "bob").get(f"/cases/{number}").json()
    assert "acknowledge" not in [each["verb"] for each in assisting["offered"]]


def test_what_is_offered_can_be_done(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    bob = program(sqlite_portal, "bob")
    offered = {each["verb"] for each in bob.get(f"/cases/{number}").json()["offered"]}
    assert offered == {"acknowledge", "assign", "send_back", "note", "record_cost"}
    said = {"reason": "不属城管职责", "text": "已看", "kind": "advanced", "yuan": "3",
            "section": "市容科"}  # fmt: skip
    for verb in (Verb.NOTE, Verb.RECORD_COST, Verb.ASSIGN, Verb.ACKNOWLEDGE, Verb.SEND_BACK):
        fields = {field.name for field in ACTIONS[verb].fields}
        body = {name: value for name, value in said.items() if name in fields}
        assert bob.post(f"/cases/{number}/{verb}", body).status_code == 200, verb


@pytest.mark.parametrize(
    "url",
    ["/cases?order=newest&after=999999999", "/cases?after=~999999999", "/cases?unit=2147483647",
     "/cases?area=2147483647", "/outbox?after=2147483647",
     "/log?after=2100-01-01T00:00:00%2B00:00~999999999", "/units?after=2147483647"],
)  # fmt: skip
def test_the_largest_number_that_is_taken_finds_nothing_and_breaks_nothing(
    portal: Portal, url: str
) -> None:
    portal.world.report("新桥大道", "垃圾未清", unit="")
    carol = program(portal, "carol")
    assert carol.get(url).status_code == 200
    _is_problem(carol.get("/photos/2147483647"), 404)
    _is_problem(carol.get("/photos/2147483648"), 422)


def test_an_end_of_page_that_is_no_instant_means_the_beginning(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    carol = program(sqlite_portal, "carol")
    for after in ("2026-09-24~1", "2026-13-01T00:00:00%2B00:00~1", "0001-01-01T00:00:00%2B14:00~1"):
        [case] = carol.get(f"/cases?after={after}").json()["items"]
        assert case["number"] == number
        assert carol.get(f"/log?after={after}").status_code == 200


def test_records_come_in_order_and_chained(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    sqlite_portal.world.bob.signs(number)
    rows = _all(program(sqlite_portal, "bob"), f"/cases/{number}/records?limit=1")
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["previous"] for row in rows[1:]] == [row["hash"] for row in rows[:-1]]
    assert rows[-1]["verb"] == "acknowledge"
    assert isinstance(rows[0]["data"], dict)


def test_a_foreign_case_and_none_get_the_same_answer(portal: Portal) -> None:
    number, none = portal.world.report("新桥大道", "垃圾未清", area="东澄区"), "2026-999999"
    mallory = program(portal, "mallory")
    for ending in ("", "/records", "/photos"):
        foreign = _is_problem(mallory.get(f"/cases/{number}{ending}"), 404)
        missing = _is_problem(mallory.get(f"/cases/{none}{ending}"), 404)
        assert json.loads(json.dumps(foreign).replace(number, none)) == missing
    foreign = _is_problem(mallory.post(f"/cases/{number}/note", {"text": "x"}), 404)
    assert foreign["status"] == 404
    assert mallory.get("/cases?order=newest").json()["items"] == []


# -- verbs -------------------------------------------------------------------------------------


def test_a_verb_of_others_is_forbidden_and_one_out_of_turn_refused(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    bob = program(sqlite_portal, "bob")
    _is_problem(bob.post(f"/cases/{number}/cancel", {"reason": "误报"}), 403)
    refused = _is_problem(bob.post(f"/cases/{number}/submit", {"text": "已清理"}), 409)
    assert "待签收" in refused["words"]["zh"]
    assert bob.post(f"/cases/{number}/acknowledge", {}).json() == {
        "number": number, "verb": "acknowledge", "status": "in_progress",
    }  # fmt: skip


def test_a_verb_upon_a_version_since_moved_writes_nothing(portal: Portal) -> None:
    number = portal.world.report("新桥大道", "垃圾未清")
    bob = program(portal, "bob")
    looked_at = bob.get(f"/cases/{number}").json()["version"]
    assert bob.post(f"/cases/{number}/acknowledge", {"version": looked_at}).status_code == 200
    late = bob.post(f"/cases/{number}/note", {"text": "已看", "version": looked_at})
    assert "没有写入" in _is_problem(late, 409)["words"]["zh"]


def test_every_verb_of_the_table_is_an_operation_with_its_fields(sqlite_portal: Portal) -> None:
    document = sqlite_portal.reader().get("/api/v1/openapi.json").json()
    shapes = document["components"]["schemas"]
    for verb, action in ACTIONS.items():
        body = document["paths"][f"/cases/{{number}}/{verb.value}"]["post"]["requestBody"]
        schema = body["content"]["application/json"]["schema"]
        [name] = {each["$ref"].rpartition("/")[2] for each in schema.get("anyOf", [schema])
                  if "$ref" in each}  # fmt: skip
        assert set(shapes[name]["properties"]) == {f.name for f in action.fields} | {"version"}
        assert set(shapes[name].get("required", [])) == {
            f.name for f in action.fields if f.required
        }


@pytest.mark.parametrize(
    ("body", "at", "kind"),
    [
        ({}, "body.text", "missing"),
        ({"text": ""}, "body.text", "string_too_short"),
        ({"text": "长" * 2001}, "body.text", "string_too_long"),
        ({"text": "\x00"}, "body.text", "string_pattern_mismatch"),
        ({"text": "已看", "actor": "Carol"}, "body.actor", "extra_forbidden"),
        ({"text": "已看", "version": "新"}, "body.version", "int_parsing"),
    ],
)
def test_each_field_that_is_wrong_is_named(
    sqlite_portal: Portal, body: dict[str, Any], at: str, kind: str
) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    refused = _is_problem(program(sqlite_portal, "bob").post(f"/cases/{number}/note", body), 422)
    assert [(each["at"], each["kind"]) for each in refused["fields"]] == [(at, kind)]
    assert at in refused["words"]["zh"]


def test_half_a_character_is_refused_rather_than_broken_upon(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    bob, url = program(sqlite_portal, "bob"), f"/cases/{number}/note"
    for body in (b'{"text": "\\ud800"}', b'{"\\ud800": "x", "text": "y"}'):
        _is_problem(bob.send(url, body, "application/json"), 422)
    _is_problem(bob.send(url, b'{"text": "\xff"}', "application/json"), 400)


# -- once --------------------------------------------------------------------------------------


def test_the_same_request_under_its_key_is_done_once_and_answered_twice(portal: Portal) -> None:
    number = portal.world.report("新桥大道", "垃圾未清")
    bob, body = program(portal, "bob"), {"kind": "advanced", "yuan": "120", "reason": "购井盖"}
    first = bob.post(f"/cases/{number}/record_cost", body, key="cost-1")
    again = bob.post(f"/cases/{number}/record_cost", dict(reversed(body.items())), key="cost-1")
    assert first.json() == again.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    costs = [r for r in portal.world.thread(number).records if r.verb == "record_cost"]
    assert len(costs) == 1


def test_a_key_means_one_request_only(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    bob, head = program(sqlite_portal, "bob"), program(sqlite_portal, "head")
    assert bob.post(f"/cases/{number}/note", {"text": "一"}, key="k").status_code == 200
    _is_problem(bob.post(f"/cases/{number}/note", {"text": "二"}, key="k"), 422)
    assert head.post(f"/cases/{number}/note", {"text": "二"}, key="k").status_code == 200


def test_what_was_refused_gives_its_key_back(portal: Portal) -> None:
    number = portal.world.report("新桥大道", "垃圾未清")
    bob = program(portal, "bob")
    early = bob.post(f"/cases/{number}/submit", {"text": "已清理"}, key="k")
    _is_problem(early, 409)
    bob.post(f"/cases/{number}/acknowledge")
    answer = bob.post(f"/cases/{number}/submit", {"text": "已清理"}, key="k")
    assert answer.json()["status"] == "submitted"


def test_a_request_still_under_way_is_not_begun_twice(portal: Portal) -> None:
    ledger, now = portal.world.ledger, portal.world.now
    bob = portal.accounts["bob"]
    mine = once.claim(ledger, bob, "k", "d", now)
    assert isinstance(mine, Claim)
    assert isinstance(once.claim(ledger, bob, "k", "d", now), Busy)
    assert isinstance(once.claim(ledger, bob, "k", "e", now), Other)
    once.keep(ledger, mine, 200, "{}")
    assert once.claim(ledger, bob, "k", "d", now) == Kept(200, "{}")


def test_who_asks_while_it_is_under_way_is_told_to_come_again(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    number, bob = world.report("新桥大道", "垃圾未清"), program(sqlite_portal, "bob")
    url, body = f"/cases/{number}/note", {"text": "已看"}
    bob.post(url, body, key="k")
    _mark(sqlite_portal, once.UNDER_WAY)
    busy = bob.post(url, body, key="k")
    _is_problem(busy, 409)
    assert busy.headers["retry-after"]


def test_who_died_before_answering_has_still_done_it_once(portal: Portal) -> None:
    world = portal.world
    number, bob = world.report("新桥大道", "垃圾未清"), program(portal, "bob")
    url, body = f"/cases/{number}/note", {"text": "已看"}
    bob.post(url, body, key="k")
    _mark(portal, once.WRITTEN)
    again = bob.post(url, body, key="k")
    assert again.json() == {"number": number, "verb": "note", "status": "dispatched"}
    assert again.headers["idempotency-replayed"] == "true"
    assert [r.verb for r in world.thread(number).records].count("note") == 1


def test_who_died_before_doing_it_leaves_it_to_the_next(portal: Portal) -> None:
    ledger, world, bob = portal.world.ledger, portal.world, portal.accounts["bob"]
    dead = once.claim(ledger, bob, "k", "d", world.now)
    world.now += once.LEASE
    mine = once.claim(ledger, bob, "k", "d", world.now)
    assert isinstance(dead, Claim)
    assert isinstance(mine, Claim)
    with ledger.transaction() as connection:
        mine.written(connection)
        with pytest.raises(once.Overtaken):
            dead.written(connection)


def test_keys_are_forgotten_after_a_week(portal: Portal) -> None:
    ledger, world, bob = portal.world.ledger, portal.world, portal.accounts["bob"]
    once.claim(ledger, bob, "k", "d", world.now)
    world.now += once.KEPT
    assert isinstance(once.claim(ledger, bob, "k", "other", world.now), Claim)
    assert once.forget_before(ledger, world.now) == 0
    assert once.forget_before(ledger, world.now + timedelta(seconds=1)) == 1


def _mark(portal: Portal, status: int) -> None:
    import sqlalchemy as sa

    from ledger.changes import table
    from models.account import Once

    with portal.world.ledger.transaction() as connection:
        connection.execute(sa.update(table(Once)).values(status=status, body=""))


# -- findings and pictures ---------------------------------------------------------------------


def test_a_finding_handed_in_becomes_a_case_once(portal: Portal) -> None:
    alice = program(portal, "alice")
    body = {"place": "新桥大道", "problem": "垃圾未清", "units": ["城管局"], "limit": "2 工作日"}
    first = alice.post("/findings", body, key="hotline-1")
    assert first.json()["outcome"] == "accepted", first.text
    again = alice.post("/findings", body, key="hotline-1")
    assert again.json() == first.json()
    number = first.json()["case"]
    assert alice.get(f"/cases/{number}").json()["reports"] == 1
    assert portal.world.case(number).limit == "2 工作日"


def test_a_finding_needs_a_key_and_somebody_who_inspects(sqlite_portal: Portal) -> None:
    body = {"place": "新桥大道", "problem": "垃圾未清"}
    refused = _is_problem(program(sqlite_portal, "alice").post("/findings", body), 422)
    assert refused["fields"][0]["at"] == "header.Idempotency-Key"
    _is_problem(program(sqlite_portal, "bob").post("/findings", body, key="k"), 404)


def test_a_finding_that_cannot_be_taken_says_why_and_can_be_corrected(
    sqlite_portal: Portal,
) -> None:
    alice = program(sqlite_portal, "alice")
    body = {"place": "新桥大道", "problem": "垃圾未清", "found_on": "2026-12-31"}
    assert "发现日期" in _is_problem(alice.post("/findings", body, key="k"), 422)["title"]
    mended = alice.post("/findings", body | {"found_on": "2026-09-23"}, key="k")
    assert mended.json()["outcome"] == "accepted", mended.text


def test_nobody_comes_to_see_a_foreign_case_by_joining_it(portal: Portal) -> None:
    number = portal.world.report("新桥大道", "垃圾未清", area="东澄区")
    mallory = program(portal, "mallory")
    body = {"place": "西岚路", "problem": "垃圾未清", "joins": number}
    _is_problem(mallory.post("/findings", body, key="k"), 422)
    _is_problem(mallory.get(f"/cases/{number}"), 404)


def test_a_picture_is_uploaded_handed_in_and_seen_by_those_who_see_the_case(portal: Portal) -> None:
    alice, bob, builder = (program(portal, who) for who in ("alice", "bob", "builder"))
    sent = alice.send("/photos", picture(), "image/jpeg")
    assert sent.status_code == 200, sent.text
    photo = sent.json()["id"]
    assert alice.get(f"/photos/{photo}").headers["content-type"] == "image/jpeg"
    _is_problem(bob.get(f"/photos/{photo}"), 404)
    body = {"place": "新桥大道", "problem": "垃圾未清", "units": ["城管局"], "photos": [photo]}
    number = alice.post("/findings", body, key="k").json()["case"]
    [line] = bob.get(f"/cases/{number}/photos").json()["items"]
    assert (line["id"], line["purpose"], line["digest"]) == (
        photo,
        "finding",
        sent.json()["digest"],
    )
    assert bob.get(f"/photos/{photo}/thumb").status_code == 200
    _is_problem(builder.get(f"/photos/{photo}"), 404)


def test_a_picture_may_come_in_a_form(sqlite_portal: Portal) -> None:
    alice = program(sqlite_portal, "alice")
    files = {"file": ("before.jpg", picture(), "image/jpeg")}
    answer = alice.client.post("/api/v1/photos", files=files, headers=alice.headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["width"] == 64


def test_what_is_no_picture_is_refused(sqlite_portal: Portal) -> None:
    alice = program(sqlite_portal, "alice")
    _is_problem(alice.send("/photos", b"<svg onload=alert(1)>", "image/jpeg"), 422)
    _is_problem(alice.send("/photos", picture(), "application/pdf"), 415)
    files = {"other": ("before.jpg", picture(), "image/jpeg")}
    answer = alice.client.post("/api/v1/photos", files=files, headers=alice.headers)
    _is_problem(answer, 422)


def test_what_is_too_long_is_refused_before_it_is_read(sqlite_portal: Portal) -> None:
    alice, read = program(sqlite_portal, "alice"), []

    def endless() -> Any:
        for chunk in range(100):
            read.append(chunk)
            yield b" " * 100_000

    headers = alice.headers | {"content-type": "application/json", "Idempotency-Key": "k"}
    answer = alice.client.post("/api/v1/findings", content=endless(), headers=headers)
    _is_problem(answer, 413)
    said = headers | {"content-length": "16000000", "content-type": "image/jpeg"}
    _is_problem(alice.client.post("/api/v1/photos", content=b"x", headers=said), 413)


# -- follow-up and reference -------------------------------------------------------------------


def test_the_log_tells_who_was_told_and_whether_it_arrived(portal: Portal) -> None:
    world = portal.world
    number = world.report("新桥大道", "垃圾未清", limit="1 工作日")
    world.at("2026-09-29 18:00").sweep()
    rows = _all(program(portal, "carol"), "/log?limit=1")
    assert rows
    assert {row["case"] for row in rows} == {number}
    assert any(who["state"] == "sent" for row in rows for who in row["recipients"])
    assert all(row["level"] >= 1 for row in rows)
    assert len(_all(program(portal, "carol"), "/log?reminders=true")) > len(rows)
    assert _all(program(portal, "mallory"), "/log?reminders=true") == []
    _is_problem(program(portal, "bob").get("/log"), 404)


def test_the_outbox_is_for_supervisors_of_the_place(portal: Portal) -> None:
    world = portal.world
    number = world.report("新桥大道", "垃圾未清")
    world.sweep()
    rows = _all(program(portal, "carol"), "/outbox?limit=1")
    assert {row["case"] for row in rows} == {number}
    assert {row["state"] for row in rows} == {"sent"}
    assert _all(program(portal, "mallory"), "/outbox") == []
    for who in ("bob", "leader", "alice"):
        _is_problem(program(portal, who).get("/outbox"), 404)


@pytest.mark.parametrize("what", ["units", "areas", "categories"])
def test_reference_data_comes_whole_page_by_page(sqlite_portal: Portal, what: str) -> None:
    bob = program(sqlite_portal, "bob", [Scope.REFERENCE_READ])
    rows = _all(bob, f"/{what}?limit=2")
    assert len(rows) == len(_all(bob, f"/{what}?limit=200")) > 2
    assert len({row["code"] for row in rows}) == len(rows)


def test_a_deadline_is_reckoned_and_explained_as_on_the_command_line(sqlite_portal: Portal) -> None:
    body = {"limit": "2 工作日", "from": "2026-09-24T15:00:00+08:00"}
    found = program(sqlite_portal, "bob").post("/deadline", body).json()
    assert found["due_at"] == "2026-09-29T18:00:00+08:00"
    assert found["provisional"] is False
    assert "中秋" in found["explanation"]["zh"]
    assert found["explanation"]["en"]
    _is_problem(program(sqlite_portal, "bob").post("/deadline", body | {"limit": "不久"}), 422)


# -- manners -----------------------------------------------------------------------------------


def test_a_refusal_is_in_the_language_that_was_asked_for(sqlite_portal: Portal) -> None:
    bob = program(sqlite_portal, "bob")
    title = bob.get("/cases/2026-999999").json()["title"]
    english = bob.get("/cases/2026-999999", headers={"Accept-Language": "en-GB"}).json()["title"]
    assert title.startswith("没有编号为")
    assert english.startswith("There is no case")


def test_an_address_or_a_method_that_is_not_there_is_a_problem_too(sqlite_portal: Portal) -> None:
    bob = program(sqlite_portal, "bob")
    _is_problem(bob.get("/nowhere"), 404)
    _is_problem(bob.post("/cases/2026-000001/fly"), 404)
    wrong = bob.client.delete("/api/v1/cases", headers=bob.headers)
    _is_problem(wrong, 405)
    assert wrong.headers["allow"] == "GET"


def test_who_asks_too_often_is_told_when_to_come_again(sqlite_portal: Portal) -> None:
    _interface(sqlite_portal).state.pace = Pace("3 per minute")
    bob, head = program(sqlite_portal, "bob"), program(sqlite_portal, "head")
    assert [bob.get("/me").status_code for _ in range(3)] == [200, 200, 200]
    often = bob.get("/me")
    _is_problem(often, 429)
    assert 1 <= int(often.headers["retry-after"]) <= 60
    assert head.get("/me").status_code == 200


def _interface(portal: Portal) -> Any:
    return next(route.app for route in portal.app.routes if getattr(route, "path", "") == "/api/v1")


def test_our_own_mistake_tells_a_reference_and_nothing_else(
    sqlite_portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("secret of the house")

    monkeypatch.setattr("ledger.excerpts.units", broken)
    body = _is_problem(program(sqlite_portal, "bob").get("/units"), 500)
    assert body["reference"] in body["words"]["zh"]
    assert "secret" not in json.dumps(body)
