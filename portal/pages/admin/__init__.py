"""管理: the pages of administrators, under /admin. For anybody else they do not exist."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter, Depends

from portal.pages.admin.shared import administrator

router = APIRouter(dependencies=[Depends(administrator)])
for module in iter_modules(__path__):
    family = import_module(f"{__name__}.{module.name}")
    if hasattr(family, "router"):
        router.include_router(family.router, prefix="/admin")
