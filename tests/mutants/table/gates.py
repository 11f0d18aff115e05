"""What a version has to prove, and that nothing gets past it."""

from mutants.mutant import mutant

CHECKLIST, CASE, VALUES = "promotion/gates/checklist.py", "promotion/gates/case.py", "promotion/gates/values.py"
METRICS, COMPARISONS = "promotion/gates/metrics.py", "promotion/gates/comparisons.py"
WINDOWS, SCHEDULE = "promotion/gates/windows.py", "promotion/gates/schedule.py"
RULES, FACTS, SOAK = "promotion/rules.py", "promotion/facts.py", "promotion/soak.py"
ATTEMPT, DEMAND = "promotion/attempt.py", "promotion/policies/demand.py"
REQUIREMENTS, PASS = "promotion/requirements.py", "reconcile/promotions/promotion.py"
POLICIES, CONTRADICTIONS = "promotion/policies/governing.py", "promotion/policies/contradictions.py"
BOOK, GOVERNING = "reconcile/policies/book.py", "reconcile/policies/governing.py"
EVENTS = "reconcile/events.py"
COLLECT, FINDINGS, ASKED = (
    "reconcile/evidence/collect.py",
    "reconcile/evidence/findings.py",
    "clients/mlflow/measuring.py",
)
CORE, PASSES = ("promotion", "reconcile"), "reconcile/gates/test_gates.py"

