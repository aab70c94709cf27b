"""The real command, run in this process: what it printed, and how it ended."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from duban import cli, session

CITY = """
city: {name: 澄岚市}
units:
  - {code: cjb, name: 市创城办, kind: office}
  - {code: csgl, name: 市城市管理局, kind: department, parent: cjb, aliases: [市城管局]}
people:
  - {code: bob, name: Bob, channels: ["folder://bob"],
     duties: [{unit: csgl, duty: contact}, {unit: csgl, duty: head}]}
  - {code: carol, name: Carol, channels: ["folder://carol"],
     duties: [{unit: cjb, duty: office}]}
routes:
  - {code: all, lead: csgl}
"""

LEDGER = "点位,存在问题,责任单位,整改时限\n人民路1号,垃圾桶满溢,市城管局,3工作日\n"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON document; fails when there is anything else on it."""
        return json.loads(self.out)

    @property
    def clear(self) -> bool:
        """Whether this is one message for a person, and no traceback."""
        return bool(self.err.strip()) and "Traceback" not in self.out + self.err


Duban = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty DUBAN_HOME; the folder above it is the working folder."""
    for name in [name for name in os.environ if name.startswith(("DUBAN_", "PREFECT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DUBAN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def duban(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> Duban:
    """Run `duban …` as a user would: `duban("deadline", "3 工作日", "--from", "2026-09-24")`."""

    def run(*args: object) -> Said:
        session.settings.cache_clear()
        session.opened.cache_clear()
        before = dict(os.environ)
        monkeypatch.setattr(sys, "argv", ["duban", *map(str, args)])
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        os.environ.clear()
        os.environ.update(before)
        out, err = (text.decode() for text in capfdbinary.readouterr())
        return Said(int(ended.value.code or 0), out, err)

    return run


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the home that `duban init` and loading a small city leave behind."""
    folder = tmp_path_factory.mktemp("founded")
    (folder / "city.yaml").write_text(CITY, "utf-8")
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DUBAN_", "PREFECT_"))}
    for command in (["init"], ["load", "city.yaml"]):
        subprocess.run(
            [sys.executable, "-c", "from duban.cli import main; main()", *command],
            cwd=folder, env=kept | {"DUBAN_HOME": str(folder / "home")}, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    return folder


@pytest.fixture
def town(duban: Duban, founded: Path, tmp_path: Path) -> Duban:
    """The same, after `duban init` and loading a small city."""
    shutil.copytree(founded, tmp_path, dirs_exist_ok=True)
    return duban
