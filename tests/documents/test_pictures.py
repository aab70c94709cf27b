"""Pictures: what is taken is drawn anew, what is hidden stays outside, the rest is refused."""

import io
import stat
import tracemalloc
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageEnhance, ImageStat

from documents import store
from documents.pictures import LONGEST_SIDE, THUMB_SIDE, check, clean_name, dhash
from documents.store import Store, path_of, thumb_of
from models.words import Trouble
from rules.evidence import ALIKE, Variant, distance
from tests.documents.hostile import REFUSED, TAKEN, Hostile, exif, jpeg, png, scene, textured

SHANGHAI = ZoneInfo("Asia/Shanghai")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def unlike(a: Image.Image, b: Image.Image) -> float:
    """The mean difference of two pictures of one size, 0 to 255."""
    return max(ImageStat.Stat(ImageChops.difference(a.convert("RGB"), b.convert("RGB"))).mean)


# -- hostile files -----------------------------------------------------------------------------


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.what)
def test_what_is_no_photo_is_refused_and_told_why_and_what_to_do(file: Hostile) -> None:
    data = file.make()
    with pytest.raises(Trouble) as caught:
        check(data, file.name)
    words = caught.value.words
    assert file.says in words.zh
    assert "请" in words.zh
    assert len(words.en) > 40
    assert "<" not in words.zh


@pytest.mark.parametrize("file", TAKEN, ids=lambda file: file.what)
def test_nothing_hidden_in_a_picture_comes_out_again(file: Hostile) -> None:
    data = file.make()
    assert not file.hidden or any(hidden in data for hidden in file.hidden)
    picture = check(data, file.name)
    for kept in (picture.jpeg, picture.thumb):
        assert [hidden for hidden in file.hidden if hidden in kept] == []
        one = opened(kept)
        assert (one.format, one.mode) == ("JPEG", "RGB")
        assert dict(one.getexif()) == {}
        assert one.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("file", TAKEN, ids=lambda file: file.what)
def test_the_picture_itself_is_still_to_be_seen(file: Hostile) -> None:
    kept = opened(check(file.make(), file.name).jpeg)
    plain = "L" if "greys" in file.what else "RGB"
    if "see-through" not in file.what:
        assert unlike(kept, scene().convert(plain)) < 16
    else:
        assert unlike(kept.crop((0, 0, 640, 8)), Image.new("RGB", (640, 8), "white")) < 12


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bombs = [file.make() for file in REFUSED if "30,000" in file.what or "claims" in file.what]
    tracemalloc.start()
    try:
        for bomb in bombs:
            with pytest.raises(Trouble):
                check(bomb, "bomb.jpg")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(bombs) == 4
    assert peak < 5_000_000


def test_a_picture_of_fifty_megapixels_is_taken() -> None:
    picture = check(png(Image.new("L", (8192, 6144), 128)), "a.png")
    assert (picture.width, picture.height) == (LONGEST_SIDE, 1536)


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_file_changed_anywhere_is_taken_or_refused_but_never_breaks_anything(
    data: st.DataObject,
) -> None:
    whole = bytearray(data.draw(st.sampled_from((_JPEG, _PNG))))
    places = st.integers(0, len(whole) - 1)
    for at in data.draw(st.lists(places, min_size=1, max_size=20)):
        whole[at] = data.draw(st.integers(0, 255))
    with suppress(Trouble):
        assert opened(check(bytes(whole), "a.jpg").jpeg).size


_JPEG = jpeg(scene(4, (160, 120)), exif=exif())
_PNG = png(scene(4, (80, 60)), exif=exif())


# -- what is kept ------------------------------------------------------------------------------


def test_a_large_picture_is_made_smaller_and_a_small_one_left_as_large_as_it_is() -> None:
    large = check(jpeg(scene(1, (4000, 3000))), "a.jpg")
    assert (large.width, large.height) == opened(large.jpeg).size == (2048, 1536)
    assert opened(large.thumb).size == (THUMB_SIDE, 240)
    small = check(jpeg(scene(1, (200, 300))), "a.jpg")
    assert opened(small.jpeg).size == opened(small.thumb).size == (200, 300)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_taken_with_the_phone_turned_stands_upright(orientation: int) -> None:
    upright = scene(5, (320, 240))
    turned = upright.transpose(_TURNED[orientation]) if orientation > 1 else upright
    kept = check(jpeg(turned, exif=exif(orientation=orientation)), "a.jpg")
    assert (kept.width, kept.height) == (320, 240)
    assert unlike(opened(kept.jpeg), upright) < 12
    assert distance(kept.prints[Variant.PLAIN], dhash(upright)) <= 2