MUTANTS = (
    mutant(RULES, "gates are not asked", "facts.unmet + facts.checklist.obstacles", "facts.unmet", *CORE),
    mutant(RULES, "windows are not asked", "    closed,  # last", "    # last", *CORE),
    mutant(RULES, "a dry run waits for a window", "    dry_run,\n    closed,", "    closed,\n    dry_run,", *CORE),
    mutant(CHECKLIST, "a dry run blocks", "r.mode != Mode.DRY_RUN and ", "", *CORE),
    mutant(
        CHECKLIST,
        "an error lets pass",
        "(GateResult.PASSED, GateResult.SKIPPED)",
        "(GateResult.PASSED, GateResult.SKIPPED, GateResult.ERROR)",
        *CORE,
    ),
    mutant(
        CHECKLIST,
        "what is not ready is measured",
        "if case.version.status != READY:\n        return frozenset()",
        "if False:\n        return frozenset()",
        *CORE,
    ),
    mutant(CASE, "a memory of another version counts", "(type_, name, known_by)", "(type_, name, entry.digest)", *CORE),
    mutant(CASE, "a digest forgets the run", "o.created, o.run, o.logged_model]", "o.created]", *CORE),
    mutant(VALUES, "NaN is a number", "and math.isnan(chosen.number)", "and False", *CORE),
    mutant(
        VALUES,
        "a run has datasets",
        "and gate.dataset is None:\n        return Value",
        ":\n        return Value",
        *CORE,
    ),
    mutant(VALUES, "any dataset will do", "if r.dataset == gate.dataset", "if True", *CORE),
    mutant(VALUES, "the first of several values counts", "if len(plain) > 1:", "if False:", *CORE),
    mutant(VALUES, "a refusal is a missing metric", "if found.refused:", "if False:", *CORE),
    mutant(METRICS, "the bound is not allowed", "found.number < gate.min", "found.number <= gate.min", *CORE),
    mutant(METRICS, "there is no maximum", "found.number > gate.max", "False", *CORE),
    mutant(COMPARISONS, "a version beats itself", "if name != case.version.version]", "]", *CORE),
    mutant(
        COMPARISONS,
        "an alias to itself proves it",
        "found is None or found.version == case.version.version",
        "found is None",
        *CORE,
    ),
    mutant(COMPARISONS, "lower is never better", "else -by", "else by", *CORE),
    mutant(
        COMPARISONS,
        "differences are binary",
        "Decimal(repr(ours)) - Decimal(repr(theirs))",
        "Decimal(ours - theirs)",
        *CORE,
    ),
    mutant(WINDOWS, "deny does not win", "return allowed and not any(", "return allowed or any(", *CORE),
    mutant(SCHEDULE, "a window has no first second", "now - lasts)\n", "now)\n", *CORE),
    mutant(SCHEDULE, "a window begins twice where an hour does", "if moment > after:", "if True:", *CORE),
    mutant(
        FACTS,
        "policies are not asked",
        "(own(self.claim), *(demand(policy, self.claim) for policy in self.policies))",
        "(own(self.claim),)",
        *CORE,
    ),
    mutant(
        FACTS,
        "a policy takes the claim's own place",
        "(own(self.claim), *(demand(policy, self.claim)",
        "(*(demand(policy, self.claim)",
        *CORE,
    ),
    mutant(
        POLICIES,
        "a claim skips what the platform asks",
        "frozenset(spec.rollback.skip_gates) & frozenset(claim",
        "frozenset(claim",
        *CORE,
    ),
    mutant(
        POLICIES,
        "the alias that moves along is governed by nobody",
        "slots_of(claim.spec.target)",
        "{slot_name(claim.spec.target)}",
        *CORE,
    ),
    mutant(POLICIES, "any namespace is governed", "selects(about.namespaces, at.labels)", "True", *CORE),
    mutant(
        RULES, "a policy of later is said to have been asked", "attempt.policies if facts.is_passed else ", "", *CORE
    ),
    mutant(
        BOOK, "a policy that cannot be read is left out", "if isinstance(found, Unreadable):", "if False:", "reconcile"
    ),
    mutant(
        EVENTS,
        "nobody hears of a policy",
        "*objects.policies(world.store), *objects.waiting(world.store)",
        "key",
        "reconcile",
    ),
    mutant(
        GOVERNING,
        "a settled claim stumbles over a policy",
        "world.book.readable() if is_settled(claim) else ",
        "",
        "reconcile",
    ),
    mutant(
        CONTRADICTIONS,
        "policies of other models contradict each other",
        "return any(models) and",
        "return",
        "promotion",
    ),
    mutant(CONTRADICTIONS, "a dry run contradicts", "Mode.DRY_RUN in (a.mode, b.mode) or", "", "promotion"),
    mutant(FACTS, "a rollback waits for what it may skip", "demand.of_rollback() for", "demand for", *CORE),
    mutant(ATTEMPT, "a rollback goes back for ever", "[1 : claim.spec.rollback.window + 1]", "[1:]", *CORE),
    mutant(ATTEMPT, "what never came in is a rollback", "if a.result is AttemptResult.PROMOTED}", "}", *CORE),
    mutant(DEMAND, "what is skipped is asked all the same", "gates=self.gates.model_copy(update=left), ", "", *CORE),
    mutant(FACTS, "half a promotion is left", "attempt.gated == self.wish.gated", "False", *CORE),
    mutant(FACTS, "gates are passed for ever", "if attempt is None or not there:", "if attempt is None:", *CORE),
    mutant(SOAK, "who was away goes on soaking", "known.changed_at == changed", "True", *CORE),
    mutant(REQUIREMENTS, "a soak has no end", "if question.now >= end:", "if False:", *CORE),
    mutant(REQUIREMENTS, "age is no matter", "or question.now <= end:", "or True:", *CORE),
    mutant(PASS, "what was measured long ago is written on", "if anew and wanted:", "if False:", PASSES),
    mutant(PASS, "a window that opens is not seen", "if decision.until is not None:", "if False:", PASSES),
    mutant(
        COLLECT,
        "nobody hears of what was found",
        "    if watch.findings.learn(found, world.now()):\n        world.queue.add(owner)",
        "    watch.findings.learn(found, world.now())",
        PASSES,
    ),
    mutant(COLLECT, "who does not answer is asked no more", "return _UNANSWERED", "return _POSITIVE", PASSES),
    mutant(FINDINGS, "a moment without an answer changes a result", "now - known.asked < _PATIENCE", "False", PASSES),
    mutant(
        ASKED,
        "a NaN of a logged model is 0",
        "math.nan if m.value == 0 and",
        "math.nan if False and",
        "clients/test_measures.py",
    ),
    mutant(
        ASKED,
        "the first value counts",
        "sorted(logged, key=lambda m: m.at)",
        "logged[::-1]",
        "clients/test_measures.py",
    ),
)
