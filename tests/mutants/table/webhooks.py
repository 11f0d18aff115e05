"""Who is asked elsewhere, what counts as an answer, and where the operator never goes."""

from mutants.mutant import mutant

GATE, ANSWERS, FACTS = "promotion/gates/webhooks.py", "promotion/webhooks/answers.py", "promotion/facts.py"
CHECKLIST, CASE = "promotion/gates/checklist.py", "promotion/gates/case.py"
ADDRESSES, CLIENT = "clients/webhooks/addresses.py", "clients/webhooks/calls.py"
SIGNATURES = "clients/webhooks/signatures.py"
ASKING, SENDING, TRIES = "reconcile/evidence/webhooks.py", "reconcile/webhooks.py", "reconcile/tries.py"
LANES, PASS, COLLECT = "reconcile/lanes.py", "reconcile/promotions/promotion.py", "reconcile/evidence/collect.py"
TELLING, DELIVERY = "promotion/webhooks/telling.py", "reconcile/promotions/telling.py"
STATUS, WISH = "status/promotion.py", "promotion/wish.py"
TELL = ("promotion/test_telling.py", "reconcile/gates/test_telling.py")
CORE = ("promotion/gates/test_webhooks.py", "promotion/gates/test_gate_properties.py")
PASSES, CALLS, SIGNED = (
    "reconcile/gates/test_webhooks.py",
    "clients/test_webhook_client.py",
    "clients/test_signatures.py",
)

