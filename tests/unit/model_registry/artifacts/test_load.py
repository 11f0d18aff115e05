"""A model is loaded once, from where it is nearest; whatever goes wrong is said in time, and nothing of it is kept."""

import asyncio
import gc
import time
from pathlib import Path

import pytest

from mlflow_operator.model_registry.artifacts import Artifacts
from mlflow_operator.model_registry.connection import Connection
from mlflow_operator.model_registry.errors import (
    Invalid,
    NotFound,
    PermissionDenied,
    RegistryError,
    StorageFull,
    Unavailable,
)
from unit.model_registry.artifacts.shelf import ARTIFACTS, ROOT, SOURCE, Shelf, version

WEIGHTS = f"{ROOT}/model.pkl"
HTML = "<!doctype html><title>sign in</title>"


def downloads(server: Shelf) -> int:
    """How often the weights were asked for."""
    return server.calls.count(f"GET {ARTIFACTS}/{WEIGHTS}")


def found(folder: Path, pattern: str) -> list[Path]:
    """Files of that name, without the locks."""
    return [path for path in folder.glob(pattern) if path.is_file() and path.parent.name != "locks"]


@pytest.mark.parametrize("source", [SOURCE, "runs:/r1/model", "models:/m-1", "models:/fraud/1"])
async def test_every_address_that_mlflow_registers_leads_to_the_model(server: Shelf, source: str) -> None:
    """Of a store, of a run, of MLflow 3's logged models, and of a version that was copied."""
    artifacts = server.artifacts()
    assert list((await artifacts.load(version(source=source))).predict([[0.0], [3.0]])) == [0, 1]


async def test_however_many_ask_there_is_one_download_and_one_model(server: Shelf) -> None:
    """And later none at all."""
    artifacts = server.artifacts()
    models = await asyncio.gather(*(artifacts.load(version()) for _ in range(50)))
    models.append(await artifacts.load(version()))
    assert len({id(model) for model in models}) == 1
    assert downloads(server) == 1


async def test_another_process_finds_it_on_the_disk(server: Shelf, tmp_path: Path) -> None:
    """Which has nothing in memory, and a server that is gone."""
    await server.artifacts(tmp_path).load(version())
    server.refuses["/"] = (500, "")
    assert list((await server.artifacts(tmp_path).load(version())).predict([[3.0]])) == [1]


async def test_a_number_that_is_given_again_is_another_version(server: Shelf, tmp_path: Path) -> None:
    """MLflow gives the number of a deleted version again; what was kept of the old one is not taken for it."""
    artifacts, first = server.artifacts(tmp_path), version()
    await artifacts.load(first)
    await artifacts.load(type(first)(first.name, first.version, "r1", first.source, first.created + 1))
    assert downloads(server) == 2


async def test_the_files_of_a_model_stay_as_long_as_the_model(server: Shelf, tmp_path: Path) -> None:
    """It may read them later; and when it is gone, so may they."""
    artifacts = Artifacts(Connection(server.url), memory_bytes=0, disk=tmp_path, disk_bytes=0)
    model = await artifacts.load(version())
    assert found(tmp_path, "incoming/*/files/MLmodel")
    del model
    for _ in range(100):
        gc.collect()
        if not found(tmp_path, "incoming/**/*"):
            break
        await asyncio.sleep(0.02)  # until the thread has ended, which had it last
    assert found(tmp_path, "incoming/**/*") == []


async def test_a_model_can_be_had_in_mlflows_general_form(server: Shelf) -> None:
    """Beside the one that it was logged as; and not as what it is not."""
    artifacts = server.artifacts()
    assert type(await artifacts.load(version(), flavor="pyfunc")).__name__ == "PyFuncModel"
    assert type(await artifacts.load(version())).__name__ == "LogisticRegression"
    with pytest.raises(NotFound, match="is no xgboost; it is there as python_function, sklearn"):
        await artifacts.load(version(), flavor="xgboost")


@pytest.mark.parametrize("on_disk", [True, False])
async def test_a_connection_that_is_cut_leaves_nothing(server: Shelf, tmp_path: Path, on_disk: bool) -> None:
    """Half a file is no file, and the next one who asks gets a whole one."""
    artifacts = server.artifacts(tmp_path if on_disk else None)
    server.cut = f"{ROOT}/data/more.bin"
    with pytest.raises(Unavailable, match="broke off"):
        await artifacts.load(version())
    assert found(tmp_path, "**/*") == []
    server.cut = ""
    assert list((await artifacts.load(version())).predict([[0.0]])) == [0]


