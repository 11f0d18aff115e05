"""What the environment holds that nobody else may read, and the slip that credentials come with most often."""

import os
import re
from urllib.parse import quote, unquote, urlsplit

URI = "MLFLOW_BACKEND_STORE_URI"
OF_DATABASE = {"PGUSER": "the user name", "PGPASSWORD": "the password", URI: "the URI"}
OF_STORE = {"AWS_ACCESS_KEY_ID": "the access key", "AWS_SECRET_ACCESS_KEY": "the secret access key"}
_SECRET = (
    "PGPASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_STORAGE_ACCESS_KEY",
    "AZURE_CLIENT_SECRET",
)
_OF_LOGINS = "PREPARE_PASSWORD_"


def without_secrets(text: str) -> str:
    """Foreign text without what it should not hold."""
    text = re.sub(r"(://[^\s:/@]*):[^\s/]*@", r"\1:***@", text)
    for secret in sorted(_secrets(), key=len, reverse=True):
        text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return text


def _secrets() -> set[str]:
    """The secrets of the environment, also as they look after blanks were taken away."""
    names = {*_SECRET, *(name for name in os.environ if name.startswith(_OF_LOGINS))}
    found = {os.environ.get(name, "") for name in names} | {_password(os.environ.get(URI, ""))}
    return (found | {secret.strip() for secret in found}) - {""}


def _password(uri: str) -> str:
    try:
        return unquote(urlsplit(uri).password or "")
    except ValueError:
        return ""


def ending_in_whitespace(variables: dict[str, str]) -> list[str]:
    """Which of these variables end in whitespace, as after ``echo secret | base64``, in words."""
    values = ((words, os.environ.get(name, "")) for name, words in variables.items())
    found = [words for words, value in values if value != value.rstrip()]
    if OF_DATABASE[URI] in variables.values() and (password := _password(os.environ.get(URI, ""))) != password.rstrip():
        found.append("the password in the URI")
    return found
