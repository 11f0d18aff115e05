"""Logins at a provider: who gets past the proxy, and what leaves it."""

from mutants.mutant import mutant

PROXY, AUTH, DEPLOYMENT = "desired/server/oauth2_proxy.py", "desired/server/auth.py", "desired/server/deployment.py"
OBJECTS, WALLS = "desired/objects.py", "desired/server/network_policy.py"

MUTANTS = (
    mutant(
        PROXY, "MLflow is reached past the proxy", 'BEHIND = "127.0.0.1", 5001', 'BEHIND = "0.0.0.0", 5001', "desired"
    ),
    mutant(
        DEPLOYMENT,
        "MLflow listens to everybody",
        "*oauth2_proxy.words_for_mlflow(server), ",
        "",
        "desired",
    ),
    mutant(PROXY, "all that begins like the health is open", "{HEALTH}$", "{HEALTH}", "desired"),
    mutant(PROXY, "all that ends like the health is open", "GET=^{re.escape", "GET={re.escape", "desired"),
    mutant(
        PROXY, "a dot of the prefix is any letter", "=^{re.escape(prefix)}{HEALTH}", "=^{prefix}{HEALTH}", "desired"
    ),
    mutant(PROXY, "headers open paths", '"--reverse-proxy=false"', '"--reverse-proxy=true"', "desired"),
    mutant(PROXY, "the operator is of no group", "if said.groups else []", "if False else []", "desired"),
    mutant(PROXY, "everybody's groups are let in", "for group in said.groups)", "for group in ())", "desired"),
    mutant(
        PROXY,
        "the kubelet writes a secret into an argument",
        'literal(f"--client-id={said.client_id}")',
        'f"--client-id={said.client_id}"',
        "desired",
    ),
    mutant(PROXY, "cookies go over plain HTTP", "'true' if _by_https(server) else 'false'", "'false'", "desired"),
    mutant(
        PROXY,
        "one route by HTTPS is enough",
        "return all(origin.startswith",
        "return any(origin.startswith",
        "desired",
    ),
    mutant(
        PROXY, "what clients send is logged", "{_SENT}not shown{{{{else}}}}", "{{{{.Message}}}}{{{{else}}}}", "desired"
    ),
    mutant(
        PROXY,
        "the key of cookies is the operator's word",
        'hashlib.sha256(f"{_COOKIES} {word}".encode()).digest()',
        "word.encode()[:32]",
        "desired",
    ),
    mutant(OBJECTS, "the client's secret prepares", "if not r.only_serves)", "if True)", "desired"),
    mutant(
        AUTH,
        "the operator has no login at the proxy",
        "return ExternalCredentials(name=names.proxy_login(server))",
        "return None",
        "desired",
    ),
    mutant(WALLS, "nobody reaches the issuer", "[*egress, *to_issuer]", "egress", "desired"),
)
