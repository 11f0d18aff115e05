"""HTTPS in the pods of a server, and whom the operator trusts there."""

from mutants.mutant import mutant

ENCRYPTION, FOLLOWING, STARTING = (
    "desired/server/encryption.py",
    "desired/server/programs/follow_certificate.py",
    "desired/server/programs/start_server.py",
)
TRUST, CHILDREN = "desired/trust.py", "reconcile/servers/children.py"
RENEWALS, TLS, OBJECTS = "reconcile/renewals.py", "clients/tls.py", "desired/objects.py"
PROGRAM, OWN = "desired/test_certificate_program.py", "reconcile/servers/test_own_certificate.py"

EXPIRY, PROTECTION, PASS = "status/expiry.py", "status/protection.py", "reconcile/servers/server.py"
LIFETIME, ENDING = "desired/external/lifetime.py", "status/test_expiry.py"

MUTANTS = (
    mutant(EXPIRY, "an end is told of too late", "timedelta(days=14)", "timedelta(days=1)", ENDING),
    mutant(
        EXPIRY,
        "a short life is told of all the time",
        "min(_AHEAD, (certificate.ends - certificate.begins) / _SHARE)",
        "_AHEAD",
        ENDING,
    ),
    mutant(
        EXPIRY,
        "nobody looks when it has ended",
        "(_warned(certificate), certificate.ends) if",
        "(_warned(certificate),) if",
        ENDING,
    ),
    mutant(
        PROTECTION, "an end hides that all is open", 'if found is None or found.status == "True":', "if True:", ENDING
    ),
    mutant(
        PASS,
        "a deleted server has a certificate",
        "    telemetry.show_certificate(key.namespace, key.name, None)\n",
        "",
        OWN,
    ),
    mutant(
        LIFETIME,
        "years before 2000 are to come",
        "'19' if text[:2] >= '50' else '20'",
        "'20'",
        "desired/test_lifetime.py",
    ),
    mutant(ENCRYPTION, "a renewal replaces pods", "others=others, followed=followed", "others=others", "desired"),
    mutant(ENCRYPTION, "meshes are not told", '{"appProtocol": scheme(server)}', '{"appProtocol": "http"}', "desired"),
    mutant(
        ENCRYPTION,
        "nginx speaks HTTP to the pods",
        '"nginx.ingress.kubernetes.io/backend-protocol": "HTTPS",',
        "",
        "desired",
    ),
    mutant(OBJECTS, "what is followed counts", " if not r.followed]", "]", "desired"),
    mutant(
        ENCRYPTION,
        "a certificate is made that exists",
        "if tls is None or tls.issuer_ref is None:",
        "if tls is None:",
        "desired",
    ),
    mutant(
        CHILDREN,
        "who makes the Secret is not said",
        "if obj is None and _is_issued(server, reference):",
        "if False:",
        OWN,
    ),
    mutant(
        FOLLOWING,
        "the first certificate is served for ever",
        "if state and state != self._state:",
        "if False:",
        PROGRAM,
    ),
    mutant(
        FOLLOWING,
        "a pair that does not fit ends connections",
        "except (OSError, ValueError) as error:",
        "except KeyError as error:",
        PROGRAM,
    ),
    mutant(
        FOLLOWING,
        "the image's own sitecustomize is lost",
        '        importlib.import_module("sitecustomize")',
        "        pass",
        PROGRAM,
    ),
    mutant(
        STARTING, "the user's words for uvicorn are lost", "{environment.get('MLFLOW_UVICORN_OPTS', '')} ", "", PROGRAM
    ),
    mutant(
        STARTING,
        "MLflow starts with a certificate that is none",
        "        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)",
        "        pass",
        PROGRAM,
    ),
    mutant(
        TRUST,
        "authorities of a URI are lost",
        "(backend.postgres or backend.uri_secret_ref)",
        "backend.postgres",
        "desired/test_trust.py",
    ),
    mutant(
        "desired/server/environment.py",
        "MySQL is told of no authority",
        '("PGSSLROOTCERT", "MLFLOW_MYSQL_SSL_CA")',
        '("PGSSLROOTCERT",)',
        "desired/test_trust.py",
    ),
    mutant(TRUST, "what a bundle is called is mounted", '"path": _FILE}', '"path": key}', "desired"),
    mutant(TRUST, "authorities are not mounted", "    return [volume(", "    return [] and [volume(", "desired"),
    mutant(
        CHILDREN,
        "anything is a bundle of a store",
        "    for bundle in desired.bundles(server):",
        "    for bundle in ():",
        OWN,
    ),
    mutant(
        RENEWALS,
        "pods that have not followed are not trusted",
        "certificates + known.former if",
        "certificates if",
        OWN,
    ),
    mutant(RENEWALS, "what was trusted once is for ever", "if self.clock() - known.since < _LONGEST", "if True", OWN),
    mutant(
        TLS,
        "a certificate by itself is not trusted",
        "    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN\n",
        "",
        OWN,
    ),
)
