"""Prefect, asked by plain HTTP: whether it answers, knows our rounds, and somebody runs them.

https://docs.prefect.io/v3/api-ref/rest-api
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from importlib.metadata import version
from typing import Any
from urllib.parse import urlsplit

import requests

from duban.checks.asking import PATIENCE, cause
from duban.checks.finding import Finding, Group, Site, listed, ok, warning, wrong
from duban.engine import running_server
from models.words import Words

POOL = "duban"
SEEN = timedelta(minutes=1)
"""A worker that has not been heard of for so long is not there."""
ROUNDS = ("dispatch", "follow-up", "deliver")
"""What a whole `sweep` does, as parts; a city runs the one or the others."""

_START = Words(
    "启动 Prefect 服务（duban up，或 systemctl start duban-prefect），核对 PREFECT_API_URL "
    "与口令。",
    "Start Prefect's server (duban up, or systemctl start duban-prefect), and check "
    "PREFECT_API_URL and its password.",
)
_DEPLOY = Words("运行 duban deploy（可重复）。", "Run duban deploy, as often as you like.")


class Unanswered(Exception):  # noqa: N818 - a state of the server
    """The server did not answer, or not as expected."""

    def __init__(self, why: Words) -> None:
        super().__init__(why.en)
        self.why = why


@dataclass(frozen=True, slots=True)
class Server:
    """One Prefect server's API."""

    url: str

    def ask(self, path: str, what: dict[str, Any] | None = None) -> Any:
        """The answer to a question. Raises Unanswered."""
        try:
            send = requests.get if what is None else requests.post
            more: dict[str, Any] = {} if what is None else {"json": what}
            answer = send(
                f"{self.url}{path}", auth=_auth(), headers=_key(), timeout=PATIENCE, **more
            )
            if answer.status_code != HTTPStatus.OK:
                raise Unanswered(Words(*(f"HTTP {answer.status_code}",) * 2))
            return answer.json()
        except (requests.RequestException, ValueError) as error:
            raise Unanswered(cause(error)) from None


def _auth() -> tuple[str, str] | None:
    user, colon, password = os.environ.get("PREFECT_API_AUTH_STRING", "").partition(":")
    return (user, password) if colon else None


def _key() -> dict[str, str]:
    key = os.environ.get("PREFECT_API_KEY")
    return {"Authorization": f"Bearer {key}"} if key else {}


def prefect(site: Site) -> Iterator[Finding]:
    """Everything that can be asked of the server."""
    url = os.environ.get("PREFECT_API_URL") or running_server(site.settings.home)
    if not url:
        yield warning(
            "prefect",
            Words(
                "没有设 PREFECT_API_URL，这台机器上也没有 duban up 在运行：到点的事不会自己办。",
                "PREFECT_API_URL is not set, and no duban up runs here: nothing is done by itself.",
            ),
            _START,
        )
        return
    server = Server(url.rstrip("/"))
    try:
        server.ask("/health")
        there = str(server.ask("/admin/version"))
    except Unanswered as silence:
        why = silence.why
        host = urlsplit(url).hostname or "?"
        yield wrong(
            "prefect",
            Words(
                f"Prefect 服务（{host}）没有应答：{why.zh}。门户照常，巡查停着。",
                f"Prefect's server ({host}) does not answer: {why.en}. The portal works on, "
                "follow-up stands still.",
            ),
            _START,
        )
        return
    yield _version(there)
    try:
        yield from _plans(server, site.now)
    except Unanswered as silence:
        why = silence.why
        yield wrong(
            "prefect-answers",
            Words(
                f"Prefect 服务答复异常：{why.zh}。", f"Prefect's server answers oddly: {why.en}."
            ),
            Words(
                "看 Prefect 服务的日志，它的数据库是否正常。",
                "See the log of Prefect's server, and whether its own database is well.",
            ),
        )


def _version(there: str) -> Finding:
    here = version("prefect")
    if there == here:
        return ok("prefect", f"Prefect {there} 应答。", f"Prefect {there} answers.")
    return warning(
        "prefect",
        Words(
            f"Prefect 服务是 {there}，本程序用 {here}。",
            f"Prefect's server is {there}, we use {here}.",
        ),
        Words("把服务升级到同一版本。", "Bring the server to the same version."),
    )


