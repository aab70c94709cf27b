"""Sending what is owed: claim, compose, send side by side, mark. No Prefect here."""

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path

import pendulum
from opentelemetry import trace

from ledger import outbox, outlets
from ledger.database import DatabaseTrouble, Ledger
from ledger.outbox import Hand, Owed, Result
from ledger.reference import Reference
from models.delivery import DeliveryOutcome
from models.instants import plain
from models.person import Way
from models.words import Trouble
from notices.channels import Answer, ChannelTrouble, mask, send
from notices.forms import Forms, forms_in
from notices.message import Message
from notices.vault import Vault
from rules.pace import LIMIT
from tasks.composing import NOWHERE, Ways, message_of, ways_of
from tasks.senders import BEGIN_WITHIN, Back, Errand, Senders
from tasks.ways import way_of

Clock = Callable[[], datetime]

_log = logging.getLogger("duban.sending")
_tracer = trace.get_tracer("duban.sending")

NO_CHANNEL = "没有可用的通知渠道"


def deliver(
    ledger: Ledger,
    at: datetime,
    folder: Path,
    portal: str = "",
    vault: Vault | None = None,
    clock: Clock | None = None,
    templates: Path | None = None,
) -> Counter[str]:
    """Send everything due as of `at`. Addresses lie sealed by `vault`.

    Where there is a `portal` (its public address), messages carry links into it. `clock` is the
    real clock, of leases and of services; `templates` holds the office's own wording.
    Counts notices: `sent`, `retrying`, `dead`, `moot`; reminders `waiting` to go together with
    others, and `capped`, held back by the daily cap; `held` wait for their outlet.
    """
    clock = clock or now
    if vault:
        outlets.seal_all(ledger, partial(_sealed, vault=vault))
    post = partial(_send, at=at, folder=folder, vault=vault)
    forms = forms_in(templates)
    counts: Counter[str] = Counter()
    booked: Counter[str] = Counter()
    known: Reference | None = None
    in_hand: Sequence[Owed] = ()
    with Senders() as senders:
        try:
            while True:
                if senders.room:
                    hand = outbox.claim(ledger, at, clock(), known=known, booked=booked)
                    known, in_hand = hand.reference, hand.owed
                    counts.update(moot=hand.moot, waiting=hand.waiting, capped=hand.capped,
                                  held=hand.held)  # fmt: skip
                    bring = partial(post, forms=forms.kept())
                    senders.take(_errands(ledger, hand, bring, portal, at))
                    in_hand = ()
                    if hand.empty and not senders.busy:
                        return +counts
                if senders.busy:
                    counts += _marked(ledger, senders.collect(), at, clock)
        except Exception:
            # What is under way is not to be sent again for want of an answer.
            back = senders.stop()
            back.unsent += in_hand
            _marked(ledger, back, at, clock)
            raise


def now() -> datetime:
    """The real clock."""
    return plain(pendulum.now("UTC"))


def _sealed(url: str, vault: Vault) -> Way:
    """An address from before there was a vault; one that cannot be read is sealed all the same."""
    if vault.sealed(url):
        return Way(url, mask(url))
    try:
        return way_of(url, vault)
    except ChannelTrouble:
        return Way(vault.seal(url), mask(url))


def _errands(
    ledger: Ledger, hand: Hand, post: Callable[..., list[Result]], portal: str, at: datetime
) -> list[Errand]:
    """What the senders are to bring."""
    until = time.monotonic() + BEGIN_WITHIN
    messages = _messages(hand)
    ways = ways_of(ledger, messages, portal, hand.reference, at)
    return [
        Errand(together, partial(post, together, reference=hand.reference, ways=ways), until)
        for together in messages
    ]


_PAUSES = (0.5, 1, 2, 4, 8, 15)


def _marked(ledger: Ledger, back: Back, at: datetime, clock: Clock) -> Counter[str]:
    """Write down what came back, patiently: what is lost here is sent a second time."""
    for pause in _PAUSES:
        try:
            return outbox.mark(ledger, back.results, at, clock(), back.unsent)
        except DatabaseTrouble:
            time.sleep(pause)
    return outbox.mark(ledger, back.results, at, clock(), back.unsent)


def _messages(hand: Hand) -> list[list[Owed]]:
    """The notices in hand by the message they go in."""
    messages: dict[str, list[Owed]] = {}
    for owed in hand.owed:
        messages.setdefault(owed.message, []).append(owed)
    return list(messages.values())


def _send(
    together: Sequence[Owed],
    *,
    reference: Reference,
    at: datetime,
    folder: Path,
    ways: Mapping[str, Ways],
    vault: Vault | None,
    forms: Forms,
) -> list[Result]:
    """Send one message; its answer is that of every notice in it. Never raises."""
    sealed = together[0].url
    if sealed is None:
        return [Result(owed, "", DeliveryOutcome.PERMANENT, NO_CHANNEL) for owed in together]
    try:
        url = vault.open(sealed) if vault else sealed
        way = ways.get(together[0].message, NOWHERE)
        message = message_of(together, reference, at, way, forms)
    except Trouble as trouble:
        return _unwritten(together, DeliveryOutcome.MISCONFIGURED, trouble.words.zh)
    except Exception as error:
        first = {"notice": together[0].key, "case": together[0].number}
        _log.exception("a message could not be written", extra=first)
        said = f"消息没有写成（{type(error).__name__}），稍后再试"
        return _unwritten(together, DeliveryOutcome.TEMPORARY, said)
    answer, took = _brought(url, message, folder)
    channel = together[0].shown or mask(url)
    told = "；".join(text for text in (answer.answer, message.trouble) if text)
    said = _LINKED.sub(r"\1…", told)
    return [
        Result(owed, channel, answer.outcome, said, answer.receipt, answer.again, took)
        for owed in together
    ]


def _brought(url: str, message: Message, folder: Path) -> tuple[Answer, float]:
    """What the channel answered, and how many seconds it took."""
    scheme = url.partition(":")[0]
    began = time.monotonic()
    with _tracer.start_as_current_span("deliver", record_exception=False) as span:
        span.set_attribute("duban.channel", scheme)
        answer = send(url, message, timeout=LIMIT.total_seconds(), folder=folder)
        span.set_attribute("duban.outcome", answer.outcome.value)
    return answer, time.monotonic() - began


def _unwritten(together: Sequence[Owed], outcome: DeliveryOutcome, said: str) -> list[Result]:
    """Nothing was brought to any channel."""
    return [Result(owed, "", outcome, said) for owed in together]


_LINKED = re.compile(r"(/l\\?/)[\w-]+")
"""A secret in what a channel answered: some repeat what they were sent, cut off or escaped, and
answers are kept for others to read."""
