"""照片的可见范围: a picture is shown to whoever may see its case, before that to its uploader."""

from hashlib import sha256
from typing import Any

import pytest

from models.photo import Photo, PhotoPrint
from portal.uploading import MOST
from tests.documents.hostile import exif, jpeg, scene, textured
from tests.portal.readers import Portal, Reader


def _uploads(reader: Reader, data: bytes, name: str = "a.jpg") -> Any:
    return reader.post("/photos", files={"photo": (name, data, "image/jpeg")})


def _picture(portal: Portal, who: str, seed: int = 1) -> int:
    answer = _uploads(portal.reader(who), jpeg(scene(seed)))
    assert answer.status_code == 200, answer.text
    return int(answer.json()["id"])


def _hands_in(portal: Portal, who: str, photo: int) -> str:
    told = {"key": f"k{photo}", "place": "东澄区云湖路", "problem": "路面积水", "photo": photo}
    answer = portal.reader(who).post("/hand-in", told, headers={"x-requested-with": "fetch"})
    return str(answer.json()["case"])


def _seen_by(portal: Portal, photo: int) -> set[str]:
    """Who of all people is shown a picture; the picture and its small copy go together."""
    seen = set()
    for who in portal.accounts:
        reader = portal.reader(who)
        codes = {
            reader.get(f"/photos/{photo}{form}").status_code for form in (".jpg", "/thumb.jpg")
        }
        assert codes in ({200}, {404}), (who, codes)
        seen |= {who} if codes == {200} else set()
    return seen


def test_a_picture_not_handed_in_yet_is_shown_to_its_uploader_only(portal: Portal) -> None:
    assert _seen_by(portal, _picture(portal, "alice")) == {"alice"}


def test_a_picture_that_was_handed_in_is_shown_to_those_who_see_its_case(portal: Portal) -> None:
    photo = _picture(portal, "alice")
    number = _hands_in(portal, "alice", photo)
    assert _seen_by(portal, photo) == {"alice", "carol", "leader"}
    portal.world.carol.dispatches(number, "城管局")
    assert _seen_by(portal, photo) == {"alice", "carol", "leader", "bob", "head"}


def test_a_picture_out_of_scope_looks_like_one_that_is_not_there(sqlite_portal: Portal) -> None:
    photo, mallory = _picture(sqlite_portal, "alice"), sqlite_portal.reader("mallory")
    for form in (".jpg", "/thumb.jpg"):
        foreign = mallory.get(f"/photos/{photo}{form}")
        for missing in (photo + 1, 2**31, 10**30):
            none = mallory.get(f"/photos/{missing}{form}")
            assert none.status_code == foreign.status_code == 404
            assert none.text.replace(f"/photos/{missing}", f"/photos/{photo}") == foreign.text


def test_nobody_who_is_not_signed_in_is_shown_or_may_upload_anything(
    sqlite_portal: Portal,
) -> None:
    photo, nobody = _picture(sqlite_portal, "alice"), sqlite_portal.reader()
    assert nobody.get(f"/photos/{photo}.jpg").status_code == 303
    assert _uploads(nobody, jpeg()).headers["location"].startswith("/sign-in")
    assert len(sqlite_portal.world.rows(Photo)) == 1


def test_a_browser_keeps_a_picture_but_asks_each_time_whether_it_still_may(
    sqlite_portal: Portal,
) -> None:
    alice, photo = sqlite_portal.reader("alice"), _picture(sqlite_portal, "alice")
    first = alice.get(f"/photos/{photo}.jpg")
    assert first.headers["content-type"] == "image/jpeg"
    assert first.headers["cache-control"] == "private, no-cache"
    assert first.headers["x-content-type-options"] == "nosniff"
    known = {"if-none-match": first.headers["etag"]}
    again = alice.get(f"/photos/{photo}.jpg", headers=known)
    assert (again.status_code, again.content) == (304, b"")
    assert sqlite_portal.reader("bob").get(f"/photos/{photo}.jpg", headers=known).status_code == 404


