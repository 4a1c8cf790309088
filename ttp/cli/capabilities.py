"""What each command needs of `TTP_CAPABILITY`: the one table, and the one place where it is asked.

Which posts an environment may change that may write drafts only is `ttp.services.permissions`'s.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from ttp.cli import settings
from ttp.domain.capability import VARIABLE, Capability
from ttp.domain.errors import Hint, NotAllowed

READ, DRAFT, PUBLISH = Capability
_NOTHING: Mapping[str, Capability] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Need:
    """What a command needs; `given`: what it needs instead where one of these parameters is given."""

    usual: Capability
    given: Mapping[str, Capability] = field(default_factory=lambda: _NOTHING)


NEEDS: Mapping[str, Need] = MappingProxyType(
    {
        "create": Need(DRAFT),
        "edit": Need(DRAFT),
        "delete": Need(DRAFT, {"remote": PUBLISH}),
        "import": Need(DRAFT),
        "sync": Need(DRAFT),
        "undo": Need(DRAFT, {"list_": READ}),
        "redo": Need(DRAFT),
        "schedule": Need(PUBLISH),
        "unschedule": Need(PUBLISH),
        "approve": Need(PUBLISH),
        "reject": Need(PUBLISH),
        "slots add": Need(PUBLISH),
        "slots list": Need(READ),
        "slots preview": Need(READ),
        "slots remove": Need(PUBLISH),
        "repeat add": Need(PUBLISH),
        "repeat list": Need(READ),
        "repeat skip": Need(PUBLISH),
        "repeat pause": Need(PUBLISH),
        "repeat resume": Need(PUBLISH),
        "repeat stop": Need(PUBLISH),
        "plan": Need(PUBLISH, {"dry_run": DRAFT}),  # media are converted to see whether they fit
        "optimal": Need(READ),
        "optimal next": Need(READ),
        "optimal week": Need(READ),
        "optimal heatmap": Need(READ, {"svg": DRAFT, "html": DRAFT}),
        "optimal explain": Need(READ),
        "optimal backtest": Need(READ),
        "calendar": Need(READ),
        "run": Need(PUBLISH),
        "publish": Need(PUBLISH),
        "retry": Need(PUBLISH),
        "resolve": Need(PUBLISH),
        "pause": Need(PUBLISH),
        "resume": Need(PUBLISH),
        "status": Need(READ),
        "service": Need(READ),
        "service install": Need(PUBLISH),
        "service uninstall": Need(PUBLISH),
        "service status": Need(READ),
        "list": Need(READ),
        "show": Need(READ),
        "log": Need(READ),
        "audit": Need(READ),
        "metrics import": Need(PUBLISH),
        "metrics pull": Need(PUBLISH),
        "metrics list": Need(READ),
        "metrics summary": Need(READ),
        "export": Need(READ, {"target": DRAFT}),
        "account add": Need(PUBLISH),
        "account connect": Need(PUBLISH),
        "account list": Need(READ),
        "account show": Need(READ),
        "account check": Need(PUBLISH),  # a token may be renewed for it
        "account enable": Need(PUBLISH),
        "account disable": Need(PUBLISH),
        "account set": Need(PUBLISH),
        "account remove": Need(PUBLISH),
        "config show": Need(READ),
        "config get": Need(READ),
        "config set": Need(PUBLISH),
        "config unset": Need(PUBLISH),
        "config edit": Need(PUBLISH),
        "config path": Need(READ),
        "backup": Need(DRAFT),
        "restore": Need(PUBLISH),
        "doctor": Need(READ, {"online": PUBLISH}),
        "demo": Need(DRAFT),
        "sandbox": Need(DRAFT),
        "completion": Need(READ),
        "help": Need(READ),
    }
)
"""By the command's words. A test holds that it has every command."""
_HELP = (
    f"""\
{VARIABLE} says what a shell, a script or an agent may do. What it may not
do ends with exit code 7 and does nothing. Without it everything is allowed.

  read     Writes nothing, no file either:""",
    """
  draft    That, and writing drafts and files. No post gets a time, and nothing
           but a draft is changed or deleted; not what a repeat makes posts of
           either. plan has only its --dry-run.""",
    """
  publish  Everything.

It guards against mistakes only: whoever can set a variable can unset it. For a
real boundary use a second user: docs/how-to/approval.md.""",
)


def guarded(path: str, command: Any) -> Any:
    """The command of these words, and those below it, so that each asks the table before it does anything."""
    for name, child in getattr(command, "commands", {}).items():
        guarded(f"{path} {name}", child)
    if command.callback is not None:
        command.callback = asking(path, command.callback)
    return command


def asking(path: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """The work of the command of these words, which asks the table before."""
    need = NEEDS[path]

    @functools.wraps(work)
    def run(**values: Any) -> Any:
        _refuse(path, _needed(need, values))
        return work(**values)

    return run


def _needed(need: Need, values: Mapping[str, Any]) -> Capability:
    """What a command needs as it was called; `-` for a file is stdout."""
    found = [level for name, level in need.given.items() if values[name] not in (None, False, "-")]
    return max(found, key=list(Capability).index) if found else need.usual


def _refuse(path: str, needed: Capability) -> None:
    have = settings.capability()
    if not have.allows(needed):
        said = f"ttp {path} is not allowed here: {VARIABLE} is {have}, and it needs {needed}"
        raise NotAllowed(said, Hint("what is allowed", "ttp help capability"))


def capability_help() -> str:
    """What `ttp help capability` says."""
    import textwrap

    def listed(level: Capability) -> list[str]:
        names = ", ".join(path.replace(" ", "\xa0") for path, need in NEEDS.items() if need.usual is level)
        lines = textwrap.wrap(names, 80, initial_indent="           ", subsequent_indent="           ")
        return [line.replace("\xa0", " ") for line in lines]

    return "\n".join([_HELP[0], *listed(READ), _HELP[1], *listed(DRAFT), _HELP[2]]) + "\n"
