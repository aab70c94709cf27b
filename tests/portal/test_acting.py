"""办理: what the table of verbs leaves to the desk, and what it checks before."""

import pytest

from models.verb import Verb
from models.words import Trouble
from portal.acting import carry_out
from rules.lifecycle import Refused
from tests.portal.readers import Portal
from tests.world import ZONE, moved


def _viewer(portal: Portal, who: str):  # type: ignore[no-untyped-def]
    from ledger.accounts import viewer_of

    with portal.world.ledger.snapshot() as connection:
        return viewer_of(connection, portal.accounts[who])


def _do(portal: Portal, who: str, number: str, verb: Verb, **values: str):  # type: ignore[no-untyped-def]
    given = {name: [value] for name, value in values.items()}
    world = portal.world
    return carry_out(world.ledger, _viewer(portal, who), number, verb, given, world.now, ZONE)


def test_a_suspension_is_not_granted_by_granting_an_extension(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清", limit="5 工作日")
    moved(_do(sqlite_portal, "bob", number, Verb.ACKNOWLEDGE))
    asked = {"reason": "等雨停", "until": "2026-10-20"}
    moved(_do(sqlite_portal, "bob", number, Verb.REQUEST_SUSPENSION, **asked))
    assert isinstance(_do(sqlite_portal, "carol", number, Verb.EXTEND), Refused)
    assert moved(_do(sqlite_portal, "carol", number, Verb.SUSPEND)) == "suspended"


def test_a_district_pushes_nothing_into_anothers_case(sqlite_portal: Portal) -> None:
    world = sqlite_portal.world
    own = world.report("云湖路", "垃圾未清", unit="西岚区", area="西岚区")
    foreign = world.report("揽月路", "垃圾未清", area="东澄区")
    said = []
    for into in (foreign, "2026-999999"):
        with pytest.raises(Trouble) as refused:
            _do(sqlite_portal, "mallory", own, Verb.MERGE, into=into)
        said.append(refused.value.words.zh.replace(into, "N"))
    assert said[0] == said[1]


def test_what_a_verb_needs_is_named_when_it_is_missing(sqlite_portal: Portal) -> None:
    number = sqlite_portal.world.report("新桥大道", "垃圾未清")
    answer = _do(sqlite_portal, "bob", number, Verb.SEND_BACK)
    assert isinstance(answer, Refused)
    assert "理由" in answer.reason.zh
    assert "Reason" in answer.reason.en
