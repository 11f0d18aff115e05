"""The receiver that the documentation shows does what the page says of it."""

import base64
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest

from cluster.host import ports
from mlflow_operator.clients.webhooks import signatures
from mlflow_operator.promotion.facts import Facts
from mlflow_operator.promotion.webhooks.answers import Answer, read
from unit.documentation import DOCS, snippets
from unit.promotion.claims import NOW, claim
from unit.promotion.gates.measured import models

SECRET = f"whsec_{base64.b64encode(bytes(range(32))).decode()}"
_LONGEST = 25
"""Lines that somebody reads before copying them."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The example, running."""
    (text,) = snippets(DOCS / "webhooks.md", "python")
    assert len(text.strip().splitlines()) <= _LONGEST
    program: Path = tmp_path_factory.mktemp("example") / "receiver.py"
    program.write_text(text)
    port = ports.free(1)[0]
    env = {**os.environ, "WEBHOOK_KEY": SECRET, "PORT": str(port)}
    running = subprocess.Popen([sys.executable, program], env=env, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        running.kill()
        running.wait()


async def send(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """What it answers; it may have to start first."""
    async with aiohttp.ClientSession() as session:
        for _ in range(100):
            try:
                async with session.post(url, data=body, headers=headers) as answer:
                    return Answer(answer.status, await answer.read())
            except aiohttp.ClientConnectionError:
                time.sleep(0.1)  # noqa: ASYNC251 - nothing else runs
    raise AssertionError("it does not listen")


def question(model: str = "fraud") -> tuple[bytes, str]:
    """A message as the operator makes it, and its id."""
    made = claim(
        model=model, gates={"webhooks": [{"name": "cab", "type": "Confirm", "url": "https://cab.example.com"}]}
    )
    (inquiry,) = Facts(made, models(v7="Staging"), NOW).inquiries
    return inquiry.message.body, inquiry.message.id


async def test_it_answers_what_is_signed(url: str) -> None:
    """As the operator reads it."""
    for model, result in (("fraud", "Passed"), ("frozen", "Failed")):
        body, id_ = question(model)
        told = signatures.headers(id_, int(time.time()), body, signatures.keys(SECRET))
        reply = read(await send(url, body, told))
        assert (reply.result, reply.message) == (result, "no freeze today")


async def test_it_refuses_what_is_not_signed_changed_or_old(url: str) -> None:
    """Nobody else can speak for the operator, or say again what it has said."""
    body, id_ = question()
    now, key = int(time.time()), signatures.keys(SECRET)
    other = signatures.keys(f"whsec_{base64.b64encode(bytes(32)).decode()}")
    for told, sent in (
        (signatures.headers(id_, now, body, ()), body),
        (signatures.headers(id_, now, body, other), body),
        (signatures.headers(id_, now, body, key), body.replace(b'"7"', b'"8"')),
        (signatures.headers(id_, now - 301, body, key), body),
    ):
        assert (await send(url, sent, told)).status == 401
