"""Programs of several modules as the one text that ``python -c`` gets, for images that have no operator."""

import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.resources import files

_OWN = re.compile(r"^from (mlflow_operator[\w.]*) import (\([^)]*\)|.*)$", re.MULTILINE)
"""As the formatter writes an import of ours."""
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


@cache
def text(main: str) -> str:
    """The program: the module of that full name, which has ``main``, after all that it imports of ours."""
    return _START.format(texts=dict(_with_imports(main, set())))


def _with_imports(name: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """A module and those that it needs, each once and after its own: name and text. None is imported here."""
    if name in seen:
        return
    seen.add(name)
    source = _source(name)
    for module, names in _OWN.findall(source):
        for found in _modules(module, names):
            yield from _with_imports(found, seen)
    yield name, source


def _modules(module: str, names: str) -> list[str]:
    """What is imported: a module, out of which names are taken, or modules out of a package."""
    package, _, short = module.rpartition(".")
    if files(import_module(package)).joinpath(f"{short}.py").is_file():
        return [module]
    return [f"{module}.{name}" for name in re.findall(r"\w+", names)]


def _source(name: str) -> str:
    package, _, short = name.rpartition(".")
    return files(import_module(package)).joinpath(f"{short}.py").read_text()
