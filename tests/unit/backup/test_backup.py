"""Backups of a server on files."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import zstandard

from mlflow_operator.backup import catalogue, checking, pruning, restoring
from mlflow_operator.backup.errors import Damaged, Refused
from mlflow_operator.backup.manifest import MARK, Manifest
from mlflow_operator.backup.places import Place, place
from mlflow_operator.backup.retention import Retention
from unit.backup.sample import ARTIFACTS, NOW, Sample


def restore(of: Manifest, where: Place, to: Sample) -> bool:
    """Into another server."""
    source = to.source()
    return restoring.restore(of, where, source.databases, source.artifacts)


def files(where: Place) -> set[str]:
    """Names of all that a place has."""
    return {thing.name for thing in where.things()}


def test_what_is_restored_is_what_was_there(server: Sample, empty: Sample, to: Place) -> None:
    """Every row, and every byte of every artifact, and nothing beside."""
    made = server.back_up(to)
    assert restore(made, to, empty)
    assert empty.contents() == server.contents()
    assert not restore(made, to, empty), "once more changes nothing"


def test_a_backup_says_what_it_is_of(server: Sample, to: Place) -> None:
    """Whose, when, which release and schema, how much: without reading it."""
    made = server.back_up(to)
    assert catalogue.find(to).whole == (made,)
    database = made.databases[0]
    assert (made.server.namespace, made.server.name, made.server.version) == ("team", "mlflow", "3.17.2")
    assert (database.rows, database.revisions) == (
        {"alembic_version": 1, "runs": 500},
        {"alembic_version": "dc11669786a5"},
    )
    assert made.artifacts
    assert (made.artifacts.count, made.artifacts.size) == (4, sum(map(len, ARTIFACTS.values())))


def test_what_has_not_changed_is_not_copied_again(server: Sample, empty: Sample, to: Place) -> None:
    """The second backup has one new artifact and one that was written anew, and is as whole as the first."""
    server.back_up(to)
    server.put("2/data.bin", b"another")
    server.put("3/new.bin", b"new")
    (server.artifacts / "1/a/empty").unlink()
    made = server.back_up(to)
    assert made.artifacts
    assert (made.artifacts.count, made.artifacts.new) == (4, 2)
    restore(made, to, empty)
    assert empty.contents() == server.contents()


def test_bytes_that_somebody_has_removed_are_copied_again(server: Sample, to: Place) -> None:
    """What the last backup says counts only as far as it is there."""
    server.back_up(to)
    to.remove([thing.name for thing in to.things("blobs")][:2])
    made = server.back_up(to)
    assert made.artifacts
    assert made.artifacts.new == 2
    assert checking.broken(to, made) == []


def another(content: bytes) -> bytes:
    """The same but for one bit, and not one of those that mean nothing, such as some in the header of a frame."""
    half = len(content) // 2
    changed = (content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :] for place in range(half, 2 * half))
    return next(found for found in changed if plain(found) != plain(content))


def plain(content: bytes) -> bytes | None:
    """What was compressed; None where that cannot be told."""
    try:
        return zstandard.ZstdDecompressor().decompressobj().decompress(content)
    except zstandard.ZstdError:
        return None


@pytest.mark.parametrize("how", ["gone", "shorter", "other"])
@pytest.mark.parametrize("part", ["tracking.sqlite.zst", "artifacts.zst", "blobs"])
def test_a_damaged_backup_is_found_and_not_restored(
    server: Sample, empty: Sample, to: Place, part: str, how: str
) -> None:
    """A file is gone, shorter or has another byte: it is said which, and a server gets nothing that is wrong."""
    made = server.back_up(to)
    file = Path(to.uri) / max(thing.name for thing in to.things() if part in thing.name)
    content = file.read_bytes()
    file.unlink() if how == "gone" else file.write_bytes(another(content) if how == "other" else content[:-1])
    at_a_glance = how != "other" or part == "artifacts.zst"
    assert bool(checking.lacking(to, made)) is at_a_glance
    assert checking.broken(to, made)
    with pytest.raises(Damaged):
        restore(made, to, empty)
    assert not empty.database.exists()
    assert not (at_a_glance and list(place(str(empty.artifacts)).things())), "nothing is begun"


def test_it_is_restored_into_a_server_without_data_alone(server: Sample, empty: Sample, to: Place) -> None:
    """A database that is there, or an artifact, is left as it is, and said."""
    made = server.back_up(to)
    with pytest.raises(Refused, match=r"NotEmpty.*mlflow\.db exists"):
        restore(made, to, server)
    empty.put("9/theirs.txt", b"x")
    with pytest.raises(Refused, match=r"NotEmpty.*1 artifacts \(9/theirs.txt\)"):
        restore(made, to, empty)
    assert not empty.database.exists()
    assert [thing.name for thing in place(str(empty.artifacts)).things()] == ["9/theirs.txt"]


def test_another_backup_does_not_go_on_with_the_first_ones_artifacts(server: Sample, empty: Sample, to: Place) -> None:
    """A restore that was cut off goes on with its own backup alone."""
    first = server.back_up(to)
    second = server.back_up(to)
    empty.put(MARK, first.name.encode())
    empty.put("1/a/model.pkl", b"half")
    with pytest.raises(Refused, match="NotEmpty"):
        restore(second, to, empty)
    assert restore(first, to, empty)
    assert empty.contents() == server.contents()


def test_a_mark_that_was_left_is_no_artifact(server: Sample, empty: Sample, to: Place) -> None:
    """A restore that ended with the database: the next takes the mark away, and no backup has it."""
    made = server.back_up(to)
    restore(made, to, empty)
    empty.put(MARK, made.name.encode())
    again = empty.back_up(to)
    assert again.artifacts
    assert again.artifacts.count == len(ARTIFACTS)
    assert not restore(made, to, empty)
    assert empty.contents() == server.contents()


def test_writers_go_on_while_a_copy_is_made(server: Sample, to: Place) -> None:
    """A transaction that is open is not in the copy, and the copy is of one moment."""
    with closing(sqlite3.connect(server.database)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO runs VALUES ('not yet')")
        made = server.back_up(to)
        connection.commit()
    assert made.databases[0].rows["runs"] == 500


def test_backups_are_named_by_time_and_the_latest_is_chosen(server: Sample, to: Place) -> None:
    """By its name, or as the latest; one that is not there is named with those that are."""
    first, second = server.back_up(to), server.back_up(to)
    assert catalogue.choose(to, "latest") == second
    assert catalogue.choose(to, first.name) == first
    with pytest.raises(Refused, match=f"no whole backup mine; the latest it has: {first.name}, {second.name}"):
        catalogue.choose(to, "mine")


def test_old_backups_go_with_what_only_they_have(server: Sample, empty: Sample, to: Place) -> None:
    """Of three the last two stay; bytes go that neither of them has."""
    made = []
    for number in range(3):
        server.put("2/data.bin", bytes([number]) * 100)
        made.append(server.back_up(to))
    before = files(to)
    assert pruning.prune(to, Retention(keep_last=2), made[-1], server.moment) == [made[0].name]
    gone = before - files(to)
    assert sum(name.startswith("blobs/") for name in gone) == 1
    assert catalogue.find(to).whole == tuple(made[1:])
    for one in made[1:]:
        assert checking.broken(to, one) == []


def test_the_last_good_backup_is_never_removed(server: Sample, to: Place) -> None:
    """However old it is, and whatever others with other servers' data there are."""
    made = server.back_up(to)
    server.back_up(to, uid="another")
    later = server.moment + timedelta(days=400)
    assert pruning.prune(to, Retention(keep_last=1, max_age=timedelta(days=1)), made, later) == []
    assert checking.broken(to, made) == []


def test_a_server_that_was_made_anew_leaves_the_backups_of_the_first(server: Sample, to: Place) -> None:
    """They are what it may want to be restored from."""
    old = [server.back_up(to) for _ in range(3)]
    new = [server.back_up(to, uid="anew") for _ in range(3)]
    pruning.prune(to, Retention(keep_last=1), new[-1], server.moment)
    assert catalogue.find(to).whole == (*old, new[-1])


def test_while_another_is_under_way_no_bytes_are_removed(server: Sample, to: Place) -> None:
    """It may be about to count on them; what was cut off a day ago is not under way."""
    server.back_up(to)
    server.put("2/data.bin", b"another")
    second = server.back_up(to)
    to.write("backups/20260304T080000Z-aaaaaa/started.json", [b"{}"])
    blobs = {thing.name for thing in to.things("blobs")}
    pruning.prune(to, Retention(keep_last=1), second, server.moment)
    assert {thing.name for thing in to.things("blobs")} == blobs
    removed = pruning.prune(to, Retention(keep_last=1), second, NOW + timedelta(days=3))
    assert removed == ["20260304T080000Z-aaaaaa"]
    assert {thing.name for thing in to.things("blobs")} == {one.blob for one in catalogue.listed(to, second)} < blobs
