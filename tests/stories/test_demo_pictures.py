"""The demo's pictures: findings by the portal, before and after, and what a verifier may doubt."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa
from PIL import ImageChops, ImageStat

from documents.pictures import check
from documents.store import Store
from duban import demo
from duban.demo_pictures import HEIGHT, WIDTH, Shot, can_show, draw, jpeg
from duban.demo_places import CENTRE, finds, position
from duban.demo_subjects import SHOWN, painter_of
from ledger import loading, photos, reference, sweeps
from ledger.changes import table
from ledger.database import Ledger, connect, migrate
from models.case import Case
from models.finding import Finding
from models.photo import Photo, PhotoPurpose
from models.record import Record
from models.verb import Verb
from rules.evidence import Reason, metres, warnings
from tests.stories.test_demo_data import START, take

DAYS = 2
NOON = datetime.fromisoformat("2026-09-07T12:00:07+08:00")


class Played(NamedTuple):
    """What two days of play with cameras left behind."""

    ledger: Ledger
    store: Store


def play(folder: Path) -> Played:
    url = f"sqlite:///{folder / 'demo.db'}"
    migrate(url)
    ledger, store = connect(url), Store(str(folder / "photos"))
    with ledger.transaction() as connection:
        loading.load_shipped(connection, START)
        loading.load_city(connection, demo.city())

    def sweep(at: datetime) -> None:
        sweeps.dispatch_filed(ledger, at)
        sweeps.follow_up(ledger, at)

    def hand_in(name: str, data: bytes, at: datetime) -> None:
        list(take(ledger, name, data, at))

    demo.play(ledger, START, sweep, hand_in, days=DAYS, store=store)
    return Played(ledger, store)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(tmp_path_factory.mktemp("pictures"))


def rows(ledger: Ledger, model: Any) -> list[Any]:
    of = table(model)
    with ledger.transaction() as connection:
        return list(connection.execute(sa.select(of).order_by(of.c.id)))


def doubts(ledger: Ledger) -> dict[PhotoPurpose, Counter[Reason]]:
    """What verifiers are warned of, by what the picture is to show."""
    zone = reference.zone(ledger)
    cases = {case.id: case for case in rows(ledger, Case)}
    found: dict[PhotoPurpose, Counter[Reason]] = defaultdict(Counter)
    for photo in rows(ledger, Photo):
        with ledger.transaction() as connection:
            uses = photos.earlier_uses(connection, photo)
        raised = warnings(photo, cases[photo.case_id], uses, zone)
        found[photo.purpose].update(doubt.reason for doubt in raised)
    return found


# -- the play ----------------------------------------------------------------------------------


def test_the_same_seed_plays_the_same_days_picture_for_picture(
    played: Played, tmp_path: Path
) -> None:
    again = play(tmp_path)
    heads, kept = ([(c.number, c.head) for c in rows(one.ledger, Case)] for one in (played, again))
    assert heads == kept
    assert [p.digest for p in rows(played.ledger, Photo)] == [
        p.digest for p in rows(again.ledger, Photo)
    ]


def test_inspectors_hand_in_what_they_find_with_its_place_and_pictures(played: Played) -> None:
    cases = {case.id: case for case in rows(played.ledger, Case)}
    mine = [one for one in rows(played.ledger, Finding) if one.person_id]
    due = [find for find in finds() if find.day < DAYS]
    assert [(one.place, one.problem) for one in mine] == [(f.place, f.problem) for f in due]
    assert len({one.person_id for one in mine}) == len({find.inspector for find in due}) > 2
    shown = Counter(
        photo.case_id
        for photo in rows(played.ledger, Photo)
        if photo.purpose is PhotoPurpose.FINDING
    )
    for one, find in zip(mine, due, strict=True):
        case = cases[one.case_id]
        assert (case.lat, case.lon) == position(find.area, find.place)
        assert shown[case.id] == find.photos


def test_most_submissions_of_what_can_be_seen_come_with_a_picture(played: Played) -> None:
    cases = {case.id: case for case in rows(played.ledger, Case)}
    made = [
        record.data
        for record in rows(played.ledger, Record)
        if record.verb == Verb.SUBMIT.value and can_show(cases[record.case_id].problem)
    ]
    assert len([data for data in made if "photos" in data]) > len(made) / 2 > 5


def test_a_verifier_is_warned_of_every_trick_that_units_try(played: Played) -> None:
    seen = doubts(played.ledger)[PhotoPurpose.SUBMISSION]
    assert {Reason.SAME_FILE, Reason.TAKEN_BEFORE, Reason.FAR_OFF, Reason.NO_TIME} <= set(seen)


def test_pictures_of_inspectors_give_no_cause_for_doubt(played: Played) -> None:
    found = doubts(played.ledger)
    assert not found[PhotoPurpose.FINDING]
    assert not found[PhotoPurpose.VERIFICATION]
    assert PhotoPurpose.VERIFICATION in {photo.purpose for photo in rows(played.ledger, Photo)}


def test_every_picture_lies_in_the_store_and_none_is_left_waiting(played: Played) -> None:
    kept = rows(played.ledger, Photo)
    assert len(kept) > 30
    for photo in kept:
        assert photo.case_id is not None
        assert len(played.store.get(photo.path)) == photo.size  # which checks the digest


# -- the pictures ------------------------------------------------------------------------------


def test_the_same_shot_is_the_same_file() -> None:
    shot = Shot("江月路1号", "垃圾桶满溢", right=False, salt="a")
    first, second = (jpeg(draw(shot), NOON, CENTRE) for _ in range(2))
    assert first == second
    assert first != jpeg(draw(Shot(shot.place, shot.problem, right=False, salt="b")), NOON, CENTRE)


def test_an_upload_reads_when_and_where_it_was_taken() -> None:
    picture = draw(Shot("江月路1号", "垃圾桶满溢", right=True, salt="a"))
    read = check(jpeg(picture, NOON, CENTRE), "IMG.jpg")
    assert (read.width, read.height) == (WIDTH, HEIGHT)
    assert read.taken_at == NOON
    assert metres(read.lat or 0, read.lon or 0, *CENTRE) < 1


def test_what_a_messenger_forwards_knows_neither_time_nor_place() -> None:
    read = check(jpeg(draw(Shot("江月路1号", "垃圾桶满溢", right=True, salt="a"))), "mm.jpg")
    assert (read.taken_at, read.lat, read.lon) == (None, None, None)


@pytest.mark.parametrize("problem", [words.partition("|")[0] for words in SHOWN])
def test_before_and_after_differ_where_the_problem_is_and_nowhere_else(problem: str) -> None:
    before, after = (draw(Shot("江月路1号", problem, right, "a")) for right in (False, True))
    changed = (
        ImageChops.difference(before, after).convert("L").point(lambda level: level > 24 and 255)
    )
    share = ImageStat.Stat(changed).mean[0] / 255
    assert 0.01 < share < 0.4
    assert not changed.crop((0, 0, WIDTH, 60)).getbbox()  # the sky is the same


def test_what_cannot_be_seen_from_the_street_is_not_photographed() -> None:
    for problem in ("楼道堆物", "食堂从业人员健康证过期2人", "灭火器过期6具", "投诉电话未公示"):
        assert painter_of(problem) is None


# -- the map -----------------------------------------------------------------------------------


def test_every_area_of_the_city_has_its_place_on_the_map() -> None:
    codes = [area.code for area in demo.city().areas]
    places = {code: position(code, "路口") for code in codes}
    assert len(set(places.values())) == len(codes)
    assert all(metres(*CENTRE, *here) < 5000 for here in places.values())


def test_a_place_lies_where_it_lay_before_and_two_places_lie_apart() -> None:
    assert position("lanyue-1", "江月路35号") == position("lanyue-1", "江月路35号")
    off = metres(*position("lanyue-1", "江月路35号"), *position("lanyue-1", "江月路36号"))
    assert 1 < off < 600


def test_every_finding_of_the_portal_names_what_the_city_knows(played: Played) -> None:
    with played.ledger.transaction() as connection:
        known = reference.read(connection)
    areas = {area.code for area in demo.city().areas}
    for find in finds():
        assert find.inspector in known.directory.codes
        assert find.area in areas
        assert known.classifier.by_name(find.category), find.category
        assert can_show(find.problem), find.problem
        at = datetime.combine(START.date(), find.clock, known.zone)
        assert known.worktime.is_open(at)
    assert 35 <= len(finds()) <= 45


def test_findings_come_in_order_of_time_and_one_is_handed_in_twice() -> None:
    when = [
        START + timedelta(days=f.day, hours=f.clock.hour, minutes=f.clock.minute) for f in finds()
    ]
    assert when == sorted(set(when))
    assert Counter((f.place, f.problem) for f in finds()).most_common(1)[0][1] == 2
