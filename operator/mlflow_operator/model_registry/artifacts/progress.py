"""How far a transfer is, on a terminal and nowhere else, once it takes longer than a second."""

from types import TracebackType
from typing import Any, Self


class Bar:
    """So many bytes of so many; without tqdm there is none to see."""

    def __init__(self, what: str, total: int) -> None:
        self._bar: Any = None
        try:
            from tqdm import tqdm  # noqa: PLC0415 - of an extra
        except ImportError:
            return
        # disable=None: not shown where the error output is no terminal
        self._bar = tqdm(desc=what, total=total, unit="B", unit_scale=True, unit_divisor=1024, delay=1, disable=None)

    def add(self, count: int) -> None:
        """So many bytes more are done."""
        if self._bar is not None:
            self._bar.update(count)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
