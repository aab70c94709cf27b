"""督看: those who watch over the work see, on its pages, what they supervise or lead.

Whoever also answers for a unit, or inspects, finds those cases on their own pages.
"""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from models.account import AccountRole
from portal.seeing import having
from rules.permission import Viewer


def only(*roles: AccountRole) -> Callable[[Request], Viewer]:
    """Whoever has one of these roles, with nothing but these; for others there is no page."""
    check = having(*roles)

    def narrowed(request: Request) -> Viewer:
        return check(request).only(*roles)

    return narrowed


Supervisor = Annotated[Viewer, Depends(only(AccountRole.SUPERVISOR))]
Watcher = Annotated[Viewer, Depends(only(AccountRole.SUPERVISOR, AccountRole.LEADER))]
Keeper = Annotated[Viewer, Depends(only(AccountRole.SUPERVISOR, AccountRole.ADMINISTRATOR))]
