"""What users read of the routes to a server, from what controllers have said of them."""

from typing import Any

import pytest

from mlflow_operator.status.exposure import exposure
from unit.desired.servers import EXISTING, server

Object = dict[str, Any]

INGRESS: Object = {"ingress": {"host": "a.example.com"}}
GATEWAY: Object = {
    "gateway": {"parentRefs": [{"name": "public"}, {"name": "internal"}], "hostnames": ["b.example.com"]}
}
SERVED: Object = {"status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.7"}, {"hostname": "lb.example.com"}]}}}
ADDRESS = "a controller serves the Ingress at 192.0.2.7, lb.example.com"
ATTACHED = "the HTTPRoute is attached to Gateway internal, public"


def condition(type_: str, status: str = "True", generation: int = 2) -> Object:
    """What a controller says of the route."""
    return {
        "type": type_,
        "status": status,
        "reason": "NoMatchingParent",
        "message": "no listener",
        "observedGeneration": generation,
    }


def route(**said: list[Object]) -> Object:
    """An HTTPRoute with what is said for each Gateway."""
    parents = [{"parentRef": {"name": name}, "conditions": conditions} for name, conditions in said.items()]
    spec = {"parentRefs": [{"name": "public"}, {"name": "internal"}]}
    return {"metadata": {"generation": 2}, "spec": spec, "status": {"parents": parents}}


GOOD = [condition("Accepted"), condition("ResolvedRefs")]


@pytest.mark.parametrize(
    ("spec", "ingress", "http_route", "served", "expected"),
    [
        ({}, None, None, True, None),
        (INGRESS, None, None, True, None),
        (INGRESS, {}, None, True, ("Unknown", "NoAddress")),
        (INGRESS, SERVED, None, True, ("True", "Admitted", ADDRESS)),
        (GATEWAY, None, None, True, None),
        (GATEWAY, None, None, False, ("False", "GatewayApiMissing")),
        (GATEWAY, None, route(), True, ("Unknown", "NoController")),
        (GATEWAY, None, route(public=GOOD), True, ("Unknown", "NoController")),
        (GATEWAY, None, route(public=GOOD, internal=GOOD), True, ("True", "Admitted", ATTACHED)),
        (GATEWAY, None, route(public=GOOD, internal=[condition("Accepted", "False")]), True, ("False", "RouteRefused")),
        (GATEWAY, None, route(public=[condition("ResolvedRefs", "False")]), True, ("False", "RouteRefused")),
        (GATEWAY, None, route(public=[condition("Accepted", "False", 1)]), True, ("Unknown", "NoController")),
        (GATEWAY, None, route(public=GOOD, internal=[condition("Other", "False")]), True, ("Unknown", "NoController")),
        (INGRESS | GATEWAY, SERVED, None, False, ("False", "GatewayApiMissing")),
        (INGRESS | GATEWAY, None, None, False, None),
        (INGRESS | GATEWAY, {}, route(public=GOOD, internal=GOOD), True, ("Unknown", "NoAddress")),
        (
            INGRESS | GATEWAY,
            SERVED,
            route(public=GOOD, internal=GOOD),
            True,
            ("True", "Admitted", f"{ADDRESS}; {ATTACHED}"),
        ),
    ],
)
def test_the_worst_of_the_routes_is_told(
    spec: Object, ingress: Object | None, http_route: Object | None, served: bool, expected: tuple[str, ...] | None
) -> None:
    """Nothing before each is there; what was said of the route as it was before counts no more."""
    found = exposure(server(EXISTING | spec), ingress, http_route, served=served)
    assert (found and found[: len(expected or ())]) == expected


def test_a_gateway_that_refuses_is_quoted() -> None:
    """With its name, its reason and its words; one that says nothing is named."""
    refused = exposure(server(EXISTING | GATEWAY), None, route(internal=[condition("Accepted", "False")]), served=True)
    assert refused
    assert refused.message.endswith("Gateway internal: NoMatchingParent: no listener")
    silent = exposure(server(EXISTING | GATEWAY), None, route(public=GOOD), served=True)
    assert silent
    assert "for Gateway internal;" in silent.message
