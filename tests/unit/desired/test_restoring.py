"""What comes before the preparation of a server that begins with a backup."""

from typing import Any

from mlflow_operator import desired
from mlflow_operator.status.preparation import Preparation, restored
from mlflow_operator.status.preparations import ends_before
from unit.desired.servers import EXISTING, MANAGED, SQLITE, inputs, prepared, server

BEGINS: dict[str, Any] = {"bootstrap": {"restore": {"from": {"s3": {"bucket": "backups"}}}}}


def preparation(spec: dict[str, Any]) -> dict[str, Any]:
    """The Job."""
    wanted = server(spec)
    (job,) = [obj for obj in desired.build(wanted, inputs(wanted)).objects if obj["kind"] == "Job"]
    return job


def containers(spec: dict[str, Any]) -> list[str]:
    """Those before it, in their order."""
    pod = preparation(spec)["spec"]["template"]["spec"]
    return [container["name"] for container in pod.get("initContainers", [])]


def test_a_backup_is_restored_before_anything_is_prepared() -> None:
    """And after what the spec has for pods; into a bucket that is made first where it is the operator's to make."""
    proxy = {"initContainers": [{"name": "proxy", "restartPolicy": "Always"}]}
    assert containers(EXISTING) == []
    assert containers(SQLITE | BEGINS) == ["restore"]
    assert containers(EXISTING | BEGINS | proxy) == ["proxy", "restore"]
    assert containers(MANAGED | BEGINS) == ["make-bucket", "restore"]


def test_only_the_artifact_store_is_prepared_before_a_restore() -> None:
    """A database with tables would not be restored into."""
    maker, _ = preparation(MANAGED | BEGINS)["spec"]["template"]["spec"]["initContainers"]
    assert {"name": "PREPARE_ONLY", "value": "artifacts"} in maker["env"]


def test_a_server_that_was_prepared_is_not_prepared_again_for_the_field() -> None:
    """To take it out of Git later changes nothing of what runs."""
    first, then = prepared(server(MANAGED | BEGINS)), prepared(server(MANAGED))
    assert first.stores == then.stores


def pod(**messages: str) -> dict[str, Any]:
    """A pod whose containers before the preparation have failed with these words."""
    statuses = [
        {"name": name.replace("_", "-"), "state": {"terminated": {"exitCode": 1, "message": message}}}
        for name, message in messages.items()
    ]
    return {"status": {"initContainerStatuses": statuses}}


def test_why_a_backup_was_not_restored_is_told() -> None:
    """In the words of the program, as what is wrong with the database; what may pass is waited for."""
    words = '{"ok": false, "reason": "NotEmpty", "message": "the database has 71 tables"}'
    (end,) = ends_before(pod(restore=words, proxy="x"))
    found = Preparation.not_restored(end["message"])
    assert found
    assert (found.database.ok, found.database.reason, found.database.terminal) == (False, "NotEmpty", True)
    assert found.database.message == "the backup of spec.bootstrap was not restored: the database has 71 tables"
    passing = Preparation.not_restored(words.replace("NotEmpty", "StoreUnreachable"))
    assert passing
    assert not passing.database.terminal
    assert [Preparation.not_restored(text) for text in ("", "Traceback", '{"ok": true}', '["a"]', '{"parts": []}')] == [
        None,
        *(None, None, None, None),
    ]


def test_which_backup_was_restored_is_known() -> None:
    """As its container says."""
    assert restored('{"ok": true, "restored": "20260304T050607Z-9a7b8f"}') == "20260304T050607Z-9a7b8f"
    assert [restored(text) for text in ("", '{"ok": false}', '{"restored": 7}')] == [None, None, None]
