"""The audit signs the log before it looks at it."""

from pathlib import Path
from typing import Any

import pytest

from flows.audit import audit
from ledger.proof import verify
from models.journal import Checkpoint
from models.record import Record
from models.words import Trouble
from tasks import keys
from tests.world import World


def test_the_audit_enters_and_signs_every_record(city: World, tmp_path: Path) -> None:
    city.report("人民路1号", "垃圾桶满溢")
    audit(city.now)
    public, last = keys.trusted(tmp_path), keys.last_seal(tmp_path)
    proof = verify(city.ledger, public, last)
    assert (proof.broken, proof.checkpoints) == ([], 1)
    assert proof.sealed == proof.checked == len(city.rows(Record))


def test_an_audit_with_nothing_new_signs_nothing(city: World) -> None:
    city.report("人民路1号", "垃圾桶满溢")
    audit(city.now)
    audit(city.now)
    assert len(city.rows(Checkpoint)) == 1


def test_a_log_that_cannot_be_signed_fails_the_audit_but_not_before_it_looked(
    city: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    city.report("人民路1号", "垃圾桶满溢")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "log.pem").write_text("rubbish", "utf-8")
    left: list[Any] = []
    monkeypatch.setattr("flows.audit.leave", lambda *said: left.append(said))
    with pytest.raises(Trouble, match=r"log\.pem"):
        audit(city.now)
    assert len(left) == 1
