"""Who is told about a case: those it was given to by name, and those of its units."""

from datetime import UTC, datetime, timedelta

import pytest

from models.person import DutyKind
from models.unit import UnitKind
from rules.addressees import NOBODY, Answering, addressees, helpers
from rules.duty import Away, Directory, Recipient, Roster, UnitEntry

HANDLER, CONTACT, HEAD = DutyKind.HANDLER, DutyKind.CONTACT, DutyKind.HEAD
LEADER, OFFICE, INSPECTOR = DutyKind.LEADER, DutyKind.OFFICE, DutyKind.INSPECTOR
NOW = datetime(2026, 9, 30, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)

ALICE, BOB, CAROL, MALLORY, SECTION, DEPUTY = 1, 2, 3, 4, 5, 6
PEOPLE = {
    ALICE: "Alice", BOB: "Bob", CAROL: "Carol", MALLORY: "Mallory",
    SECTION: "经办人甲", DEPUTY: "副局长",
}  # fmt: skip
STREETS, WATER, CREATION, PARKS = 1, 2, 3, 4
UNITS = {
    STREETS: UnitEntry(STREETS, "城管局", UnitKind.DEPARTMENT, None),
    WATER: UnitEntry(WATER, "水务局", UnitKind.DEPARTMENT, None),
    CREATION: UnitEntry(CREATION, "创城办", UnitKind.OFFICE, None),
    PARKS: UnitEntry(PARKS, "园林局", UnitKind.DEPARTMENT, None),
}
DUTIES = {
    (STREETS, CONTACT): [BOB],
    (STREETS, LEADER): [CAROL],
    (STREETS, INSPECTOR): [MALLORY],
    (WATER, CONTACT): [MALLORY],
    (WATER, LEADER): [DEPUTY],
    (PARKS, HEAD): [BOB],
    (PARKS, CONTACT): [MALLORY, ALICE],
}
OURS = Answering(lead=STREETS)


def directory(*absences: Away) -> Directory:
    return Directory(UNITS, PEOPLE, DUTIES, absences)


def away(person: int, substitute: int | None = None) -> Away:
    return Away(person, NOW, NOW + DAY, substitute)


Told = list[tuple[str, str, DutyKind]]


def told(
    answering: Answering, *duties: DutyKind, book: Directory | None = None, at: datetime = NOW
) -> Told:
    found = addressees(book or directory(), answering, duties, at)
    return [(who.person, who.unit, who.duty) for who in found]


# -- the unit ----------------------------------------------------------------------------------


def test_the_duties_of_the_lead_unit_are_told_in_the_order_asked_for() -> None:
    bob, carol = ("Bob", "城管局", CONTACT), ("Carol", "城管局", LEADER)
    assert told(OURS, CONTACT, LEADER) == [bob, carol]
    assert told(OURS, LEADER, CONTACT) == [carol, bob]


def test_who_wears_two_of_the_hats_is_told_once_under_the_first() -> None:
    under_bob = Answering(lead=STREETS, leader=BOB)
    assert told(under_bob, CONTACT, LEADER) == [("Bob", "城管局", CONTACT)]


def test_of_a_case_nobody_answers_for_nobody_is_told_but_the_office() -> None:
    assert told(NOBODY, CONTACT, LEADER, INSPECTOR) == []
    book = Directory(UNITS, PEOPLE, DUTIES | {(CREATION, OFFICE): [CAROL]})
    assert told(NOBODY, CONTACT, OFFICE, book=book) == [("Carol", "创城办", OFFICE)]


# -- by name -----------------------------------------------------------------------------------


def test_the_person_a_case_lies_with_is_told_first_and_the_contacts_with_them() -> None:
    given = Answering(lead=STREETS, handler=SECTION)
    assert told(given, CONTACT) == [("经办人甲", "城管局", HANDLER), ("Bob", "城管局", CONTACT)]
    assert told(given, LEADER) == [("Carol", "城管局", LEADER)]


def test_one_named_is_told_for_the_unit_that_leads() -> None:
    (first, *_) = addressees(directory(), Answering(STREETS, handler=SECTION), [CONTACT], NOW)
    assert first == Recipient(SECTION, "经办人甲", STREETS, "城管局", HANDLER)