_TURNED = {  # how the sensor sees what stands upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def test_capture_time_and_position_are_kept_as_facts() -> None:
    picture = check(jpeg(exif=exif()), "a.jpg")
    assert picture.taken_at == datetime(2026, 9, 24, 7, 0, tzinfo=UTC)
    assert picture.lat == pytest.approx(31.21)
    assert picture.lon == pytest.approx(121.5)


@pytest.mark.parametrize("form", [png, lambda **more: jpeg(progressive=True, **more)])
def test_facts_are_found_in_every_kind_of_picture(form: Any) -> None:
    assert check(form(exif=exif()), "a").taken_at is not None


def test_a_camera_that_names_no_zone_was_in_the_city() -> None:
    data = jpeg(exif=exif(offset=None))
    assert check(data, "a.jpg", SHANGHAI).taken_at == datetime(2026, 9, 24, 7, 0, tzinfo=UTC)
    there = ZoneInfo("Asia/Urumqi")
    assert check(data, "a.jpg", there).taken_at == datetime(2026, 9, 24, 9, 0, tzinfo=UTC)


def test_a_camera_elsewhere_is_believed_its_own_zone() -> None:
    taken = check(jpeg(exif=exif(offset="-05:00")), "a.jpg").taken_at
    assert taken == datetime(2026, 9, 24, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "taken",
    ["0000:00:00 00:00:00", "1970:01:01 08:00:00", "9999:12:31 23:59:59", "2026-09-24", "", None],
)
def test_a_time_that_cannot_be_is_not_known(taken: str | None) -> None:
    assert check(jpeg(exif=exif(taken=taken)), "a.jpg").taken_at is None


def test_a_zone_that_cannot_be_is_left_out() -> None:
    taken = check(jpeg(exif=exif(offset="+99:99")), "a.jpg").taken_at
    assert taken == datetime(2026, 9, 24, 15, 0, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"sides": ("S", "W")}, (-31.21, -121.5)),
        ({"lat": (31.0, 12.6, 0.0)}, (31.21, 121.5)),
        ({"lat": (91.0, 0.0, 0.0)}, (None, None)),
        ({"lon": (180.0, 30.0, 0.0)}, (None, None)),
        ({"lat": (31.0, 99.0, 0.0)}, (None, None)),
        ({"sides": ("X", "E")}, (None, None)),
        ({"lon": None}, (None, None)),
        ({"lat": (0.0, 0.0, 0.0), "lon": (0.0, 0.0, 0.0)}, (None, None)),
    ],
)
def test_a_position_is_whole_and_on_the_globe_or_not_known(
    changed: dict[str, Any], expected: tuple[float | None, float | None]
) -> None:
    picture = check(jpeg(exif=exif(**changed)), "a.jpg")
    assert (picture.lat, picture.lon) == pytest.approx(expected)


@pytest.mark.parametrize("what", ["divided by zero", "no number", "off the globe", "circle"])
def test_a_position_of_nonsense_is_not_known(what: str) -> None:
    [file] = [file for file in TAKEN if what in file.what]
    picture = check(file.make(), "a.jpg")
    assert (picture.lat, picture.lon) == (None, None)


def test_digests_tell_the_file_that_came_from_the_one_that_is_kept() -> None:
    one, other = check(jpeg(), "a.jpg"), check(jpeg(exif=exif()), "a.jpg")
    assert one.source != other.source
    assert one.digest == other.digest
    assert one.source != one.digest


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\照片 1.jpg", "照片 1.jpg"),
        ("a\0b\r\n.jpg", "ab.jpg"),
        ("井盖\u202egpj.exe", "井盖gpj.exe"),
        ("\ud800.jpg", "jpg"),
        ("..", "photo.jpg"),
        ("", "photo.jpg"),
    ],
)
def test_a_name_is_shown_without_folders_and_controls(name: str, shown: str) -> None:
    assert clean_name(name) == shown


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_name_becomes_one_that_can_be_shown_and_stored(name: str) -> None:
    shown = clean_name(name)
    assert 1 <= len(shown) <= 120
    assert shown.isprintable()
    assert not set(shown) & set("/\\\0")


# -- prints ------------------------------------------------------------------------------------

seeds = st.integers(0, 10_000)


def variants(seed: int) -> tuple[Image.Image, str]:
    picture = textured(seed)
    return picture, dhash(picture)


@given(seeds, st.integers(25, 95))
@settings(max_examples=40, deadline=None)
def test_a_picture_compressed_again_looks_the_same(seed: int, quality: int) -> None:
    picture, known = variants(seed)
    assert distance(known, dhash(opened(jpeg(picture, quality)))) <= ALIKE


@given(seeds, st.floats(0.3, 1.0))
@settings(max_examples=40, deadline=None)
def test_a_picture_made_smaller_looks_the_same(seed: int, share: float) -> None:
    picture, known = variants(seed)
    small = picture.resize((round(640 * share), round(480 * share)))
    assert distance(known, dhash(small)) <= ALIKE


