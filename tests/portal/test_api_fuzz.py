"""What the OpenAPI document promises, tried with documents made from it: good ones and bad ones."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ledger.tokens import Scope
from portal.api.admission import Pace
from tests.portal.programs import picture, program
from tests.portal.readers import Portal

CHECKS: list[Any] = [
    not_a_server_error, status_code_conformance, content_type_conformance,
    response_schema_conformance,
]  # fmt: skip
_TRIED = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
WHO = ("carol", "alice", "bob", "mallory", "discipline")


def _operations(portal: Portal) -> Iterator[Any]:
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", portal.app)
    for found in schema.get_all_operations():
        yield found.ok()


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_whatever_is_sent_gets_a_documented_answer(
    sqlite_portal: Portal, mode: GenerationMode
) -> None:
    world = sqlite_portal.world
    _interface(sqlite_portal).state.pace = Pace("1000000 per minute")
    numbers = [world.report("新桥大道", "垃圾未清"), world.report("云湖路", "路灯不亮", unit="")]
    holders = [program(sqlite_portal, who).headers for who in WHO]
    holders.append(program(sqlite_portal, "bob", [Scope.REFERENCE_READ]).headers)
    program(sqlite_portal, "alice").send("/photos", picture(), "image/jpeg")
    tried = 0
    for operation in _operations(sqlite_portal):
        cases = operation.as_strategy(generation_mode=mode)

        @given(case=cases, headers=st.sampled_from(holders), number=st.sampled_from([*numbers, ""]))
        @_TRIED
        def one(case: Any, headers: dict[str, str], number: str) -> None:
            nonlocal tried
            tried += 1
            if number and "number" in case.path_parameters:
                case.path_parameters["number"] = number
            case.call_and_validate(headers=headers, checks=CHECKS)

        one()
    print(f"{mode.value}: {tried} requests")
    assert tried > 200


def _interface(portal: Portal) -> Any:
    return next(route.app for route in portal.app.routes if getattr(route, "path", "") == "/api/v1")
