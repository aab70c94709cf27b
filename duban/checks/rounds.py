"""The work: whether rounds come, what is late, what does not get out, what was set aside."""

from collections.abc import Iterator
from datetime import datetime

from duban.checks.finding import Finding, Group, Site, listed, ok, warning, wrong
from ledger import checkup
from ledger.checkup import MOST, Failing, Rounds
from ledger.database import Ledger
from ledger.heartbeats import Beat
from models.words import Words
from rules.heartbeat import FOLLOWS_UP, STUMBLED, followed_up, kind, stale

_START = Words(
    "看 worker（或 duban up、duban serve rounds）是否在运行，Prefect 服务是否应答；"
    "手工补一轮：duban sweep。",
    "See whether a worker runs (or duban up, duban serve rounds), and whether Prefect's server "
    "answers; one round by hand: duban sweep.",
)


def rounds(site: Site, ledger: Ledger) -> Iterator[Finding]:
    """How the engine does."""
    found = checkup.rounds(ledger, site.now)
    yield from _beats(found, site.now)
    yield _late(found, site.now)
    yield from _notices(found)
    yield from (_failing(each, site.now) for each in found.failing)
    yield from _aside(found)


def _beats(found: Rounds, now: datetime) -> Iterator[Finding]:
    came = followed_up(found.beats)
    if not found.beats:
        yield warning(
            "heartbeat", Words("还没有跑过一轮督办。", "No round has been run yet."), _START
        )
        return
    late = set(stale(found.beats, now))
    missed = {name for name in late if kind(name) in FOLLOWS_UP}
    if missed and came:
        names = listed(sorted(missed))
        yield wrong(
            "heartbeat",
            Words(
                f"已有 {_ago(came, now).zh}没有巡查到期案件（{names.zh}）。",
                f"Nobody has looked at what is due for {_ago(came, now).en} ({names.en}).",
            ),
            _START,
        )
    elif came:
        yield ok(
            "heartbeat",
            f"{_ago(came, now).zh}前巡查过到期案件。",
            f"What is due was looked at {_ago(came, now).en} ago.",
        )
    if others := sorted(late - missed):
        names = listed(others)
        yield warning(
            "heartbeat-others",
            Words(f"久未来的巡查：{names.zh}。", f"Rounds that stay away: {names.en}."),
            _START,
        )
    yield from (_stumbles(beat) for beat in found.beats if beat.failures)


def _stumbles(beat: Beat) -> Finding:
    said = Words(
        f"{beat.name} 连续失败 {beat.failures} 次：{beat.error}",
        f"{beat.name} failed {beat.failures} times in a row: {beat.error}",
    )
    todo = Words(
        f"在 Prefect 页面看最近一次 {beat.name} 运行的日志；数据库与磁盘先看本体检。",
        f"See the log of the last run of {beat.name} on Prefect's page; database and disk are "
        "judged here.",
    )
    return (wrong if beat.failures >= STUMBLED else warning)("heartbeat-failing", said, todo)


def _ago(at: datetime, now: datetime) -> Words:
    minutes = max(0, int((now - at).total_seconds() // 60))
    if minutes < 1:
        return Words("不到 1 分钟", "under a minute")
    if minutes < 120:
        return Words(f"{minutes} 分钟", f"{minutes} min")
    return Words(f"{minutes // 60} 小时", f"{minutes // 60} h")


def _many(count: int) -> str:
    return f"{count}+" if count >= MOST else str(count)


def _late(found: Rounds, now: datetime) -> Finding:
    if not found.late:
        return ok("looks", "到点的案件都已巡查。", "Every case whose time has come was looked at.")
    behind = _ago(found.oldest or now, now)
    return wrong(
        "looks",
        Words(
            f"{_many(found.late)} 件案件到点未巡查，最早的晚了 {behind.zh}。",
            f"{_many(found.late)} looks are overdue, the earliest by {behind.en}.",
        ),
        _START,
    )


def _notices(found: Rounds) -> Iterator[Finding]:
    if found.stuck:
        yield wrong(
            "notices-stuck",
            Words(
                f"{_many(found.stuck)} 条通知积压一小时以上。",
                f"{_many(found.stuck)} notices have waited for more than an hour.",
            ),
            Words(
                "duban outbox --state owed 看它们在等什么；投递（deliver）是否在跑。",
                "See what they wait for with duban outbox --state owed, and whether delivery runs.",
            ),
        )
    if found.dead:
        yield warning(
            "notices-dead",
            Words(
                f"一周内 {_many(found.dead)} 条通知谁也没有送到。",
                f"{_many(found.dead)} notices reached nobody within a week.",
            ),
            Words(
                "duban outbox --state dead 看答复；修好渠道后 duban outbox resend。",
                "See the answers with duban outbox --state dead; mend the channel, then duban "
                "outbox resend.",
            ),
        )
    if not found.stuck and not found.dead:
        yield ok("notices", "没有积压或未送达的通知。", "No notice is stuck or undelivered.")


def _failing(each: Failing, now: datetime) -> Finding:
    ago, answer = _ago(each.since, now), each.answer.rstrip("。.") or "—"
    return warning(
        "outlet",
        Words(
            f"{each.shown} 已 {ago.zh}发不出去：{answer}。",
            f"{each.shown} has failed for {ago.en}: {answer}.",
        ),
        Words(
            "按其答复改正（关键词、签名、地址、额度），再在门户“人员”页点“测试”；"
            "见 docs/channels.md。",
            "Put right what it says (keyword, signature, address, quota), then test it on the page "
            "of the person; see docs/channels.md.",
        ),
    )


def _aside(found: Rounds) -> Iterator[Finding]:
    if not found.aside:
        return
    todo = Words(
        "门户“运行情况”有每件的原因（管理员见原文）；改正后点“立即重试”。",
        "The portal's page Running says why of each (administrators read the error); put it "
        "right, then have it tried again there.",
    )
    if found.alarming:
        said = Words(
            f"{found.alarming} 件案件连续三次没有办成，已搁置。",
            f"{found.alarming} cases were set aside after failing three times.",
        )
        yield wrong("set-aside", said, todo)
        return
    said = Words(
        f"{found.aside} 件案件没有办成，暂时搁置，会自动再试。",
        f"{found.aside} cases could not be judged and are set aside; they are tried again.",
    )
    yield warning("set-aside", said, todo)


GROUP = Group(Words("督办", "Follow-up"), (), (rounds,))
