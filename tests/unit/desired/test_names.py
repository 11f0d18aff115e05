import re

from hypothesis import given
from hypothesis import strategies as st

from mlflow_operator.desired import names
from unit.desired.servers import EXISTING, server

RESOURCE_NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9.]{0,250}[a-z0-9])?", fullmatch=True)
LABEL = r"[a-z]([-a-z0-9]*[a-z0-9])?"


@given(RESOURCE_NAMES, st.sampled_from(["", "-postgres", "-object-store", "-prepare-0123456789"]))
def test_every_name_is_a_dns_label(base: str, suffix: str) -> None:
    """Whatever a custom resource may be called, a Service can be called after it."""
    name = names.bounded(base, suffix, names.MAX_STATEFUL_SET)
    assert re.fullmatch(LABEL, name)
    assert len(name) <= names.MAX_STATEFUL_SET
    assert name.endswith(suffix)


@given(RESOURCE_NAMES, RESOURCE_NAMES)
def test_cut_names_stay_apart(one: str, other: str) -> None:
    """Two servers never share a name, though both may be cut."""
    assert (one == other) == (names.bounded(one, "-postgres", 52) == names.bounded(other, "-postgres", 52))


def test_a_name_that_fits_stays_readable() -> None:
    """Nobody has to look up what was generated."""
    wanted = server(EXISTING, "fraud")
    assert (names.instance(wanted), names.postgres(wanted)) == ("fraud", "fraud-postgres")
