"""django-helpdesk: tickets created, and escalated by its command.

helpdesk_tickets.py migrate
helpdesk_tickets.py fill --count N --findings FILE    N open tickets, none due
helpdesk_tickets.py create --count N --findings FILE  N more, through its own form
helpdesk_tickets.py age --count N                     N tickets become due
helpdesk_tickets.py escalate --count N                the command, which must escalate N
helpdesk_tickets.py idle                              the command with nothing due
"""

import argparse
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import cycle, islice
from pathlib import Path

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "helpdesk_settings"
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from helpdesk.forms import TicketForm  # noqa: E402
from helpdesk.models import FollowUp, Queue, Ticket, UserSettings  # noqa: E402
from report import Watch, say  # noqa: E402

TIMES = 20
"""So often the command looks where nothing is due."""
LOWEST = 5
"""A ticket of the highest priority is never escalated; these have four levels to go."""
TOGETHER = 200


def migrate() -> None:
    """Tables, the templates of mails, a queue that escalates every day, an owner with a mailbox."""
    call_command("migrate", verbosity=0)
    call_command("loaddata", "emailtemplate.json", verbosity=0)
    Queue.objects.create(
        title="City", slug="city", email_address="city@example.org", escalate_days=1
    )
    owner = get_user_model().objects.create_user("bob", "bob@example.org", is_staff=True)
    UserSettings.objects.get_or_create(user=owner)
    say()


def fill(count: int, findings: Path, **_: object) -> None:
    """Open tickets with the entry that each has when it is opened, made in bulk."""
    queue, owner = Queue.objects.get(), get_user_model().objects.get()
    texts = cycle(json.loads(findings.read_text("utf-8")))
    for start in range(0, count, 5000):
        tickets = Ticket.objects.bulk_create(
            Ticket(queue=queue, assigned_to=owner, priority=LOWEST, title=title, description=body)
            for title, body in islice(texts, min(5000, count - start))
        )
        FollowUp.objects.bulk_create(
            FollowUp(ticket=t, title="Ticket Opened", public=True, comment=t.description)
            for t in tickets
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say(count)


def create(count: int, findings: Path, *, best: bool) -> None:
    """What its API does for each ticket: the form, validated and saved, the owner told."""
    queue, owner = Queue.objects.get(), get_user_model().objects.get()
    texts = list(islice(cycle(json.loads(findings.read_text("utf-8"))), count + 1))
    choices = [(queue.id, queue.title)]
    given = {"queue": queue.id, "priority": LOWEST, "assigned_to": "" if best else owner.id}

    def one(title: str, body: str) -> None:
        form = TicketForm(data={**given, "title": title, "body": body}, queue_choices=choices)
        assert form.is_valid(), form.errors
        form.save(user=owner)

    one(*texts.pop())  # loads templates; not counted
    watch = Watch()
    for start in range(0, count, TOGETHER):
        with _together(best):
            for text in texts[start : start + TOGETHER]:
                one(*text)
    watch.report(count)


def age(count: int, *, best: bool, **_: object) -> None:
    """The first tickets were opened three days ago and never escalated since."""
    first = Ticket.objects.order_by("id").values("id")[:count]
    owner = None if best else get_user_model().objects.get()
    old = timezone.now() - timedelta(days=3)
    Ticket.objects.filter(id__in=list(first.values_list("id", flat=True))).update(
        created=old, last_escalation=None, priority=LOWEST, assigned_to=owner
    )
    say(count)


def escalate(count: int, *, best: bool, **_: object) -> None:
    """`escalate_tickets` once; its own start from cron is not counted."""
    of_before = FollowUp.objects.filter(title="Ticket Escalated").count()
    watch = Watch()
    with _together(best):
        call_command("escalate_tickets")
    watch.report(count)
    done = FollowUp.objects.filter(title="Ticket Escalated").count() - of_before
    assert done == count, (done, count)


def idle(**_: object) -> None:
    """The same where no ticket is due; the mean of some."""
    call_command("escalate_tickets")
    watch = Watch()
    for _time in range(TIMES):
        call_command("escalate_tickets")
    watch.report(1, TIMES)
    assert not FollowUp.objects.filter(title="Ticket Escalated").exists()


@contextmanager
def _together(best: bool) -> Iterator[None]:
    """At its best one transaction for many; as installed, each statement has its own."""
    if not best:
        yield
        return
    with transaction.atomic():
        yield


STEPS: dict[str, Callable[..., None]] = {
    "fill": fill,
    "create": create,
    "age": age,
    "escalate": escalate,
    "idle": idle,
}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("step")
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--findings", type=Path)
    parser.add_argument("--best", action="store_true", help="many in a transaction, nobody told")
    given = parser.parse_args()
    if given.step == "migrate":
        migrate()
    else:
        STEPS[given.step](count=given.count, findings=given.findings, best=given.best)
