"""The program of the preparation, as far as it needs no MLflow: what errors mean, how long is waited, what is told."""

from mutants.mutant import mutant

PROGRAM = "desired/preparation/program"
DATABASE, STORE = f"{PROGRAM}/database_errors.py", f"{PROGRAM}/store_errors.py"
PATIENCE, REPORT, CREDENTIALS = f"{PROGRAM}/patience.py", f"{PROGRAM}/report.py", f"{PROGRAM}/credentials.py"
JOB, LOGIN, URLS, AUTHORITIES = (
    "desired/preparation/job.py",
    "desired/external/login.py",
    "desired/external/urls.py",
    "desired/external/authorities.py",
)
TESTS = "desired/preparation"

MUTANTS = (
    mutant(
        "desired/preparation/program/authorities.py",
        "authorities are named for nothing",
        "if asking is None or os.environ",
        "if asking or os.environ",
        "desired/preparation/test_authorities.py",
    ),
    mutant(
        DATABASE,
        "half done is tried seven times",
        "_HALF = Answer(\n    Hopeless,",
        "_HALF = Answer(\n    Problem,",
        TESTS,
    ),
    mutant(DATABASE, "a schema that makes no sense is tried again", "_FAILED if undone else _HALF", "_FAILED", TESTS),
    mutant(DATABASE, "a removed column is no half", "1068, 1091, 1146, 1826", "1068, 1826", TESTS),
    mutant(DATABASE, "a wrong password is retried", "_LOGIN = Answer(Hopeless,", "_LOGIN = Answer(Problem,", TESTS),
    mutant(DATABASE, "a lock costs a try", "_LOCKED = Answer(\n    Passing,", "_LOCKED = Answer(\n    Problem,", TESTS),
    mutant(DATABASE, "a full disk is retried", "_FULL = Answer(Hopeless,", "_FULL = Answer(Problem,", TESTS),
    mutant(DATABASE, "whatever fails does not answer", "    if phase != CONNECT:\n", "    if False:\n", TESTS),
    mutant(
        DATABASE,
        "SQLite is told as PostgreSQL",
        "for pattern, answer in _OF_SQLITE if of_sqlite else _OF_LIBPQ:",
        "for pattern, answer in _OF_LIBPQ:",
        TESTS,
    ),
    mutant(
        DATABASE,
        "a refusal in another language is silence",
        "return _in_other_words(said[1], place) if said else _SILENT",
        "return _SILENT",
        TESTS,
    ),
    mutant(DATABASE, "the prefix of libpq is told", '.rpartition("FATAL: ")[2]', "", TESTS),
    mutant(STORE, "the outermost error is told", "in reversed(list(_chain(error))):", "in _chain(error):", TESTS),
    mutant(
        STORE,
        "a store that is away is final",
        'return Passing("StoreUnreachable", f"{uri} cannot be reached',
        'return Hopeless("StoreUnreachable", f"{uri} cannot be reached',
        TESTS,
    ),
    mutant(
        STORE,
        "missing credentials are final",
        'return Problem("CredentialsMissing", message)',
        'return Hopeless("CredentialsMissing", message)',
        TESTS,
    ),
    mutant(STORE, "what is slow to appear is a refusal", "    if code in _NOT_YET:\n", "    if False:\n", TESTS),
    mutant(
        STORE,
        "an error of S3's own is a refusal",
        "        return found\n    if status >= 500 or status == 429:",
        "        return found\n    if False:",
        TESTS,
    ),
    mutant(STORE, "a line end is not named", 'if found.reason != "StoreRefused" or not ends:', "if True:", TESTS),
    mutant(PATIENCE, "SIGTERM interrupts a migration", "        if not self._held:\n", "        if True:\n", TESTS),
    mutant(PATIENCE, "SIGTERM is not heard", "        if not self._held:\n", "        if False:\n", TESTS),
    mutant(
        PATIENCE,
        "who waits does not hear",
        "                if self.asked_to_end:\n",
        "                if False:\n",
        TESTS,
    ),
    mutant(
        PATIENCE, "waiting has no end", "                if now >= deadline:\n", "                if False:\n", TESTS
    ),
    mutant(
        PATIENCE,
        "nothing is waited for",
        "            except Passing as problem:\n",
        "            except Interrupted as problem:\n",
        TESTS,
    ),
    mutant(REPORT, "a report of any length", "LONGEST = 4096", "LONGEST = 40960", TESTS),
    mutant(REPORT, "odd bytes break the report", 'value.encode("utf-8", "replace").decode()', "value", TESTS),
    mutant(
        CREDENTIALS,
        "a password is told",
        '        text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")\n',
        "        pass\n",
        TESTS,
    ),
    mutant(CREDENTIALS, "a quoted password is told", '.replace(quote(secret, safe=""), "***")', "", TESTS),
    mutant(CREDENTIALS, "a trimmed password is told", "found | {secret.strip() for secret in found}", "found", TESTS),
    mutant(
        CREDENTIALS,
        "the URI's password has no line end",
        "if OF_DATABASE[URI] in variables.values() and",
        "if False and",
        TESTS,
    ),
    mutant(
        JOB, "a correction makes no other Job", "digest([template, fingerprint])", "digest([fingerprint])", "desired"
    ),
    mutant(
        JOB,
        "a selector is prepared anew",
        '{name: told.get(name) for name in ("image", "env", "envFrom")},',
        "rendered,",
        "desired",
    ),
    mutant(
        JOB,
        "another image is not prepared",
        'for name in ("image", "env", "envFrom")',
        'for name in ("env", "envFrom")',
        "desired",
    ),
    mutant(
        JOB,
        "a volume's user is not noticed",
        '[claims, rendered["securityContext"]] if claims',
        "[claims] if claims",
        "desired",
    ),
    mutant(JOB, "a terminal end is retried", "names.PREPARE: [TERMINAL_EXIT_CODE, ", "names.PREPARE: [", "desired"),
    mutant(
        LOGIN, "any Secret goes anywhere", "    if where.fits([glob", "    if True or where.fits([glob", "reconcile"
    ),
    mutant(
        LOGIN,
        "a token of several lines is sent",
        'if not re.fullmatch(r"[\\x21-\\x7e]+", token):',
        "if False:",
        "reconcile",
    ),
    mutant(LOGIN, "a line end is sent", '.decode().rstrip("\\r\\n")', ".decode()", "reconcile"),
    mutant(LOGIN, "a colon in a user name is sent", '    if ":" in username:\n', "    if False:\n", "reconcile"),
    mutant(URLS, "two spellings are two servers", 'found.path.rstrip("/")', "found.path", "desired"),
    mutant(URLS, "a default port is another server", "'' if where.port == _PORTS[scheme] else", "", "desired"),
    mutant(URLS, "a glob is for any port", "names = (self.host, str(self))", "names = (self.host,)", "desired"),
    mutant(
        AUTHORITIES,
        "anything is a certificate",
        "if any(not pem[key] for key in where.keys):",
        "if False:",
        "reconcile",
    ),
)
