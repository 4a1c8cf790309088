"""How this ttp was installed, so that the command for an extra installs it into the same environment."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

_INSTALL = re.compile(r"pip install 'ttp-cli\[(\w+)\]'")


def install_command(extra: str) -> str:
    """Return the command that installs the packages of an extra into the environment of this ttp."""
    packages = shlex.join(_packages(extra))
    prefix = Path(sys.prefix)
    if "pipx" in prefix.parts:
        return f"pipx inject {shlex.quote(prefix.name)} {packages}"
    from importlib.util import find_spec

    if find_spec("pip") is None:  # made by uv
        return f"uv pip install --python {shlex.quote(sys.executable)} {packages}"
    if os.environ.get("VIRTUAL_ENV") == sys.prefix:
        return f"pip install {packages}"
    return f"{shlex.quote(sys.executable)} -m pip install {packages}"


def fit_install_commands(text: str) -> str:
    """Replace `pip install 'ttp-cli[EXTRA]'` in a text by the command that fits this installation."""
    return _INSTALL.sub(lambda found: install_command(found[1]), text)


def _packages(extra: str) -> list[str]:
    from importlib.metadata import PackageNotFoundError, requires

    try:
        every = requires("ttp-cli") or []
    except PackageNotFoundError:
        every = []
    wanted = re.compile(rf"""extra == ["']{extra}["']""")
    return [one.partition(";")[0].strip() for one in every if wanted.search(one)] or [f"ttp-cli[{extra}]"]
