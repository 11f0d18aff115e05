"""Words are found wherever they are, and told by their names alone."""

import io
import tarfile
from pathlib import Path

import pytest

from cluster.host.errors import ClusterError
from cluster.leaks.search import search

WORDS = {b"second:Pa@ss%word": "people, trainer", b"an other w\xffrd": "store, password"}


def test_each_file_with_a_word_is_found(tmp_path: Path) -> None:
    """Between other things, in what is no text too, and once however often it is there."""
    (tmp_path / "log").write_bytes(b"started\nthe password is second:Pa@ss%word\nsecond:Pa@ss%word again\n")
    (tmp_path / "binary").write_bytes(bytes(range(256)) + b"an other w\xffrd" + bytes(1000))
    (tmp_path / "fine").write_bytes(b"the password is another one\n")
    files = sorted(tmp_path.iterdir())
    assert list(search(WORDS, files)) == [
        (tmp_path / "binary", "store, password"),
        (tmp_path / "log", "people, trainer"),
    ]


def test_a_layer_of_an_image_is_looked_into(tmp_path: Path) -> None:
    """Archives of images are not compressed."""
    layer = io.BytesIO()
    for target, name, content in ((layer, "etc/settings", b"password=second:Pa@ss%word\n"),):
        with tarfile.open(fileobj=target, mode="w") as archive:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    with tarfile.open(tmp_path / "image.tar", "w") as image:
        entry = tarfile.TarInfo("layer.tar")
        entry.size = len(layer.getvalue())
        image.addfile(entry, io.BytesIO(layer.getvalue()))
    assert list(search(WORDS, [tmp_path / "image.tar"])) == [(tmp_path / "image.tar", "people, trainer")]


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    """And nothing goes wrong where there is nothing to look for, or nowhere."""
    (tmp_path / "fine").write_text("all is well\n")
    assert list(search(WORDS, [tmp_path / "fine"])) == []
    assert list(search({}, [tmp_path / "fine"])) == []
    assert list(search(WORDS, [])) == []


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A look that missed something is no look; the words are not in what is said."""
    with pytest.raises(ClusterError, match="missing") as error:
        list(search(WORDS, [tmp_path / "missing"]))
    assert "Pa@ss" not in str(error.value)