@given(seeds, st.floats(0.75, 1.2))
@settings(max_examples=40, deadline=None)
def test_a_picture_made_brighter_or_darker_looks_the_same(seed: int, factor: float) -> None:
    picture, known = variants(seed)
    assert distance(known, dhash(ImageEnhance.Brightness(picture).enhance(factor))) <= ALIKE


@given(seeds)
@settings(max_examples=40, deadline=None)
def test_a_mirror_image_and_the_middle_are_known_by_their_prints(seed: int) -> None:
    picture = textured(seed)
    prints = check(png(picture), "a.png").prints
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    assert distance(prints[Variant.MIRRORED], dhash(mirrored)) <= 3
    middle = picture.crop((32, 24, 608, 456))
    assert distance(prints[Variant.CROPPED], dhash(middle)) <= ALIKE


def test_two_different_pictures_differ_in_nineteen_bits_or_more() -> None:
    prints = [dhash(textured(seed)) for seed in range(40)]
    apart = [distance(a, b) for n, a in enumerate(prints) for b in prints[:n]]
    assert min(apart) > ALIKE
    assert sorted(apart)[len(apart) // 100] >= 19


def test_the_hash_is_one_bit_for_each_grey_that_is_darker_than_the_one_to_its_right() -> None:
    rows = [[10, 20, 30, 40, 50, 60, 70, 80, 90], [90, 80, 70, 60, 50, 40, 30, 20, 10]] * 4
    picture = Image.new("L", (9, 8))
    picture.putdata([grey for row in rows for grey in row])
    assert dhash(picture) == "ff00" * 4


# -- the store ---------------------------------------------------------------------------------

PICTURE = check(jpeg(scene(9)), "a.jpg")


@pytest.fixture(params=["a folder", "a file URL", "another store"])
def kept_in(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    urls = {
        "a folder": str(tmp_path / "photos"),
        "a file URL": (tmp_path / "photos").as_uri(),
        "another store": f"memory://duban/{tmp_path.name}",
    }
    return Store(urls[request.param])


def test_a_picture_put_is_there_until_it_is_removed(kept_in: Store) -> None:
    path = kept_in.keep(PICTURE)
    assert path == path_of(PICTURE.digest)
    assert kept_in.exists(path)
    assert kept_in.get(path) == PICTURE.jpeg
    assert kept_in.get(thumb_of(path)) == PICTURE.thumb
    kept_in.delete(path)
    assert not kept_in.exists(path)
    assert not kept_in.exists(thumb_of(path))
    kept_in.delete(path)


def test_the_same_picture_put_twice_lies_there_once(tmp_path: Path) -> None:
    kept_in = Store(str(tmp_path))
    kept_in.keep(PICTURE)
    kept_in.keep(PICTURE)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_a_picture_changed_behind_our_back_is_not_given_out(kept_in: Store) -> None:
    path = kept_in.keep(PICTURE)
    kept_in.put(path, PICTURE.jpeg[:-2] + b"\0\0")
    with pytest.raises(Trouble, match="改动"):
        kept_in.get(path)


def test_a_picture_that_is_not_there_is_said_to_be_missing(kept_in: Store) -> None:
    with pytest.raises(Trouble, match="不在存放处"):
        kept_in.get(path_of("0" * 64))


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "ab/cd/x.jpg", f"ab/cd/{'a' * 64}.png", f"{'a' * 64}.jpg", ""]
)
def test_only_paths_of_digests_are_ever_asked_for(kept_in: Store, path: str) -> None:
    for ask in (kept_in.get, kept_in.exists, kept_in.delete, lambda p: kept_in.put(p, b"x")):
        with pytest.raises(ValueError, match="not a path"):
            ask(path)


def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    kept_in = Store(str(tmp_path))
    monkeypatch.setattr(store.os, "fsync", full)
    with pytest.raises(Trouble, match="磁盘空间"):
        kept_in.put(path_of(PICTURE.digest), PICTURE.jpeg)
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_store_whose_package_is_missing_says_which_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "s3fs", None)
    with pytest.raises(Trouble) as caught:
        Store("s3://key:secret@bucket/photos")
    assert "s3fs" in caught.value.words.en
    assert "secret" not in caught.value.words.en + caught.value.words.zh
    with pytest.raises(Trouble, match="nowhere"):
        Store("nowhere://bucket")


def test_no_picture_is_older_than_the_digital_camera() -> None:
    first = check(jpeg(exif=exif(taken="1990:01:01 00:00:00")), "a.jpg").taken_at
    assert first is not None
    assert first - timedelta(seconds=1) < datetime(1990, 1, 1, tzinfo=SHANGHAI)
