"""Large files of a model are compressed and come back as they were, and nothing in an archive is believed blindly."""

import json
import random
from pathlib import Path

import pytest
import zstandard

from mlflow_operator.model_registry.artifacts.compression import LIST, pack, unpack
from mlflow_operator.model_registry.artifacts.folders import MIB
from mlflow_operator.model_registry.errors import Invalid, StorageFull, Unavailable

WEIGHTS = b"0123456789abcdef" * (3 * MIB // 16)


def go_on() -> None:
    """A check that stops nothing."""


def room(wanted: int) -> None:
    """A disk with room for everything."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model with one large file that can be compressed, one that cannot, and a small one."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "weights.bin").write_bytes(WEIGHTS)
    (tmp_path / "noise.bin").write_bytes(random.Random(1).randbytes(2 * MIB))
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    return tmp_path


def content(folder: Path) -> dict[str, bytes]:
    """Every file by its path."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_model_comes_back_as_it_was(model: Path) -> None:
    """Every byte of every file, and no file more."""
    before = content(model)
    assert pack(model, go_on)
    assert content(model) != before
    unpack(model, room, go_on)
    assert content(model) == before


def test_only_what_is_large_and_gets_smaller_is_compressed(model: Path) -> None:
    """MLflow reads MLmodel, and what is noise would only take time."""
    pack(model, go_on)
    assert sorted(content(model)) == ["MLmodel", LIST, "data/weights.bin.zst", "noise.bin"]
    assert (model / "data" / "weights.bin.zst").stat().st_size < MIB


def test_a_small_model_stays_as_it_is(tmp_path: Path) -> None:
    """It has no list either."""
    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    assert not pack(tmp_path, go_on)
    assert sorted(content(tmp_path)) == ["MLmodel"]


def test_what_was_compressed_is_read_by_zstd_itself(model: Path) -> None:
    """So nobody needs this library to get a model back."""
    pack(model, go_on)
    packed = (model / "data" / "weights.bin.zst").read_bytes()
    assert zstandard.ZstdDecompressor().decompress(packed) == WEIGHTS


def listing(folder: Path, files: object, form: str = "zstd") -> None:
    """Write a list as somebody else may."""
    (folder / LIST).write_text(json.dumps({"format": form, "files": files}))


@pytest.mark.parametrize("name", ["../outside", "/outside", "data/../../outside", "", "link/outside", "a\\..\\b"])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing is written outside of the folder, over a link neither."""
    folder = tmp_path / "model"
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "outside.zst").write_bytes(zstandard.compress(b"x"))
    listing(folder, {name: 1})
    with pytest.raises(Invalid, match="leads out of their folder"):
        unpack(folder, room, go_on)
    assert sorted(content(tmp_path / "elsewhere")) == ["outside.zst"]


@pytest.mark.parametrize("said", [len(WEIGHTS) - 1, len(WEIGHTS) + 1, 0])
def test_a_file_is_never_larger_than_the_list_says(tmp_path: Path, said: int) -> None:
    """A bomb stops at the size that there was room for; and a file that is too short is damaged."""
    (tmp_path / "bomb.zst").write_bytes(zstandard.compress(WEIGHTS))
    listing(tmp_path, {"bomb": said})
    with pytest.raises(Invalid, match=f"{LIST} says {said}"):
        unpack(tmp_path, room, go_on)
    assert (tmp_path / "bomb").stat().st_size <= said


def test_room_is_asked_for_before_anything_is_unpacked(tmp_path: Path) -> None:
    """By what the list says."""
    (tmp_path / "bomb.zst").write_bytes(zstandard.compress(b"x"))
    listing(tmp_path, {"bomb": 2**50})

    def none(wanted: int) -> None:
        raise StorageFull(f"{wanted} bytes")

    with pytest.raises(StorageFull, match=str(2**50)):
        unpack(tmp_path, none, go_on)
    assert not (tmp_path / "bomb").exists()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"format": "zstd"}', '{"format": "zstd", "files": []}', '{"format": "lz4", "files": {}}',
     '{"format": "zstd", "files": {"a": "1"}}', '{"format": "zstd", "files": {"a": -1}}', "[" * 100_000],
)  # fmt: skip
def test_a_list_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    """With a sentence, whatever it holds."""
    (tmp_path / LIST).write_text(text)
    with pytest.raises(Invalid, match=LIST):
        unpack(tmp_path, room, go_on)


@pytest.mark.parametrize("damage", ["flipped", "cut", "no zstd"])
def test_a_damaged_file_is_noticed(model: Path, damage: str) -> None:
    """By zstd's checksum, or by its length."""
    pack(model, go_on)
    packed = model / "data" / "weights.bin.zst"
    raw = bytearray(packed.read_bytes())
    if damage == "flipped":
        raw[-1] ^= 1  # of the checksum, which is at the end
    harmed = {"flipped": bytes(raw), "cut": bytes(raw[:-20]), "no zstd": b"plain"}
    packed.write_bytes(harmed[damage])
    with pytest.raises(Invalid, match=r"damaged|where compressed.json says"):
        unpack(model, room, go_on)


def test_who_gives_up_stops_it(model: Path) -> None:
    """At its next piece."""

    def stop() -> None:
        raise Unavailable("nobody waits")

    with pytest.raises(Unavailable):
        pack(model, stop)
