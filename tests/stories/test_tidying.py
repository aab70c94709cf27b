"""照片清理: what was uploaded and never handed in is forgotten; what belongs to a case stays."""

from datetime import timedelta
from io import BytesIO
from pathlib import Path

from PIL import Image

from documents.pictures import check
from documents.store import Store, path_of
from ledger import desk, photos
from ledger.desk import Shown
from models.photo import Photo
from tasks.tidying import tidy
from tests.world import World

BOB = 2


def _upload(world: World, store: Store, colour: str) -> int:
    made = BytesIO()
    Image.new("RGB", (64, 64), colour).save(made, "JPEG")
    picture = check(made.getvalue(), f"{colour}.jpg")
    path = path_of(picture.digest)
    kept = photos.keep(world.ledger, BOB, picture, picture.name, path, world.now)
    store.keep(picture)
    return kept


def test_a_picture_nobody_handed_in_is_forgotten_after_a_week(world: World, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "photos"))
    number = world.report("新桥大道", "垃圾未清")
    handed_in, left = _upload(world, store, "green"), _upload(world, store, "red")
    world.raw(desk.acknowledge, number)
    world.raw(desk.submit, number, "已清理", shown=Shown((handed_in,), BOB))
    assert tidy(world.ledger, store, world.now + timedelta(days=6))["pictures"] == 0
    assert tidy(world.ledger, store, world.now + timedelta(days=8))["pictures"] == 1
    [kept] = world.rows(Photo)
    assert kept.id == handed_in != left
    assert store.get(kept.path)
    assert len(list((tmp_path / "photos").rglob("*.jpg"))) == 2  # the picture and its thumb


def test_a_file_that_two_pictures_share_stays_while_one_of_them_does(
    sqlite_world: World, tmp_path: Path
) -> None:
    store, world = Store(str(tmp_path / "photos")), sqlite_world
    _upload(world, store, "red")
    world.now += timedelta(days=5)
    _upload(world, store, "red")
    assert tidy(world.ledger, store, world.now + timedelta(days=3))["pictures"] == 1
    [kept] = world.rows(Photo)
    assert store.get(kept.path)
