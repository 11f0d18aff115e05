"""One pass over a server: what it applies, deletes, and makes of refusals."""

from mutants.mutant import mutant

CHILDREN, APPLY, PREPARATION = (
    "reconcile/servers/children.py",
    "reconcile/servers/apply.py",
    "reconcile/servers/preparation.py",
)
ARTIFACTS, PROBE, SERVER = (
    "reconcile/servers/artifacts.py",
    "reconcile/servers/probe.py",
    "reconcile/servers/server.py",
)
BRINGING = "reconcile/servers/test_bringing.py"

MUTANTS = (
    mutant(CHILDREN, "a refusal stops nothing", "if lacking & desired.needs(obj):", "if False:", BRINGING),
    mutant(
        CHILDREN,
        "a claim that may not grow stops the server",
        "if _key(obj) in failed and not await has(world, server, obj):",
        "if _key(obj) in failed:",
        BRINGING,
    ),
    mutant(
        CHILDREN,
        "the report of a Job that goes is lost",
        "    await preparation.report(world, server, wanted, there)  #",
        "    #",
        BRINGING,
    ),
    mutant(
        CHILDREN,
        "a preparation begins beside the memory of another",
        "        if server.status.prepared is None:\n",
        "        if True:\n",
        BRINGING,
    ),
    mutant(
        CHILDREN,
        "the database is migrated before the Deployment is tried",
        "            await try_out(world, server, obj)",
        "            pass",
        BRINGING,
    ),
    mutant(
        CHILDREN,
        "two preparations at once",
        "        if not preparation.check_room(there, wanted):\n            return False\n",
        "",
        BRINGING,
    ),
    mutant(
        CHILDREN,
        "a lost password is drawn anew",
        "and await _has_data(world, server, name):",
        "and False:",
        BRINGING,
    ),
    mutant(
        CHILDREN,
        "a new store gets no password",
        "and await _has_data(world, server, name):",
        "and True:",
        BRINGING,
    ),
    mutant(
        CHILDREN,
        "silence is asked object by object",
        "if isinstance(error, Unavailable) and any(",
        "if False and any(",
        BRINGING,
    ),
    mutant(
        CHILDREN, "the least is reported", "return ordered[0] if ordered", "return ordered[-1] if ordered", BRINGING
    ),
    mutant(
        CHILDREN,
        "a store goes while it is used",
        "    if wanted.prepared:\n        keep",
        "    if True:\n        keep",
        BRINGING,
    ),
    mutant(
        CHILDREN,
        "a lost claim is forgotten",
        "if key not in lacking or key[1] in server.status.volumes",
        "if key not in lacking",
        BRINGING,
    ),
    mutant(
        CHILDREN,
        "a missing key is not noticed",
        'if missing := sorted(reference.keys - set(obj.get("data", {}))):',
        "if missing := []:",
        BRINGING,
    ),
    mutant(
        APPLY,
        "a lost claim is made anew",
        'elif obj["kind"] == "PersistentVolumeClaim" and obj["metadata"]["name"] in server.status.volumes:',
        "elif False:",
        BRINGING,
    ),
    mutant(
        APPLY,
        "admission is fought for ever",
        "if not desired.differs(obj, live) or _in_vain(world, server, obj, live):",
        "if not desired.differs(obj, live):",
        BRINGING,
    ),
    mutant(
        APPLY,
        "what admission changed back is never applied again",
        "== (*_version(live), desired.digest(obj))",
        "is not None",
        BRINGING,
    ),
    mutant(
        APPLY,
        "a stranger's object is taken over",
        "        refuse_stranger(server, obj, live)\n        obj = desired.fitted",
        "        obj = desired.fitted",
        BRINGING,
    ),
    mutant(
        APPLY,
        "a predecessor's object is a stranger's",
        'if owner and (owner["kind"], owner["name"]) == (SERVER, server.metadata.name):',
        "if False:",
        BRINGING,
    ),
    mutant(
        APPLY,
        "an invalid object is retried",
        "    if error.status in (400, 422):\n",
        "    if False:\n",
        BRINGING,
    ),
    mutant(
        APPLY,
        "a quota is for a person to mend",
        "    if error.status in (400, 422):\n",
        "    if True:\n",
        BRINGING,
    ),
    mutant(
        PREPARATION,
        "nobody says that a predecessor is at work",
        "if there.at_work(other) and stores_of(other) != wanted.stores:",
        "if False:",
        BRINGING,
    ),
    mutant(
        PREPARATION,
        "the report is read again and again",
        "    if known and known[0] == end:\n",
        "    if False:\n",
        BRINGING,
    ),
    mutant(ARTIFACTS, "every look writes", "if last is None or kind != pods or", "if True or", "reconcile"),
    mutant(ARTIFACTS, "a rollout is not tried", "or kind != pods or", "or", "reconcile"),
    mutant(
        ARTIFACTS, "None is tried too", 'if store is None or store.verify == "None":', "if store is None:", "reconcile"
    ),
    mutant(ARTIFACTS, "Read writes", 'if store.verify == "Read":', "if False:", "reconcile"),
    mutant(
        ARTIFACTS,
        "who may not delete is not told",
        "    if kept:\n",
        "    if False:\n",
        "reconcile",
    ),
)
