"""Large files of a model, compressed one by one with zstd beside a list of what they were.

    model.pkl        is left out
    model.pkl.zst    takes its place; zstd's own checksum is in it
    compressed.json  {"format": "zstd", "files": {"model.pkl": 524288000}}: bytes before

Without this library: ``unzstd --rm`` on each ``.zst`` makes the folder what it was.
"""

import json
from pathlib import Path
from typing import Any

from mlflow_operator.model_registry.artifacts import folders
from mlflow_operator.model_registry.artifacts.folders import MIB, Reserve
from mlflow_operator.model_registry.artifacts.progress import Bar
from mlflow_operator.model_registry.artifacts.server import Check
from mlflow_operator.model_registry.errors import Invalid, MissingExtra

FORMAT = "zstd"
TAG = "mlflow-operator.compressed"
"""Of the run; its value is the format."""
LIST = "compressed.json"
_ENDING = ".zst"
_LEAST = MIB
"""Smaller files stay as they are: MLflow and people read them."""
_WORTH = 0.95
_CHUNK = MIB
_LARGEST_WINDOW = 128 * MIB


def library() -> Any:
    """The package zstandard.

    Raises:
        MissingExtra: It is not installed.
    """
    try:
        import zstandard  # noqa: PLC0415 - of an extra
    except ImportError:
        hint = 'pip install "mlflow-operator[registry]"'
        raise MissingExtra(f"compressed models need the package zstandard, which is not installed: {hint}") from None
    return zstandard


def pack(folder: Path, check: Check) -> bool:
    """Compress what is large in a folder; whether anything was."""
    zstandard, before = library(), dict[str, int]()
    large = {name: size for name, size in folders.sizes(folder).items() if size >= _LEAST}
    with Bar("compress", sum(large.values())) as bar:
        for name, size in large.items():
            path = folder / name
            smaller = path.with_name(path.name + _ENDING)
            compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
            with path.open("rb") as plain, compressor.stream_writer(smaller.open("xb"), size=size) as writer:
                while chunk := plain.read(_CHUNK):
                    check()
                    writer.write(chunk)
                    bar.add(len(chunk))
            worth = smaller.stat().st_size < size * _WORTH
            (path if worth else smaller).unlink()
            if worth:
                before[name] = size
    if before:
        (folder / LIST).write_text(json.dumps({"format": FORMAT, "files": before}, indent=1) + "\n")
    return bool(before)


def unpack(folder: Path, reserve: Reserve, check: Check) -> None:
    """Make a folder what it was before; one that nobody compressed stays as it is.

    Raises:
        Invalid: The list is none of ours, or a file is not what the list says.
        StorageFull: There is no room for what the list says.
    """
    listed = folder / LIST
    if not listed.exists():
        return
    before = _files(listed)
    reserve(sum(before.values()))
    with Bar("decompress", sum(before.values())) as bar:
        for name, size in before.items():
            plain = folders.inside(folder, name)
            packed = folders.inside(folder, name + _ENDING)
            if plain.exists() or not packed.is_file():
                raise Invalid(f"{LIST} names {name}, of which there is not one compressed file alone; log it again")
            _unpack(packed, plain, size, bar, check)
            packed.unlink()
    listed.unlink()


def _files(listed: Path) -> dict[str, int]:
    try:
        found = json.loads(listed.read_text())
        files: dict[str, int] = found["files"]
        sound = found["format"] == FORMAT and all(isinstance(n, int) and n >= 0 for n in files.values())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        sound = False
    if not sound:
        raise Invalid(f"the model has a {LIST} that is no list of files compressed with {FORMAT}; log the model again")
    return files


def _unpack(packed: Path, plain: Path, size: int, bar: Bar, check: Check) -> None:
    """Decompress one file; never more than the list says, whatever is in it."""
    zstandard = library()
    written = 0
    try:
        with packed.open("rb") as source, plain.open("xb") as target:
            reader = zstandard.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).stream_reader(source)
            while chunk := reader.read(min(_CHUNK, size + 1 - written)):
                check()
                written += len(chunk)
                if written > size:
                    break
                target.write(chunk)
                bar.add(len(chunk))
    except zstandard.ZstdError as error:
        raise Invalid(f"{packed.name} is damaged, or was not made by zstd: {error}; log the model again") from None
    if written != size:
        many = "more" if written > size else f"{written}"
        raise Invalid(f"{packed.name} has {many} bytes where {LIST} says {size}; log the model again")
