"""Everything that this operator raises on purpose.

    OperatorError                 found, expected, what to do; never a secret
    ├── Terminal                  the user must change something: Stalled, looked at again on a change or a slow resync
    │   ├── RegistryRefused       MLflow said no
    │   └── Unreadable            an object has a spec that this release does not know
    ├── Waiting                   something else must come first: Reconciling, looked at again after a while
    │   ├── Paused                it is not the time for it: Suspended
    │   └── RegistryNotFound      MLflow does not know what was asked for
    ├── Unavailable               could not ask: Reconciling, Ready is Unknown, retried with backoff
    │   ├── ClusterUnavailable    the Kubernetes API did not answer
    │   ├── LeadershipLost        this process may write no more, since another one may have begun to
    │   └── RegistryUnavailable   MLflow did not answer, or answered with a server error
    └── ApiError                  the Kubernetes API said no
        ├── NotFound              404
        └── Conflict              409: a newer version exists; read again

Clients convert what their libraries raise into these, at the edge; ``engine.outcome`` turns them into conditions.
"""

import math


class OperatorError(Exception):
    """Something that a user can be told: a CamelCase reason and a sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class Terminal(OperatorError):
    """Only a change by the user (or of the world) can help; retrying soon cannot."""

    after: float = math.inf
    """Seconds until the next look at the latest, where something else of the object is worth looking at."""


class Waiting(OperatorError):
    """Something that may still come true; ``after`` is the number of seconds until the next look."""

    def __init__(self, reason: str, message: str, after: float = 15.0) -> None:
        super().__init__(reason, message)
        self.after = after


class Paused(Waiting):
    """It is not the time for it yet, as somebody has asked; Suspended too."""


class Unavailable(OperatorError):
    """The other side could not be asked; says nothing about what it holds."""

    after: float = 0.0
    """Seconds that the other side asks to be left alone for."""


class ClusterUnavailable(Unavailable):
    """The Kubernetes API did not answer in time, or with a server error."""


class LeadershipLost(Unavailable):
    """This process is not the one that writes, or not for sure; nothing was written."""


class RegistryUnavailable(Unavailable):
    """MLflow did not answer in time, or with a server error."""

    def __init__(self, reason: str, message: str, after: float = 0.0) -> None:
        super().__init__(reason, message)
        self.after = after


class ApiError(OperatorError):
    """The Kubernetes API refused a request; ``status`` is the HTTP status."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(reason or f"Http{status}", message)
        self.status = status


class NotFound(ApiError):
    """The object does not exist."""


class Conflict(ApiError):
    """The object changed since it was read, or another field manager holds a field."""


class RegistryRefused(Terminal):
    """MLflow refused a request; ``reason`` is its error code in CamelCase.

    ``maybe_passing``: it may pass by itself, as a token that is being rotated or a proxy that is being set up does.
    """

    def __init__(self, reason: str, message: str, *, maybe_passing: bool = False) -> None:
        super().__init__(reason, message)
        self.maybe_passing = maybe_passing


class Unreadable(Terminal):
    """The spec of an object does not fit this release of the operator; ``subject`` is the object without it."""

    def __init__(self, subject: object, message: str) -> None:
        super().__init__("SpecUnreadable", message)
        self.subject = subject


class RegistryNotFound(Waiting):
    """MLflow does not know the model, version, alias or experiment."""
