"""One pass over a claim, one look at a model, and who is woken by it."""

from mutants.mutant import mutant

PASS, MODEL, MODELS, CARRY, LANES, GRANTS, DIRECTORY = (
    "reconcile/promotions/promotion.py",
    "reconcile/promotions/model.py",
    "reconcile/promotions/models.py",
    "reconcile/promotions/carry_out.py",
    "reconcile/lanes.py",
    "reconcile/promotions/grants.py",
    "reconcile/directory.py",
)
PASSES = "reconcile"

MUTANTS = (
    mutant(PASS, "nobody looks again after a move", "for _ in range(_REPAIRS):", "for _ in range(0):", PASSES),
    mutant(
        PASS,
        "the registry is written before the intent",
        "        else:\n            await self._publish(snapshot, decision)\n        wish",
        "        wish",
        PASSES,
    ),
    mutant(PASS, "an old copy of a claim writes", "self.claim.status, always=True)", "self.claim.status)", PASSES),
    mutant(PASS, "old knowledge is written on", "if begins and not self.looked:", "if False:", PASSES),
    mutant(
        PASS,
        "old knowledge decides a new wish",
        "young = settled or self.watch.sequence >= self.wish",
        "young = True",
        PASSES,
    ),
    mutant(PASS, "a replica's old answer is drift", "if is_behind(found,", "if False and is_behind(found,", PASSES),
    mutant(PASS, "settled claims need a ready server", "ready=not settled)", "ready=True)", PASSES),
    mutant(GRANTS, "nobody looks at an object again", "else world.settings.resync", "else 10**9", PASSES),
    mutant(
        PASS,
        "the registry is not looked at after a pass",
        "world.queue.ensure(pass_.registry, world.settings.registry_poll)",
        "pass",
        PASSES,
    ),
    mutant(PASS, "a refusal that passes is final", "now() - since < _PASSING:", "now() - since < 0:", PASSES),
    mutant(PASS, "a refusal is waited out for ever", "now() - since < _PASSING:", "now() - since < 10**9:", PASSES),
    mutant(PASS, "a conflict is a failure", "except (Conflict, NotFound):", "except NotFound:", PASSES),
    mutant(PASS, "series of what is gone stay", "telemetry.show_slot(key.namespace, key.name, None)", "pass", PASSES),
    mutant(
        PASS,
        "drift is counted at each look",
        "if decision.step is Step.REPORT and not drifted:",
        "if decision.step is Step.REPORT:",
        PASSES,
    ),
    mutant(
        PASS,
        "others do not hear what this pass has found",
        "tell(self.world, self.model, but=self.key",
        "(self.world, self.model, self.key",
        PASSES,
    ),
    mutant(
        MODEL, "nobody hears what a look has found", "    tell(world, key)\n    wake_failed", "    wake_failed", PASSES
    ),
    mutant(MODEL, "claims that failed are not tried again", "    wake_failed(world, watch)\n", "", PASSES),
    mutant(MODEL, "one look without an answer makes claims unsure", "_PATIENCE = 3", "_PATIENCE = 1", PASSES),
    mutant(MODEL, "claims stay sure for ever", "_PATIENCE = 3", "_PATIENCE = 3000", PASSES),
    mutant(
        MODEL,
        "a server that asks for rest gets none",
        "max(world.settings.registry_poll, after)",
        "world.settings.registry_poll",
        PASSES,
    ),
    mutant(MODELS, "waiting claims wait as all do", "min(_SLOWEST, (now - self.since) / _DECAY)", "_SLOWEST", PASSES),
    mutant(
        MODELS,
        "who waits for long is as eager as at first",
        "max(self.every, min(_SLOWEST, (now - self.since) / _DECAY))",
        "self.every",
        PASSES,
    ),
    mutant(
        MODELS,
        "an answer after silence is no news",
        "changed or self.failing is not None\n        self.snapshot",
        "changed\n        self.snapshot",
        PASSES,
    ),
    mutant(
        MODELS,
        "a change in a list is not noticed",
        "            fits = mark == self.mark\n",
        "            fits = True\n",
        PASSES,
    ),
    mutant(
        MODELS,
        "an alias that moved is not noticed",
        "mark.updated <= known.updated and (mark.aliases == known.aliases or not known.knows_aliases)",
        "mark.updated <= known.updated",
        PASSES,
    ),
    mutant(MODELS, "a signature is asked for each time", "if which not in self.signatures:", "if True:", PASSES),
    mutant(
        MODELS,
        "a version registered anew has the old one's signature",
        "which = (version.version, version.created)",
        "which = (version.version, 0)",
        PASSES,
    ),
    mutant(
        LANES,
        "passes on one model do not take turns",
        "model.model), 1), *shared)",
        "model.model), 9), *shared)",
        PASSES,
    ),
    mutant(LANES, "a slow MLflow takes all workers", "max(1, settings.workers // 4)", "settings.workers", PASSES),
    mutant(
        DIRECTORY,
        "two servers of one URL are two MLflows",
        'return self.entry(server).registry or (server, "")',
        'return (server, "")',
        PASSES,
    ),
)
