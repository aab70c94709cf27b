"""What lies outside: the portal at the address people use, and the mailbox that is read."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests

from duban.checks.asking import PATIENCE, cause
from duban.checks.finding import Finding, Group, Site, ok, warning, wrong
from models.words import Trouble, Words

_HERE = ("localhost", "127.0.0.1", "::1", "0.0.0.0")  # noqa: S104 - compared, never bound

NOT_READY = 503
_START = Words(
    "启动门户（duban up 或 duban serve portal），看反向代理与证书；地址不对则改 DUBAN_PORTAL_URL。",
    "Start the portal (duban up or duban serve portal), see to proxy and certificate; if the "
    "address is another, set DUBAN_PORTAL_URL.",
)
_WAITS = Words(
    "门户在运行，等它所说的那一项（多为数据库）恢复即可，不必重启；本体检另有该项的说明。",
    "The portal runs and waits for what it names, mostly the database: mend that, see its own "
    "line here; there is no need to start it again.",
)


def portal(site: Site) -> Iterator[Finding]:
    """Whether the portal answers at its address and can do its work."""
    address = site.settings.address()
    try:
        answer = requests.get(f"{address}/ready", timeout=PATIENCE)
        said = answer.text.strip().splitlines()[0][:120] if answer.text.strip() else ""
        why = None if answer.ok else Words(*(said or f"HTTP {answer.status_code}",) * 2)
        todo = _WAITS if answer.status_code == NOT_READY else _START
    except requests.RequestException as error:
        why, todo = cause(error), _START
    if why is None:
        yield ok("portal", f"门户在 {address} 应答。", f"The portal answers at {address}.")
        return
    found = Words(
        f"门户在 {address} 不能用：{why.zh}。", f"The portal at {address} is not ready: {why.en}."
    )
    # Nobody said that there is to be one here.
    yield (wrong if site.settings.portal_url else warning)("portal", found, todo)


def address(site: Site) -> Iterator[Finding]:
    """Whether the links in notices lead somewhere, and safely."""
    said = urlsplit(site.settings.address())
    if said.hostname in _HERE:
        yield warning(
            "portal-address",
            Words(
                f"通知里的链接指向 {said.hostname}，别的机器打不开。",
                f"The links in notices lead to {said.hostname}, which opens on this machine only.",
            ),
            Words(
                "把 DUBAN_PORTAL_URL 设为大家用的地址，如 https://duban.example.gov.cn。",
                "Set DUBAN_PORTAL_URL to the address people use, as in "
                "https://duban.example.gov.cn.",
            ),
        )
    elif said.scheme != "https":
        yield warning(
            "portal-address",
            Words(
                "门户地址不是 https：口令与会话在网上是明文。",
                "The portal's address is not https: passwords and sessions go in the clear.",
            ),
            Words(
                "在反向代理上配证书，再把 DUBAN_PORTAL_URL 改为 https（见 docs/operations.md）。",
                "Give the reverse proxy a certificate, then let DUBAN_PORTAL_URL begin with https "
                "(see docs/operations.md).",
            ),
        )
    else:
        yield ok("portal-address", "门户地址是 https。", "The portal's address is https.")


def mailbox(_: Site) -> Iterator[Finding]:
    """Whether the mailbox lets us in, where there is one."""
    from notices.incoming.imap import Mailbox, knock

    said = os.environ.get("DUBAN_IMAP_URL", "")
    if not said:
        return
    try:
        knock(Mailbox.read(said), PATIENCE)
    except Trouble as trouble:
        yield wrong(
            "mailbox",
            trouble.words,
            Words(
                "改正 DUBAN_IMAP_URL（主机、口令、文件夹），再运行 duban mail fetch 试一次。",
                "Correct DUBAN_IMAP_URL (host, password, folder), then try duban mail fetch.",
            ),
        )
        return
    yield ok("mailbox", "收信信箱可以登录。", "The mailbox lets us in.")


GROUP = Group(Words("门户与信箱", "Portal and mailbox"), (portal, address, mailbox))
