"""Sending one message over one channel, within a time that holds, with an answer that is true."""

import os
import threading
from pathlib import Path
from queue import Empty, SimpleQueue

from apprise import Apprise, NotifyFormat
from apprise.plugins.base import NotifyBase

from models.delivery import DeliveryOutcome
from notices.channels.address import ChannelTrouble, asset, conceal, load
from notices.channels.answers import ACCEPTED, LENGTH, Answer, accepted, judge, unfinished
from notices.channels.folder import Folder
from notices.channels.listening import Heard, listening
from notices.channels.plugin import Plugin
from notices.message import Message, one_line

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
        plugin.place(folder)
    if isinstance(plugin, Plugin):
        plugin.message = message
    _tighten(plugin, timeout * _SILENCE)
    answer = _within(timeout, plugin, message)
    if answer.answer == ACCEPTED:
        return answer
    return answer._replace(answer=one_line(conceal(answer.answer, url), LENGTH))


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
    answers: SimpleQueue[Answer] = SimpleQueue()
    try:
        helper = _IDLE.pop()
    except IndexError:
        helper = _Helper()
        helper.start()
    helper.work.put((plugin, message, answers))
    try:
        return answers.get(timeout=timeout)
    except Empty:
        return unfinished(timeout)


class _Helper(threading.Thread):
    """A thread that brings one message after the other: making one costs as much as bringing."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.work: SimpleQueue[tuple[NotifyBase, Message, SimpleQueue[Answer]]] = SimpleQueue()
        self.apprise = Apprise(asset=asset())

    def run(self) -> None:
        """Wait for work, for as long as the process lives."""
        while True:
            plugin, message, answers = self.work.get()
            answer = _notify(self.apprise, plugin, message)
            _PLACES.release()
            _IDLE.append(self)
            answers.put(answer)
            del plugin, message, answers, answer  # not to be kept while it idles


_IDLE: list[_Helper] = []
# A process that is forked off has none of the threads of the one it comes from.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_IDLE.clear)


def _notify(apprise: Apprise, plugin: NotifyBase, message: Message) -> Answer:
    heard = Heard()
    apprise.add(plugin)
    try:
        with listening(heard):
            done = apprise.notify(
                message.body, title=message.subject, body_format=NotifyFormat.TEXT
            )
    except Exception as error:
        heard.cause = heard.cause or error
        done = False
    finally:
        apprise.clear()
    if isinstance(plugin, Plugin) and plugin.answer is not None:
        return plugin.answer
    # Apprise 1 answers a bool, Apprise 2 a result that is falsy on failure.
    return accepted() if done else judge(heard)
