"""URLs as users write them."""

from mlflow_operator.api.schema import Rule

_HOST = r"([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])"
_PATH = r"[^ ?#@\\\\\\t\\r\\n]*"

HTTP_URL = (
    Rule(
        f"isURL(self) && self.matches('^(?i:https?)://{_HOST}(:[0-9]+)?(/{_PATH})?$')",
        "write an http:// or https:// URL with a host, without query and fragment",
    ),
    Rule(
        "!isURL(self) || url(self).getPort() == '' || (url(self).getPort().size() <= 5"
        " && int(url(self).getPort()) >= 1 && int(url(self).getPort()) <= 65535)",
        "write a port from 1 to 65535, or none",
    ),
)
"""``desired.external.urls`` reads them in the same way."""
