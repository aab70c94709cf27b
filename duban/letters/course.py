"""经过: what has happened to a case so far, one line for each step that moved it."""

from collections.abc import Iterator
from typing import Any

from duban.letters.saying import moment
from ledger.standing import Standing
from ledger.thread import Thread
from models.verb import Verb
from models.words import Words
from rules.history import BLANK, course

HAPPENED = {
    Verb.REPORT: "it was reported",
    Verb.FILE: "it was taken up as a case",
    Verb.REJECT: "it was not taken up",
    Verb.FIX_ON_SPOT: "it was put right on the spot",
    Verb.HOLD: "no unit could be named; it waited for a supervisor",
    Verb.DISPATCH: "it was given to the unit and the clock began",
    Verb.TRANSFER: "it was passed to another unit and a new clock began",
    Verb.ACKNOWLEDGE: "the unit signed for it",
    Verb.SEND_BACK: "the unit sent it back",
    Verb.UPHOLD_RETURN: "the return was right: another unit got it, with a new clock",
    Verb.REFUSE_RETURN: "the return was refused: the same unit goes on",
    Verb.COORDINATE: "a meeting settled who is responsible",
    Verb.REQUEST_EXTENSION: "the unit asked for more time",
    Verb.EXTEND: "more time was granted",
    Verb.REQUEST_SUSPENSION: "the unit asked to put it on hold",
    Verb.SUSPEND: "it was put on hold",
    Verb.REFUSE_REQUEST: "a request was refused",
    Verb.RESUME: "it went on",
    Verb.SUBMIT: "the unit handed in what it had done",
    Verb.WITHDRAW: "the unit took that back",
    Verb.VERIFY_PASS: "an inspector found it put right; closed",
    Verb.VERIFY_PARTLY: "an inspector found it put right only in part; to be done again",
    Verb.VERIFY_FAIL: "an inspector found it not put right; to be done again",
    Verb.PUBLISH: "the result was published",
    Verb.DRAW: "it was drawn to be looked at again",
    Verb.LOOK_BACK_PASS: "looked at again: still in order",
    Verb.LOOK_BACK_FAIL: "looked at again: the problem was back",
    Verb.REQUEST_APPEAL: "the unit appealed against the lateness",
    Verb.UPHOLD_APPEAL: "an appeal was upheld",
    Verb.REFUSE_APPEAL: "an appeal was refused",
    Verb.REOPEN: "it was taken up again",
    Verb.TAKE_OVER: "a unit above took the lead",
    Verb.MERGE: "it was joined to another case",
    Verb.SPLIT: "it was split into several cases",
    Verb.CANCEL: "it was called off",
    Verb.RECLASSIFY: "its category was changed",
    Verb.RECOMPUTE: "its limit was reckoned again",
}
"""The verbs that move a case or its clocks, as an English letter tells them.

Reminders and levels have a paragraph of their own; notes and the like are in the record.
"""


def passed(thread: Thread, s: Standing) -> Iterator[Words]:
    """What happened so far, with each new due instant."""
    yield Words("经过：", "What has happened:")
    before: Any = BLANK
    for record, facts in course(s.records, s.at):
        if record.verb in HAPPENED:
            yield _line(thread, record, before, facts)
        before = facts


def _line(thread: Thread, record: Any, before: Any, facts: Any) -> Words:
    zone = thread.reference.zone
    when, now = moment(record.at, zone), ""
    if facts["resumes_at"] and facts["resumes_at"] != before["resumes_at"]:
        now = f"; until {moment(facts['resumes_at'], zone).en}"
    elif facts["due_at"] != before["due_at"] and facts["due_at"]:
        now = f"; due {moment(facts['due_at'], zone).en}"
    told = HAPPENED[record.verb]
    return Words(f"  · {when.zh} {record.words}", f"  · {when.en} {told}{now}.")
