"""What should exist for a server, and whether it does."""

from mutants.mutant import mutant

DIFFERENCE, REFERENCES, NEEDS = "desired/difference.py", "desired/references.py", "desired/needs.py"
AUTH, START, OBJECTS = "desired/server/auth.py", "desired/server/programs/start_server.py", "desired/objects.py"
PREPARE_JOB, INPUTS = "desired/preparation/job.py", "desired/inputs.py"

POD, VOLUMES, ENVIRONMENT, STATEFUL = (
    "desired/pod.py",
    "desired/volumes.py",
    "desired/server/environment.py",
    "desired/managed/stateful_set.py",
)

WALLS, LINKS = "desired/server/network_policy.py", "desired/server/links.py"
THROUGH = "desired/server/programs/through_server.py"

MUTANTS = (
    mutant(
        WALLS,
        "everybody reaches the object store",
        "direct = [] if server.spec.serve_artifacts else known",
        "direct = known",
        "desired",
    ),
    mutant(
        LINKS,
        "a store is left to links",
        "bucket is None or bucket.direct_access or",
        "True or",
        "desired/test_artifact_links.py",
    ),
    mutant(
        LINKS,
        "links are never given",
        "bucket is None or bucket.direct_access or",
        "bucket is None or",
        "desired/test_artifact_links.py",
    ),
    mutant(
        THROUGH,
        "the plugin gives links",
        "(ArtifactRepository):",
        "(S3ArtifactRepository):",
        "desired/test_artifact_links.py",
    ),
    mutant(
        START,
        "MLflow finds no plugin",
        'f"[mlflow.artifact_repository]',
        'f"[mlflow.artifacts]',
        "desired/test_artifact_links.py",
    ),
    mutant(POD, "root", '        "runAsNonRoot": True,\n', "", "desired"),
    mutant(
        POD,
        "a token in every pod",
        '"automountServiceAccountToken": False',
        '"automountServiceAccountToken": True',
        "desired",
    ),
    mutant(POD, "a Service sets MLFLOW_PORT", '"enableServiceLinks": False', '"enableServiceLinks": True', "desired"),
    mutant(POD, "the platform cannot choose", 'if user_ids == "Fixed" else {}', "", "desired"),
    mutant(POD, "the spec's user does not win", "        **said,\n", "", "desired"),
    mutant(
        POD,
        "labels of the spec take a pod from its Service",
        "**server.spec.pod_labels, **names.labels(server, component, version)}",
        "**names.labels(server, component, version), **server.spec.pod_labels}",
        "desired",
    ),
    mutant(
        POD,
        "annotations do not reach every pod",
        "**server.spec.pod_annotations, **(annotations or {})}",
        "**(annotations or {})}",
        "desired",
    ),
    mutant(
        POD,
        "a crash leaves no words",
        '"terminationMessagePolicy": "FallbackToLogsOnError"',
        '"terminationMessagePolicy": "File"',
        "desired",
    ),
    mutant(POD, "/tmp fills the node", '"emptyDir": {"sizeLimit": tmp_limit}', '"emptyDir": {}', "desired"),
    mutant(POD, "a request beyond its limit", "if name not in mentioned}", "}", "desired"),
    mutant(POD, "memory for one worker", "256 * (1 + server.spec.workers)", "256 * 2", "desired"),
    mutant(VOLUMES, "two pods on one SQLite", "bool(backend and backend.sqlite) or", "False or", "desired"),
    mutant(
        STATEFUL,
        "a broken pod of a store stays",
        '"podManagementPolicy": "Parallel"',
        '"podManagementPolicy": "OrderedReady"',
        "desired",
    ),
    mutant(
        ENVIRONMENT,
        "the preparation takes a volume that is in use",
        'volume.access_mode != "ReadWriteOncePod"',
        "True",
        "desired",
    ),
    mutant(
        ENVIRONMENT, "verify is not told", 'and server.spec.artifact_store.verify != "Write"', "and False", "desired"
    ),
    mutant(DIFFERENCE, "a grown claim is put back", "or found <= least", "or True", "desired"),
    mutant(
        NEEDS,
        "pods run as somebody else's account",
        'if account := pod.get("serviceAccountName")',
        "if account := None",
        "desired",
    ),
    mutant(INPUTS, "any key prepares", "if self.whole or key in", "if True or key in", "desired"),
    mutant(
        PREPARE_JOB, "another identity is not noticed", ", server.spec.service_account.annotations]", "]", "desired"
    ),
    mutant(
        DIFFERENCE,
        "nothing differs from nothing",
        "    if live is None:\n        return _empty(wanted)",
        "    if live is None:\n        return True",
        "desired",
    ),
    mutant(
        DIFFERENCE,
        "what is empty has to be there",
        "    if live is None:\n        return _empty(wanted)",
        "    if live is None:\n        return wanted is None",
        "desired",
    ),
    mutant(DIFFERENCE, "true is 1", "and isinstance(wanted, bool) == isinstance(live, bool)", "", "desired"),
    mutant(DIFFERENCE, "1000m is not 1", " or _amount(str(wanted)) == _amount(str(live))", "", "desired"),
    mutant(DIFFERENCE, "a list that is longer is as wanted", "len(wanted) == len(live) and all(", "all(", "desired"),
    mutant(
        DIFFERENCE,
        "what others added to a merged list differs",
        "for key in _MERGE_KEYS.get(field, ()):",
        "for key in ():",
        "desired",
    ),
    mutant(DIFFERENCE, "two items of one key are one", " and len(set(values)) == len(values)", "", "desired"),
    mutant(REFERENCES, "one key of two is watched", "keys=before.keys | found.keys", "keys=found.keys", "desired"),
    mutant(
        REFERENCES,
        "needed once is optional",
        "before.optional and found.optional",
        "before.optional or found.optional",
        "desired",
    ),
    mutant(
        AUTH,
        "the server's pods read a password",
        'from_secret("AUTH_ADMIN_USERNAME", admin.name, admin.username_key)',
        'from_secret("AUTH_ADMIN_USERNAME", admin.name, admin.password_key)',
        "desired/test_auth.py",
    ),
    mutant(
        AUTH,
        "the operator is an administrator",
        'OPERATOR), {"admin": False,',
        'OPERATOR), {"admin": True,',
        "desired/test_auth.py",
    ),
    mutant(
        AUTH,
        "a user of the spec is an administrator",
        'user.name), {"admin": False,',
        'user.name), {"admin": True,',
        "desired/test_auth.py",
    ),
    mutant(
        AUTH,
        "a new password exchanges the pods",
        "frozenset({password.key}), only_prepares=True)",
        "frozenset({password.key}))",
        "desired/test_auth.py",
    ),
    mutant(
        OBJECTS,
        "a new password is not prepared",
        "(r for r in references(server) if not r.only_serves)",
        "(r for r in references(server) if not r.only_serves and not r.only_prepares)",
        "desired/test_auth.py",
    ),
    mutant(
        START,
        "an administrator who is missing has a known password",
        "os.urandom(32).hex()",
        '"0" * 64',
        "desired/test_auth.py",
    ),
    mutant(START, "others read the database's URI", "os.O_EXCL, 0o600)", "os.O_EXCL, 0o644)", "desired/test_auth.py"),
    mutant(START, "a percent sign is lost", 'value.replace("%", "%%")', "value", "desired/test_auth.py"),
    mutant(
        REFERENCES,
        "generated Secrets have to be there first",
        "optional=reference.name in own)",
        "optional=False)",
        "desired",
    ),
    mutant(
        REFERENCES,
        "env is not followed",
        'yield from _sources(variable.get("valueFrom", {}), _ENV_SOURCES)',
        "yield from ()",
        "desired",
    ),
    mutant(
        REFERENCES,
        "envFrom is not followed",
        "yield from _sources(source, _ENV_FROM_SOURCES)",
        "yield from ()",
        "desired",
    ),
    mutant(
        REFERENCES,
        "optional references have to be there",
        'optional = reference.get("optional") is True',
        "optional = False",
        "desired",
    ),
)
