"""What follows for a claim from what the registry holds."""

from mutants.mutant import mutant

RULES, FACTS, ATTEMPT, WISH = "promotion/rules.py", "promotion/facts.py", "promotion/attempt.py", "promotion/wish.py"
PLAN, REQUIREMENTS, DECISION = "promotion/plan.py", "promotion/requirements.py", "promotion/decision.py"
CORE = ("promotion", "status", "reconcile")

MUTANTS = (
    mutant(RULES, "a suspended claim promotes", "if not facts.claim.spec.suspend:", "if True:", *CORE),
    mutant(RULES, "a dry run writes", "    dry_run,\n    closed,", "    closed,", *CORE),
    mutant(RULES, "requirements are not asked", "    unqualified,  # here", "    # here", *CORE),
    mutant(RULES, "drift is not reported", "    drifted,  # from", "    # from", *CORE),
    mutant(RULES, "other tags move a version back", "plan=Plan(tags=missing))", "plan=facts.left)", *CORE),
    mutant(RULES, "tags that are there are written again", "if version.tags.get(key) != value}", "}", *CORE),
    mutant(RULES, "a version that went on is dragged back", "    gone_onward,\n", "", *CORE),
    mutant(
        RULES, "going on is not remembered", "if done.onward_at and facts.version", "if False and facts.version", *CORE
    ),
    mutant(RULES, "a version that came back counts as gone on", 'update={"onward_at": None}', "update={}", *CORE),
    mutant(RULES, "a version in a higher stage opens an attempt", "    onward_already,\n", "", *CORE),
    mutant(RULES, "what is final is waited for", "Way.CHANGE: Step.REFUSE", "Way.CHANGE: Step.WAIT", *CORE),
    mutant(RULES, "a user's tag hides who promoted", "        **claim.spec.tags,\n        f", "        f", *CORE),
    mutant(RULES, "an adopted version has a moment of promotion", "is AttemptType.ADOPT:", "is None:", *CORE),
    mutant(RULES, "a version registered anew is the old one", "or facts.is_anew(done) or not", "or not", *CORE),
    mutant(
        FACTS, "an open attempt for another wish never ends", "return attempts.left_behind(", "return None and (", *CORE
    ),
    mutant(FACTS, "a settled claim asks for signatures", "and ready and facts.settled is None", "and ready", *CORE),
    mutant(
        FACTS,
        "a version that is not ready is asked for files",
        "wanted and ready and",
        "wanted and",
        *CORE,
    ),
    mutant(ATTEMPT, "an end is overwritten", "    if attempt.finished_at:\n        return attempt\n", "", *CORE),
    mutant(ATTEMPT, "the history repeats itself", " and a.number not in known]", "]", *CORE),
    mutant(ATTEMPT, "the history has no limit", "reverse=True)[:limit]", "reverse=True)", *CORE),
    mutant(
        ATTEMPT,
        "what was left behind was promoted",
        "PROMOTED if arrived else AttemptResult.SUPERSEDED",
        "PROMOTED",
        *CORE,
    ),
    mutant(
        ATTEMPT,
        "what arrived was superseded",
        "AttemptResult.PROMOTED if arrived else AttemptResult",
        "AttemptResult",
        *CORE,
    ),
    mutant(
        ATTEMPT,
        "trust goes by the number alone",
        " and attempt.registered_at in (None, registered_at(version))",
        "",
        *CORE,
    ),
    mutant(ATTEMPT, "numbers begin anew", "max(numbers, default=0) + 1", "1", *CORE),
    mutant(
        WISH,
        "Production has several holders",
        "_ONE_AT_A_TIME = (Stage.STAGING, Stage.PRODUCTION)",
        "_ONE_AT_A_TIME = (Stage.STAGING,)",
        *CORE,
    ),
    mutant(WISH, "an upgrade opens every attempt anew", " or not attempt.digest.startswith(_FORMULA)", "", *CORE),
    mutant(
        WISH,
        "a reassert is not heard",
        "attempt.finished_at is None or self.request in (None, attempt.request)",
        "True",
        *CORE,
    ),
    mutant(
        PLAN,
        "tags that are there are written",
        "for key, value in tags.items() if present.get(key) != value}",
        "for key, value in tags.items()}",
        *CORE,
    ),
    mutant(
        PLAN,
        "a race is won by archiving the winner",
        "if wish.version not in snapshot.holders(target):",
        "if False:",
        *CORE,
    ),
    mutant(
        PLAN,
        "the mirror stays behind",
        "for alias in (target.alias, target.mirror_alias)",
        "for alias in (target.alias,)",
        *CORE,
    ),
    mutant(
        PLAN, "aliases are written again", "if alias and snapshot.aliases.get(alias) != wish.version", "if alias", *CORE
    ),
    mutant(FACTS, "a pending version is promoted", "(*unregistered(self.version), *found)", "tuple(found)", *CORE),
    mutant(
        REQUIREMENTS,
        "a failed registration is waited for",
        'Unmet("RegistrationFailed", message, Way.CHANGE)',
        'Unmet("RegistrationFailed", message)',
        *CORE,
    ),
    mutant(
        FACTS,
        "a rollback has to pass the stage again",
        "attempts.held_before(self.claim, version) or version",
        "version",
        *CORE,
    ),
    mutant(
        FACTS,
        "a holder has to pass the stage again",
        " or version.version in self.holders",
        "",
        *CORE,
    ),
    mutant(REQUIREMENTS, "any value of a tag will do", "return tag.value in (None, value)", "return True", *CORE),
    mutant(
        REQUIREMENTS,
        "a wrong tag is waited for",
        'tag {words}", Way.CHANGE)',
        'tag {words}")',
        *CORE,
    ),
    mutant(DECISION, "an old look is taken for drift", "found.updated < written", "False", *CORE),
)
