"""Everything that the service raises on purpose.

    RegistryError          found, expected, what to do; never a credential
    ├── NotFound           no such model, version, run, or nobody in the slot
    ├── Conflict           somebody else has changed it in between
    ├── Invalid            the request makes no sense to MLflow
    ├── PermissionDenied   MLflow, or the cluster, does not let in whoever asks
    ├── Unavailable        no answer within the deadline, or one that is not MLflow's
    ├── StorageFull        the disk of a cache or of the temporary files has no room
    ├── Governed           a claim in the cluster governs the slot, and could not be asked to move it, or has not
    └── MissingExtra       a package is missing that this call needs; the message says how to install it

What aiohttp, MLflow and Redis raise is converted into these, at the edge.
"""


class RegistryError(Exception):
    """Something that did not work, in a sentence for whoever called."""


class NotFound(RegistryError):
    """No such model, version or run, or nobody holds the slot."""


class Conflict(RegistryError):
    """Somebody else has changed it in between, or it exists already."""


class Invalid(RegistryError):
    """The request makes no sense to MLflow."""


class PermissionDenied(RegistryError):
    """MLflow, or the cluster, does not let in whoever asks."""


class Unavailable(RegistryError):
    """No answer within the deadline, or one that is not MLflow's."""


class StorageFull(RegistryError):
    """The disk of a cache or of the temporary files has no room."""


class Governed(RegistryError):
    """A claim in the cluster governs the slot, and could not be asked to move it, or has not moved it."""


class MissingExtra(RegistryError):
    """A package is missing that this call needs."""
