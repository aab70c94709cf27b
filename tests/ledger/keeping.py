"""A city that has been lived in, to be backed up: something lies in nearly every table."""

import tarfile
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path

from documents.store import Store, path_of, thumb_of
from ledger import backup as books
from ledger.backup import Tally
from ledger.changes import insert, table
from ledger.database import Ledger, unchecked
from ledger.desk import Share
from ledger.shapes import shapes
from models.account import Account, AccountRole, Link, RoleGrant
from models.hook import Hook, HookCall, HookState
from models.incoming import Incoming, IncomingKind
from models.notice import Notice
from models.person import Person
from models.photo import Photo, PhotoPurpose
from models.record import Record
from models.unit import Unit
from tasks import keys, sealing
from tests.world import World

PICTURES = (b"\xff\xd8 before", b"\xff\xd8 after", b"\xff\xd8 loose")


def lived(world: World, store: Store, home: Path) -> tuple[str, ...]:
    """Live through a month: dispatched, late, closed, split, suspended; gives the numbers."""
    first = world.report("解放路12号", "路面积水\n“深”\\ 30%", limit="1 工作日")
    second = world.report("西湖路8号", "井盖缺失、路灯不亮")
    world.sweep()
    world.bob.signs(first)
    world.at("2026-09-28 10:00").sweep()
    world.bob.submits(first)
    world.carol.passes(first)
    world.carol.splits(second, Share("井盖缺失", ("城管局",)), Share("路灯不亮", ("住建局",)))
    world.at("2026-10-12 10:00").sweep()
    _beside(world, store, keys.vault(home).seal("mailtos://bob:secret@mail/"))
    sealing.seal(world.ledger, home, world.now)
    return first, second


def _beside(world: World, store: Store, address: str) -> None:
    """What the portal and other systems leave."""
    at, [bob] = world.now, world.rows(Person, table(Person).c.code == "bob")
    record, notice = world.rows(Record)[0], world.rows(Notice)[0]
    hook = {"id": 1, "name": "热线", "url": address, "shown": "", "secret": address, "verbs": "",
            "position": 1, "active": True, "created_at": at}  # fmt: skip
    call = {"hook_id": 1, "record_id": record.id, "state": HookState.DEAD, "attempts": 3,
            "next_try_at": at, "answer": "503"}  # fmt: skip
    mail = {"message_id": "m", "kind": IncomingKind.REPLY, "sender": "bob", "subject": "回复",
            "text": "=1+1", "why": "", "person_id": bob.id, "case_id": record.case_id,
            "notice_id": notice.id, "photos": 0, "refused": 0, "received_at": at,
            "settled_by": ""}  # fmt: skip
    link = {"digest": "d", "case_id": record.case_id, "person_id": bob.id, "verb": "",
            "unit_id": world.rows(Unit)[0].id, "created_at": at, "expires_at": at}  # fmt: skip
    account = {"id": 1, "person_id": bob.id, "login": "bob", "password": "$argon2id$secret",
               "must_change": False, "active": True, "failures": 0, "lang": "zh",
               "created_at": at}  # fmt: skip
    grant = {"account_id": 1, "role": AccountRole.CONTACT}
    pictures = [_picture(store, bob.id, record.case_id, n, world) for n in range(3)]
    with world.ledger.transaction() as connection:
        for model, row in ((Hook, hook), (HookCall, call), (Incoming, mail), (Link, link),
                           (Account, account), (RoleGrant, grant)):  # fmt: skip
            insert(connection, model, [row])
        insert(connection, Photo, pictures)


def _picture(store: Store, person: int, case: int, n: int, world: World) -> dict[str, object]:
    data, loose = PICTURES[n], n == 2
    digest = sha256(data).hexdigest()
    store.put(path_of(digest), data)
    store.put(thumb_of(path_of(digest)), b"small")
    return {"person_id": person, "at": world.now - timedelta(minutes=n), "name": "井盖.jpg",
            "case_id": None if loose else case,
            "purpose": None if loose else PhotoPurpose.FINDING, "media": "image/jpeg",
            "size": len(data), "width": 4, "height": 3, "source": digest, "digest": digest,
            "path": path_of(digest), "lat": 31.2304, "lon": 1e-05}  # fmt: skip


def held(ledger: Ledger) -> dict[str, Tally]:
    """What every table holds: how many rows, and their digest."""
    with books.frozen(ledger) as connection:
        return books.tallies(connection, shapes())


def held_at(url: str) -> dict[str, Tally]:
    """The same of a database."""
    ledger = unchecked(url)
    try:
        return held(ledger)
    finally:
        ledger.engine.dispose()


def rewritten(file: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """The same bundle with its members changed by hand, or left out where `change` gives None."""
    other = file.with_name(f"changed-{file.name}")
    with tarfile.open(file) as old, tarfile.open(other, "w") as new:
        for member in old.getmembers():
            inside = old.extractfile(member)
            data = change(member.name, inside.read() if inside else b"")
            if data is not None:
                member.size = len(data)
                new.addfile(member, BytesIO(data))
    return other
