"""Page families, each a router."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter


def routers() -> Iterator[APIRouter]:
    """The router of every page family."""
    for module in iter_modules(__path__):
        yield import_module(f"{__name__}.{module.name}").router
