"""Tests over tables whose rows take less time than pytest takes for a test of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from inspect import Signature
from typing import Any

import pytest


def each(names: str | tuple[str, ...], rows: Iterable[Any]) -> Callable[[Callable[..., None]], Callable[[], None]]:
    """Call a test that needs no fixture with each row, as `pytest.mark.parametrize` has them, in one test: it tries all
    rows, and names those that fail."""
    is_one = isinstance(names, str) and "," not in names
    table = [(row,) if is_one else tuple(row) for row in rows]
    assert table

    def decorate(test: Callable[..., None]) -> Callable[[], None]:
        @wraps(test)
        def run() -> None:
            failures: list[BaseException] = []
            for row in table:
                try:
                    test(*row)
                except (Exception, pytest.fail.Exception) as failure:  # noqa: BLE001 (all are reported together)
                    failure.add_note(f"row: {row!r}")
                    failures.append(failure)
            if failures:
                raise BaseExceptionGroup(f"{len(failures)} of {len(table)} rows", failures)

        run.__signature__ = Signature()  # type: ignore[attr-defined]  # pytest would look for fixtures of these names
        return run

    return decorate
