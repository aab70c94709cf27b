"""Sending one message over one channel, within a time that holds, with an answer that is true."""

import threading
from pathlib import Path

from apprise import Apprise, NotifyFormat
from apprise.plugins.base import NotifyBase

from models.delivery import DeliveryOutcome
from notices.channels.address import ChannelTrouble, conceal, load
from notices.channels.answers import Answer, accepted, judge, unfinished
from notices.channels.folder import Folder
from notices.channels.listening import Heard, listening
from notices.message import Message

# A single silence of the other side ends before the whole time is over, so that its cause is
# heard of; a server that drips a byte at a time never falls silent and meets the whole limit.
_SILENCE = 0.8

# A send that overran its limit keeps its thread until the other side lets go.
_PLACES = threading.BoundedSemaphore(200)


def send(
    url: str, message: Message, *, timeout: float = 15.0, folder: Path | None = None
) -> Answer:
    """Send `message` to the channel `url` and say what became of it, within `timeout` seconds.

    TEMPORARY: it did not arrive, later it may. PERMANENT: it did not and will not. UNKNOWN: it
    may have arrived. `folder` holds the files of folder:// channels. Never raises for what is
    the channel's fault; the answer holds no secret of the address.
    """
    try:
        plugin = load(url)
    except ChannelTrouble as trouble:
        return Answer(DeliveryOutcome.PERMANENT, trouble.words.zh)
    if isinstance(plugin, Folder):
        if folder is None:
            return Answer(DeliveryOutcome.PERMANENT, "没有设定存放消息的文件夹")
        plugin.place(folder, message.at)
    _tighten(plugin, timeout * _SILENCE)
    answer = _within(timeout, plugin, message)
    return Answer(answer.outcome, conceal(answer.answer, url))


def _tighten(plugin: NotifyBase, silence: float) -> None:
    """Take away what an address may ask for that would make the answer untrue."""
    plugin.socket_connect_timeout = plugin.socket_read_timeout = silence
    plugin.notify_format = NotifyFormat.TEXT
    # Repeating is for the outbox to decide, and "optional" would call a failure a success.
    plugin.retry = 0
    plugin.optional = False
    # A redirected POST becomes a GET without the message, answered 200 by some login page.
    plugin.redirects = False


def _within(timeout: float, plugin: NotifyBase, message: Message) -> Answer:
    if not _PLACES.acquire(blocking=False):
        return Answer(DeliveryOutcome.TEMPORARY, "太多发送仍未结束，稍后再试")
    answers: list[Answer] = []
    thread = threading.Thread(target=_work, args=(plugin, message, answers), daemon=True)
    thread.start()
    thread.join(timeout)
    return answers[0] if answers else unfinished(timeout)


def _work(plugin: NotifyBase, message: Message, answers: list[Answer]) -> None:
    try:
        answers.append(_notify(plugin, message))
    finally:
        _PLACES.release()


def _notify(plugin: NotifyBase, message: Message) -> Answer:
    heard = Heard()
    # Apprise spaces out the sends of one object by seconds: each send has its own.
    apprise = Apprise(asset=plugin.asset)
    apprise.add(plugin)
    try:
        with listening(heard):
            done = apprise.notify(
                message.body, title=message.subject, body_format=NotifyFormat.TEXT
            )
    except Exception as error:
        heard.cause = heard.cause or error
        done = False
    # Apprise 1 answers a bool, Apprise 2 a result that is falsy on failure.
    return accepted() if done else judge(heard)
