"""Everything that a backup raises on purpose.

BackupError             found, expected, what to do; never a credential
├── Refused             only a person can help: what is there is not what was asked for
│   └── Damaged         a backup is not what it was when it was made
└── Unreachable         a store or a database does not answer, or does not let in; it is worth another try
"""


class BackupError(Exception):
    """Something that a person can be told: a CamelCase reason and a sentence."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason
        self.message = message


class Refused(BackupError):
    """Only a person can help."""


class Damaged(Refused):
    """A backup is not what it was when it was made."""

    def __init__(self, message: str) -> None:
        super().__init__("BackupDamaged", message)


class Unreachable(BackupError):
    """A store or a database does not answer, or does not let in."""
