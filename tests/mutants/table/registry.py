"""The service for programs: what it asks, what it remembers, and who moves a slot."""

from mutants.mutant import mutant

REST, REFUSALS, CONNECTION = (f"model_registry/{name}.py" for name in ("rest", "refusals", "connection"))
ORDER, KEPT = "model_registry/metadata/order.py", "model_registry/metadata/kept.py"
MOVING, CLAIMS, CHOICE = (f"model_registry/promotion/{name}.py" for name in ("by_registry", "claims", "choice"))
TABLE, RESULTS = "model_registry/comparing/table.py", "model_registry/results.py"
ASKS, SERVICE = "model_registry/test_rest.py", "model_registry/test_service.py"
ORDERS, KEEPS = "model_registry/test_order.py", "model_registry/test_kept.py"
PROMOTES, WISHES = "model_registry/test_promoting.py", "model_registry/test_claims.py"

MUTANTS = (
    mutant(REST, "a change is sent twice", "not (safe or failure.unsent)", "not True", ASKS),
    mutant(REST, "what was never sent is given up", "(safe or failure.unsent)", "safe", ASKS),
    mutant(REST, "a redirect is followed", "allow_redirects=False", "allow_redirects=True", ASKS),
    mutant(REST, "an endless body is read", "if len(body) >= limit:", "if False:", ASKS),
    mutant(REST, "a wait beyond the deadline is waited", "or pause >= until.left()", "", ASKS),
    mutant(REST, "Retry-After is not heeded", "pause = failure.after or ", "pause = ", ASKS),
    mutant(REST, "the values of an answer are not counted", "> _VALUES:", "> 10**9:", ASKS),
    mutant(REST, "pages without an end are read", "or token in seen", "", ASKS),
    mutant(REFUSALS, "a server's text forges a line", "sign if sign.isprintable() else", "sign if sign else", ASKS),
    mutant(
        REFUSALS,
        "the query of a redirect is shown",
        "{found.path}' if host else found.path",
        "{found.path}?{found.query}' if host else found.path",
        ASKS,
    ),
    mutant(
        CONNECTION,
        "a token counts before user and password",
        "if user and password:",
        "if user and password and not token:",
        "model_registry/test_connection.py",
    ),
    mutant(
        CONNECTION,
        "a login stays in the URL",
        'place = parts.netloc.rpartition("@")[2]',
        "place = parts.netloc",
        "model_registry/test_connection.py",
    ),
    mutant(
        ORDER, "an answer that overlaps is given", "span.asked > seen.came\n\n", "span.came > seen.came\n\n", ORDERS
    ),
    mutant(ORDER, "an answer of before a change is given", "if span.asked <= max(", "if span.came <= max(", ORDERS),
    mutant(
        ORDER,
        "what is forgotten counts as never seen",
        "self._forgotten = max(self._forgotten, self._seen",
        "_ = (0, self._seen",
        ORDERS,
    ),
    mutant(KEPT, "who asks after a change joins who asked before", "if of[0] != group}", "if of}", KEEPS),
    mutant(
        KEPT,
        "a change while the memory is gone is lost",
        "        self._blind.add(name)\n        self._seeing",
        "        self._seeing",
        KEEPS,
    ),
    mutant(
        KEPT,
        "what was seen while the memory was gone is lost",
        "            self._blind.add(name)\n            return answer",
        "            return answer",
        KEEPS,
    ),
    mutant(KEPT, "who stops waiting stops the others", "await asyncio.shield(flight)", "await flight", KEEPS),
    mutant(MOVING, "whoever came in between is not told", "    if new:\n", "    if False:\n", PROMOTES),
    mutant(MOVING, "nobody looks whether the version stayed", "if found.version not in after:", "if False:", PROMOTES),
    mutant(MOVING, "nobody looks whether the alias stayed", "if after != found.version:", "if False:", PROMOTES),
    mutant(MOVING, "who came back is left in the stage", "if archive and holder in others]", "if False]", PROMOTES),
    mutant(
        MOVING, "stages for many are archived", "archive=archive and slot.name in SINGLE)", "archive=archive)", PROMOTES
    ),
    mutant(
        MOVING,
        "what was remembered of the slot stays",
        "        await registry.changed(name)",
        "        pass",
        PROMOTES,
    ),
    mutant(CLAIMS, "a plan governs", ' or spec.get("dryRun")', "", WISHES),
    mutant(CLAIMS, "a mirrored alias is free", ', target.get("mirrorAlias"))', ",)", WISHES),
    mutant(
        CLAIMS,
        "what a claim said of the version before counts",
        'if ready.get("observedGeneration") != claim["metadata"]["generation"]:',
        "if not ready:",
        WISHES,
    ),
    mutant(CLAIMS, "Git's field is taken", "if _GIT.search(manager)", "if False", WISHES),
    mutant(CHOICE, "a signed slot is moved without its claim", "    if signed:\n", "    if False:\n", PROMOTES),
    mutant(
        CHOICE,
        "another cluster says that a claim is gone",
        "if signed and not found.sure and",
        "if False and",
        PROMOTES,
    ),
    mutant(
        CHOICE,
        "a cluster that hangs takes the whole deadline",
        "Deadline(min(_FINDING, until.left()))",
        "until",
        PROMOTES,
    ),
    mutant(
        CHOICE, "a governed slot is moved where that is asked for", 'if wanted.via == "mlflow":', "if False:", PROMOTES
    ),
    mutant(TABLE, "a text ends its cell", '.replace("|", "\\\\|")', "", "model_registry/test_table.py"),
    mutant(RESULTS, "other digits are a version", "not str(version).isascii() or ", "", SERVICE),
)
