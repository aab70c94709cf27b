"""Channel addresses: reading them strictly, and showing them without their secrets."""

import copy
import re
import threading
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from apprise import Apprise, AppriseAsset, NotifyFormat
from apprise import __version__ as apprise_version
from apprise.plugins.base import NotifyBase

from models.words import Trouble
from notices.channels.folder import SCHEME as FOLDER
from notices.channels.listening import Heard, listening
from notices.channels.ours import OURS
from notices.channels.plugin import Outlet, Plugin, Rate
from notices.message import one_line

HIDDEN = "****"

# The part before "://" is all that may be said of an address that cannot be read.
_SCHEME = re.compile(r"\s*(?P<scheme>[a-z][a-z0-9+.-]{0,19})://", re.IGNORECASE)
_PARTS = re.compile(r"(?P<scheme>[^:]+)://(?:(?P<user>[^/?]*)@)?(?P<host>[^/?]+)(?P<path>/[^?]*)?")

# Here the login and the path name persons, and are shown. In any other address they may be keys.
_NAMES_PERSONS = frozenset({"mailto", "mailtos", FOLDER})

# Values of a query that are never secret, and that an answer may need to repeat.
_PLAIN = frozenset(
    {
        "from", "to", "cc", "bcc", "reply", "name", "smtp", "mode", "method", "format", "rate",
        "type", "ok", "receipt", "param", "parts", "region",
    }
)  # fmt: skip

_EXAMPLES = MappingProxyType(
    {
        "mailto": "mailto://smtp.example.cn:25?from=duban@example.cn&to=bob@example.cn",
        "mailtos": "mailtos://user:password@smtp.example.cn:465?from=…&to=…&mode=ssl",
        "json": "json://host:8080/path",
        "jsons": "jsons://host/path",
        FOLDER: "folder://bob",
        "dingtalk": "dingtalk://SECRET@TOKEN/13800138000",
        "wecombot": "wecombot://KEY",
        "wecomapp": "wecomapp://CORPID:SECRET@1000002/USERID",
        "feishu": "feishu://SECRET@TOKEN",
        "lark": "lark://SECRET@TOKEN",
        "schan": "schan://SENDKEY",
        "sms": "sms://user:password@gateway.example.cn/send?to=13800138000&ok=code:0",
        "smss": "smss://user:password@gateway.example.cn/send?to=13800138000&ok=code:0",
        "aliyunsms": "aliyunsms://KEYID:SECRET@SIGN/SMS_154950909/13800138000",
        "tencentsms": "tencentsms://SECRETID:SECRETKEY@SDKAPPID/SIGN/TEMPLATEID/13800138000",
    }
)

_RATE = re.compile(r"[?&]rate=(?P<each>\d{1,5})(?:(?:/|%2F)(?P<burst>\d{1,5}))?(?:&|$)")

# Apprise 2 hands work with a deadline to a small pool shared by all; our own deadline is enough.
_OPTIONS: dict[str, Any] = {"service_timeout": 0} if apprise_version.startswith("2.") else {}

_LOADING = threading.Lock()


class ChannelTrouble(Trouble):
    """A channel address that cannot be read. Its words never repeat the address."""

    def __init__(self, scheme: str) -> None:
        shown = _bare(scheme)
        example = _EXAMPLES.get(scheme, _EXAMPLES["mailto"])
        super().__init__(
            f"渠道地址无法识别：{shown}。渠道地址是一个完整的 Apprise 网址，"
            f"协议、主机、端口和收件人都要写对，例如 {example}。请改正后重试。",
            f"The channel address cannot be read: {shown}. A channel address is one complete "
            f"Apprise URL with a valid protocol, host, port and recipient, for example "
            f"{example}. Correct it and try again.",
        )


def check(url: str) -> None:
    """Raise ChannelTrouble unless `url` is an address a message can be sent to."""
    load(url)


def load(url: str) -> NotifyBase:
    """A fresh plugin for `url`. Raises ChannelTrouble, also for what Apprise would forgive.

    Fresh, for Apprise spaces out the sends of one object by seconds. It drops a recipient or a
    port it cannot read with a warning and goes on without: the message would not arrive, and
    nobody would know.
    """
    plugin = copy.copy(_ours(url)) if _scheme(url) in OURS else _strict(url)
    if plugin is None:
        raise ChannelTrouble(_scheme(url))
    return plugin