MUTANTS = (
    mutant(
        CHECKLIST,
        "webhooks are not asked",
        "webhook) for webhook in demand.gates.confirmations)",
        "webhook) for webhook in ())",
        *CORE,
    ),
    mutant(GATE, "a yes to another attempt counts", ", case.asking.number]).encode", "]).encode", *CORE),
    mutant(GATE, "a yes to another claim counts", "[of, case.claim.metadata.uid, ", "[of, ", *CORE),
    mutant(
        GATE,
        "a yes against another holder counts",
        "Origin.of(replaced) if replaced else None",
        "None",
        *CORE,
    ),
    mutant(
        GATE,
        "a place that is not allowed is waited for",
        'None if reply.is_allowed else "WebhookNotAllowed"',
        "None",
        *CORE,
    ),
    mutant(
        ANSWERS,
        "a refusal with the right body lets pass",
        "200 <= self.status < 300",
        "200 <= self.status < 500",
        *CORE,
    ),
    mutant(
        ANSWERS,
        "what is said reaches the terminal",
        "letter if letter.isprintable() else",
        "letter if True else",
        *CORE,
    ),
    mutant(
        ANSWERS,
        "a receiver is asked without a pause",
        "min(max(float(wait), _SHORTEST), _LATEST)",
        "float(wait)",
        *CORE,
    ),
    mutant(
        FACTS,
        "people are asked about what is refused anyway",
        " or self.unmet or self.checklist.is_blocked_here",
        "",
        *CORE,
    ),
    mutant(CASE, "what another process has heard is written on", "if case.evidence.anew:", "if False:", *CORE),
    mutant(CASE, "a restart forgets who waits", "or entry.observed is not None", "", *CORE, PASSES),
    mutant(
        CHECKLIST,
        "a yes that was taken back counts",
        "_result(asked, outcome) if webhooks.is_asked(case, webhook) else _measured",
        "_measured",
        *CORE,
    ),
    mutant(ADDRESSES, "a private address is public", "each.is_global and not", "not", CALLS),
    mutant(ADDRESSES, "groups are public", " and not each.is_multicast", "", CALLS),
    mutant(
        ADDRESSES,
        "a private address within another one is public",
        "yield from (each for each in (found.ipv4",
        "(each for each in (found.ipv4",
        CALLS,
    ),
    mutant(ADDRESSES, "the address is not looked at", "if not is_public(str(address[0])):", "if False:", CALLS),
    mutant(CLIENT, "wildcards name hosts", 'if re.search("[A-Za-z0-9]", _PORT.sub("", glob)) or', "if True or", CALLS),
    mutant(
        CLIENT,
        "hosts that are not named are called",
        "if self._hosts and not where.fits(self._hosts):",
        "if False:",
        CALLS,
    ),
    mutant(CLIENT, "http is private", 'if scheme != "https" and not named:', "if False:", CALLS),
    mutant(
        CLIENT,
        "a proxy is asked for what is private",
        "(proxied and not named and _is_private(where.host))",
        "False",
        CALLS,
    ),
    mutant(CLIENT, "redirects are followed", "allow_redirects=False", "allow_redirects=True", CALLS),
    mutant(CLIENT, "a certificate is not looked at", "ssl=self._tls,", "ssl=False,", CALLS),
    mutant(
        CLIENT,
        "an answer has any length",
        "body += piece[: _BODY + 1 - len(body)]",
        "body += piece",
        CALLS,
        accepted="a piece is as large as the socket's buffer, and no more is read after it",
    ),
    mutant(CLIENT, "a proxy that is not understood is passed by", "proxy=proxy,", "proxy=None,", CALLS),
    mutant(CLIENT, "who does not lead calls", "        self._guard()\n", "", CALLS),
    mutant(SIGNATURES, "the time is not signed", 'f"{id_}.{at}.".encode()', 'f"{id_}.".encode()', SIGNED),
    mutant(SIGNATURES, "the id is not signed", 'f"{id_}.{at}.".encode()', 'f"{at}.".encode()', SIGNED),
    mutant(SIGNATURES, "a short key will do", "if not _SHORTEST <= len(key) <= _LONGEST:", "if False:", SIGNED),
    mutant(
        SENDING,
        "what cannot be signed is sent",
        "return Unanswered(str(error))",
        "keys = ()",
        "reconcile/gates/test_signing.py",
    ),
    mutant(ASKING, "an old yes is written on", "within=_VALID if anew else math.inf", "within=math.inf", PASSES),
    mutant(
        ASKING,
        "a no is never asked again",
        "_POSITIVE if reply.result is GateResult.PASSED else reply.after or _NEGATIVE",
        "math.inf",
        PASSES,
    ),
    mutant(ASKING, "nobody hears of an answer", "        world.queue.add(owner)\n", "        pass\n", PASSES),
    mutant(ASKING, "Retry-After is not heard", "least=reply.after or 0.0", "least=0.0", PASSES),
    mutant(TRIES, "who does not answer is asked each time", "2.0 ** min(failures, 16)", "1.0", PASSES),
    mutant(LANES, "slow webhooks hold up an MLflow", "if key.kind in (INQUIRY, MESSAGES):", "if False:", PASSES),
    mutant(
        PASS,
        "what has been found since the intent is lost",
        " and decision.gates in (None, tuple(status.gates))",
        "",
        PASSES,
    ),
    mutant(COLLECT, "who may not write asks", "or rival(world, key):", "or False:", "reconcile/test_conflicts.py"),
    mutant(TELLING, "nobody hears of an end", "if attempt.number not in known and", "if False and", *TELL),
    mutant(TELLING, "an end is told at each look", "attempt.number not in known and", "True and", *TELL),
    mutant(TELLING, "who wants the end alone hears everything", "hook.type is WebhookType.EVENT or", "True or", *TELL),
    mutant(TELLING, "a stop is told at each look", "and not _is_known(claim, decision)", "", *TELL),
    mutant(TELLING, "a plan is told", "and not claim.spec.dry_run", "", *TELL),
    mutant(TELLING, "what nobody has tried is given up", "    if not error:\n        return entry", "", *TELL),
    mutant(TELLING, "nothing is ever given up", "now - entry.at >= GIVE_UP", "False", *TELL),
    mutant(TELLING, "a status has no end", "*new][-_MOST:]", "*new]", *TELL),
    mutant(
        TELLING,
        "what was taken is told again",
        'for entry in known if reports.get(entry.id) != ""]',
        "for entry in known]",
        *TELL,
    ),
    mutant(
        DELIVERY,
        "what was taken stays in the status",
        "        world.queue.add(owner)\n",
        "        pass\n",
        "reconcile/gates/test_telling.py",
    ),
    mutant(
        DELIVERY,
        "a refusal is taken for granted",
        "isinstance(answer, Answer) and answer.is_success",
        "isinstance(answer, Answer)",
        "reconcile/gates/test_telling.py",
    ),
    mutant(DELIVERY, "a pass tells without an end", "entries[:_AT_ONCE]", "entries", "reconcile/gates/test_telling.py"),
    mutant(
        DELIVERY,
        "what is left after a restart is not told",
        "if world.mail.due(ids, world.now()):",
        "if False:",
        "reconcile/gates/test_telling.py",
    ),
    mutant(
        STATUS,
        "an outage says it again",
        "untold = telling.left(claim, now, reports)",
        "untold = claim.status.untold",
        *TELL,
    ),
    mutant(WISH, "who is only told is a gate", '"webhooks": gates.confirmations', '"webhooks": gates.webhooks', *TELL),
)
