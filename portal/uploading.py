"""上传: pictures that come with a form, checked one by one and kept loose."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from starlette.datastructures import UploadFile

from documents.pictures import MAX_BYTES, check, clean_name
from documents.store import path_of
from ledger import photos
from ledger.hand_in import waiting_picture
from models.words import Trouble, Words
from portal.house import House
from rules.permission import Viewer

MOST = 9
"""Pictures of one form."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the files: the ids of those kept, and why the others were not, by name."""

    ids: tuple[int, ...] = ()
    refused: tuple[tuple[str, Words], ...] = ()


def take_all(
    house: House, viewer: Viewer, files: Iterable[UploadFile], at: datetime, room: int = MOST
) -> Taken:
    """Keep every picture that can be kept; one that is refused costs the others nothing."""
    ids: list[int] = []
    refused: list[tuple[str, Words]] = []
    for file in _chosen(files):
        name = clean_name(file.filename or "")
        if len(ids) >= room:
            refused.append((name, _TOO_MANY))
            continue
        try:
            ids.append(take(house, viewer, file.file.read(MAX_BYTES + 1), name, at))
        except Trouble as trouble:
            refused.append((name, trouble.words))
    return Taken(tuple(ids), tuple(refused))


def take(house: House, viewer: Viewer, data: bytes, name: str, at: datetime) -> int:
    """Check a picture and keep it loose; gives its id. Raises Trouble, and then keeps nothing."""
    picture = check(data, name, house.zone)
    path = path_of(picture.digest)
    photo_id = photos.keep(house.ledger, viewer.person_id, picture, picture.name, path, at)
    try:
        house.store.keep(picture)
    except Trouble:
        _forget(house, photo_id, viewer.person_id)
        raise
    return photo_id


def take_again(house: House, viewer: Viewer, data: bytes, name: str, at: datetime) -> int:
    """The same, except that a file sent again under its name is the one that waits already."""
    source = sha256(data).hexdigest()
    waiting = waiting_picture(house.ledger, viewer.person_id, source, name)
    if waiting is not None and house.store.exists(waiting.path):
        return int(waiting.id)
    return take(house, viewer, data, name, at)


def _forget(house: House, photo_id: int, person_id: int) -> None:
    with house.ledger.transaction() as connection:
        photos.forget(connection, [photo_id], person_id)


def _chosen(files: Iterable[UploadFile]) -> Sequence[UploadFile]:
    """A browser sends an empty file where none was chosen."""
    return [file for file in files if file.filename]


_TOO_MANY = Words(
    f"一次最多 {MOST} 张照片，这张没有收下。请删去几张，或分两次提交。",
    f"At most {MOST} pictures at a time; this one was not kept. Leave some out, or send twice.",
)
