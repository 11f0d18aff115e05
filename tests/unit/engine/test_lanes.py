"""Whoever waits for room holds up nobody else, and nobody waits where there is room."""

import time
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from mlflow_operator.engine.lanes import Lane, Lanes, Route

ROUTES: list[Route] = [
    (),
    (("m1", 1), ("s1", 2), ("t1", 3)),
    (("m1", 1), ("s1", 2), ("t2", 3)),
    (("m2", 1), ("s1", 2), ("t1", 3)),
    (("m3", 1), ("s2", 2), ("t1", 3)),
    (("m4", 1), ("s2", 2), ("t2", 3)),
    (("s2", 2), ("t1", 3)),
    (("t2", 3),),
]

actions = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from(ROUTES)),
        st.tuples(st.just("take"), st.none()),
        st.tuples(st.just("leave"), st.integers(0, 9)),
        st.tuples(st.just("change"), st.sampled_from(ROUTES)),
    ),
    max_size=120,
)


class Traffic:
    """Lanes, with a plain account of who waits and who runs."""

    def __init__(self) -> None:
        self.routes: dict[int, Route] = {}
        """By key: its lanes as they are now."""
        self.waiting: set[int] = set()
        self.changed: set[int] = set()
        """Keys whose lanes became others while they waited, which is seen when it is their turn."""
        self.running: dict[int, Route] = {}
        """By key: the lanes that it took."""
        self.lanes = Lanes[int](lambda key: self.routes[key])

    def do(self, action: str, argument: object) -> None:
        """One step, with any of the keys that there are."""
        if action == "put":
            self.put(argument)  # type: ignore[arg-type]
        elif action == "take":
            self.take()
        elif action == "leave" and self.running:
            self.leave(sorted(self.running)[int(str(argument)) % len(self.running)])
        elif action == "change" and self.waiting:
            self.routes[min(self.waiting)] = argument  # type: ignore[assignment]
            self.changed.add(min(self.waiting))

    def put(self, route: Route) -> None:
        """A new key waits."""
        key = len(self.routes)
        self.routes[key] = route
        self.waiting.add(key)
        self.lanes.put(key)

    def take(self) -> None:
        """The next key runs; if none may, then none could."""
        key = self.lanes.take()
        if key is None:
            assert not [waiting for waiting in self.waiting - self.changed if self.could_run(waiting)]
            return
        self.waiting.remove(key)
        self.running[key] = self.routes[key]
        used = self.used()
        assert all(used[lane] <= room for lane, room in self.routes[key])

    def leave(self, key: int) -> None:
        """A key has been worked on."""
        del self.running[key]
        self.lanes.leave(key)

    def used(self) -> Counter[object]:
        """How many keys run in each lane."""
        return Counter(lane for route in self.running.values() for lane, _ in route)

    def could_run(self, key: int) -> bool:
        """Whether there is room in each lane of a key."""
        used = self.used()
        return all(used[lane] < room for lane, room in self.routes[key])


@given(actions)
def test_no_lane_is_overfull_nothing_is_lost_and_nobody_waits_who_could_run(steps: list[tuple[str, object]]) -> None:
    """Whatever is added, worked on and changed meanwhile."""
    traffic = Traffic()
    for action, argument in steps:
        traffic.do(action, argument)
    for _ in range(2 * len(steps)):
        traffic.take()
        if traffic.running:
            traffic.leave(min(traffic.running))
    assert (traffic.waiting, traffic.running) == (set(), {})


def test_everybody_gets_a_turn_in_the_order_of_coming() -> None:
    """A model with a hundred claims does not keep the other models of its server waiting."""
    of_a: Route = (("a", 1), ("server", 1))
    routes = {f"a{n}": of_a for n in range(100)} | {"b": (("b", 1), ("server", 1))}
    lanes = Lanes[str](routes.__getitem__)
    for key in routes:
        lanes.put(key)
    taken = []
    for _ in range(3):
        taken.append(key := lanes.take() or "")
        lanes.leave(key)
    assert "b" in taken
    assert taken[0] == "a0"


def test_what_was_taken_is_given_back_whatever_the_lanes_are_now() -> None:
    """A server whose URL changes during a pass leaves no lane full for ever."""
    lane: list[Lane] = [("old", 1)]
    lanes = Lanes[str](lambda _: tuple(lane))
    lanes.put("a")
    assert lanes.take() == "a"
    lane[0] = ("new", 1)
    lanes.leave("a")
    lane[0] = ("old", 1)
    lanes.put("b")
    assert lanes.take() == "b"


def test_who_finds_another_lane_full_lets_the_next_one_go() -> None:
    """Room in a lane is not kept for somebody who cannot use it: of those who wait there the next one runs."""
    routes: dict[str, Route] = {
        "in x": (("x", 1),),
        "in y": (("y", 1),),
        "needs both": (("y", 1), ("x", 1)),
        "needs y": (("y", 1), ("z", 1)),
    }
    lanes = Lanes[str](routes.__getitem__)
    lanes.put("in y")
    assert lanes.take() == "in y"
    for key in ("needs both", "needs y"):
        lanes.put(key)
    assert lanes.take() is None  # both wait in y
    lanes.put("in x")
    assert lanes.take() == "in x"
    lanes.leave("in y")
    assert lanes.take() == "needs y"


def test_five_thousand_keys_at_once_are_cheap() -> None:
    """All claims of a large cluster come at the start; the queue is no work worth speaking of."""
    routes = {n: ((n % 1000, 1), (f"s{n % 7}", 4), (f"t{n % 3}", 8)) for n in range(5000)}
    lanes = Lanes[int](routes.__getitem__)
    before = time.process_time()
    for key in routes:
        lanes.put(key)
    running: list[int] = []
    done = 0
    while done < len(routes):
        if len(running) < 16 and (found := lanes.take()) is not None:
            running.append(found)
        else:
            lanes.leave(running.pop(0))
            done += 1
    assert time.process_time() - before < 2
