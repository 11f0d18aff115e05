"""Who reaches a server, and what is said of it: routes, walls, companions of its pods, scaling, protection."""

from mutants.mutant import mutant

WALLS, PLACES = "desired/server/network_policy.py", "desired/server/destinations.py"
ROUTE, NAMES, SCALER = "desired/server/http_route.py", "desired/server/exposure.py", "desired/server/autoscaler.py"
COMPANIONS, POD = "desired/companions.py", "desired/pod.py"
EXPOSED, SECURED = "status/exposure.py", "status/protection.py"

MUTANTS = (
    mutant(WALLS, "walls without being asked for", "wanted is None or not wanted.enabled", "wanted is None", "desired"),
    mutant(WALLS, "the operator is shut out", "return [*operator, *(wanted.from_", "return [*(wanted.from_", "desired"),
    mutant(
        WALLS,
        "everybody reaches a managed database",
        '"from": [_clients(server)], "ports": ports(names.POSTGRES)',
        '"from": [_clients(server), *direct], "ports": ports(names.POSTGRES)',
        "desired",
    ),
    mutant(
        WALLS,
        "clients cannot get at their artifacts",
        '"from": [_clients(server), *direct], "ports": ports(names.OBJECT_STORE)',
        '"from": [_clients(server)], "ports": ports(names.OBJECT_STORE)',
        "desired",
    ),
    mutant(WALLS, "names are not found", "found = [_DNS, ", "found = [", "desired"),
    mutant(WALLS, "rules of the spec are lost", "[*found, *wanted.egress.additional_rules]", "found", "desired"),
    mutant(WALLS, "pods cannot say who they are", "if bucket.credentials_secret_ref is None:", "if False:", "desired"),
    mutant(PLACES, "ranges of the spec are ignored", "    if ranges:\n", "    if False:\n", "desired"),
    mutant(PLACES, "a Service is taken for the world", "if rest[1:] == [_SERVICE]:", "if False:", "desired"),
    mutant(
        PLACES,
        "one dot is a Service for sure",
        "if len(rest) == 1 else [anywhere]",
        "if False else [anywhere]",
        "desired",
    ),
    mutant(ROUTE, "gateways break large artifacts off", '"timeouts": {"request": _NO_LIMIT},', "", "desired"),
    mutant(ROUTE, "the route ignores the path", 'server.spec.network.static_prefix or "/"', '"/"', "desired"),
    mutant(NAMES, "a Gateway's hosts are not let in", "if gateway else [])", "if False else [])", "desired"),
    mutant(SCALER, "an autoscaler of nothing", " or server.spec.hibernate:", ":", "desired"),
    mutant(SCALER, "CPU counts beside memory unasked", "cpu if cpu or memory else _CPU", "cpu or _CPU", "desired"),
    mutant(COMPANIONS, "sidecars hold up the preparation", "    if beside:\n", "    if True:\n", "desired"),
    mutant(COMPANIONS, "sidecars with privileges", "{**pod.UNPRIVILEGED, **container", "{**container", "desired"),
    mutant(POD, "a mesh holds up the preparation", "**(_ISTIO if alone else {}), ", "", "desired"),
    mutant(POD, "nobody can ask for the mesh", "alone = ends and ", "alone = ends or ", "desired"),
    mutant(EXPOSED, "what was said before counts", "if current and condition", "if condition", "status"),
    mutant(EXPOSED, "a silent Gateway is taken for content", "if silent:", "if False:", "status"),
    mutant(
        EXPOSED, "one of two routes is enough", "if len(known) < len(found) or not found:", "if not known:", "status"
    ),
    mutant(SECURED, "strangers are no matter", "    if strangers_pass:\n", "    if False:\n", "status"),
    mutant(SECURED, "what was not tried is claimed", "    if strangers_pass is None:\n", "    if False:\n", "status"),
    mutant(
        SECURED, "plain passwords are no matter", "if plain := _plain(server):", "if False and (plain := []):", "status"
    ),
)