def test_a_contact_who_handles_the_case_is_told_once() -> None:
    assert told(Answering(lead=STREETS, handler=BOB), CONTACT) == [("Bob", "城管局", HANDLER)]


def test_the_leader_a_case_was_put_under_is_told_in_place_of_the_units() -> None:
    under = Answering(lead=STREETS, leader=DEPUTY)
    assert told(under, LEADER) == [("副局长", "城管局", LEADER)]
    assert told(under, CONTACT) == [("Bob", "城管局", CONTACT)]


def test_only_the_inspector_who_looks_back_is_told_and_no_other_one() -> None:
    assert told(OURS, INSPECTOR) == []
    assert told(Answering(STREETS, inspector=ALICE), INSPECTOR) == [("Alice", "园林局", INSPECTOR)]


# -- away --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answering", "duty", "usual"),
    [
        (Answering(STREETS, handler=SECTION), CONTACT, ["Bob"]),
        (Answering(STREETS, leader=SECTION), LEADER, ["Carol"]),
        (Answering(STREETS, inspector=SECTION), INSPECTOR, []),
    ],
)
def test_while_the_one_named_is_away_the_substitute_is_told_and_without_one_the_usual(
    answering: Answering, duty: DutyKind, usual: list[str]
) -> None:
    def names(book: Directory, at: datetime = NOW) -> list[str]:
        return [name for name, _, _ in told(answering, duty, book=book, at=at)]

    standing_in = names(directory(away(SECTION, ALICE)))
    assert standing_in[0] == "Alice"
    assert names(directory(away(SECTION))) == usual
    assert names(directory(away(SECTION)), NOW + DAY)[0] == "经办人甲"


def test_the_contacts_told_are_those_present_at_that_moment() -> None:
    book = directory(away(BOB, ALICE))
    assert told(OURS, CONTACT, book=book) == [("Alice", "城管局", CONTACT)]
    assert told(OURS, CONTACT, book=book, at=NOW + DAY) == [("Bob", "城管局", CONTACT)]


# -- the unit of a person named ----------------------------------------------------------------


def test_an_inspector_is_told_as_of_the_unit_they_have_a_duty_in_or_take_their_turn() -> None:
    rotas = {(WATER, INSPECTOR): Roster(NOW.date(), (CAROL, SECTION))}
    book = Directory(UNITS, PEOPLE, {(PARKS, CONTACT): [ALICE]}, rotas=rotas)
    for person, unit in ((ALICE, "园林局"), (SECTION, "水务局")):
        found = told(Answering(STREETS, inspector=person), INSPECTOR, book=book)
        assert [where for _, where, _ in found] == [unit]


def test_an_inspector_without_any_duty_is_told_as_of_the_office_or_not_at_all() -> None:
    looks_back = Answering(STREETS, inspector=SECTION)
    assert told(looks_back, INSPECTOR) == [("经办人甲", "创城办", INSPECTOR)]
    units = {STREETS: UNITS[STREETS]}
    assert told(looks_back, INSPECTOR, book=Directory(units, PEOPLE, {})) == []


# -- assisting units ---------------------------------------------------------------------------


def helping(*duties: DutyKind, at: datetime = NOW, book: Directory | None = None) -> Told:
    shared = Answering(lead=STREETS, assisting=(PARKS, WATER))
    found = helpers(book or directory(), shared, duties, at)
    return [(who.person, who.unit, who.duty) for who in found]


def test_the_same_duties_of_the_assisting_units_are_told_each_person_once() -> None:
    assert helping(CONTACT, HEAD) == [
        ("Mallory", "园林局", CONTACT),
        ("Alice", "园林局", CONTACT),
        ("Bob", "园林局", HEAD),
    ]


def test_leaders_and_offices_are_not_told_for_what_another_unit_leads() -> None:
    assert helping(LEADER, OFFICE, INSPECTOR) == []
    assert helping(LEADER, HEAD) == [("Bob", "园林局", HEAD)]


def test_who_assists_but_is_away_is_stood_in_for() -> None:
    book = directory(away(MALLORY, CAROL))
    assert [name for name, _, _ in helping(CONTACT, book=book)] == ["Carol", "Alice"]
    later = helping(CONTACT, book=book, at=NOW + DAY)
    assert [name for name, _, _ in later] == ["Mallory", "Alice"]
