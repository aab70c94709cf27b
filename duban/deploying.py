"""`duban deploy`: what a city's Prefect server is to know, derived from deploy/prefect.yaml."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import typer
import yaml
from httpx import HTTPError, HTTPStatusError

from duban import show
from duban.engine import answers
from duban.looking import AsJson
from duban.session import settings
from ledger.loading import SHIPPED
from models.words import Trouble
from rules.heartbeat import shares

POOL = "duban"
MINUTE = timedelta(minutes=1)
PoolType = Literal["process", "kubernetes"]


@dataclass(frozen=True, slots=True)
class Schedule:
    """When runs are planned: every so many seconds from an anchor on, or by cron."""

    interval: int | None = None
    anchor_date: str | None = None
    cron: str | None = None
    timezone: str | None = None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Planned:
    """One deployment as the server is to know it."""

    name: str
    flow: str
    entrypoint: str
    description: str
    tags: tuple[str, ...]
    queue: str
    limit: int
    collision: str
    parameters: dict[str, Any]
    schedules: tuple[Schedule, ...]

    @property
    def active(self) -> bool:
        """Whether anything plans runs of it."""
        return any(schedule.active for schedule in self.schedules)

    @property
    def every_minute(self) -> bool:
        """Whether it is a round: missed for five minutes, something is wrong."""
        seconds = [s.interval for s in self.schedules if s.active and s.interval]
        return bool(seconds) and min(seconds) <= MINUTE.total_seconds()


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of the work pool; 1 is the highest priority."""

    name: str
    priority: int
    concurrency_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything `duban deploy` registers."""

    queues: tuple[Queue, ...]
    deployments: tuple[Planned, ...]


def planned(workers: int, *, mail: bool) -> Plan:
    """The plan for so many workers; `mail` says whether there is a mailbox to look into.

    One worker runs the sweep. Several share its parts, see deploy/prefect.yaml.
    """
    read = yaml.safe_load((SHIPPED / "prefect.yaml").read_text("utf-8"))
    queues = read["definitions"]["work_queues"].items()
    declared = (_declared(one) for one in read["deployments"])
    return Plan(
        queues=tuple(Queue(name, **said) for name, said in queues),
        deployments=tuple(_derived(declared, workers, mail)),
    )


def _declared(one: dict[str, Any]) -> Planned:
    return Planned(
        name=one["name"],
        flow=one["name"],  # a flow and its deployment have one name; shares are then numbered
        entrypoint=one["entrypoint"],
        description=one["description"],
        tags=tuple(one["tags"]),
        queue=one["work_pool"]["work_queue_name"],
        limit=one["concurrency_limit"]["limit"],
        collision=one["concurrency_limit"]["collision_strategy"],
        parameters=one["parameters"],
        schedules=tuple(Schedule(**said) for said in one["schedules"]),
    )


def _derived(declared: Iterable[Planned], workers: int, mail: bool) -> Iterator[Planned]:
    several = workers > 1
    for one in declared:
        if "round" in one.tags:
            yield _switched(one, on=not several)
        elif "mail" in one.tags:
            yield _switched(one, on=mail)
        elif several and "shares" in one.tags:
            yield from (_share(one, share, workers) for share in range(1, workers + 1))
        elif "part" in one.tags:
            limit = workers if "hands" in one.tags else one.limit
            yield _switched(replace(one, limit=limit), on=several)
        else:
            yield one


def _share(one: Planned, share: int, of: int) -> Planned:
    """The deployment that works on a share of the shards."""
    parameters = one.parameters | {"share": share, "of": of}
    named = replace(one, name=shares(one.name, of)[share - 1], parameters=parameters)
    return _switched(named, on=True)


def _switched(one: Planned, *, on: bool) -> Planned:
    return replace(one, schedules=tuple(replace(s, active=on) for s in one.schedules))


# -- the command -------------------------------------------------------------------------------


def add_to(app: typer.Typer) -> None:
    """Hang this command on the program."""
    app.command()(deploy)


def deploy(
    workers: Annotated[
        int, typer.Option("--workers", min=1, max=64, help="几个执行进程分担 · how many share")
    ] = 1,
    pool_type: Annotated[
        PoolType, typer.Option("--pool-type", help="工作池类型 · what the workers start runs as")
    ] = "process",
    image: Annotated[
        str, typer.Option("--image", help="kubernetes 用的镜像 · the image of the runs' pods")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """在 PREFECT_API_URL 登记工作池、部署与告警，可重复执行 · register everything, repeatable."""
    _there_is_a_server()
    if pool_type == "kubernetes" and not image:
        raise typer.BadParameter("kubernetes 须给出 --image · give the image of the pods")
    said = settings()
    plan = planned(workers, mail=bool(said.imap_url))
    from duban.registering import register  # brings Prefect, which takes seconds

    try:
        done = register(plan, pool_type, image, said.heartbeat_url)
    except HTTPError as error:
        raise _not_registered(error) from error
    if as_json:
        return show.print_json(
            {"pool": POOL, "type": pool_type, "workers": workers, **asdict(done)}, ZoneInfo("UTC")
        )
    show.print_table(
        f"工作池 {POOL}（{pool_type}），{workers} 个执行进程 · workers",
        ("部署 deployment", "队列 queue", "并发 limit", "参数 parameters", "状态 state"),
        [
            (one.name, one.queue, one.limit, _said(one.parameters), _state(one))
            for one in plan.deployments
        ],
    )
    show.say(f"自动处置 automations: {'、'.join(done.automations)}")
    if done.paused:
        show.say(f"已停用从前登记的 paused, left from before: {'、'.join(done.paused)}")
    return None


def _said(parameters: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in parameters.items())


def _state(one: Planned) -> str:
    if not one.schedules:
        return "待触发 when called"
    return "启用 on" if one.active else "停用 off"


def _not_registered(error: HTTPError) -> Trouble:
    """The server is there, and cannot do what is asked of it."""
    code = error.response.status_code if isinstance(error, HTTPStatusError) else None
    said = f"HTTP {code}" if code else type(error).__name__
    return Trouble(
        f"Prefect 服务没有完成登记（{said}）。多半是它的数据库不可用：看 Prefect 服务的日志，恢复后"
        "再运行一次 duban deploy，可以重复执行。",
        f"The Prefect server did not finish the registering ({said}). Most likely its database is "
        "away: its log says why. Run duban deploy again then; it may be repeated.",
    )


def _there_is_a_server() -> None:
    url = os.environ.get("PREFECT_API_URL", "")
    if not url:
        raise Trouble(
            "不知道 Prefect 服务在哪里。请设 PREFECT_API_URL，如 http://127.0.0.1:4200/api；"
            "单机运行用 duban up，不必登记。",
            "Where the Prefect server is was not said. Set PREFECT_API_URL, as in "
            "http://127.0.0.1:4200/api; on one machine duban up needs no registering.",
        )
    if not answers(url):
        shown = urlsplit(url).hostname or "?"
        raise Trouble(
            f"PREFECT_API_URL 所指的 Prefect 服务（{shown}）没有应答。请先启动它，再登记。",
            f"The Prefect server that PREFECT_API_URL names ({shown}) does not answer. Start it, "
            "then register again.",
        )
