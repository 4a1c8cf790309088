"""Tests over tables whose rows take less time than pytest takes for a test of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import pytest

Test = Callable[..., None]


def each(names: str | tuple[str, ...], rows: Iterable[Any]) -> Callable[[Test], Test]:
    """Call a test with each row, as `pytest.mark.parametrize` has them, in one test: it tries all rows, and names those
    that fail. Several of these try all combinations. For tests that change nothing of their fixtures."""
    words = [name.strip() for name in names.split(",")] if isinstance(names, str) else names
    table = [dict(zip(words, (row,) if len(words) == 1 else row, strict=True)) for row in rows]
    assert table

    def decorate(test: Test) -> Test:
        @wraps(test)
        def run(**fixtures: Any) -> None:
            failures: list[BaseException] = []
            for row in table:
                try:
                    test(**fixtures, **row)
                except (Exception, pytest.fail.Exception, BaseExceptionGroup) as failure:  # noqa: BLE001 (all together)
                    failure.add_note(f"row: {row!r}")
                    failures.append(failure)
            if failures:
                raise BaseExceptionGroup(f"{len(failures)} of {len(table)} rows", failures)

        given = inspect.signature(test).parameters.values()
        rest = [parameter for parameter in given if parameter.name not in words]
        run.__signature__ = inspect.Signature(rest)  # type: ignore[attr-defined]  # pytest reads the fixtures from it
        return run

    return decorate
