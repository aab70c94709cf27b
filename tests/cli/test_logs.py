"""Log lines: one JSON object each, with what they belong to, and never a secret."""

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from duban import logs

SECRET = "Zx9-very-secret-part"

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, Lines]]:
    """A logger that writes as a process with DUBAN_LOG=json does, and what it wrote."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.lines("json"))
    logger = logging.getLogger("duban.of-a-test")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)


Log = tuple[logging.Logger, Lines]


def test_a_line_says_when_how_bad_who_and_what(log: Log) -> None:
    logger, lines = log
    logger.warning("第 %s 次", 3)
    (line,) = lines()
    assert list(line)[:4] == ["ts", "level", "logger", "event"]
    assert line["ts"].endswith("Z")
    assert (line["level"], line["logger"], line["event"]) == (
        "warning", "duban.of-a-test", "第 3 次",
    )  # fmt: skip


def test_what_stands_beside_the_sentence_is_on_a_list(log: Log) -> None:
    logger, lines = log
    logger.info("a", extra={"case": "2026-000001", "notice": "remind:1", "password": SECRET})
    (line,) = lines()
    assert (line["case"], line["notice"]) == ("2026-000001", "remind:1")
    assert SECRET not in str(line)


def test_lines_written_inside_belong_to_what_is_bound(log: Log) -> None:
    logger, lines = log
    with logs.bound(request="abc"):
        logger.info("inside")
    logger.info("outside")
    inside, outside = lines()
    assert inside["request"] == "abc"
    assert "request" not in outside


def test_a_traceback_stays_in_its_line(log: Log) -> None:
    logger, lines = log
    try:
        raise ValueError("two\nlines")
    except ValueError:
        logger.exception("it broke")
    (line,) = lines()
    assert "ValueError: two\nlines" in line["exception"]


@pytest.mark.parametrize(
    "told",
    [
        f"postgresql://duban:{SECRET}@db.example.cn:5432/duban",
        f"mailto://bob:{SECRET}@smtp.example.cn:465/bob@example.cn",
        f"dingtalk://{SECRET}@{SECRET}/",
        f"http://10.0.0.1/robot/send?access_token={SECRET}",
        f"Max retries exceeded with url: /robot/send?access_token={SECRET} (Caused by …)",
        f"GET /l/{SECRET} failed",
        f"https://open.feishu.cn/open-apis/bot/v2/hook/{SECRET}",
        f"imaps://post:{SECRET}@mail.example.cn/INBOX",
        f"Authorization: Bearer {SECRET}",
        f"token duban_{SECRET}",
        f"UPDATE person SET x=? [parameters: ('{SECRET}',)]",
        f"duplicate key\nDETAIL:  Key (login)=({SECRET}) already exists.",
    ],
)
@pytest.mark.parametrize("kind", ["json", "text"])
def test_no_line_holds_a_secret(told: str, kind: str) -> None:
    record = logging.LogRecord("duban.x", logging.ERROR, "", 0, "%s", (told,), None)
    record.work = told
    try:
        raise RuntimeError(told)
    except RuntimeError:
        record.exc_info = sys.exc_info()
    said = logs.lines(kind).format(record)
    assert SECRET not in said
    assert "RuntimeError" in said


def test_what_the_settings_hold_is_hidden_wherever_it_turns_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DUBAN_METRICS_TOKEN", "key-of-the-house")
    monkeypatch.setenv("DUBAN_DATABASE_URL", "postgresql://duban:plain-word@db/duban")
    monkeypatch.setenv("DUBAN_HEARTBEAT_URL", "https://watch.example.cn/ping/abcdef")
    told = "key-of-the-house, plain-word and https://watch.example.cn/ping/abcdef"
    record = logging.LogRecord("duban.x", logging.ERROR, "", 0, told, (), None)
    assert json.loads(logs.lines("json").format(record))["event"] == "…, … and …"


def test_an_address_of_ours_stays_readable() -> None:
    said = "see http://127.0.0.1:4200/flow-runs/flow-run/0192-ab, postgresql://duban@db/duban"
    assert logs.scrubbed(said) == said.replace("duban@", "")


# -- processes ---------------------------------------------------------------------------------

SPEAKING = f"""
import logging, sys
from duban import logs
logs.set_up()
logs.set_up()
if "prefect" in sys.argv:
    from prefect import flow  # sets up its own
    logs.set_up()
logging.getLogger("duban.x").info("ours", extra={{"case": "2026-000001"}})
logging.getLogger("uvicorn.error").warning("of a library: mailto://bob:{SECRET}@a.cn")
logging.getLogger("prefect.somewhere").warning("Prefect's")
"""


def spoken(log: str, *args: str) -> list[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("DUBAN_", "PREFECT_"))}
    said = subprocess.run(
        [sys.executable, "-c", SPEAKING, *args], env=kept | {"DUBAN_LOG": log}, check=True,
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert said.stdout == ""
    return said.stderr.splitlines()


def test_every_line_of_a_process_is_one_object_prefects_too() -> None:
    lines = [json.loads(line) for line in spoken("json", "prefect")]
    assert [line["event"].partition(":")[0] for line in lines] == [
        "ours", "of a library", "Prefect's",
    ]  # fmt: skip
    assert lines[0]["case"] == "2026-000001"
    assert SECRET not in str(lines)


def test_as_text_the_same_is_said_for_people() -> None:
    lines = spoken("text")
    assert len(lines) == 3
    assert "ours" in lines[0]
    assert "case=2026-000001" in lines[0]
    assert SECRET not in str(lines)


def test_prefects_own_processes_get_a_configuration_with_the_same_lines() -> None:
    import logging.config
    from string import Template

    file = Path(logs.__file__).with_name("logging.yml")
    said = Template(file.read_text("utf-8")).substitute(
        PREFECT_LOGGING_LEVEL="INFO", PREFECT_SERVER_LOGGING_LEVEL="WARNING",
        PREFECT_INTERNAL_LOGGING_LEVEL="ERROR",
    )  # fmt: skip
    config = yaml.safe_load(said)
    assert config["formatters"]["lines"]["()"] == "duban.logs.lines"
    consoles = [each for each in config["handlers"].values() if "stream" in each]
    assert {each["stream"] for each in consoles} == {"ext://sys.stderr"}
    assert {each["formatter"] for each in consoles} == {"lines"}
    resolved = logging.config.DictConfigurator(config).configure_formatter(
        dict(config["formatters"]["lines"])
    )
    assert isinstance(resolved, logging.Formatter)
