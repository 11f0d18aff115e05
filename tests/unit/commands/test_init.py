"""``mlflow-operator init``: what it says and which exit code it has, whatever the server does."""

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from mlflow_operator.commands import init
from unit.model_registry.serving import serving

Answers = Mapping[str, tuple[int, Mapping[str, Any]]]
NONE = (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such experiment"})
TAKEN = (400, {"error_code": "RESOURCE_ALREADY_EXISTS", "message": "it is there"})
DELETED = (200, {"experiment": {"experiment_id": "7", "lifecycle_stage": "deleted"}})
ACTIVE = (200, {"experiment": {"experiment_id": "7", "lifecycle_stage": "active"}})
Said = Callable[..., tuple[int, str, list[str]]]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """What the command ends with, says, and asks of a server that answers like this."""

    def run(answers: Answers, *words: str) -> tuple[int, str, list[str]]:
        asked: list[str] = []

        async def answer(request: web.Request) -> web.Response:
            what = request.path.rpartition("/")[2]
            asked.append(what)
            if what == "version":
                return web.Response(text="3.17.2\n")
            status, content = answers[what]
            return web.json_response(content, status=status)

        async def at_a_server() -> int:
            async with serving(answer) as url:
                return await asyncio.to_thread(init.main, ["--tracking-uri", url, *words])

        code = asyncio.run(at_a_server())
        out = capsys.readouterr()
        return code, out.out + out.err, asked

    return run


def test_without_a_word_it_makes_the_four_of_the_guide(said: Said) -> None:
    """Each is said, and the exit code is that of success."""
    code, text, asked = said({"get-by-name": NONE, "create": (200, {"experiment_id": "1"})})
    assert (code, asked.count("create")) == (0, 4)
    assert [line.split() for line in text.splitlines()] == [[name, "created"] for name in init.DEFAULT]


def test_what_is_there_stays_as_it_is(said: Said) -> None:
    """Run again, nothing is written."""
    code, text, asked = said({"get-by-name": ACTIVE}, "--init", "--experiment", "a", "--experiment", "a")
    assert (code, text.split(), asked) == (0, ["a", "exists"], ["get-by-name"])


def test_a_deleted_one_is_said_and_left(said: Said) -> None:
    """Somebody has deleted it, and nobody has asked for it back: exit code 1, and what would help."""
    code, text, asked = said({"get-by-name": DELETED}, "--experiment", "a")
    assert (code, "--restore" in text, asked) == (1, True, ["get-by-name"])


def test_a_deleted_one_comes_back_where_that_is_asked_for(said: Said) -> None:
    """With its runs."""
    code, text, asked = said({"get-by-name": DELETED, "restore": (200, {})}, "--experiment", "a", "--restore")
    assert (code, text.split(), asked[-1]) == (0, ["a", "restored"], "restore")


def test_who_is_slower_than_another_makes_none(said: Said) -> None:
    """Two that begin at once: MLflow refuses one of them, and it is there all the same."""
    code, text, asked = said({"get-by-name": NONE, "create": TAKEN}, "--experiment", "a", "-o", "json")
    assert (code, json.loads(text)) == (0, {"a": "exists"})
    assert asked == ["get-by-name", "create", "get-by-name"]


def test_one_that_is_refused_keeps_no_other_from_being_made(said: Said) -> None:
    """The others are made, and the exit code says that something is wrong."""
    refused = (400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "a name is too long"})
    code, text, asked = said({"get-by-name": NONE, "create": refused}, "--experiment", "a", "--experiment", "b")
    assert (code, asked.count("create")) == (1, 2)
    assert "a name is too long" in text


def test_names_may_stand_in_a_file(said: Said, tmp_path: Path) -> None:
    """One in a line; comments and empty lines are none."""
    file = tmp_path / "experiments.txt"
    file.write_text("# of the team\nfraud models\n\n  churn\n")
    code, text, _ = said({"get-by-name": ACTIVE}, "--file", str(file), "-o", "json")
    assert (code, json.loads(text)) == (0, {"fraud models": "exists", "churn": "exists"})


def test_a_server_that_does_not_let_in_is_another_code_than_one_that_is_not_there(said: Said) -> None:
    """1: somebody has to do something; 3: it may come back by itself."""
    code, text, _ = said({"get-by-name": (401, {})}, "--experiment", "a")
    assert (code, "does not know who asks" in text) == (1, True)
    assert init.main(["--tracking-uri", "http://127.0.0.1:9", "--timeout", "1"]) == 3


@pytest.mark.parametrize(("database", "code", "status"), [((200, {}), 0, "healthy"), ((503, {}), 1, "unhealthy")])
def test_a_health_check_asks_what_the_database_has_to_know(
    said: Said, database: tuple[int, Mapping[str, Any]], code: int, status: str
) -> None:
    """A server that answers for itself alone is not healthy."""
    found = said({"search": database}, "--health-check", "-o", "json", "--timeout", "2")
    assert (found[0], json.loads(found[1])["status"]) == (code, status)


@pytest.mark.parametrize(
    "words",
    [
        ["--init", "--health-check"],
        ["--file", "/nowhere"],
        ["--timeout", "0"],
        ["--timeout", "nan"],
        ["--tracking-uri", "ftp://x"],
    ],
)
def test_wrong_use_is_said_with_exit_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """As every program does."""
    with pytest.raises(SystemExit) as end:
        init.main(words)
    assert end.value.code == 2
    assert "usage: mlflow-operator init" in capsys.readouterr().err
