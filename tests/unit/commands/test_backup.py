"""``mlflow-operator backup``: what it says, what it reports, and which exit code it has."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mlflow_operator.commands import backup


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a server's files, in which one is, and nothing in the environment."""
    with closing(sqlite3.connect(tmp_path / "mlflow.db")) as connection:
        connection.executescript("CREATE TABLE runs (name TEXT); INSERT INTO runs VALUES ('first'), ('second');")
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "model.bin").write_bytes(b"model")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BACKUP_REPORT", str(tmp_path / "report"))
    monkeypatch.setenv("BACKUP_PLACE", "backups")
    return tmp_path


FILES = ("--database", "sqlite:///mlflow.db", "--artifacts", "mlruns")
NEW = ("--database", "sqlite:///new/mlflow.db", "--artifacts", "new/mlruns")


def report(here: Path) -> dict[str, Any]:
    """What it reports to who started it."""
    found: dict[str, Any] = json.loads((here / "report").read_text())
    return found


def test_the_way_of_a_backup(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Made, listed, verified, restored: each says which one it is about."""
    assert backup.main(["make", *FILES]) == 0
    name, *told = capsys.readouterr().out.split()
    assert told[:4] == ["2", "rows,", "1", "artifacts,"]
    assert {key: report(here)[key] for key in ("ok", "name", "rows", "artifacts", "removed")} == {
        "ok": True,
        "name": name,
        "rows": 2,
        "artifacts": 1,
        "removed": 0,
    }
    assert backup.main(["list"]) == 0
    assert capsys.readouterr().out.startswith(f"{name}  2 rows")
    assert backup.main(["list", "-o", "json"]) == 0
    assert [one["name"] for one in json.loads(capsys.readouterr().out)["backups"]] == [name]
    assert (backup.main(["verify"]), backup.main(["verify", "--quick", name])) == (0, 0)
    assert backup.main(["restore", *NEW]) == 0
    assert capsys.readouterr().out.endswith(f"{name}  restored\n")
    assert (here / "new" / "mlruns" / "model.bin").read_bytes() == b"model"


def test_too_many_go(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Those that are removed are named."""
    for _ in range(2):
        backup.main(["make", *FILES])
    first = capsys.readouterr().out.split()[0]
    assert backup.main(["make", *FILES, "--keep-last", "2", "--max-age", "720h"]) == 0
    assert f"removed {first}\n" in capsys.readouterr().out
    assert report(here)["removed"] == 1


def test_what_nobody_foresaw_shows_no_more_than_where_it_was(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its text may hold anything; and however long a message is, the report is whole."""

    def fails(*_: object) -> None:
        raise ValueError(word)

    word = "a-word-of-a-login"
    with monkeypatch.context() as patched:
        patched.setattr("mlflow_operator.backup.writing.make", fails)
        assert (backup.main(["make", *FILES]), report(here)["reason"]) == (3, "InternalError")
    assert word not in capsys.readouterr().err + (here / "report").read_text()
    (here / "file").write_text("")
    assert (backup.main(["list", "--place", "file/below"]), report(here)["reason"]) == (3, "StoreUnreachable")
    assert backup.main(["make", "--database", f"sqlite:///{'/'.join(['ü' * 100] * 9)}"]) == 1
    assert len((here / "report").read_bytes()) < 4096


def test_a_server_is_restored_once(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked again, even of a place that is gone, it is left alone; one with other data is refused."""
    backup.main(["make", *FILES])
    name = capsys.readouterr().out.split()[0]
    assert backup.main(["restore", "--once", *NEW]) == 0
    assert report(here)["restored"] == name
    backup.main(["make", *FILES])
    assert backup.main(["restore", "--once", *NEW]) == 0
    assert (report(here)["restored"], backup.main(["restore", *NEW])) == (name, 1)
    assert backup.main(["restore", "--once", "--place", "nowhere", *NEW]) == 0
    assert (backup.main(["restore", "--once", *FILES]), report(here)["reason"]) == (1, "NotEmpty")


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["restore", *FILES], 1, "NotEmpty"),
        (["restore", "20260101T000000Z-000000", *NEW], 1, "NoBackup"),
        (["restore", "--database", "postgresql://127.0.0.1:1/mlflow"], 1, "OtherKind"),
        (["make", "--database", "postgresql://127.0.0.1:1/mlflow"], 3, "DatabaseUnreachable"),
        (["make", "--database", "postgresql://[::1/mlflow"], 1, "InvalidUri"),
        (["make", "--database", "mysql+pymysql://db/mlflow"], 1, "UnsupportedDatabase"),
        (["make", "--database", "sqlite:///nothing.db"], 1, "DatabaseMissing"),
        (["make", *FILES, "--place", "mlruns/backups"], 1, "PlaceAmongArtifacts"),
        (["make", *FILES[:2], "--artifacts", "ftp://somewhere"], 1, "InvalidPlace"),
    ],
)
def test_what_is_refused_has_a_reason(here: Path, words: list[str], code: int, reason: str) -> None:
    """And a code that says whether another try may help."""
    assert backup.main(["make", *FILES]) == 0
    assert (backup.main(words), report(here)["reason"]) == (code, reason)


def test_a_store_that_does_not_answer_is_worth_another_try(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the address, and without what opens it."""
    monkeypatch.setattr("mlflow_operator.backup.places._TRIES", {"max_retries": 0})
    for name, value in (("ENDPOINT", "http://127.0.0.1:1"), ("ACCESS_KEY_ID", "nobody"), ("SECRET_ACCESS_KEY", "word")):
        monkeypatch.setenv(f"BACKUP_PLACE_{name}", value)
    assert backup.main(["list", "--place", "s3://mlflow/team"]) == 3
    assert report(here)["reason"] == "StoreUnreachable"
    assert report(here)["message"].startswith("s3://mlflow/team could not be used")
    assert "word" not in report(here)["message"]


@pytest.mark.parametrize("words", [["make"], ["make", *FILES, "--max-age", "30d"], ["verify", "--deep"], []])
def test_wrong_use_is_told(here: Path, words: list[str]) -> None:
    """As everywhere, with 2."""
    with pytest.raises(SystemExit) as ended:
        backup.main(words)
    assert ended.value.code == 2