def _plans(server: Server, now: datetime) -> Iterator[Finding]:
    wanted = {"deployments": {"tags": {"all_": ["duban"]}}, "limit": 200}
    known = server.ask("/deployments/filter", wanted)
    active = [one for one in known if _is_on(one)]
    yield _deployments(known, active)
    if active:
        yield _hands(server, active, now)
    yield _task_worker(server)
    yield from _late(server)


def _is_on(deployment: dict[str, Any]) -> bool:
    schedules = deployment.get("schedules") or []
    return not deployment.get("paused") and any(each.get("active") for each in schedules)


def _deployments(known: list[dict[str, Any]], active: list[dict[str, Any]]) -> Finding:
    names = {one["name"].rstrip("0123456789").rstrip("-") for one in active}
    if "sweep" in names or set(ROUNDS) <= names:
        return ok(
            "deployments",
            f"已登记并启用：{'、'.join(sorted(one['name'] for one in active))}。",
            f"Registered and active: {', '.join(sorted(one['name'] for one in active))}.",
        )
    lacking = ["sweep"] if not names & set(ROUNDS) else [n for n in ROUNDS if n not in names]
    paused = [one["name"] for one in known if one.get("paused")]
    said = listed(lacking)
    if not known:
        found = Words("没有登记任何部署。", "No deployment is registered.")
    elif paused:
        off = listed(paused)
        found = Words(
            f"没有启用的部署：{said.zh}；被停用：{off.zh}。",
            f"Not active: {said.en}; paused: {off.en}.",
        )
    else:
        found = Words(f"没有启用的部署：{said.zh}。", f"Not active: {said.en}.")
    return wrong("deployments", found, _DEPLOY)


def _hands(server: Server, active: list[dict[str, Any]], now: datetime) -> Finding:
    """Somebody has to take the runs: a worker of the pool, or who serves them without one."""
    if not any(one.get("work_pool_name") for one in active):
        asleep = [one["name"] for one in active if one.get("status") == "NOT_READY"]
        if not asleep:
            return ok("worker", "定时督办有进程在执行。", "A process serves the rounds.")
        return wrong(
            "worker",
            Words("没有进程在执行定时督办。", "No process serves the rounds."),
            Words("启动 duban up 或 duban serve rounds。", "Start duban up or duban serve rounds."),
        )
    pool = next(one["work_pool_name"] for one in active if one.get("work_pool_name"))
    workers = server.ask(f"/work_pools/{pool}/workers/filter", {})
    seen = [each["name"] for each in workers if _lives(each, now)]
    if seen:
        names = listed(seen)
        return ok("worker", f"执行进程在线：{names.zh}。", f"Workers online: {names.en}.")
    return wrong(
        "worker",
        Words(
            f"工作池 {pool} 一分钟内没有在线的执行进程。",
            f"No worker of the pool {pool} was heard of within a minute.",
        ),
        Words(
            f"启动一个：prefect worker start --pool {pool}（systemctl start duban-worker@1）。",
            f"Start one: prefect worker start --pool {pool} (systemctl start duban-worker@1).",
        ),
    )


def _lives(worker: dict[str, Any], now: datetime) -> bool:
    heard = worker.get("last_heartbeat_time")
    return bool(heard) and now - datetime.fromisoformat(str(heard)) < SEEN


def _task_worker(server: Server) -> Finding:
    """A reaction needs one; without it what a click causes comes within the minute."""
    known = server.ask("/task_workers/filter", {})
    if any("react" in key for each in known for key in each.get("task_keys", ())):
        return ok("reactions", "即时反应在运行。", "Reactions run.")
    return warning(
        "reactions",
        Words(
            "没有即时反应进程：点击引起的通知要等下一轮，一分钟之内。",
            "No process reacts at once: what a click causes goes out with the next round, within "
            "a minute.",
        ),
        Words(
            "启动 duban serve reactions（systemctl start duban-reactions）。",
            "Start duban serve reactions (systemctl start duban-reactions).",
        ),
    )


def _late(server: Server) -> Iterator[Finding]:
    count = int(
        server.ask("/flow_runs/count", {"flow_runs": {"state": {"name": {"any_": ["Late"]}}}})
    )
    if count:
        yield warning(
            "late-runs",
            Words(f"有 {count} 次运行迟到。", f"{count} runs are late."),
            Words(
                "执行进程不够或停了：看 worker；补上后迟到的会被更新的一轮代替。",
                "Too few workers, or none: see to them; newer rounds then do the work of the late.",
            ),
        )


GROUP = Group(Words("Prefect", "Prefect"), (prefect,))
