"""An outsider verifies an exported log with the script of the documentation, and nothing else."""

import json
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from duban import session
from ledger.database import connect
from models.words import Trouble
from tasks import keys, sealing
from tests.cli.conftest import Duban

PAGE = Path(__file__).parents[2] / "docs" / "verify-log.md"
SHEET = (
    "点位,存在问题,责任单位,整改时限\n"
    "人民路1号,垃圾桶满溢,市城管局,3工作日\n"
    "解放路2号,路面积水,市城管局,3工作日\n"
)
MORE = "点位,存在问题,责任单位,整改时限\n和平路8号,占道经营,市城管局,3工作日\n"
AT = "2026-09-24T15:00+08:00"
Line = dict[str, Any]


@pytest.fixture
def busy(town: Duban, tmp_path: Path) -> Duban:
    """A city with two cases."""
    _take_in(town, tmp_path, SHEET)
    return town


def _take_in(town: Duban, folder: Path, sheet: str) -> None:
    (folder / "台账.csv").write_text(sheet, "utf-8")
    assert town("import", folder / "台账.csv", "--at", AT).status == 0


@pytest.fixture
def exported(busy: Duban, tmp_path: Path) -> list[Line]:
    """An export with two checkpoints: one in the middle, one at the end."""
    assert busy("log", "export", tmp_path / "first.jsonl").status == 0
    _take_in(busy, tmp_path, MORE)
    assert busy("log", "export", tmp_path / "log.jsonl").status == 0
    return read(tmp_path / "log.jsonl")


def read(file: Path) -> list[Line]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


