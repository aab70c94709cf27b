"""Mail is fetched as a run: what came is counted in its name, and nothing where no mailbox is."""

import pytest

from flows.incoming import incoming
from models.incoming import Incoming
from tests.flows.test_flows import last_runs
from tests.mailing import reply
from tests.notices.imap_server import PASSWORD, Mailbox, imap_server
from tests.world import World, instant

AT = instant("2026-09-24 15:02")


def test_a_run_takes_in_what_lies_in_the_mailbox(
    city: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = Mailbox()
    for n, more in enumerate(({}, {"Auto_Submitted": "auto-replied"})):
        box.put(reply(message_id=f"{n}@x", **more))
    with imap_server(box) as url:
        monkeypatch.setenv("DUBAN_IMAP_URL", url)
        assert incoming(AT) == {"unknown": 1, "automatic": 1}
        assert incoming(AT) == {}
    assert len(city.rows(Incoming)) == 2
    run = last_runs()[-1]
    assert PASSWORD not in f"{run.name} {run.parameters}"


def test_without_a_mailbox_a_run_does_nothing(city: World) -> None:
    assert incoming(AT) == {}
