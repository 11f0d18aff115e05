"""Another release of MLflow, and another operator: what is asked first, what waits, and for whom."""

from mutants.mutant import mutant

UPGRADE, TURNS, BUILD = "reconcile/servers/upgrade.py", "reconcile/servers/turns.py", "desired/objects.py"
JOB, PREPARING, SERVER = "desired/preparation/job.py", "status/preparing.py", "status/server.py"
WAITING, TURN, PLANNED = (
    "reconcile/servers/test_upgrade.py",
    "reconcile/servers/test_turns.py",
    "desired/test_planned.py",
)

MUTANTS = (
    mutant(BUILD, "nothing is asked first", "migrates = inputs.planned == noticed(job)", "migrates = True", PLANNED),
    mutant(JOB, "what asks is for other stores", 'if v["name"] != _ASK]', "]", PLANNED),
    mutant(UPGRADE, "a window is never closed", "    if found.open:\n", "    if True:\n", WAITING),
    mutant(UPGRADE, "every Deployment waits", "and _release(live) != _release(deployment)", "", WAITING),
    mutant(UPGRADE, "no backup is waited for", "    if succeeded(there):\n", "    if True:\n", WAITING),
    mutant(UPGRADE, "a failed backup is waited for", 'if condition(there, "Failed"):', "if False:", WAITING),
    mutant(
        UPGRADE,
        "the backup is made before the window",
        "        if wanted.backup is not None:",
        "        if False:",
        WAITING,
    ),
    mutant(TURNS, "who has begun waits", "if begun or not", "if not", TURN),
    mutant(
        TURNS, "users wait", "if server.status.deployed_generation != server.metadata.generation:", "if False:", TURN
    ),
    mutant(TURNS, "an edit waits", "!= _mark(live, names.APPLIED_ANNOTATION)", "is not None", TURN),
    mutant(TURNS, "a broken one is waited for", "< GIVEN_UP", "< GIVEN_UP * 9", TURN),
    mutant(TURNS, "one that stalls is waited for", 'for type_ in ("Stalled", "Suspended")', "for type_ in ()", TURN),
    mutant(TURNS, "two find the same room", "    if key in world.turns:\n", "    if False:\n", TURN),
    mutant(TURNS, "new ones are waited for", ' or status.get("deployedGeneration") is None', "", TURN),
    mutant(PREPARING, "a plan is no news", "if report and report.database.goal:", "if False:", "status"),
    mutant(
        SERVER,
        "who waits says nothing",
        "    if seen.waits:\n        message",
        "    if False:\n        message",
        "status",
    ),
)
