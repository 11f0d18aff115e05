"""Whether a URI asks for the certificate of its database: authorities alone make no driver look."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from mlflow_operator.desired.preparation.program.database_errors import CONNECT
from mlflow_operator.desired.preparation.program.patience import Hopeless


class _Asking(NamedTuple):
    word: str
    """In the query of a URI."""
    values: tuple[str, ...]
    """With which the driver looks whether somebody who is trusted has signed the certificate."""
    advice: str


_LIBPQ = _Asking("sslmode", ("require", "verify-ca", "verify-full"), "sslmode=verify-full")
_PYMYSQL = _Asking("ssl_verify_cert", ("true", "1", "yes", "required"), "ssl_verify_cert=true&ssl_verify_identity=true")
_DRIVERS = {"psycopg2": _LIBPQ, "psycopg": _LIBPQ, "pymysql": _PYMYSQL}
"""Those that are known; others say by themselves what they make of a URI."""


def check(driver: str, query: Mapping[str, Any]) -> None:
    """See to it that authorities that the spec names are not named for nothing.

    Raises:
        Hopeless: CaBundleUnused.
    """
    asking = _DRIVERS.get(driver)
    if asking is None or os.environ.get("PREPARE_CA_BUNDLE") != "true":
        return
    said = query.get(asking.word) or (os.environ.get("PGSSLMODE") if asking is _LIBPQ else None)
    if said is None or str(said).lower() not in asking.values:
        found = f"has {asking.word}={said}" if said else f"has no {asking.word}"
        message = (
            f"uriSecretRef.caBundle is set, and the URI {found}, so driver {driver} takes any certificate: "
            f"write ?{asking.advice} at its end"
        )
        raise Hopeless("CaBundleUnused", message, phase=CONNECT)
