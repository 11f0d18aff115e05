"""Whose yes counts, to what, and until when."""

from mutants.mutant import mutant

APPROVAL, CHECKLIST, RULES = "promotion/gates/approval.py", "promotion/gates/checklist.py", "promotion/rules.py"
FACTS, STATUS, SAID = "promotion/facts.py", "status/promotion.py", "reconcile/evidence/approvals.py"
PASS, EVENTS, PUBLISH = "reconcile/promotions/promotion.py", "reconcile/events.py", "reconcile/publish.py"
CORE, PASSES = (
    ("promotion/gates/test_approval.py", "promotion/gates/test_approval_course.py"),
    "reconcile/gates/test_approvals.py",
)

MUTANTS = (
    mutant(RULES, "nobody is asked", "    unapproved,  # after", "    # after", *CORE),
    mutant(APPROVAL, "the mildest who asks decides", "required=max(", "required=min(", *CORE),
    mutant(APPROVAL, "whoever is excluded counts", "if who in gate.excluded:", "if False:", *CORE),
    mutant(APPROVAL, "one is enough", "if len(by) >= gate.required:", "if by:", *CORE),
    mutant(APPROVAL, "one is two", "list(dict.fromkeys(each.spec.approver for", "list((each.spec.approver for", *CORE),
    mutant(APPROVAL, "who has asked approves", "and who == asked.requested_by:", "and False:", *CORE),
    mutant(APPROVAL, "nobody has asked", "and not _requester(case.claim):", "and False:", *CORE),
    mutant(APPROVAL, "nobody checks who it was", "if not case.evidence.approvers_checked:", "if False:", *CORE),
    mutant(APPROVAL, "a no is no no", "if tally.rejected is not None:", "if False:", *CORE),
    mutant(
        APPROVAL,
        "a no of any slot stops it",
        "Decision.REJECT and _names_slots(each, asked)]",
        "Decision.REJECT]",
        *CORE,
    ),
    mutant(APPROVAL, "any slot will do", "if not _names_slots(each, asked):", "if False:", *CORE),
    mutant(APPROVAL, "one slot of two will do", "set(each.spec.slots) >= set", "set(each.spec.slots) & set", *CORE),
    mutant(
        APPROVAL,
        "any attempt will do",
        "(ref.name, ref.uid, each.spec.attempt) ==",
        "(ref.name, ref.uid, asked.digest) ==",
        *CORE,
    ),
    mutant(APPROVAL, "its predecessor's count", "(ref.name, ref.uid, each", "(ref.name, meta.uid, each", *CORE),
    mutant(APPROVAL, "it is never too late", "if each.made >= asked.expires else None", "if False else None", *CORE),
    mutant(
        APPROVAL,
        "a word of the second in which it ends counts",
        "each.made >= asked.exp",
        "each.made > asked.exp",
        *CORE,
    ),
    mutant(APPROVAL, "it ends within a second", "return at if not at.microsecond else ", "return at or ", *CORE),
    mutant(APPROVAL, "time never runs out", "if case.now >= asked.expires:", "if False:", *CORE),
    mutant(APPROVAL, "approved once, approved for ever", "case.asking.number, since.isoformat()]", "0]", *CORE),
    mutant(APPROVAL, "another registration will do", "[o.version, o.created, o.run,", "[o.version, o.run,", *CORE),
    mutant(APPROVAL, "another holder will do", "(case.version, *holders))", "(case.version,))", *CORE),
    mutant(
        APPROVAL,
        "other gates will do",
        "_set(demand.requires), _set(demand.gates)]",
        "_set(demand.requires)]",
        *CORE,
    ),
    mutant(
        APPROVAL, "another mirror will do", 'snapshot.aliases.get(claim.spec.target.mirror_alias or "")', "None", *CORE
    ),
    mutant(APPROVAL, "somebody else may have asked", "        _requester(claim),\n", "", *CORE),
    mutant(APPROVAL, "a longer history voids it", '{"history_limit", "requires",', '{"requires",', *CORE),
    mutant(APPROVAL, "nobody can ask once more", "case.asking.request in (None, known.request)", "True", *CORE),
    mutant(APPROVAL, "a dry run asks people", "if case.claim.spec.dry_run:", "if False:", *CORE),
    mutant(APPROVAL, "people are asked first", "    if not ready:\n        return None\n", "", *CORE),
    mutant(FACTS, "people are asked about what is not qualified", "qualified=not self.unmet", "qualified=True", *CORE),
    mutant(
        RULES, "a pause forgets who has approved", "gates=gates, approval=status.approval\n", "gates=gates\n", *CORE
    ),
    mutant(RULES, "nobody knows who has approved", '"approved_by": by}', '"approved_by": []}', *CORE),
    mutant(
        RULES, "an old tag stays", "attempt.approved_by or APPROVED_BY in version.tags:", "attempt.approved_by:", *CORE
    ),
    mutant(
        CHECKLIST,
        "it is not looked at when time is over",
        "return window, expires, jobs",
        "return window, None, jobs",
        *CORE,
    ),
    mutant(
        STATUS,
        "an earlier approval counts in the condition",
        "(wish.gated, wish.version):",
        "(attempt.gated, attempt.to_version):",
        *CORE,
    ),
    mutant(SAID, "what the watch has brought is written on", "if not anew:", "if True:", PASSES),
    mutant(SAID, "what is being deleted counts", 'if obj["metadata"].get("deletionTimestamp"):', "if False:", PASSES),
    mutant(
        PASS,
        "it counts whatever the settings say",
        'settings.approvals == "Count"',
        'settings.approvals != "x"',
        PASSES,
    ),
    mutant(
        EVENTS, "an approval wakes nobody", '"about" if key.kind in DECISIONS', '"x" if key.kind in DECISIONS', PASSES
    ),
    mutant(
        PUBLISH,
        "nobody hears that it is asked for anew",
        "old.reason, _asked(before)) !=",
        "old.reason, _asked(after)) !=",
        PASSES,
    ),
    mutant(
        PUBLISH,
        "nobody hears of an approval",
        "        yield new\n    old, new = _condition(before, READY)",
        "        pass\n    old, new = _condition(before, READY)",
        PASSES,
    ),
)
