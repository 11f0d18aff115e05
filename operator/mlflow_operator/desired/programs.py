"""Programs of several modules as the one text that ``python -c`` gets, for images that have no operator."""

from collections.abc import Iterable
from importlib import import_module
from importlib.resources import files

_START = """import signal, sys, types
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # process 1 would ignore it, and MLflow takes seconds to import
for name, text in {texts!r}.items():
    package, _, short = name.rpartition(".")
    parent = sys.modules.setdefault(package, types.ModuleType(package))
    module = sys.modules[name] = types.ModuleType(short)
    exec(compile(text, short, "exec"), module.__dict__)
    setattr(parent, short, module)
sys.exit(module.main())
"""


def text(modules: Iterable[str]) -> str:
    """The program: modules by their full names, each after those that it imports; the last has ``main``."""
    return _START.format(texts={name: _source(name) for name in modules})


def _source(name: str) -> str:
    package, _, short = name.rpartition(".")
    return files(import_module(package)).joinpath(f"{short}.py").read_text()
