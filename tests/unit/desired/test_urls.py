"""One server has one URL, whatever its spelling, and what is no URL of a server is none."""

import pytest

from mlflow_operator.desired.external import urls


def spelling(url: str) -> str:
    """The URL as its server is known."""
    return urls.spelt(*urls.parts(url))


SAME = {
    "as it is": ("https://mlflow.example.com", "https://mlflow.example.com"),
    "case": ("HTTPS://MLflow.Example.COM/Team", "https://mlflow.example.com/Team"),
    "default port": ("https://a:443/x", "https://a/x"),
    "default port of http": ("http://a:80", "http://a"),
    "another's default port": ("http://a:443", "http://a:443"),
    "slashes": ("http://a:5000/x//", "http://a:5000/x"),
    "absolute name": ("http://a.example.com.:5000", "http://a.example.com:5000"),
    "IPv6": ("http://[FE::1]:80/", "http://[fe::1]"),
}


@pytest.mark.parametrize(("given", "wanted"), SAME.values(), ids=SAME)
def test_one_server_has_one_spelling(given: str, wanted: str) -> None:
    """Lanes, locks and caches are found by it; saying it twice changes nothing."""
    assert spelling(given) == wanted == spelling(wanted)


REFUSED = {
    "no scheme": "mlflow.example.com",
    "another scheme": "file:///etc/passwd",
    "no host": "http://",
    "no host but a path": "http:///x",
    "no host but a port": "http://:80/",
    "a query": "http://a/?x=",
    "a fragment": "http://a/latest#",
    "a login": "http://me:secret@a",
    "a login without password": "http://me@a",
    "a backslash": "http://a\\@b",
    "a space": "http://a b",
    "a line end": "http://a\n",
    "a control character": "http://a/\x00",
    "port 0": "http://a:0",
    "a port beyond": "http://a:99999",
    "a port that is none": "http://a:x",
    "brackets around nothing": "http://[]",
    "brackets around a name": "http://[abc.def]",
    "no letters of ours": "http://bücher.example",
    "nothing": "",
}


@pytest.mark.parametrize("url", REFUSED.values(), ids=REFUSED)
def test_what_is_no_url_of_a_server_is_refused(url: str) -> None:
    """With a sentence that says what to write, and nothing of what was written, which may hold a password."""
    with pytest.raises(ValueError, match=r"^write a") as caught:
        urls.parts(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "host", "port"), [("https://A/x", "a", 443), ("http://a:5000", "a", 5000), ("http://[::1]", "::1", 80)]
)
def test_an_address_is_host_and_port(url: str, host: str, port: int) -> None:
    """What connections are made to, and what a Secret is offered for."""
    _, address, _ = urls.parts(url)
    assert address == (host, port)


@pytest.mark.parametrize(
    ("globs", "fits"),
    [
        (["*.example.com"], True),
        (["ml.example.com:8443"], True),
        (["ml.example.com:443"], False),
        (["ml.*.org"], False),
    ],
)
def test_a_host_is_allowed_by_itself_or_with_its_port(globs: list[str], fits: bool) -> None:
    """A glob of a host is for any port, and one with a port for that one alone."""
    _, address, _ = urls.parts("https://ml.example.com:8443/x")
    assert address.fits(globs) is fits
