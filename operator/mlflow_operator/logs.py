"""Log lines for machines or for people; never a Secret's content, since none of it is ever passed to a logger."""

import logging
import sys
from typing import Literal

from pythonjsonlogger.json import JsonFormatter


def configure(format_: Literal["json", "console"], level: str) -> None:
    """Log to standard error, one line a record."""
    handler = logging.StreamHandler(sys.stderr)
    if format_ == "json":
        renamed = {"asctime": "time", "levelname": "level", "name": "logger"}
        handler.setFormatter(JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", rename_fields=renamed))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # kopf logs a line for every event that a handler has seen, and aiohttp one for every request served.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    logging.getLogger("kopf").setLevel(max(logging.getLogger().level, logging.WARNING))
