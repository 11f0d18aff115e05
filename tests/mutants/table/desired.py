"""What should exist for a server, and whether it does."""

from mutants.mutant import mutant

DIFFERENCE, REFERENCES, NEEDS = "desired/difference.py", "desired/references.py", "desired/needs.py"
PREPARE_JOB, INPUTS = "desired/preparation/job.py", "desired/inputs.py"

MUTANTS = (
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
        REFERENCES,
        "generated Secrets have to be there first",
        "optional=reference.name in own)",
        "optional=False)",
        "desired",
    ),
    mutant(
        REFERENCES,
        "env is not followed",
        "yield from _sources(variable.value_from or {}, _ENV_SOURCES)",
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
