"""mailto:// and mailtos://: mail, over connections that are kept, threaded by case.

Addresses are read as Apprise reads them (`from`, `to`, `cc`, `bcc`, `reply`, `name`, `smtp`,
`mode`); `?receipt=yes` asks for a read receipt besides.
"""

from email.utils import formataddr
from typing import Any, Self

from apprise.plugins.email import NotifyEmail

from notices.channels.answers import Answer
from notices.channels.letter import Letter, Parties, write
from notices.channels.plugin import Plugin
from notices.channels.smtp import Login, post
from notices.message import Message, one_line


class Mail(Plugin, NotifyEmail):  # type: ignore[misc, no-untyped-call]
    """The plugin behind mailto:// and mailtos://. Of Apprise's own it keeps how it is addressed."""

    SCHEMES = ("mailto", "mailtos")
    FORM = "html"
    receipt = False
    """Whether the reader's program is asked to report that it was read."""

    @classmethod
    def read(cls, url: str, **kwargs: Any) -> Self | None:
        """The plugin for an address, or None where it is not one."""
        said: Any = cls.parse_url(url)  # type: ignore[no-untyped-call]
        if not said or said.get("pgp_mode", "no") != "no":  # we do not encrypt: better said now
            return None
        plugin = cls(**(said | kwargs))
        plugin.receipt = said["qsd"].get("receipt", "").lower() in ("1", "yes", "true")
        return plugin

    def account(self) -> str:
        """Server and login."""
        return f"{self.secure_mode}:{self.smtp_host}:{self.port}:{self.user or ''}"

    def bring(self, message: Message) -> Answer:
        """Post one mail; its Message-ID is the receipt."""
        return post(self._login(), self._letter(message), float(self.socket_read_timeout))

    def _letter(self, message: Message) -> Letter:
        name, sender = self._sender()
        targets: list[tuple[Any, str]] = self.targets
        to = dict.fromkeys(address for _, address in targets)
        parties = Parties(
            sender=sender,
            sender_named=_called(name, sender),
            to=tuple(_called(str(name or ""), address) for name, address in targets),
            cc=tuple(sorted(self.cc - to.keys())),
            reply=tuple(sorted(self.reply_to)),
            everybody=tuple(to | dict.fromkeys(sorted(self.cc)) | dict.fromkeys(sorted(self.bcc))),
        )
        return write(message, parties, self.headers, receipt=self.receipt)

    def _sender(self) -> tuple[str, str]:
        name, address = self.from_addr
        return str(name or "Duban"), str(address)

    def _login(self) -> Login:
        return Login(
            host=self.smtp_host,
            port=int(self.port or 0),
            mode=self.secure_mode or "insecure",
            user=self.user if self.user and self.password else "",
            password=self.password or "",
            verified=bool(self.verify_certificate),
        )


def _called(name: str, address: str) -> str:
    """An address with its name. The name is a stranger's as far as headers go."""
    return formataddr((one_line(name, 60), address))


def addresses(url: str) -> frozenset[str]:
    """The mailboxes a channel's address brings mail to, in small letters; none of another kind."""
    if not url.strip().lower().startswith(tuple(f"{scheme}://" for scheme in Mail.SCHEMES)):
        return frozenset()
    try:
        plugin = Mail.read(url.strip())
    except (TypeError, ValueError):
        plugin = None
    return frozenset(address.lower() for _, address in plugin.targets) if plugin else frozenset()
