"""Models in memory stay within their bytes, and the one that was not used for longest goes first."""

from hypothesis import given
from hypothesis import strategies as st

from mlflow_operator.model_registry.artifacts.memory import Memory


def test_the_model_that_was_not_used_for_longest_goes() -> None:
    """Asking for a model counts as using it."""
    memory = Memory(30)
    for name in "abc":
        memory.put(name, name, 10)
    assert memory.get("a") is not None
    memory.put("d", "d", 10)
    assert [name for name in "abcd" if memory.get(name)] == ["a", "c", "d"]


def test_a_model_larger_than_all_the_room_drives_out_nobody() -> None:
    """It is not kept, and what is there stays."""
    memory = Memory(10)
    memory.put("a", "a", 10)
    memory.put("giant", "giant", 11)
    assert memory.get("a") is not None
    assert memory.get("giant") is None


def test_a_model_that_is_loaded_again_counts_once() -> None:
    """The newer one takes the place of the older."""
    memory = Memory(10)
    memory.put("a", "old", 4)
    memory.put("a", "new", 6)
    found = memory.get("a")
    assert found is not None
    assert (found.model, memory.size) == ("new", 6)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), max_size=40))
def test_never_more_than_the_room(puts: list[tuple[int, int]]) -> None:
    """Whatever comes in whatever order."""
    memory = Memory(20)
    for key, size in puts:
        memory.put(key, key, size)
        kept = [found.size for key in range(6) if (found := memory.get(key))]
        assert sum(kept) == memory.size <= 20
