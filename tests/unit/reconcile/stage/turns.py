"""The calls of several passes at once: each has its effect when it is let go."""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from .fakes import Answer, Outside

REGISTRY = ("snapshot", "move", "set_alias", "set_version_tag")
WRITES = ("move", "set_alias", "set_version_tag")


@dataclass
class Parked:
    """A call that is under way: its effect comes when it is let go."""

    name: str
    task: str
    go: asyncio.Future[None]


class Stage(Outside):
    """Every call waits until it is let go; what each pass has called is remembered."""

    def __init__(self) -> None:
        super().__init__()
        self.parked: list[Parked] = []
        self.of_pass: defaultdict[str, list[str]] = defaultdict(list)
        self.unfenced: list[str] = []
        self.crowded: list[str] = []

    async def call(self, name: str, effect: Callable[[], Answer]) -> Answer:
        """Wait to be let go, then have the effect."""
        task = asyncio.current_task()
        who = task.get_name() if task else ""
        parked = Parked(name, who, asyncio.get_running_loop().create_future())
        self.parked.append(parked)
        self._look_for_crowds()
        await parked.go
        if name in WRITES and "apply_status" not in self.of_pass[who]:
            self.unfenced.append(f"{name} of {who}")
        answer = effect()
        self.of_pass[who].append(name)
        return answer

    def _look_for_crowds(self) -> None:
        """Passes of one process on one model take turns: no two of them talk to the registry at the same time."""
        talking = {call.task for call in self.parked if call.name in REGISTRY}
        processes = [task.rsplit("-", 1)[0] for task in talking]
        if len(set(processes)) < len(processes):
            self.crowded.append(str(talking))
