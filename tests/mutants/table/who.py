"""Which of several claims writes, and which servers take the claims of others."""

from mutants.mutant import mutant

CONFLICT, PERMISSION, RULES = "promotion/conflict.py", "promotion/permission.py", "promotion/rules.py"
RIVALS, GRANTS = "reconcile/promotions/rivals.py", "reconcile/promotions/grants.py"
LABELS = "reconcile/namespaces.py"
PASS, EVENTS, DIRECTORY = "reconcile/promotions/promotion.py", "reconcile/events.py", "reconcile/directory.py"
OBJECTS, LOOK, URLS = "reconcile/objects.py", "reconcile/promotions/look.py", "desired/external/urls.py"
BOTH = ("promotion", "reconcile")

MUTANTS = (
    mutant(RULES, "two claims write one slot", "    outdone,\n    tags", "    tags", *BOTH),
    mutant(CONFLICT, "the oldest takes a slot from its holder", "return -self.began, self", "return 0.0, self", *BOTH),
    mutant(
        CONFLICT, "who held a slot first gets it back", "return -self.began, self", "return self.began, self", *BOTH
    ),
    mutant(CONFLICT, "an alias that moves along is nobody's", '("alias", "mirrorAlias")', '("alias",)', *BOTH),
    mutant(CONFLICT, "a dry run is in the way", ' or (spec.get("dryRun") and not began)', "", *BOTH),
    mutant(
        CONFLICT, "who waits is in the way", "            taken |= each.slots", "        taken |= each.slots", *BOTH
    ),
    mutant(CONFLICT, "who goes is in the way", 'meta.get("deletionTimestamp") or ', "", *BOTH),
    mutant(RIVALS, "one name is one registry", "== registry for m in", "is not None for m in", *BOTH),
    mutant(
        EVENTS,
        "who waits for a slot is not woken",
        "*(other for claim in claims for",
        "*(other for claim in () for",
        *BOTH,
    ),
    mutant(EVENTS, "a withdrawn grant is not noticed", "[key, *guests, *(", "[key, *(", *BOTH),
    mutant(URLS, "a Service has several registries", 'not in ("", "svc")', 'not in ("svc",)', "desired", "reconcile"),
    mutant(GRANTS, "everybody may", "if is_refused(world, claim, server):", "if False:", *BOTH),
    mutant(LABELS, "labels are never read again", " and now - read <= world.settings.registry_poll / 2", "", *BOTH),
    mutant(LABELS, "labels are read in every pass", "now - read <= world.settings.registry_poll / 2", "False", *BOTH),
    mutant(
        GRANTS, "an unknown label is a refusal", ".allowed, labels) is False", ".allowed, labels) is not True", *BOTH
    ),
    mutant(GRANTS, "labels are not looked at again soon", "world.settings.registry_poll if _by", "10**9 if _by", *BOTH),
    mutant(
        PASS, "a refused claim keeps its slot", "for other in outdone(world.store, key):", "for other in ():", *BOTH
    ),
    mutant(LOOK, "MLflow is asked for those who may not", "if claims(world, _model(key, name))}", "}", *BOTH),
    mutant(OBJECTS, "a guest's model is in its own namespace", 'at.get("namespace") or ', "", *BOTH),
    mutant(PERMISSION, "one label of several is enough", "wanted = all(", "wanted = any(", *BOTH),
    mutant(PERMISSION, "expressions do not count", "return wanted and all(", "return wanted or all(", *BOTH),
)