@pytest.fixture
def verified(tmp_path: Path, home: Path) -> Callable[..., tuple[int, str]]:
    """Run the script of the page on these lines: its status, and what it said."""
    [script] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    (tmp_path / "verify_log.py").write_text(script, "utf-8")

    def run(lines: list[Line], key: str = "") -> tuple[int, str]:
        file = tmp_path / "handed-over.jsonl"
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        file.write_text(text, "utf-8")
        public = key or (home / "keys" / "log.pub").read_text().strip()
        done = subprocess.run(
            [sys.executable, "-I", tmp_path / "verify_log.py", file, public],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    return run


Verified = Callable[..., tuple[int, str]]


def test_a_whole_export_holds(exported: list[Line], verified: Verified) -> None:
    status, said = verified(exported)
    assert status == 0
    assert said.startswith(f"whole: {exported[0]['records']} records of 3 cases, signed.")


def test_an_export_is_made_of_a_head_records_and_the_checkpoints_that_cover_them(
    exported: list[Line],
) -> None:
    head, *rest = exported
    assert set(head) == {"duban", "city", "keys", "exported_at", "records"}
    assert (head["duban"], head["city"], len(head["keys"])) == ("log", "澄岚市", 1)
    records = [line for line in rest if "position" in line]
    assert [line["position"] for line in records] == list(range(1, head["records"] + 1))
    assert list(records[0]) == [
        "position", "case", "seq", "at", "verb", "actor", "status", "words", "data", "previous",
        "hash", "entry",
    ]  # fmt: skip
    assert records[0]["at"] == "2026-09-24T07:00:00.000000Z"
    for before, line in pairwise(rest):
        if "checkpoint" in line:
            assert set(line) == {"checkpoint", "hash", "at", "key", "signature"}
            assert (line["checkpoint"], line["hash"]) == (before["position"], before["entry"])
    assert sum("checkpoint" in line for line in rest) == 2


def _record(lines: list[Line], number: int) -> int:
    return [n for n, line in enumerate(lines) if "position" in line][number]


def _seal(lines: list[Line], number: int) -> int:
    return [n for n, line in enumerate(lines) if "checkpoint" in line][number]


def _set(of: Callable[[list[Line], int], int], number: int, name: str, value: Any) -> Any:
    def tamper(lines: list[Line]) -> None:
        lines[of(lines, number)][name] = value

    return tamper


def _remove(of: Callable[[list[Line], int], int], number: int) -> Any:
    def tamper(lines: list[Line]) -> None:
        del lines[of(lines, number)]

    return tamper


def _swap(lines: list[Line]) -> None:
    a, b = _record(lines, 1), _record(lines, 2)
    lines[a], lines[b] = lines[b], lines[a]


def _swap_places(lines: list[Line]) -> None:
    a, b = lines[_record(lines, 1)], lines[_record(lines, 2)]
    a["position"], b["position"] = b["position"], a["position"]
    _swap(lines)


def _insert(lines: list[Line]) -> None:
    at = _record(lines, 1)
    lines.insert(at, dict(lines[at]) | {"words": "按期反馈。"})


def _cut_off(lines: list[Line]) -> None:
    del lines[_seal(lines, -1) :]
    lines[0]["records"] = lines[-1].get("position", lines[0]["records"])


def _forget_the_end(lines: list[Line]) -> None:
    del lines[_seal(lines, 0) + 1 :]


TAMPERINGS = {
    "words": (_set(_record, 0, "words", "按期反馈。"), "record 1: changed"),
    "actor": (_set(_record, 1, "actor", "Mallory"), ": changed"),
    "instant": (_set(_record, 1, "at", "2026-09-24T07:00:00.000001Z"), ": changed"),
    "data": (_set(_record, 0, "data", "{}"), "record 1: changed"),
    "hash": (_set(_record, 0, "hash", "0" * 64), "record 1: changed"),
    "case": (_set(_record, 0, "case", "2026-000009"), "2026-000009 record 1: changed"),
    "link": (_set(_record, 1, "previous", "0" * 64), ": not linked"),
    "entry": (_set(_record, 1, "entry", "0" * 64), ": not the overall chain"),
    "removed first": (_remove(_record, 0), "position 1 is not there"),
    "removed middle": (_remove(_record, 2), "position 3 is not there"),
    "removed last": (_remove(_record, -1), ": not this chain"),
    "swapped": (_swap, "position 2 is not there"),
    "swapped with their places": (_swap_places, ": not the overall chain"),
    "inserted": (_insert, ": changed"),
    "cut off": (_cut_off, "nothing is signed after position"),
    "end forgotten": (_forget_the_end, "records announced"),
    "checkpoint's hash": (_set(_seal, 0, "hash", "0" * 64), ": not this chain"),
    "checkpoint's place": (_set(_seal, 0, "checkpoint", 1), "checkpoint at 1: not this chain"),
    "checkpoint's instant": (_set(_seal, 0, "at", "2026-01-01T00:00:00.000000Z"), "signature"),
    "signature": (_set(_seal, 0, "signature", "0" * 128), "the signature does not hold"),
    "no signature": (_set(_seal, 0, "signature", "?"), "the signature does not hold"),
    "another key": (_set(_seal, 0, "key", "0" * 64), "signed by an unknown key"),
}


def test_whatever_is_done_to_an_export_is_named(exported: list[Line], verified: Verified) -> None:
    for what, (tamper, said) in TAMPERINGS.items():
        lines = deepcopy(exported)
        tamper(lines)
        status, answer = verified(lines)
        assert (status, answer.startswith("BROKEN: ")) == (1, True), what
        assert said in answer, what


def test_an_export_signed_by_somebody_else_does_not_hold(
    exported: list[Line], verified: Verified
) -> None:
    somebody = keys.public_hex(Ed25519PrivateKey.generate())
    status, said = verified(exported, somebody)
    assert (status, "unknown key" in said) == (1, True)


def test_the_script_is_about_thirty_lines_of_the_standard_library_and_cryptography() -> None:
    [script] = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    imported = re.findall(r"^(?:from (\w+)|import (.*))", script, re.M)
    assert {one or other for one, other in imported} == {"json, sys", "hashlib", "cryptography"}
    assert len([line for line in script.splitlines() if line.strip()]) <= 45


# -- the commands ------------------------------------------------------------------------------


def test_the_proof_tells_what_was_checked_and_what_is_signed(busy: Duban, tmp_path: Path) -> None:
    assert busy("log", "export", tmp_path / "log.jsonl").status == 0
    said = busy("log", "verify", "--json").json
    assert (said["ok"], said["broken"], said["signatures"]) == (True, [], "checked")
    assert said["checked"] == said["sealed"] > 0
    assert said["checkpoints"] == 1


def test_one_character_changed_by_hand_ends_with_status_1_and_the_place(
    busy: Duban, home: Path
) -> None:
    _by_hand(home, "UPDATE record SET words = words || '。' WHERE id = 2")
    proof = busy("log", "verify", "--json")
    [broken] = [row for row in proof.json["broken"] if row["case"] != "database"]
    assert (proof.status, proof.json["ok"]) == (1, False)
    assert set(broken) == {"case", "seq", "what"}
    assert (broken["case"], broken["seq"]) == ("2026-000001", 2)
    assert "2026-000001" in busy("log", "verify").out


def _by_hand(home: Path, statement: str) -> None:
    engine = sa.create_engine(f"sqlite:///{home / 'duban.db'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER keep_record_update")
        connection.exec_driver_sql("DROP TRIGGER keep_checkpoint_delete")
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_the_newest_checkpoint_removed_is_noticed_and_not_signed_over(
    busy: Duban, home: Path, tmp_path: Path
) -> None:
    assert busy("log", "export", tmp_path / "log.jsonl").status == 0
    _by_hand(home, "DELETE FROM checkpoint")
    again = busy("log", "export", tmp_path / "log.jsonl")
    assert "duban log verify" in again.out
    broken = busy("log", "verify", "--json").json["broken"]
    assert "checkpoint" in {row["case"] for row in broken}


def test_without_a_public_key_it_says_that_signatures_were_not_checked(
    busy: Duban, home: Path
) -> None:
    (home / "keys" / "log.pub").unlink()
    said = busy("log", "verify")
    assert (said.status, "signatures were NOT checked" in said.out) == (0, True)
    document = busy("log", "verify", "--json").json
    assert (document["signatures"], document["sealed"]) == ("not checked: no public key", 0)


def test_the_public_key_is_there_from_the_start_and_can_be_shown(busy: Duban, home: Path) -> None:
    public = (home / "keys" / "log.pub").read_text().strip()
    assert busy("log", "key").out.strip() == public
    assert busy("log", "key", "--json").json == {"key": public, "trusted": [public]}


def test_where_there_is_no_key_yet_it_says_how_to_make_one(duban: Duban) -> None:
    said = duban("log", "key")
    assert (said.status, said.clear, "duban init" in said.err) == (1, True, True)


def test_a_place_that_cannot_be_written_is_told(busy: Duban, tmp_path: Path) -> None:
    said = busy("log", "export", tmp_path / "nowhere" / "log.jsonl")
    assert (said.status, said.clear) == (1, True)


# -- the keys ----------------------------------------------------------------------------------


def mode(file: Path) -> int:
    return stat.S_IMODE(file.stat().st_mode)


def test_only_its_owner_can_read_the_private_key_and_anybody_the_public_one(tmp_path: Path) -> None:
    key = keys.signing_key(tmp_path)
    assert mode(tmp_path / "keys" / "log.pem") == 0o600
    assert mode(tmp_path / "keys" / "log.pub") == 0o644
    assert keys.trusted(tmp_path) == [keys.public_hex(key)]
    assert sorted(file.name for file in (tmp_path / "keys").iterdir()) == ["log.pem", "log.pub"]


def test_the_key_is_made_once(tmp_path: Path) -> None:
    first = keys.signing_key(tmp_path)
    assert keys.public_hex(keys.signing_key(tmp_path)) == keys.public_hex(first)


def test_a_key_that_is_replaced_stays_trusted(tmp_path: Path) -> None:
    old = keys.public_hex(keys.signing_key(tmp_path))
    (tmp_path / "keys" / "log.pem").unlink()
    new = keys.public_hex(keys.signing_key(tmp_path))
    assert old != new
    assert keys.trusted(tmp_path) == [new, old]


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("log.pem", keys.signing_key),
        ("log.pub", keys.trusted),
        ("last-checkpoint.json", keys.last_seal),
    ],
)
def test_a_file_of_the_keys_that_cannot_be_read_is_named(
    tmp_path: Path, name: str, read: Callable[[Path], object]
) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / name).write_text("[1]", "utf-8")
    with pytest.raises(Trouble, match=name):
        read(tmp_path)


def test_the_private_key_is_never_in_the_database(busy: Duban, home: Path, tmp_path: Path) -> None:
    assert busy("log", "export", tmp_path / "log.jsonl").status == 0
    key = keys.signing_key(home).private_bytes_raw()
    said = (home / "duban.db").read_bytes() + (tmp_path / "log.jsonl").read_bytes()
    assert key not in said
    assert key.hex().encode() not in said


def test_the_newest_checkpoint_is_written_down_outside_of_the_database(
    busy: Duban, home: Path
) -> None:
    ledger = connect(f"sqlite:///{home / 'duban.db'}")
    assert keys.last_seal(home) is None
    first = sealing.seal(ledger, home, session.now())
    assert keys.last_seal(home) == first
    assert sealing.seal(ledger, home, session.now()) == first
    ledger.engine.dispose()
