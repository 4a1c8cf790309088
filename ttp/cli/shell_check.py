"""What `ttp doctor` says of completion: whether the user's shell has this version's script where it looks.

Files are looked at, no shell is started. Where nobody is at a terminal, or the shell is another, nothing is said.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from ttp.cli.completion import SHELLS, tree
from ttp.domain.checkup import Check, check_of, fine, warning

_START_FILES: Mapping[str, tuple[str, ...]] = {
    "bash": ("~/.bashrc", "~/.bash_profile", "~/.profile", "~/.bash_completion"),
    "zsh": ("~/.zshenv", "~/.zprofile", "~/.zshrc"),
    "fish": ("~/.config/fish/config.fish",),
}
_ZSH_FOLDERS = (
    *("~/.zfunc", "~/.zsh/completions", "~/.zsh/completion", "~/.config/zsh/completions", "~/.oh-my-zsh/completions"),
    *("~/.oh-my-zsh/custom/completions", "/usr/local/share/zsh/site-functions", "/usr/share/zsh/site-functions"),
    *("/usr/share/zsh/vendor-completions", "/opt/homebrew/share/zsh/site-functions"),
)
_BASH_COMPLETION = ("/usr/share", "/usr/local/share", "/opt/homebrew/share")
_VERSION = re.compile(r"BASH_COMPLETION_VERSINFO=\((\d+) (\d+)")
_BESIDE_PROGRAMS = (2, 12)
"""The bash-completion that also looks into the `share` beside the program's own folder."""
_MOST_READ = 200_000


def shell_checks(environ: Mapping[str, str] = os.environ) -> Iterator[Check]:
    """The check of the shell that the user has; none where that is not known."""
    shell = Path(environ.get("SHELL", "")).name
    if shell not in SHELLS or not at_terminal():
        return
    from ttp.cli.completion_scripts import script

    wanted = script(shell, tuple(tree()))
    start = "\n".join(_text(Path(name).expanduser()) or "" for name in _start_files(shell, environ))
    if f"ttp completion {shell}" in start:
        yield check_of("shell", [fine(f"completion for {shell} is made at each start")])
        return
    found = {path: text for path in _places(shell, start, environ) if (text := _text(path)) is not None}
    current = next((path for path, text in found.items() if text == wanted), None)
    own = _own_place(shell, environ)
    if current is not None and (shell, current) == ("zsh", own) and own.parent.name not in start:
        path = f"fpath=({typed(own.parent)} $fpath)"
        hint = f"printf '%s\\n' {shlex.quote(path)} 'autoload -Uz compinit && compinit' >> ~/.zshrc"
        yield check_of("shell", [warning(f"{current} is not found by zsh: no start file names its folder", hint)])
    elif current is not None:
        yield check_of("shell", [fine(f"completion for {shell}: {current}")])
    elif found:
        old = next(iter(found))
        to = old if os.access(old, os.W_OK) else own
        yield check_of("shell", [warning(f"{old} is of another version of ttp", _command(shell, to))])
    else:
        yield check_of("shell", [warning(f"completion for {shell} is not installed", _command(shell, own))])


def at_terminal() -> bool:
    """Whether somebody is there who could press TAB: not in cron, a pipe of scripts, a service."""
    return any(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def typed(path: Path) -> str:
    """A path as it can be typed in any shell, with `~` for the user's home."""
    if path.is_relative_to(Path.home()):
        return f"~/{shlex.quote(str(path.relative_to(Path.home())))}"
    return shlex.quote(str(path))


def _command(shell: str, to: Path) -> str:
    make = "" if to.parent.is_dir() else f"mkdir -p {typed(to.parent)} && "
    return f"{make}ttp completion {shell} > {typed(to)}"


def _start_files(shell: str, environ: Mapping[str, str]) -> Iterator[str]:
    for name in _START_FILES[shell]:
        yield name
        if shell == "zsh" and (folder := environ.get("ZDOTDIR")):
            yield name.replace("~", folder)


def _own_place(shell: str, environ: Mapping[str, str]) -> Path:
    """Where a user's own script goes."""
    match shell:
        case "bash":
            own = environ.get("BASH_COMPLETION_USER_DIR") or f"{_data_home(environ)}/bash-completion"
            return Path(own).expanduser() / "completions" / "ttp"
        case "zsh":
            return Path("~/.zfunc/_ttp").expanduser()
    return Path(environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "fish/completions/ttp.fish"


def _data_home(environ: Mapping[str, str]) -> str:
    return environ.get("XDG_DATA_HOME") or "~/.local/share"


def _places(shell: str, start: str, environ: Mapping[str, str]) -> Iterator[Path]:
    """Where the shell looks, its user's own place first. `start`: what its start files say."""
    yield _own_place(shell, environ)
    shared = [_data_home(environ), *(environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")]
    match shell:
        case "bash":
            names = [f"{folder}/bash-completion/completions/ttp" for folder in [*shared, *_beside_programs()]]
            names += re.findall(r"^\s*(?:source|\.)\s+[\"']?([^\s\"';&]*ttp[^\s\"';&]*)", start, re.MULTILINE)
        case "zsh":
            folders = [
                word for line in start.splitlines() if "fpath" in line for word in re.findall(r"[~$/][^\s()]+", line)
            ]
            names = [f"{folder}/_ttp" for folder in (*folders, *_ZSH_FOLDERS)]
        case _:
            names = [f"{folder}/fish/vendor_completions.d/ttp.fish" for folder in shared]
            names.append("/etc/fish/completions/ttp.fish")
    for name in names:
        yield Path(os.path.expandvars(name)).expanduser()


def _beside_programs() -> Iterator[str]:
    """The folder that a new bash-completion finds by the program's own place."""
    for share in _BASH_COMPLETION:
        said = _VERSION.search(_text(Path(share) / "bash-completion/bash_completion") or "")
        if said and tuple(map(int, said.groups())) >= _BESIDE_PROGRAMS:
            yield f"{sys.prefix}/share"


def _text(path: Path) -> str | None:
    """What is in a file; None where it cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.read(_MOST_READ)
    except (OSError, ValueError):
        return None
