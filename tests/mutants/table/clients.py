"""What goes over the wire."""

from mutants.mutant import mutant

REGISTRY = "clients/registry.py"
OVER_HTTP = ("test_registry_client.py", "test_odd_answers.py", "test_hanging.py")

MUTANTS = (
    mutant(REGISTRY, "redirects are followed", "allow_redirects=False", "allow_redirects=True", *OVER_HTTP),
    mutant(REGISTRY, "cookies are kept", "cookie_jar=aiohttp.DummyCookieJar()", "cookie_jar=None", *OVER_HTTP),
    mutant(
        REGISTRY,
        "names are always in single quotes",
        """return f'"{name}"' if "'" in name else""",
        "return",
        *OVER_HTTP,
    ),
    mutant(
        REGISTRY, "a 503 is final", "if status in (408, 429) or status >= 500:", "if status in (408, 429):", *OVER_HTTP
    ),
    mutant(REGISTRY, "a 429 is final", "if status in (408, 429) or status >= 500:", "if status >= 500:", *OVER_HTTP),
    mutant(
        REGISTRY,
        "credentials are shown",
        'return f"Access(url={self.url!r})"',
        'return f"Access(url={self.url!r}, headers={self.headers!r})"',
        *OVER_HTTP,
    ),
)
