"""What every test of notices starts with."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from notices.message import Message


@pytest.fixture(autouse=True)
def _direct(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def message() -> Message:
    at = datetime(2026, 9, 29, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
    return Message("【催办提醒】中山路12号：垃圾堆积", "地点：中山路12号\n问题：垃圾堆积", at)
