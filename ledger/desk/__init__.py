"""办案: the verbs. Each is one transaction and answers Moved, or Refused with the reason.

A refusal writes nothing. `actor` is the name that stands in the record.
"""

from ledger.desk.duty import (
    acknowledge,
    assign,
    coordinate,
    dispatch,
    rule_on_return,
    send_back,
    take_over,
    transfer,
)
from ledger.desk.filing import (
    Share,
    cancel,
    file,
    fix_on_spot,
    merge,
    note,
    reclassify,
    record_cost,
    reject,
    split,
)
from ledger.desk.matter import Shown
from ledger.desk.time import ask, decide, resume_by_hand, urge
from ledger.desk.work import (
    confirm_part,
    expose,
    look_back,
    publish,
    reopen,
    submit,
    verify,
    withdraw,
)

__all__ = [
    "Share",
    "Shown",
    "acknowledge",
    "ask",
    "assign",
    "cancel",
    "confirm_part",
    "coordinate",
    "decide",
    "dispatch",
    "expose",
    "file",
    "fix_on_spot",
    "look_back",
    "merge",
    "note",
    "publish",
    "reclassify",
    "record_cost",
    "reject",
    "reopen",
    "resume_by_hand",
    "rule_on_return",
    "send_back",
    "split",
    "submit",
    "take_over",
    "transfer",
    "urge",
    "verify",
    "withdraw",
]
