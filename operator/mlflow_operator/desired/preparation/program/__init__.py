"""The program of the preparation Job, as the text that ``python -c`` gets.

It runs in the server's image, which has no operator, on Python 3.10 or later: its modules import each other, the
standard library, and what comes with MLflow. Input is the server's environment; PREPARE_* are its own variables.
Output is the termination message (``report.py``). Exit code: 0, 3 where only a user can help, else 1.
"""

from importlib.resources import files

_MODULES = (
    "patience",
    "credentials",
    "report",
    "database_errors",
    "authorities",
    "database",
    "logins",
    "store_errors",
    "lifecycle",
    "encryption",
    "artifacts",
    "main",
)
"""Each after those that it imports."""

_START = """import signal, sys, types
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # process 1 would ignore it, and MLflow takes seconds to import
package = sys.modules[{package!r}] = types.ModuleType({package!r})
for name, text in {texts!r}.items():
    module = sys.modules[{package!r} + "." + name] = types.ModuleType(name)
    exec(compile(text, name, "exec"), module.__dict__)
    setattr(package, name, module)
sys.exit(package.main.main())
"""


def text() -> str:
    """The whole program as one text."""
    texts = {name: files(__name__).joinpath(f"{name}.py").read_text() for name in _MODULES}
    return _START.format(package=__name__, texts=texts)
