"""Pictures in the ledger: loose until handed in, then part of one case and of its record."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from ledger import photos
from ledger.changes import table
from ledger.scope import Missing
from models.account import AccountRole
from models.case import Case
from models.person import Person
from models.photo import Photo, PhotoPrint, PhotoPurpose
from models.unit import Unit
from models.words import Trouble
from rules.evidence import Use, Variant
from rules.permission import Grant, Viewer
from tests.world import World, instant

P = PhotoPurpose


@dataclass(frozen=True)
class Picture:
    """A picture as it was checked: `text` stands for the file, `bits` for what it shows."""

    text: str = "井盖"
    bits: str = "73e0d936560e4c46"
    mirrored: str = "313824939586cd9d"
    cropped: str = "60d2d836360ade4c"
    drawn: str = ""
    width: int = 640
    height: int = 480
    taken_at: datetime | None = field(default_factory=lambda: instant("2026-09-24 14:30"))
    lat: float | None = 31.2304
    lon: float | None = 121.4737

    @property
    def jpeg(self) -> bytes:
        return b"\xff\xd8" + (self.drawn or self.text).encode()

    @property
    def source(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    @property
    def digest(self) -> str:
        return sha256(self.jpeg).hexdigest()

    @property
    def prints(self) -> Mapping[Variant, str]:
        return {
            Variant.PLAIN: self.bits,
            Variant.MIRRORED: self.mirrored,
            Variant.CROPPED: self.cropped,
        }


def changed(bits: str, *places: int) -> str:
    """A print that differs in these bits."""
    return f"{int(bits, 16) ^ sum(1 << place for place in places):016x}"


OTHER = {"mirrored": "e31ca1f00c5578e2", "cropped": "1bf34a86c33f0a91"}
"""Variants that look like nothing else."""


def person(world: World, code: str) -> int:
    [row] = world.rows(Person, table(Person).c.code == code)
    return int(row.id)


def uploads(world: World, who: str = "bob", picture: Picture | None = None) -> int:
    """Somebody uploads a picture, at the instant of the clock."""
    shown = picture or Picture()
    path = f"{shown.digest[:2]}/{shown.digest[2:4]}/{shown.digest}.jpg"
    return photos.keep(world.ledger, person(world, who), shown, "井盖.jpg", path, world.now)


def hands_in(
    world: World, number: str, *ids: int, who: str = "bob", purpose: P = P.SUBMISSION, seq: int = 1
) -> tuple[str, ...]:
    """Somebody hands pictures in with record `seq` of a case."""
    case_id, person_id = world.case(number).id, person(world, who)
    with world.ledger.transaction() as connection:
        return photos.attach(connection, ids, case_id, person_id, purpose, seq)


def shows(world: World, number: str, picture: Picture | None = None, **more: Any) -> int:
    """Somebody uploads a picture and hands it in at once; gives its id."""
    photo_id = uploads(world, more.get("who", "bob"), picture)
    hands_in(world, number, photo_id, **more)
    return photo_id


def earlier(world: World, photo_id: int) -> tuple[Use, ...]:
    with world.ledger.snapshot() as connection:
        return photos.earlier_uses(connection, photos.one(connection, photo_id))


@pytest.fixture
def number(world: World) -> str:
    return world.report("龙泉路25号", "井盖缺失")


@pytest.fixture
def another(world: World, number: str) -> str:
    """A second case, reported a day later."""
    world.now += timedelta(days=1)
    return world.report("西湖路8号", "路灯不亮")


# -- coming in ---------------------------------------------------------------------------------


def test_a_picture_is_kept_with_its_facts_and_belongs_to_no_case(world: World) -> None:
    photo_id = uploads(world)
    [row] = world.rows(Photo)
    assert (row.id, row.case_id, row.purpose, row.record_seq) == (photo_id, None, None, None)
    assert (row.person_id, row.at) == (person(world, "bob"), world.now)
    assert (row.taken_at, row.lat, row.lon) == (instant("2026-09-24 14:30"), 31.2304, 121.4737)
    assert (row.media, row.size, row.width, row.height) == ("image/jpeg", 8, 640, 480)
    assert (row.source, row.digest) == (Picture().source, Picture().digest)
    prints = {row.variant: row for row in world.rows(PhotoPrint)}
    assert {variant: row.bits for variant, row in prints.items()} == Picture().prints
    assert prints["plain"].b0 == 0x73E0
    assert prints["plain"].b3 == 0x4C46


def test_a_picture_without_time_and_place_is_kept_too(world: World) -> None:
    uploads(world, picture=Picture(taken_at=None, lat=None, lon=None))
    [row] = world.rows(Photo)
    assert (row.taken_at, row.lat, row.lon) == (None, None, None)


def test_the_thirty_first_picture_of_a_day_that_is_not_handed_in_is_refused(
    world: World, number: str
) -> None:
    ids = [uploads(world) for _ in range(photos.MOST_LOOSE)]
    with pytest.raises(Trouble, match="30 张"):
        uploads(world)
    uploads(world, "alice")
    hands_in(world, number, ids[0])
    uploads(world)
    world.now += timedelta(days=1)
    uploads(world)


# -- into a case -------------------------------------------------------------------------------


def test_pictures_go_into_the_case_in_the_order_in_which_they_are_named(
    world: World, number: str
) -> None:
    first, second = uploads(world), uploads(world, picture=Picture("路面"))
    expected = (Picture("路面").digest, Picture().digest)
    bob = person(world, "bob")
    with world.ledger.snapshot() as connection:
        assert photos.digests(connection, [second, first], bob) == expected
    assert hands_in(world, number, second, first) == expected
    for row in world.rows(Photo):
        assert (row.case_id, row.purpose, row.record_seq) == (
            world.case(number).id, P.SUBMISSION, 1,
        )  # fmt: skip


def test_a_picture_named_twice_counts_once(world: World, number: str) -> None:
    photo_id = uploads(world)
    assert hands_in(world, number, photo_id, photo_id) == (Picture().digest,)


def test_handing_in_no_pictures_is_nothing_special(world: World, number: str) -> None:
    assert hands_in(world, number) == ()


@pytest.mark.parametrize("whose", ["of somebody else", "handed in before", "made up", "huge"])
def test_a_picture_that_is_not_ones_own_and_loose_is_not_found(
    world: World, number: str, whose: str
) -> None:
    own = uploads(world, picture=Picture("自己的"))
    other = {
        "of somebody else": lambda: uploads(world, "mallory"),
        "handed in before": lambda: shows(world, number),
        "made up": lambda: 4711,
        "huge": lambda: 99_999_999_999,
    }[whose]()
    bob = person(world, "bob")
    with world.ledger.snapshot() as connection, pytest.raises(Trouble, match="照片不存在"):
        photos.digests(connection, [own, other], bob)
    with pytest.raises(Trouble, match="照片不存在"):
        hands_in(world, number, own, other, seq=2)
    [row] = world.rows(Photo, table(Photo).c.id == own)
    assert row.case_id is None


def test_the_pictures_of_a_case_come_in_the_order_of_its_records(world: World, number: str) -> None:
    late = uploads(world, picture=Picture("甲"))
    early = uploads(world, picture=Picture("乙"))
    shows(world, number, Picture("丙"), seq=3)
    hands_in(world, number, early, seq=1, purpose=P.FINDING)
    hands_in(world, number, late, seq=2)
    case_id = world.case(number).id
    with world.ledger.snapshot() as connection:
        rows = photos.of_case(connection, case_id)
    assert [row.record_seq for row in rows] == [1, 2, 3]
    assert [row.id for row in rows][:2] == [early, late]


# -- who sees them -----------------------------------------------------------------------------


def viewer(world: World, code: str, role: AccountRole, unit: str | None = None) -> Viewer:
    unit_id = None
    if unit:
        [row] = world.rows(Unit, table(Unit).c.code == unit)
        unit_id = row.id
    return Viewer(person(world, code), code, grants=(Grant(role, unit_id),))


def sees(world: World, who: Viewer, photo_id: int) -> bool:
    with world.ledger.snapshot() as connection:
        try:
            return bool(photos.seen_by(connection, who, photo_id).id == photo_id)
        except Missing:
            return False


def test_a_picture_is_seen_by_whoever_sees_its_case_and_by_nobody_else(
    world: World, number: str
) -> None:
    bob = viewer(world, "bob", AccountRole.CONTACT, "csgl")
    carol = viewer(world, "carol", AccountRole.SUPERVISOR)
    mallory = viewer(world, "mallory", AccountRole.CONTACT, "west")
    photo_id = uploads(world)
    assert [sees(world, who, photo_id) for who in (bob, carol, mallory)] == [True, False, False]
    hands_in(world, number, photo_id)
    assert [sees(world, who, photo_id) for who in (bob, carol, mallory)] == [True, True, False]
    assert not sees(world, carol, 4711)
    assert not sees(world, carol, 99_999_999_999)


def test_whoever_handed_a_picture_in_sees_it_only_as_long_as_they_see_the_case(
    world: World, number: str
) -> None:
    photo_id = shows(world, number, who="mallory")
    assert not sees(world, viewer(world, "mallory", AccountRole.CONTACT, "west"), photo_id)


def test_a_link_shows_the_pictures_of_its_case_only(
    world: World, number: str, another: str
) -> None:
    here, there = shows(world, number), shows(world, another)
    case_id = world.case(number).id
    linked = Viewer(person(world, "head"), "城管局负责人", case_id=case_id)
    assert sees(world, linked, here)
    assert not sees(world, linked, there)


# -- used before -------------------------------------------------------------------------------


def test_the_same_file_in_another_case_is_found(world: World, number: str, another: str) -> None:
    first = shows(world, number)
    [record] = [row for row in world.thread(number).records if row.seq == 1]
    second = shows(world, another)
    case_id = world.case(number).id
    assert earlier(world, second) == (Use(first, case_id, number, record.at, same=True),)


def test_what_came_later_says_nothing_against_what_came_first(
    world: World, number: str, another: str
) -> None:
    second, first = uploads(world), uploads(world)
    hands_in(world, number, first)
    hands_in(world, another, second)
    assert earlier(world, first) == ()
    assert [use.photo_id for use in earlier(world, second)] == [first]


def test_a_loose_picture_is_held_against_everything_and_is_no_use_itself(
    world: World, number: str
) -> None:
    loose = uploads(world)
    assert earlier(world, uploads(world)) == ()
    first = shows(world, number)
    assert [use.photo_id for use in earlier(world, loose)] == [first]


def test_the_same_picture_with_other_hidden_data_is_the_same(
    world: World, number: str, another: str
) -> None:
    shows(world, number, Picture("带位置", drawn="像素"))
    [use] = earlier(world, shows(world, another, Picture("无位置", drawn="像素")))
    assert use.same


@pytest.mark.parametrize("bits", [[], [5], [0, 17, 34, 51, 63], [0, 1, 2, 3, 17, 18, 34, 35]])
def test_a_picture_that_differs_a_little_looks_the_same(
    world: World, number: str, another: str, bits: list[int]
) -> None:
    shows(world, number)
    copy = Picture("另存", changed(Picture.bits, *bits), **OTHER)
    [use] = earlier(world, shows(world, another, copy))
    assert (use.same, use.distance, use.number) == (False, len(bits), number)


def test_every_picture_up_to_seven_bits_apart_is_found(
    world: World, number: str, another: str
) -> None:
    shows(world, number)
    even = [0, 1, 16, 17, 32, 33, 48]
    for shift in range(0, 14, 3):
        copy = Picture(f"另存{shift}", changed(Picture.bits, *(b + shift for b in even)), **OTHER)
        [use] = earlier(world, uploads(world, picture=copy))
        assert use.distance == 7


def test_a_picture_eleven_bits_apart_is_another(world: World, number: str, another: str) -> None:
    shows(world, number)
    unlike = Picture("别处", changed(Picture.bits, *range(11)), **OTHER)
    assert earlier(world, shows(world, another, unlike)) == ()


@pytest.mark.parametrize("variant", ["mirrored", "cropped"])
def test_a_mirror_image_and_the_middle_of_an_older_picture_are_found(
    world: World, number: str, another: str, variant: str
) -> None:
    shows(world, number)
    bits = changed(getattr(Picture, variant), 3, 40)
    [use] = earlier(world, shows(world, another, Picture("改过", bits, **OTHER)))
    assert use.distance == 2


def test_a_picture_of_which_the_older_one_is_the_middle_is_found(
    world: World, number: str, another: str
) -> None:
    shows(world, number, Picture("中间", Picture.cropped, **OTHER))
    [use] = earlier(world, shows(world, another))
    assert use.distance == 0
    assert not use.same


def test_two_pictures_of_a_bare_wall_are_not_held_against_each_other(
    world: World, number: str, another: str
) -> None:
    bare = {"bits": "0" * 16, "mirrored": "f" * 16, "cropped": "0" * 16}
    shows(world, number, Picture("白墙", **bare))
    assert earlier(world, shows(world, another, Picture("黑夜", **bare))) == ()


def test_the_same_file_again_in_the_same_case_is_found_and_a_like_one_is_not(
    world: World, number: str
) -> None:
    world.carol.notes(number, "第二条记录")
    before = shows(world, number, purpose=P.FINDING, seq=1)
    again = shows(world, number, seq=2)
    like = shows(world, number, Picture("同一角度", changed(Picture.bits, 1), **OTHER), seq=2)
    [use] = earlier(world, again)
    assert (use.photo_id, use.here, use.same) == (before, True, True)
    assert earlier(world, like) == ()


def test_at_most_twenty_uses_are_named_the_earliest_first(world: World, number: str) -> None:
    first = shows(world, number)
    for n in range(22):
        world.now += timedelta(hours=1)
        shows(world, world.report(f"东龙路{n}号", "井盖缺失"))
    uses = earlier(world, uploads(world))
    assert len(uses) == 20
    assert uses[0].photo_id == first
    assert list(uses) == sorted(uses, key=lambda use: use.at)


# -- leaving -----------------------------------------------------------------------------------


def forgets(world: World, *ids: int, **more: Any) -> tuple[str, ...]:
    with world.ledger.transaction() as connection:
        return photos.forget(connection, ids, **more)


def test_pictures_never_handed_in_can_be_found_and_forgotten(world: World, number: str) -> None:
    old, kept = uploads(world, picture=Picture("旧")), shows(world, number)
    world.now += timedelta(days=3)
    uploads(world, picture=Picture("新"))
    with world.ledger.snapshot() as connection:
        found = photos.loose_before(connection, world.now)
    assert [row.id for row in found] == [old]
    [path] = forgets(world, old, kept)
    assert Picture("旧").digest in path
    assert old not in [row.id for row in world.rows(Photo)]
    assert kept in [row.id for row in world.rows(Photo)]
    assert old not in {row.photo_id for row in world.rows(PhotoPrint)}


def test_a_file_that_another_row_names_is_not_given_up(world: World, number: str) -> None:
    loose = uploads(world)
    shows(world, number)
    assert forgets(world, loose) == ()


def test_one_forgets_ones_own_pictures_only(world: World) -> None:
    photo_id = uploads(world, "alice")
    assert forgets(world, photo_id, person_id=person(world, "mallory")) == ()
    assert len(world.rows(Photo)) == 1
    assert len(forgets(world, photo_id, person_id=person(world, "alice"))) == 1
    assert world.rows(Photo) == []


def test_a_picture_handed_in_cannot_be_forgotten(world: World, number: str) -> None:
    photo_id = shows(world, number)
    assert forgets(world, photo_id) == ()
    with world.ledger.snapshot() as connection:
        assert photos.one(connection, photo_id) is not None


# -- at the same time --------------------------------------------------------------------------


def at_once(do: Callable[[int], Any], times: int = 4) -> list[Any]:
    """What came of doing it several times at once: the answers, without those refused."""

    def attempt(n: int) -> list[Any]:
        try:
            return [do(n)]
        except Trouble:
            return []

    with ThreadPoolExecutor(times) as pool:
        return [answer for answers in pool.map(attempt, range(times)) for answer in answers]


def test_two_requests_cannot_hand_in_the_same_picture(
    world: World, number: str, another: str
) -> None:
    photo_id = uploads(world)
    numbers = [number, another] * 2
    assert len(at_once(lambda n: hands_in(world, numbers[n], photo_id, seq=n + 1))) == 1


def test_a_burst_of_uploads_does_not_get_past_the_limit(world: World) -> None:
    for _ in range(photos.MOST_LOOSE - 1):
        uploads(world)
    assert len(at_once(lambda _: uploads(world))) == 1
    assert len(world.rows(Photo)) == photos.MOST_LOOSE


def test_cases_without_any_pictures_have_none(world: World, number: str) -> None:
    case_id = world.case(number).id
    with world.ledger.snapshot() as connection:
        assert list(photos.of_case(connection, case_id)) == []
        assert photos.one(connection, 1) is None
    assert len(world.rows(Case)) == 1
