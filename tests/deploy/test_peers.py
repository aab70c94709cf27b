"""`python -m bench.peers`: what it may touch, and that no peer is measured that did not work."""

import re
import sys
from pathlib import Path

import pytest

from bench.peers import environment
from bench.peers.environment import REQUIREMENTS, STAMP, Peer


def test_every_peer_is_of_one_version() -> None:
    lines = REQUIREMENTS.read_text("utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted
    for line in wanted:
        assert re.fullmatch(r"[A-Za-z-]+(\[[a-z]+\])?==[0-9.]+", line), line


def test_an_environment_of_somebody_else_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_call", lambda command: pytest.fail(f"called {command}"))
    (tmp_path / "pyvenv.cfg").write_text("home = elsewhere")
    with pytest.raises(SystemExit, match="name another folder"):  # noqa: SIM117
        with environment.environment(tmp_path):
            pytest.fail("used it")


def test_an_environment_once_made_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "_call", lambda command: pytest.fail(f"called {command}"))
    (tmp_path / STAMP).write_text(REQUIREMENTS.read_text("utf-8"), "utf-8")
    with environment.environment(tmp_path) as python:
        assert python == tmp_path / "bin" / "python"


def test_a_peer_that_fails_is_not_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "HERE", tmp_path)
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "peer.py").write_text("raise SystemExit('nothing was escalated')")
    with pytest.raises(RuntimeError, match="nothing was escalated"):
        Peer(Path(sys.executable), "peer.py", "sqlite:///x")("run")


def test_a_peer_sees_its_database_and_no_setting_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "HERE", tmp_path)
    monkeypatch.setenv("DUBAN_SECRET", "ours")
    monkeypatch.setenv("PYTHONPATH", "ours")
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "peer.py").write_text(
        "import json, os\n"
        "assert os.environ['PEER_DATABASE'] == 'sqlite:///x'\n"
        "assert 'ours' not in os.environ.values()\n"
        "print(json.dumps({'count': 2, 'seconds': 0.5, 'cpu': 0.1, 'peak': 9}))\n"
    )
    assert Peer(Path(sys.executable), "peer.py", "sqlite:///x")("run").rate == 4
