"""What logins cost a request: with the cache that servers get, beside MLflow's default, which has none."""

from bench.report import Row, percentile
from bench.stage import Stage
from integration.stores.secured import ADMIN, TRAINER, Person, Secured

MODEL = "asked-for"
WARM_UP = 20
"""Requests before the first that counts: each worker process has to have seen each login."""
QUESTION = f"model-versions/get?name={MODEL}&version=1"
GOAL = 20
"""Milliseconds."""
WHO = {"an administrator": Person(*ADMIN), "another user": Person(*TRAINER)}


def of_requests(stage: Stage, count: int) -> list[Row]:
    """One question to servers with and without the cache in turn, so that noise meets both."""
    user = {"name": TRAINER[0], "passwordSecretRef": {"name": "people", "key": TRAINER[0]}}
    servers = {
        ttl: Secured(stage.folder / f"logins-{ttl}", stage.postgres, {"cacheTTL": ttl, "users": [user]})
        for ttl in ("60s", "0s")
    }
    try:
        urls = {ttl: _begun(server) for ttl, server in servers.items()}
        found: dict[tuple[str, str], list[float]] = {}
        for number in range(WARM_UP + count):
            for ttl, url in urls.items():
                for who, person in WHO.items():
                    answer = person.asks(url, QUESTION)
                    assert answer.status == 200, answer
                    if number >= WARM_UP:
                        found.setdefault((ttl, who), []).append(answer.seconds * 1000)
    finally:
        for server in servers.values():
            server.stop()
    return [_row(who, found["60s", who], found["0s", who]) for who in WHO]


def _begun(server: Secured) -> str:
    """The URL of a server that runs, with the model."""
    server.folder.mkdir()
    prepared = server.prepare()
    assert prepared["end"]["code"] == 0, prepared
    url, admin = server.start(), Person(*ADMIN)
    admin.asks(url, "registered-models/create", {"name": MODEL})
    admin.asks(url, "model-versions/create", {"name": MODEL, "source": "s3://elsewhere/model"})
    return url


def _row(who: str, cached: list[float], plain: list[float]) -> Row:
    said, default = (f"{percentile(found, 50):.0f} / {percentile(found, 95):.0f} ms" for found in (cached, plain))
    name = f"a version is asked for by {who}, with logins, p50 / p95 (n={len(cached)})"
    beside = f"MLflow's default, without the cache: {default}; goal {GOAL} ms"
    return Row(name, said, beside, cached, {"default": plain})