def test_what_the_camera_wrote_is_kept_as_facts_and_not_in_the_picture(
    sqlite_portal: Portal,
) -> None:
    data = jpeg(scene(1), exif=exif(artist="a hidden name"))
    answer = _uploads(sqlite_portal.reader("alice"), data, "../IMG.jpg")
    [row] = sqlite_portal.world.rows(Photo)
    assert (row.name, row.source) == ("IMG.jpg", sha256(data).hexdigest())
    assert (row.lat, row.lon) == (31.21, 121.5)
    shown = sqlite_portal.reader("alice").get(answer.json()["url"]).content
    assert b"hidden" not in shown
    assert b"Exif" not in shown


def test_the_same_file_sent_again_is_the_same_picture_under_its_name_only(
    sqlite_portal: Portal,
) -> None:
    alice, data = sqlite_portal.reader("alice"), jpeg(scene(1))
    first = _uploads(alice, data, "IMG_1-aa.jpg").json()["id"]
    assert _uploads(alice, data, "IMG_1-aa.jpg").json()["id"] == first
    assert _uploads(alice, data, "IMG_1-bb.jpg").json()["id"] != first
    assert _uploads(sqlite_portal.reader("mallory"), data, "IMG_1-aa.jpg").json()["id"] != first
    assert len(sqlite_portal.world.rows(Photo)) == 3


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "空的"), (b"<svg onload=alert(1)>", "SVG"), (b"<html>", "网页"), (jpeg()[:999], "损坏")],
    ids=["empty", "svg", "page", "cut off"],
)
def test_what_is_no_picture_is_refused_with_the_reason_and_nothing_is_kept(
    sqlite_portal: Portal, data: bytes, said: str
) -> None:
    answer = _uploads(sqlite_portal.reader("alice"), data, "photo.jpg")
    assert answer.status_code == 422
    assert said in answer.json()["reason"]
    assert sqlite_portal.world.rows(Photo) == []
    assert not list(_store(sqlite_portal).rglob("*.jpg"))


def test_a_picture_taken_back_leaves_no_row_and_no_file(portal: Portal) -> None:
    alice, photo = portal.reader("alice"), _picture(portal, "alice")
    assert len(list(_store(portal).rglob("*.jpg"))) == 2
    assert alice.post(f"/photos/{photo}/drop").status_code == 204
    assert portal.world.rows(Photo) == portal.world.rows(PhotoPrint) == []
    assert not list(_store(portal).rglob("*.jpg"))
    assert alice.get(f"/photos/{photo}.jpg").status_code == 404


def test_a_picture_of_a_case_or_of_somebody_else_is_not_taken_back(
    sqlite_portal: Portal,
) -> None:
    loose = _picture(sqlite_portal, "alice")
    for who in ("mallory", "carol", "bob"):
        assert sqlite_portal.reader(who).post(f"/photos/{loose}/drop").status_code == 404
    _hands_in(sqlite_portal, "alice", loose)
    for who in ("alice", "carol"):
        assert sqlite_portal.reader(who).post(f"/photos/{loose}/drop").status_code == 404
    alice = sqlite_portal.reader("alice")
    assert alice.post(f"/photos/{2**40}/drop").status_code == 404
    assert alice.get(f"/photos/{loose}.jpg").status_code == 200


def test_a_finding_has_only_so_many_pictures(sqlite_portal: Portal) -> None:
    alice = sqlite_portal.reader("alice")
    files = [
        ("photos", (f"{n}.jpg", jpeg(textured(n, (64, 64))), "image/jpeg")) for n in range(MOST + 1)
    ]
    told = {"key": "k", "place": "东澄区云湖路", "problem": "路面积水"}
    page = alice.post("/hand-in", told, files=files)
    assert page.status_code == 422
    assert page.text.count('name="photo"') == MOST


def _store(portal: Portal) -> Any:
    return portal.app.state.house.settings.home / "photos"
