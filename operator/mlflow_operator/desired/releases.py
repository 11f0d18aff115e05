"""How MLflow's releases differ, as far as the operator has to know: the one place that says so.

Read in the packages of each minor release; tests/integration/releases compares it with those that are installed.
"""

SCHEMA_HEADS = {
    (2, 10): "acf3f17fdcc7",
    (2, 11): "acf3f17fdcc7",
    (2, 12): "acf3f17fdcc7",
    (2, 13): "5b0e9adcef9c",
    (2, 14): "5b0e9adcef9c",
    (2, 15): "4465047574b1",
    (2, 16): "4465047574b1",
    (2, 17): "f5a4f2784254",
    (2, 18): "0584bdc529eb",
    (2, 19): "0584bdc529eb",
    (2, 20): "0584bdc529eb",
    (2, 21): "0584bdc529eb",
    (2, 22): "0584bdc529eb",
    (3, 0): "bda7b8c39065",
    (3, 1): "bda7b8c39065",
    (3, 2): "770bee3ae1dd",
    (3, 3): "1a0cddfcaa16",
    (3, 4): "71994744cf8e",
    (3, 5): "bf29a5ff90ea",
    (3, 6): "bf29a5ff90ea",
    (3, 7): "bf29a5ff90ea",
    (3, 8): "1bd49d398cd23",
    (3, 9): "d3e4f5a6b7c8",
    (3, 10): "1b5f0d9ad7c1",
    (3, 11): "c3d6457b6d8a",
    (3, 12): "7d34483879f0",
    (3, 13): "da6fb0208061",
    (3, 14): "b7e4c1a90f23",
    (3, 15): "6f8d9c3b2a1e",
    (3, 16): "b7e2c1a4d9f3",
    (3, 17): "dc11669786a5",
}
"""The newest revision of the database's schema, by major and minor; patches of one have the same."""


def numbers(version: str) -> tuple[int, ...]:
    """A release as something to compare: 3.9.0 is before 3.14.0."""
    return tuple(int(part) for part in version.split("."))


def schema_head(version: str) -> str | None:
    """The newest revision of the schema in a release; None for one that is newer than this operator."""
    major, minor, *_ = *numbers(version), 0
    return SCHEMA_HEADS.get((major, minor))


def releases_of(revision: str) -> list[str]:
    """Which releases, as major.minor, leave a database at a revision; none where it is in between, or unknown."""
    return [f"{major}.{minor}" for (major, minor), head in SCHEMA_HEADS.items() if head == revision]
