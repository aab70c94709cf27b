"""Every channel, whatever befalls it, says what is true and keeps its secrets."""

import pytest

from models.delivery import DeliveryOutcome
from notices.channels.answers import MAYBE
from tests.notices.contract.subjects import SUBJECTS
from tests.notices.contract.suite import Case, Subject, meet

PAIRS = [
    pytest.param(subject, case, id=f"{subject.name}: {case.name}")
    for subject in SUBJECTS
    for case in subject.cases
]


@pytest.mark.parametrize(("subject", "case"), PAIRS)
def test_a_channel_tells_what_became_of_the_message(
    subject: Subject, case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    answer, taken = meet(subject, case)
    assert answer.outcome in case.outcomes, answer
    assert case.words in answer.answer
    assert case.again in (None, answer.again)
    assert (MAYBE in answer.answer) is (answer.outcome is DeliveryOutcome.UNKNOWN)
    if answer.outcome is not DeliveryOutcome.UNKNOWN:
        assert bool(taken) is (answer.outcome is DeliveryOutcome.SENT)
    for secret in subject.secrets:
        assert secret not in answer.answer
        assert secret not in caplog.text
