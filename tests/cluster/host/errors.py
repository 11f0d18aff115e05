"""What can go wrong with the test cluster.

ClusterError
└── Unavailable         something is missing here; the message says what, and how to get it
    └── Impossible      this machine can never run it; even CI may skip the tests
"""


class ClusterError(RuntimeError):
    """Something that should have worked did not; the message names the log to read."""


class Unavailable(ClusterError):
    """Tests are skipped with this reason, except in CI, where it is an error."""


class Impossible(Unavailable):
    """No installation could change it: another operating system, no root."""
