"""日志: lines on standard error, for people or as one JSON object each, with what they belong to.

Code calls the standard `logging`; what it says beside the sentence goes into `extra`, as far as
its name is among `BESIDE`. Which run, task and round a line belongs to is asked of Prefect, in
processes that run it. No line holds a password, a token, a channel's address or a query.
"""

import logging
import os
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any
from urllib.parse import urlsplit

import structlog
from structlog.contextvars import bind_contextvars, bound_contextvars, merge_contextvars
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name

BESIDE = (
    "case", "notice", "work", "error",
    "request", "route", "method", "status", "ms",
    "flow_run_id", "task_run_id", "flow_name",
)  # fmt: skip
"""What may stand beside the sentence. Anything else is left out: nobody has looked at it."""
_FIRST = ("ts", "level", "logger", "event")
_NAMES = {"flow_run_id": "run", "task_run_id": "task", "flow_name": "round"}

Line = MutableMapping[str, Any]


def set_up() -> None:
    """Have this process write its lines as DUBAN_LOG says. May be called again at any time.

    What Prefect writes for people stays as it is; as JSON it comes in the same lines as ours.
    """
    kind = os.environ.get("DUBAN_LOG", "text")
    root = logging.getLogger()
    logging.getLogger("duban").setLevel(logging.INFO)
    if kind == "text" and any(map(_is_console, root.handlers)):
        return
    ours = logging.StreamHandler(sys.stderr)
    ours.setFormatter(lines(kind))
    known = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    for logger in (root, *known):
        logger.handlers = [ours if _is_console(each) else each for each in logger.handlers]
    if ours not in root.handlers:
        root.addHandler(ours)


def bound(**values: Any) -> AbstractContextManager[None]:
    """Every line written inside belongs to these."""
    return bound_contextvars(**values)


def bind(**values: Any) -> None:
    """Every line of this run from here on belongs to these."""
    bind_contextvars(**values)


def lines(kind: str = "json", **_: Any) -> logging.Formatter:
    """How lines are written: `text` or `json`."""
    render: Any = structlog.processors.JSONRenderer(ensure_ascii=False, default=str)
    if kind == "text":
        render = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), timestamp_key="ts", pad_event_to=0
        )
    return ProcessorFormatter(
        foreign_pre_chain=[
            merge_contextvars, add_log_level, add_logger_name, ExtraAdder(BESIDE), _run,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            structlog.processors.format_exc_info,
        ],
        processors=[ProcessorFormatter.remove_processors_meta, _Scrubbed(_secrets()), render],
        use_get_message=True,
    )  # fmt: skip


def _is_console(handler: logging.Handler) -> bool:
    if not isinstance(handler, logging.StreamHandler):
        return False
    kind: type[Any] = type(handler)
    return kind is logging.StreamHandler or kind.__module__ == "prefect.logging.handlers"


# -- what a line belongs to --------------------------------------------------------------------


def _run(_: Any, __: str, line: Line) -> Line:
    """Which run, task and round it is of, as Prefect knows."""
    for name, value in {**_running(), **line}.items():
        line[_NAMES.get(name, name)] = value
    for name in _NAMES:
        line.pop(name, None)
    return line


def _running() -> Mapping[str, str]:
    # Asked only where Prefect runs already: to bring it takes seconds.
    context: Any = sys.modules.get("prefect.context")
    if not hasattr(context, "TaskRunContext"):
        return {}
    found = {}
    if (flow := context.FlowRunContext.get()) and flow.flow_run:
        found = {"run": str(flow.flow_run.id), "round": flow.flow_run and flow.flow.name}
    if task := context.TaskRunContext.get():
        found["task"] = str(task.task_run.id)
        found.setdefault("round", task.task.name)
    return found


# -- what no line may hold ---------------------------------------------------------------------

_OURS = ("http", "https", "postgresql", "postgresql+psycopg", "sqlite", "imap", "imaps", "file")
"""Addresses of which more than the beginning may be told."""
_URL = re.compile(r"\b([A-Za-z][A-Za-z0-9+.-]*)://([^\s'\"<>]*)")
_GONE = (
    (re.compile(r"(/(?:l|hook|hooks|services)/)[\w-]+"), r"\1…"),
    (re.compile(r"(/[\w./%-]*)\?[^\s'\")\]]+"), r"\1?…"),
    (re.compile(r"(?i)(bearer\s+)\S+"), r"\1…"),
    (re.compile(r"duban_[\w-]{16,}"), "duban_…"),
    # What the database repeats of the values it was sent.
    (re.compile(r"(\[parameters: ).*", re.DOTALL), r"\1…]"),
    (re.compile(r"(DETAIL: ).*"), r"\1…"),
)


def scrubbed(text: str, secrets: tuple[str, ...] = ()) -> str:
    """A text without what opens anything: a link's secret, a robot's key, a database's password."""
    for secret in secrets:
        text = text.replace(secret, "…")
    text = _URL.sub(_url, text)
    for pattern, left in _GONE:
        text = pattern.sub(left, text)
    return text


def _url(found: re.Match[str]) -> str:
    scheme, rest = found[1], found[2]
    if scheme.lower() not in _OURS:
        return f"{scheme}://…"
    return f"{scheme}://{rest.rpartition('@')[2]}"


class _Scrubbed:
    """The last look at a line: values are plain, and none is a secret."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self.secrets = secrets

    def __call__(self, _: Any, __: str, line: Line) -> Line:
        first = {name: line[name] for name in _FIRST if name in line}
        return {name: self._plain(value) for name, value in {**first, **line}.items()}

    def _plain(self, value: Any) -> Any:
        if value is None or isinstance(value, int | float):
            return value
        return scrubbed(str(value), self.secrets)


def _secrets() -> tuple[str, ...]:
    """What the settings of this process hold that nobody else may read."""
    said = {name: value for name, value in os.environ.items() if name.startswith("DUBAN_")}
    urls = [value for name, value in said.items() if name.endswith("_URL")]
    found = [said.get("DUBAN_METRICS_TOKEN", ""), said.get("DUBAN_HEARTBEAT_URL", "")]
    found += [_password(url) for url in urls]
    return tuple(each for each in found if len(each) >= _SHORTEST)


_SHORTEST = 4
"""Letters: to hide what is shorter would hide what is none."""


def _password(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""
