"""指标的名称: what each figure is called outside, with its unit and its labels."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)
from prometheus_client.registry import Collector

from ledger.metrics import Figures, Pool
from ledger.metrics_cases import LATENESS
from ledger.metrics_past import TIMES
from ledger.next_way import Exit
from models.notice import NoticeState
from rules.heartbeat import followed_up


class Exposed(Collector):
    """The figures of one scrape."""

    def __init__(self, found: Figures, at: datetime) -> None:
        self.found, self.at = found, at

    def collect(self) -> Iterator[Metric]:
        """Every family, each with what it says."""
        yield from self._follow_up()
        yield from self._rounds()
        yield from self._notices()
        yield from self._exits()
        yield _by("duban_build_info", "which Duban this is", "version", {version("duban"): 1})

    def _follow_up(self) -> Iterator[Metric]:
        found, overdue = self.found, self.found.overdue
        by_status = {status.value: count for status, count in found.cases.items()}
        yield _one("duban_cases_open", "open cases", found.cases_open)
        yield _by("duban_cases", "open cases by status", "status", by_status)
        # Counts of now, which fall again: no sum of times goes with them.
        edges = _edges(each.total_seconds() for each in LATENESS)
        late = HistogramMetricFamily(
            "duban_looks_overdue_seconds", "how late the looks are that nobody has taken yet"
        )
        late.add_metric([], list(zip(edges, overdue.within, strict=True)), None)
        yield late
        yield _one("duban_looks_overdue_oldest_seconds", "how late the latest of them is",
                   overdue.oldest.total_seconds())  # fmt: skip
        yield _one("duban_looks_late", "looks that are ten minutes late", overdue.late)
        yield _one("duban_set_aside", "cases that could not be judged and wait", found.aside)
        yield _one("duban_set_aside_alarms", "those that have failed too often", found.alarms)

    def _rounds(self) -> Iterator[Metric]:
        beats = self.found.beats
        well = {beat.name: beat.at.timestamp() for beat in beats if beat.at}
        if last := followed_up(beats):
            yield _one("duban_followed_up_timestamp_seconds",
                       "when overdue cases had all been looked at", last.timestamp())  # fmt: skip
        yield _by("duban_round_timestamp_seconds", "when a round last went well", "round", well)
        yield _by("duban_round_last_seconds", "how long the last one took", "round",
                  {beat.name: beat.took for beat in beats})  # fmt: skip
        yield _by("duban_round_failures", "failures in a row", "round",
                  {beat.name: beat.failures for beat in beats})  # fmt: skip
        took = SummaryMetricFamily("duban_round_seconds", "how long rounds took", labels=["round"])
        done = CounterMetricFamily(
            "duban_done", "what rounds did, by their own words", labels=["round", "what"]
        )
        for beat in beats:
            took.add_metric([beat.name], beat.runs, beat.seconds)
            for what, count in sorted(beat.done.items()):
                done.add_metric([beat.name, what], count)
        yield took
        yield done

    def _notices(self) -> Iterator[Metric]:
        found = self.found
        states = {state.value: found.notices.get(state, 0) for state in NoticeState}
        yield _by("duban_notices", "notices by state", "state", states)
        yield _one("duban_notices_waiting_oldest_seconds",
                   "how long the notice that should have gone first has waited since then",
                   found.oldest_wait.total_seconds())  # fmt: skip
        yield _one("duban_dead_letters", "notices given up", found.notices[NoticeState.DEAD])
        yield _one("duban_incoming_unknown", "mails that wait for a supervisor",
                   found.incoming_unknown)  # fmt: skip
        family = CounterMetricFamily(
            "duban_deliveries", "attempts that are over", labels=["channel", "outcome"]
        )
        for (channel, outcome), count in sorted(found.attempts.outcomes().items()):
            family.add_metric([channel, outcome.value], count)
        yield family
        yield self._times()

    def _times(self) -> Metric:
        family = HistogramMetricFamily(
            "duban_delivery_seconds", "how long a channel took to answer", labels=["channel"]
        )
        attempts, edges = self.found.attempts, _edges(TIMES)
        for channel in sorted({channel for channel, _, _ in attempts.kinds}):
            within = attempts.within(channel)
            if within[-1]:
                buckets = list(zip(edges, within, strict=True))
                family.add_metric([channel], buckets, attempts.took[channel] / 1000)
        return family

    def _exits(self) -> Iterator[Metric]:
        names = {each.id: outlet_name(each) for each in self.found.exits}
        since = {names[each.id]: each.tap.failing_since for each in self.found.exits}
        yield _by("duban_outlet_up", "1 unless it keeps failing", "outlet",
                  {name: 0 if began else 1 for name, began in since.items()})  # fmt: skip
        passed = {
            name: max((self.at - began).total_seconds(), 0) if began else 0
            for name, began in since.items()
        }
        yield _by("duban_outlet_failing_seconds", "since it began to fail, 0 if not", "outlet",
                  passed)  # fmt: skip


class Pooled(Collector):
    """The database connections of the process that is asked."""

    def __init__(self, pool: Pool | None) -> None:
        self.pool = pool

    def collect(self) -> Iterator[Metric]:
        """Three gauges; nothing where a process keeps no connections."""
        if self.pool is None:
            return
        yield _one("duban_db_pool_size", "connections this process keeps", self.pool.kept)
        yield _one("duban_db_pool_in_use", "connections lent out now", self.pool.in_use)
        yield _one("duban_db_pool_max", "connections there may be at once", self.pool.most)


def outlet_name(each: Exit) -> str:
    """Its service and the service's host, and its number, for two may look alike.

    What is no host may be a person's name, or what is left of a secret.
    """
    found = _MASK.match(each.shown)
    if found is None:
        return f"unknown#{each.id}"
    host = f"://{found['host']}" if _HOST.fullmatch(found["host"]) else ""
    return f"{found['scheme']}{host}#{each.id}"


_MASK = re.compile(r"(?P<scheme>[a-z][\w+.-]*)://(?:[^/]*@)?(?P<host>[^/?@]*)", re.IGNORECASE)
_HOST = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?")


def _one(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _by(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _edges(edges: Iterable[float]) -> Sequence[str]:
    return [*(str(float(edge)) for edge in edges), "+Inf"]
