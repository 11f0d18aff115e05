"""Bytes as they pass: measured, compressed, and never all at once in memory."""

import hashlib
from collections.abc import Iterable, Iterator

import zstandard

from mlflow_operator.backup.errors import Damaged

CHUNK = 1 << 20
"""Bytes that are read at once where a stream is cut by us."""
_LEVEL = 3
"""Of zstd: what it costs a core is less than what a disk or a network costs, and floats shrink little at any level."""


class Measured:
    """Passes bytes on, and knows afterwards how many they were, and their SHA-256."""

    def __init__(self, source: Iterable[bytes]) -> None:
        self._source = source
        self._hash = hashlib.sha256()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._source:
            self._hash.update(chunk)
            self.size += len(chunk)
            yield chunk

    @property
    def sha256(self) -> str:
        """Of what has passed until now, in hexadecimal."""
        return self._hash.hexdigest()


def checked(source: Iterable[bytes], sha256: str, what: str) -> Iterator[bytes]:
    """Pass bytes on, and raise at their end if they are not those of before.

    Raises:
        Damaged: Their checksum is another.
    """
    measured = Measured(source)
    yield from measured
    if measured.sha256 != sha256:
        raise Damaged(f"{what} has SHA-256 {measured.sha256}, not {sha256}; restore another backup")


def compressed(source: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes as one frame of zstd."""
    compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
    for chunk in source:
        if packed := compressor.compress(chunk):
            yield packed
    yield compressor.flush()


def decompressed(source: Iterable[bytes], what: str) -> Iterator[bytes]:
    """What was compressed.

    Raises:
        Damaged: It is no whole frame of zstd.
    """
    decompressor = zstandard.ZstdDecompressor().decompressobj()
    try:
        for chunk in source:
            if plain := decompressor.decompress(chunk):
                yield plain
    except zstandard.ZstdError as error:
        raise Damaged(f"{what} cannot be decompressed ({error}); restore another backup") from error
    if not decompressor.eof:
        raise Damaged(f"{what} ends too early; restore another backup")
