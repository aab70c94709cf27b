"""What a run does can be followed: each line and each span says which run it belongs to."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from duban import logs, tracing
from flows.sweep import sweep
from ledger.changes import table
from models.case import Case
from tasks import sending
from tests.flows.test_flows import last_runs
from tests.world import World, instant

DUE = instant("2026-09-30 18:00")


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What our own loggers write, one JSON object a line."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.lines("json"))
    logging.getLogger("duban").addHandler(handler)
    yield stream
    logging.getLogger("duban").removeHandler(handler)


def spoil(world: World, number: str) -> None:
    """Give a case a limit that nobody can read."""
    cases = table(Case)
    with world.ledger.transaction() as connection:
        connection.execute(cases.update().where(cases.c.number == number).values(limit="三生三世"))


def test_a_line_about_a_case_or_a_notice_names_it_and_the_run_and_round(
    city: World, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(*_: Any, **__: Any) -> None:
        raise ValueError("no such form")

    case, other = (city.report(f"解放路{n}号", "路面积水", limit="3天") for n in (1, 2))
    spoil(city, case)
    monkeypatch.setattr(sending, "message_of", unwritable)
    sweep(DUE)
    lines = {line["logger"]: line for line in map(json.loads, written.getvalue().splitlines())}
    runs = {run.name.split()[0]: str(run.id) for run in last_runs(5)}
    aside, unsent = lines["duban.batches"], lines["duban.sending"]
    assert (aside["case"], aside["work"], aside["round"]) == (case, "follow-up", "follow-up")
    assert (aside["run"], aside["at"]) == (runs["follow-up"], DUE.isoformat())
    assert aside["task"]
    assert "Traceback" in aside["exception"]
    # From a thread of its own:
    assert (unsent["run"], unsent["round"]) == (runs["deliver"], "deliver")
    assert unsent["case"] == other
    assert unsent["notice"]


def test_each_round_is_a_span_with_what_it_did_and_deliveries_lie_within(
    city: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    export = pytest.importorskip("opentelemetry.sdk.trace.export")
    memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    kept, provider = memory.InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(export.SimpleSpanProcessor(kept))
    for module in (tracing, sending):
        monkeypatch.setattr(module, "_tracer", provider.get_tracer("of a test"))
    city.report("解放路1号", "路面积水", limit="3天")
    sweep(city.now)
    spans = {span.name: span for span in kept.get_finished_spans()}
    parents = {span.context.span_id: span.name for span in spans.values()}
    within = {n: parents.get(span.parent and span.parent.span_id) for n, span in spans.items()}
    parts = ("intake", "dispatch", "follow-up", "deliver")
    assert within == {
        "round sweep": None,
        **{f"round {each}": "round sweep" for each in parts},
        "deliver": "round deliver",
    }
    sweeping, delivered = spans["round sweep"].attributes, spans["deliver"].attributes
    assert sweeping["duban.done.sent"] == 1
    assert sweeping["run"] in {str(run.id) for run in last_runs(5)}
    assert dict(delivered) == {"duban.channel": "folder", "duban.outcome": "sent"}
