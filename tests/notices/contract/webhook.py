"""Apprise's own json://: any 2xx is an acceptance, for no more is agreed with who listens there."""

from dataclasses import dataclass, replace

from apprise import Apprise

from tests.notices.contract.door import Asked, StandIn, Told, told
from tests.notices.contract.suite import HTTP, PERMANENT, Subject, given, refusal

TOKEN = "s3cretT0ken"


@dataclass
class Webhook(StandIn):
    says: Told | None = None

    def answer(self, asked: Asked) -> Told:
        if self.says:
            return self.says
        self.taken.append(asked.json)
        return told({"status": "taken", "by": "another system of the city"})


def _address(base: str) -> str:
    scheme, _, rest = base.partition("://")
    return f"{scheme.replace('http', 'json')}://{rest}/in/{TOKEN}"


SUBJECT = Subject(
    "json",
    Webhook,
    _address,
    [refusal("unfit", given(says=told({"error": "群已解散"}, 422)), PERMANENT, "群已解散")],
    (TOKEN,),
    lambda base: Apprise.instantiate(_address(base)),
    # Apprise does not say what stood in Retry-After.
    faults=[replace(case, again=None) for case in HTTP if not case.name.startswith("200")],
)
