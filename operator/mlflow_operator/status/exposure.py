"""Whether controllers serve the routes of a server from outside; no reason of Ready's, since inside all is well."""

from collections.abc import Iterator
from typing import Any

from mlflow_operator.api.mlflowserver import MLflowServer
from mlflow_operator.status.conditions import Answer

Object = dict[str, Any]


def exposure(server: MLflowServer, ingress: Object | None, route: Object | None, *, served: bool) -> Answer | None:
    """What controllers have said of the routes that are wanted, the worst of it; None while one has yet to be made.

    Args:
        server: what is wanted.
        ingress: the Ingress, if there is one.
        route: the HTTPRoute, if there is one.
        served: whether the cluster has HTTPRoutes at all.
    """
    found: list[Answer | None] = []
    if server.spec.ingress:
        found.append(_of_ingress(ingress) if ingress is not None else None)
    if server.spec.gateway:
        found.append(_of_route(route) if route is not None else None if served else _NO_ROUTES)
    known = [each for each in found if each is not None]
    if len(known) < len(found) or not found:
        return None
    worst = min(known, key=lambda each: ("False", "Unknown", "True").index(str(each.status)))
    return worst if worst.status != "True" else worst._replace(message="; ".join(each.message for each in known))


def _of_ingress(ingress: Object) -> Answer:
    given = ingress.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    addresses = sorted({address for each in given if (address := each.get("hostname") or each.get("ip"))})
    if not addresses:
        return _NO_ADDRESS
    return Answer("True", "Admitted", f"a controller serves the Ingress at {', '.join(addresses)}")


def _of_route(route: Object) -> Answer:
    said = list(_said(route))
    refused = [(parent, c) for parent, c in said if c["status"] == "False"]
    if refused:
        told = "; ".join(f"Gateway {parent}: {c['reason']}: {c.get('message', '')}" for parent, c in refused)
        return Answer("False", "RouteRefused", f"the HTTPRoute was not taken as it is: {told}")
    taken = {parent for parent, c in said if c["type"] == "Accepted" and c["status"] == "True"}
    silent = sorted({parent["name"] for parent in route["spec"]["parentRefs"]} - taken)
    if silent:
        return Answer("Unknown", "NoController", _NO_CONTROLLER.format(", ".join(silent)))
    return Answer("True", "Admitted", f"the HTTPRoute is attached to Gateway {', '.join(sorted(taken))}")


def _said(route: Object) -> Iterator[tuple[str, Object]]:
    """What controllers say of the route as it is now, by the name of the Gateway."""
    for parent in route.get("status", {}).get("parents", []):
        for condition in parent.get("conditions", []):
            current = condition.get("observedGeneration", 0) >= route["metadata"].get("generation", 0)
            if current and condition["type"] in ("Accepted", "ResolvedRefs"):
                yield parent["parentRef"]["name"], condition


_NO_ADDRESS = Answer(
    "Unknown",
    "NoAddress",
    "no controller has given the Ingress an address; check that spec.ingress.className is a class that runs here "
    "(kubectl get ingressclass), and kubectl describe ingress; a few controllers never tell their address",
)
_NO_CONTROLLER = (
    "no controller has said anything of the HTTPRoute for Gateway {}; check spec.gateway.parentRefs, and that the "
    "Gateway is there and lets routes of this namespace be attached (kubectl get gateways -A)"
)
_NO_ROUTES = Answer(
    "False",
    "GatewayApiMissing",
    "the cluster has no HTTPRoutes; install the Gateway API (gateway.networking.k8s.io/v1), which is looked for every "
    "minute, or use spec.ingress",
)
