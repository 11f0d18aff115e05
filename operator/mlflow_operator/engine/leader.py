"""Which of several processes works: the one that holds a Lease, renews it, and can tell without asking that it does.

Whoever cannot renew in time stops before others may begin: its own deadline is shorter than the duration that they wait
for, and both count by clocks that never go back, from the moment before and after asking. Every write of the Lease goes
with the resourceVersion that was read, so of two that want it one gets it.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from mlflow_operator.engine import telemetry
from mlflow_operator.errors import Conflict, LeadershipLost, NotFound, OperatorError

log = logging.getLogger(__name__)

DURATION = 15
"""Seconds that others wait for a sign of life."""
DEADLINE = 10.0
"""Seconds after the last renewal for which its holder may write; the rest is for what is on its way."""
_RENEW = 2.0
_LOOK = 1.0
"""Seconds between two looks of somebody who waits for the Lease."""
_ANSWER = 4.0
"""Seconds that an answer may take, so that two tries fit into the deadline."""

Object = dict[str, Any]


class Leases(Protocol):
    """Where Leases are read and written."""

    async def get(self, kind: str, namespace: str, name: str) -> Object | None:
        """The Lease, or None."""

    async def create(self, obj: Object) -> Object:
        """Make it; raises Conflict where it exists."""

    async def replace(self, obj: Object) -> Object:
        """Write it as a whole; raises Conflict where it is not as it was read, NotFound where it is gone."""


class Alone:
    """No election: this process is the only one."""

    async def run(self) -> None:
        """Nothing has to be done for it."""
        await asyncio.Event().wait()

    async def won(self) -> None:
        """Return once this process leads."""

    async def lost(self) -> None:
        """Return once this process does not lead any more."""
        await asyncio.Event().wait()

    def check(self) -> None:
        """Raise where this process must not write."""

    async def give_back(self) -> None:
        """Let another one lead."""


class Election:
    """One process's part in the election for the Lease ``namespace/name``; ``me`` is of this process alone."""

    def __init__(self, leases: Leases, lease: str, me: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._leases = leases
        self._namespace, _, self._name = lease.partition("/")
        self._me = me
        self._clock = clock
        self._lease: Object | None = None
        """The Lease as it was last read or written."""
        self._seen: tuple[str, float] = ("", 0.0)
        """The resourceVersion of somebody else's Lease, and when it was first seen."""
        self._until = float("-inf")
        """Up to when this process may write."""
        self._won, self._lost = asyncio.Event(), asyncio.Event()
        self._lost.set()

    def holds(self) -> bool:
        """Whether this process may write, now."""
        return self._clock() < self._until

    def check(self) -> None:
        """Do nothing while this process may write.

        Raises:
            LeadershipLost: It must not.
        """
        if not self.holds():
            raise LeadershipLost("LeadershipLost", "another operator may have taken over; nothing was written")

    async def won(self) -> None:
        """Return once this process leads."""
        await self._won.wait()

    async def lost(self) -> None:
        """Return once this process does not lead any more."""
        await self._lost.wait()

    async def run(self) -> None:
        """Take the Lease as soon as it is free, and renew it, for ever."""
        while True:
            asked = self._clock()
            try:
                async with asyncio.timeout(min(_ANSWER, self._until - asked) if self.holds() else _ANSWER):
                    mine = await self._try()
            except (OperatorError, TimeoutError) as error:
                log.debug("the lease %s/%s could not be asked for: %s", self._namespace, self._name, error)
            else:
                self._until = asked + DEADLINE if mine else float("-inf")
            self._tell()
            await asyncio.sleep(min(_RENEW, self._until - self._clock()) if self.holds() else _LOOK)

    async def give_back(self) -> None:
        """Let another one lead at once; called when ``run`` has ended, and nothing is being written any more."""
        holding, self._until = self.holds(), float("-inf")
        self._tell()
        if not holding:
            return
        try:
            async with asyncio.timeout(_ANSWER):
                # Read anew: a renewal may have been broken off on its way.
                self._lease = await self._leases.get("Lease", self._namespace, self._name)
                if self._lease is not None and self._holder() == self._me:
                    await self._leases.replace({**self._lease, "spec": {**self._lease["spec"], "holderIdentity": ""}})
        except (OperatorError, TimeoutError) as error:  # they wait for its end then
            log.warning("the lease %s/%s was not given back: %s", self._namespace, self._name, error)

    async def _try(self) -> bool:
        """Renew the Lease or take it; whether it is this process's now."""
        mine = self._holder() == self._me
        if mine and await self._write():
            return True
        self._lease = await self._leases.get("Lease", self._namespace, self._name)
        if self._holder() == self._me:  # refused because of a write of its own whose answer was lost
            return await self._write()
        # Who finds that somebody else has had it stops first, and takes it again at the next look.
        return not mine and self._is_free() and await self._write()

    def _is_free(self) -> bool:
        """Whether nobody holds the Lease, or its holder has not renewed it for as long as it said."""
        if self._lease is None or not self._holder():
            return True
        version, now = self._lease["metadata"]["resourceVersion"], self._clock()
        if self._seen[0] != version:
            self._seen = (version, now)
        return bool(now - self._seen[1] > self._lease["spec"].get("leaseDurationSeconds", DURATION))

    async def _write(self) -> bool:
        """Write the Lease as this process's; False where it was not as it was read."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        before = self._lease or {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"namespace": self._namespace, "name": self._name},
        }
        spec = {
            **before.get("spec", {}),
            "holderIdentity": self._me,
            "leaseDurationSeconds": DURATION,
            "renewTime": now,
        }
        if self._holder() != self._me:
            spec |= {"acquireTime": now, "leaseTransitions": spec.get("leaseTransitions", 0) + bool(self._lease)}
        write = self._leases.replace if self._lease else self._leases.create
        try:
            self._lease = await write({**before, "spec": spec})
        except (Conflict, NotFound):
            return False
        return True

    def _holder(self) -> str:
        return str((self._lease or {}).get("spec", {}).get("holderIdentity") or "")

    def _tell(self) -> None:
        leads = self.holds()
        telemetry.LEADER.labels(self._name).set(leads)
        if leads == self._won.is_set():
            return
        log.info("%s %s the lease %s/%s", self._me, "holds" if leads else "has lost", self._namespace, self._name)
        now, before = (self._won, self._lost) if leads else (self._lost, self._won)
        before.clear()
        now.set()
