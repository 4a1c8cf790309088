"""What a program says as it ends is read, however late this process looks."""

from __future__ import annotations

import os
import selectors
import subprocess
from typing import Any

import pytest

from ttp.platforms.user_program import run


def test_what_a_program_says_between_two_looks_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Started(subprocess.Popen[bytes]):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            started.append(self)

    class Late(selectors.DefaultSelector):
        """Finds nothing at first, and is then away until the program has ended."""

        def select(self, timeout: float | None = None) -> Any:
            if started:
                os.waitid(os.P_PID, started.pop().pid, os.WEXITED | os.WNOWAIT)
                return []
            return super().select(timeout)

    monkeypatch.setattr(subprocess, "Popen", Started)
    monkeypatch.setattr(selectors, "DefaultSelector", Late)
    assert run(["printf", "hi"], limit_s=60, cap=100).out == b"hi"
