"""What goes over the wire to MLflow, and what is taken from it."""

from mutants.mutant import mutant

TRANSPORT, REGISTRY, LINE = "clients/transport.py", "clients/mlflow/registry.py", "clients/line.py"
ANSWERS, PAGING, REFUSALS = "clients/mlflow/answers.py", "clients/mlflow/paging.py", "clients/mlflow/refusals.py"
OVER_HTTP = (
    "clients/test_registry_client.py",
    "clients/test_refusals.py",
    "clients/test_odd_answers.py",
    "clients/test_hostile_servers.py",
)
HANGING = ("clients/test_hanging.py",)

MUTANTS = (
    mutant(
        "clients/guarded.py",
        "who was frozen while it connected writes",
        "                guard()\n",
        "                pass\n",
        "clients/test_registry_client.py",
    ),
    mutant(TRANSPORT, "redirects are followed", "allow_redirects=False", "allow_redirects=True", *OVER_HTTP),
    mutant(TRANSPORT, "credentials are shown", "{self.workspace!r})", "{self.headers!r})", *OVER_HTTP),
    mutant(TRANSPORT, "who does not lead writes to MLflow", 'if method != "GET":', "if False:", *OVER_HTTP),
    mutant(
        TRANSPORT, "a body without end is read", "await _first(answer, limit + 1)", "await answer.read()", *OVER_HTTP
    ),
    mutant(
        TRANSPORT, "a body one byte too long passes", "if len(body) > limit:", "if len(body) > limit + 1:", *OVER_HTTP
    ),
    mutant(TRANSPORT, "what is compressed is taken", "self._check_encoding(answer)", "pass", *OVER_HTTP),
    mutant(TRANSPORT, "nobody hears that credentials are refused", "self._denied()", "pass", *OVER_HTTP),
    mutant(REGISTRY, "cookies are kept", "cookie_jar=aiohttp.DummyCookieJar()", "cookie_jar=None", *OVER_HTTP),
    mutant(REGISTRY, "gzip is unpacked", "auto_decompress=False", "auto_decompress=True", *OVER_HTTP),
    mutant(
        "clients/mlflow/filters.py", "names are always in single quotes", 'if "\'" not in name:', "if True:", *OVER_HTTP
    ),
    mutant("clients/mlflow/filters.py", "names have one kind of quote", "if '\"' not in name:", "if True:", *OVER_HTTP),
    mutant(ANSWERS, "any page is an MLmodel file", "if not members.keys() & _MODEL_MEMBERS:", "if False:", *OVER_HTTP),
    mutant(ANSWERS, "an empty signature is one", 'not in ("null", "~")', 'not in ("~",)', *OVER_HTTP),
    mutant(ANSWERS, "JSON of any number of values", "> _VALUES:", "> _VALUES * 1000:", *OVER_HTTP),
    mutant(ANSWERS, "JSON of any depth", "except (ValueError, RecursionError)", "except ValueError", *OVER_HTTP),
    mutant(ANSWERS, "a version needs no number", "if number < 1:", "if False:", *OVER_HTTP),
    mutant(PAGING, "a page may come again", " or token in seen:", ":", *OVER_HTTP),
    mutant(PAGING, "pages without end", "for _ in range(_PAGES):", "while True:", *OVER_HTTP),
    mutant(PAGING, "pages of any size in sum", "if size > _BYTES:", "if False:", *OVER_HTTP),
    mutant(
        PAGING,
        "any object is an empty list",
        "if page and not page.keys() &",
        "if False and not page.keys() &",
        *OVER_HTTP,
    ),
    mutant(PAGING, "a list of any duration", "_SECONDS = 60.0", "_SECONDS = 6000.0", *OVER_HTTP),
    mutant(REFUSALS, "a 503 is final", "in (408, 429) or status >= 500:", "in (408, 429):", *OVER_HTTP),
    mutant(REFUSALS, "a 429 is final", "in (408, 429) or status >= 500:", ">= 500:", *OVER_HTTP),
    mutant(REFUSALS, "Retry-After is not heard", 'after=wait(headers.get("Retry-After", ""))', "after=0.0", *OVER_HTTP),
    mutant(REFUSALS, "a server is left alone for a year", "min(float(text), _LONGEST_WAIT)", "float(text)", *OVER_HTTP),
    mutant(
        REFUSALS,
        "a 401 is final",
        '{hint}", maybe_passing=True)\n    if status < 400',
        '{hint}")\n    if status < 400',
        *OVER_HTTP,
    ),
    mutant(
        REFUSALS, "a redirect's query is shown", "{port}{found.path}", "{port}{found.path}?{found.query}", *OVER_HTTP
    ),
    mutant(REFUSALS, "a message of any length", '"message") or "")[:_LONGEST]', '"message") or "")', *OVER_HTTP),
    mutant(LINE, "several ask a server that hangs", "if tried or _now()", "if _now()", *HANGING),
    mutant(LINE, "no rest between two tries", "if tried or _now() < silence.until:", "if tried:", *HANGING),
    mutant(LINE, "one slow list silences a server", "_WHOLE = 2", "_WHOLE = 1", *HANGING),
    mutant(LINE, "a server is never silent as a whole", "_WHOLE = 2", "_WHOLE = 2000", *HANGING),
    mutant(LINE, "silences are remembered for ever", "_FORGOTTEN = 60", "_FORGOTTEN = 60_000_000", *HANGING),
    mutant(LINE, "an answer does not break the silence", "self._unanswered.clear()", "pass", *HANGING),
    mutant(
        "clients/webhooks/addresses.py",
        "metadata addresses are asked",
        'ip_network("169.254.0.0/16"), ',
        "",
        *OVER_HTTP,
    ),
    mutant(
        "clients/webhooks/addresses.py",
        "a metadata address as IPv6 is asked",
        'getattr(found, "ipv4_mapped", None) or found',
        "found",
        *OVER_HTTP,
    ),
)
