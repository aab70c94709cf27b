"""Who reads along, and what they are shown: what a channel does with a message."""

from notices.channels.ours import OURS

_ROOMS = frozenset(
    {
        *("dingtalk", "wecombot", "feishu", "lark"),
        *("slack", "discord", "msteams", "workflows", "tgram", "matrix", "matrixs", "gchat"),
        *("mmost", "mmosts", "rocket", "rockets", "guilded", "ryver", "twist", "zulip"),
        *("webexteams", "wxteams"),
    }
)
"""Services that Apprise posts into rooms by."""


def in_group(address: str) -> bool:
    """Whether a message to this address, which may be masked, is seen by a whole group."""
    ours = OURS.get(_scheme(address))
    return _scheme(address) in _ROOMS or (ours is not None and ours.GROUP)


def form_for(address: str) -> str:
    """The form that is shown there besides plain text; empty: none."""
    ours = OURS.get(_scheme(address))
    return ours.FORM if ours else ""


def _scheme(address: str) -> str:
    return address.strip().partition("://")[0].lower()
