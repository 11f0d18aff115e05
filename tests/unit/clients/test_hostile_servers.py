"""Whoever answers at a URL that somebody has written can take neither the process's memory nor its time."""

import asyncio
import gzip
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from mlflow_operator.clients.mlflow import paging
from mlflow_operator.clients.mlflow.registry import Access, Mlflow, Registry
from mlflow_operator.engine.workers import DEADLINE
from mlflow_operator.errors import RegistryUnavailable

TIMEOUT = 1.0
MIB = 2**20

Pieces = Iterator[bytes] | AsyncIterator[bytes]


def head(*lines: str, status: str = "200 OK") -> bytes:
    """The beginning of an answer that ends with the connection."""
    return "\r\n".join((f"HTTP/1.1 {status}", "Connection: close", *lines, "", "")).encode()


def forever(piece: bytes) -> Iterator[bytes]:
    """An answer without an end."""
    yield head()
    while True:
        yield piece


def bomb(status: str = "200 OK") -> Iterator[bytes]:
    """A MiB that becomes a quarter of a GiB."""
    return iter([head("Content-Encoding: gzip", status=status), gzip.compress(bytes(256 * MIB), compresslevel=1)])


async def drip() -> AsyncIterator[bytes]:
    """A byte now and then, so that there is never a pause to give up in."""
    yield head()
    while True:
        yield b" "
        await asyncio.sleep(TIMEOUT / 10)


def endless_head() -> Iterator[bytes]:
    """Headers without an end."""
    yield b"HTTP/1.1 200 OK\r\n"
    for number in count():
        yield b"X-%d: %s\r\n" % (number, b"x" * 1000)


def body(text: bytes) -> Iterator[bytes]:
    """A whole answer."""
    yield head()
    yield text


@asynccontextmanager
async def serving(answers: Iterator[Pieces], patience: float = TIMEOUT) -> AsyncIterator[Registry]:
    """A client whose server says these, one after the other."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            pieces = next(answers)
            if isinstance(pieces, AsyncIterator):
                async for piece in pieces:
                    await _write(writer, piece)
            else:
                for piece in pieces:
                    await _write(writer, piece)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, or the test
        finally:
            writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1") as server, Mlflow(timeout=patience) as mlflow:
        port = server.sockets[0].getsockname()[1]
        yield mlflow.at(Access(f"http://127.0.0.1:{port}"))
        server.close()


async def _write(writer: asyncio.StreamWriter, piece: bytes) -> None:
    writer.write(piece)
    await writer.drain()


def peak() -> int:
    """The most memory that the process had since ``forget_peak``, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024


def forget_peak() -> int:
    """Begin to count anew; what is used now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


HOSTILE: dict[str, tuple[Callable[[], Pieces], str]] = {
    "a body without an end": (lambda: forever(b"x" * 65536), "AnswerTooLarge"),
    "a body without an end, of one member": (lambda: forever(b'{"model_versions": [' + b" " * 65536), "AnswerTooLarge"),
    "a gzip bomb": (bomb, "AnswerCompressed"),
    "a gzip bomb for an error": (lambda: bomb("500 Internal Server Error"), "RegistryUnavailable"),
    "a drip": (drip, "RegistryUnavailable"),
    "headers without an end": (endless_head, "RegistryUnavailable"),
    "many small values": (lambda: body(b'{"model_versions":[' + b"{}," * (3 * MIB) + b"{}]}"), "AnswerTooLarge"),
    "deep JSON": (lambda: body(b'{"model_versions":' + b"[" * 900_000), "NotMLflow"),
    "a number without an end": (lambda: body(b'{"model_versions": [{"version": %s}]}' % (b"9" * MIB)), "NotMLflow"),
    "a version that is infinite": (lambda: body(b'{"model_versions": [{"version": 1e999}]}'), "NotMLflow"),
}


@pytest.mark.parametrize(("pieces", "reason"), HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_answer_costs_little(pieces: Callable[[], Pieces], reason: str) -> None:
    """It ends in an error by name, in little more than the timeout, with less memory than the pod's limit leaves."""
    async with serving(iter([pieces()])) as registry:
        before, started = forget_peak(), time.monotonic()
        with pytest.raises(RegistryUnavailable) as caught:
            await registry.snapshot("fraud", aliases=False)
        assert caught.value.reason == reason
        assert time.monotonic() - started < TIMEOUT + 4
        assert peak() - before < 160 * MIB


def page(token: str, filling: int = 0) -> bytes:
    """A page of versions that has another one after it."""
    return json.dumps(
        {"model_versions": [], "registered_models": [], "next_page_token": token, "x": "x" * filling}
    ).encode()


ENDLESS = {
    "10,000 pages": ((page(str(n)) for n in range(10_000)), "AnswerTooLarge", 101),
    "the same page": ((page("again") for _ in count()), "PageRepeated", 3),
    "two pages in turn": ((page(str(n % 2)) for n in count()), "PageRepeated", 4),
    "large pages": ((page(str(n), 20 * MIB) for n in count()), "AnswerTooLarge", 5),
    "a token that is none": ((b'{"next_page_token": {"a": 1}}' for _ in count()), "PageRepeated", 2),
}


@pytest.mark.parametrize(("texts", "reason", "most"), ENDLESS.values(), ids=ENDLESS)
async def test_a_list_that_does_not_end_is_not_followed(texts: Iterator[bytes], reason: str, most: int) -> None:
    """After a hundred pages, 64 MiB, or a page that was there before."""
    asked = count()
    answers = (body(text) for text in texts if next(asked) >= 0)
    # Each page is whole; a busy machine takes its time with 20 MiB.
    async with serving(answers, patience=30) as registry:
        with pytest.raises(RegistryUnavailable) as caught:
            await registry.snapshot("fraud", aliases=False)
    assert caught.value.reason == reason
    assert next(asked) <= most


async def test_a_slow_list_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each page comes within the timeout, and all of them take too long."""

    async def slow(number: int) -> AsyncIterator[bytes]:
        await asyncio.sleep(TIMEOUT / 5)
        for piece in body(page(str(number))):
            yield piece

    monkeypatch.setattr(paging, "_SECONDS", TIMEOUT)
    async with serving(slow(number) for number in count()) as registry:
        started = time.monotonic()
        with pytest.raises(RegistryUnavailable) as caught:
            await registry.survey()
    assert caught.value.reason == "ListTooSlow"
    assert time.monotonic() - started < 3 * TIMEOUT


def test_a_slow_list_is_named_before_its_pass_is_given_up() -> None:
    """The reason is that of the registry, and not that something took too long."""
    assert paging._SECONDS < DEADLINE