async def test_a_server_that_hangs_costs_no_more_than_the_deadline(server: Shelf) -> None:
    """Whatever it is asked; and others are served meanwhile."""
    server.hangs = "model.pkl"
    artifacts, begun = server.artifacts(), time.monotonic()
    with pytest.raises(Unavailable, match=r"fraud version 1 was not loaded within 1 s"):
        await artifacts.load(version(), timeout=1)
    assert time.monotonic() - begun < 2
    await artifacts.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [((401, "who"), PermissionDenied), ((403, "no"), PermissionDenied), ((500, HTML), Unavailable),
     ((200, HTML), Unavailable), ((302, HTML), Unavailable), ((404, HTML), Unavailable)],
)  # fmt: skip
async def test_what_the_server_says_is_an_error_of_ours(
    server: Shelf, answer: tuple[int, str], error: type[RegistryError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages of a proxy or of a login among them; and nobody reads a password in it."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", "0")
    server.refuses["artifacts"] = answer
    with pytest.raises(error) as caught:
        await server.artifacts(authorization="Bearer s3cret-token").load(version())
    assert "s3cret" not in str(caught.value)


async def test_the_login_goes_with_every_request(server: Shelf) -> None:
    """Of metadata and of files."""
    server.refuses["model.pkl"] = (401, "")
    with pytest.raises(PermissionDenied, match="it does not know who asks"):
        await server.artifacts(authorization="Basic abc").load(version())


@pytest.mark.parametrize("name", ["../../outside", "a/../../../outside"])
async def test_a_name_that_leads_elsewhere_is_not_written(server: Shelf, tmp_path: Path, name: str) -> None:
    """A server that lists such a file is not followed."""
    server.files = {f"{ROOT}/{name}": b"harm"}
    with pytest.raises(RegistryError):
        await server.artifacts(tmp_path / "cache").load(version())
    assert found(tmp_path, "**/outside") == []


async def test_more_or_less_than_was_said_is_not_believed(server: Shelf) -> None:
    """A file that changed meanwhile, or a proxy that cut it off."""
    server.sizes[WEIGHTS] = 5
    with pytest.raises(Unavailable, match=r"of model.pkl, and had said 5"):
        await server.artifacts().load(version())


async def test_what_the_disk_has_no_room_for_is_not_downloaded(server: Shelf, tmp_path: Path) -> None:
    """It is known by the list."""
    server.sizes[WEIGHTS] = 2**60
    with pytest.raises(StorageFull, match="MiB free"):
        await server.artifacts(tmp_path).load(version())
    assert downloads(server) == 0


async def test_a_version_without_artifacts_is_not_found(server: Shelf) -> None:
    """And the message says which."""
    server.files.clear()
    with pytest.raises(NotFound, match="model fraud version 1 has no artifacts"):
        await server.artifacts().load(version())


async def test_a_model_that_is_damaged_is_not_kept(server: Shelf, tmp_path: Path) -> None:
    """What its library says goes into the message."""
    whole, server.files[WEIGHTS] = server.files[WEIGHTS], b"no pickle at all"
    artifacts = server.artifacts(tmp_path)
    with pytest.raises(Invalid, match=r"fraud version 1 cannot be loaded: UnpicklingError"):
        await artifacts.load(version())
    server.files[WEIGHTS] = whole


async def test_nobody_else_waits_for_the_event_loop(server: Shelf) -> None:
    """Loading happens beside it: what else is to be done is done within a tenth of a second."""
    artifacts, longest = server.artifacts(), 0.0
    await artifacts.load(version(9))  # imports are paid for
    loading = asyncio.ensure_future(asyncio.gather(*(artifacts.load(version(number)) for number in range(8))))
    while not loading.done():
        before = time.monotonic()
        await asyncio.sleep(0.001)
        longest = max(longest, time.monotonic() - before)
    await loading
    assert longest < 0.5


async def test_numbers_that_make_no_sense_are_refused() -> None:
    """When it is made, not when it is used."""
    with pytest.raises(Invalid, match="at least 0"):
        Artifacts(Connection("http://mlflow"), memory_bytes=-1, disk=None, disk_bytes=0)