@lru_cache(maxsize=500)
def _ours(url: str) -> NotifyBase | None:
    """One of our plugins as it was read, never to be sent by: many write to one robot."""
    return _strict(url)


def _strict(url: str) -> NotifyBase | None:
    plugin, warned = _read(url)
    return None if plugin is None or warned or not _reachable(plugin) else plugin


def _reachable(plugin: NotifyBase) -> bool:
    port = plugin.port is None or 0 < plugin.port < 65536
    return port and _PARTS.match(_private(plugin)) is not None


def mask(url: str) -> str:
    """`url` as it may be shown: no password, token, header or query.

    Mail and folder addresses keep login and recipients, all others only their host; of what
    cannot be read there is only the scheme.
    """
    plugin, _ = _read(url)
    match = _PARTS.match(_private(plugin)) if plugin else None
    if match is None:
        return _bare(_scheme(url))
    scheme = match["scheme"]
    if scheme in _NAMES_PERSONS:
        user = f"{match['user']}@" if match["user"] else ""
        shown = f"{user}{match['host']}{(match['path'] or '').rstrip('/')}"
    else:
        user = f"{HIDDEN}@" if match["user"] else ""
        shown = f"{user}{match['host']}{'/…' if (match['path'] or '/') != '/' else ''}"
    return one_line(f"{scheme}://{unquote(shown)}", 200)


def outlet(url: str) -> Outlet:
    """The account a message to `url` goes through. Raises ChannelTrouble.

    `?rate=20` or `?rate=20/5` in an address (messages a minute, at once) overrules what is known
    of the service.
    """
    plugin = load(url)
    said = _RATE.search(url)
    if isinstance(plugin, Plugin):
        key, rate = f"{_scheme(url)}:{plugin.account()}", plugin.RATE
    else:
        key, rate = repr(plugin.url_identifier), Rate()
    if said:
        each = int(said["each"])
        rate = Rate(each, int(said["burst"] or each))
    return Outlet(key, mask(url), rate)


def conceal(text: str, url: str) -> str:
    """`text` without what `mask` hides of `url`, as when a server repeats a token.

    Three characters are no secret, and may well be the status of the answer.
    """
    shown = mask(url)
    words = {form for word in _words(url) for form in (word, unquote(word))}
    for word in sorted(words, key=len, reverse=True):
        if len(word) > 3 and word not in shown:
            text = text.replace(word, HIDDEN)
    return text


def _words(url: str) -> list[str]:
    """Everything in an address that could be secret: login, path, and values of its query."""
    front, _, query = url.partition("://")[2].partition("?")
    pairs = [pair.partition("=") for pair in query.split("&")]
    values = [value for key, _, value in pairs if key not in _PLAIN]
    return re.split(r"[:/@#]+", front) + values


def _read(url: str) -> tuple[NotifyBase | None, bool]:
    """The plugin, if any, and whether Apprise warned while reading the address."""
    heard = Heard()
    if ours := OURS.get(_scheme(url)):
        with listening(heard):
            return _read_by(ours, url.strip()), bool(heard.warnings)
    # Apprise imports its plugins on first use; another thread must not see half of them.
    with _LOADING, listening(heard):
        _warm_up()
        heard.warnings.clear()
        plugin = Apprise.instantiate(url.strip(), asset=asset())
    return plugin, bool(heard.warnings)


def _read_by(kind: type[Plugin], url: str) -> Plugin | None:
    try:
        return kind.read(url, asset=asset())
    except (TypeError, ValueError):  # what Apprise's own classes raise for a bad part
        return None


@cache
def _warm_up() -> None:
    Apprise.instantiate("json://localhost")


@cache
def asset() -> AppriseAsset:
    """What Apprise is told of us."""
    return AppriseAsset(
        app_id="Duban",
        app_desc="Duban",
        app_url="",
        async_mode=False,
        body_format=NotifyFormat.TEXT,
        **_OPTIONS,
    )


def _private(plugin: NotifyBase) -> str:
    return str(plugin.url(privacy=True))  # type: ignore[no-untyped-call]


def _bare(scheme: str) -> str:
    return f"{scheme}://…" if scheme else "…"


def _scheme(url: str) -> str:
    match = _SCHEME.match(url)
    return match["scheme"].lower() if match else ""
