"""The table of commands over the network: those a server runs for a token, with which local files; those that run here;
those that are refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType

from ttp.domain.errors import Hint, NotAllowed
from ttp.domain.operations import ALL, MACHINE, OPERATIONS, find_operation
from ttp.domain.server.api_token import ApiToken


class FileUse(Enum):
    """What a command does with the file that an argument or option names."""

    MEDIA = "media"  # reads an image or a video; may be a web address
    TEXT = "text"  # reads it
    POSTS = "posts"  # reads a file or a folder of posts, and the media that it names
    FOLDER = "folder"  # reads and writes a folder of posts
    OUTPUT = "output"  # writes it
    TEMPLATE = "template"  # reads it, if it is a path; a name is a template's
    EXPORT = "export"  # writes a file or a folder, and media next to it


@dataclass(frozen=True, slots=True)
class RemoteCommand:
    """A command that a server runs. `files`: parameters that name files. `refused`: parameters that it does not have
    there, and why; `one_of`: it needs one of these. `outside`: it also calls platforms or writes files, so the store
    does not show what was done; only with one of these options, if any. `templates`: it reads templates, those of the
    caller first; only with one of these options, if any."""

    files: Mapping[str, FileUse] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    one_of: frozenset[str] = frozenset()
    outside: frozenset[str] | None = None
    templates: frozenset[str] | None = None

    def reads_templates(self, values: Mapping[str, object]) -> bool:
        return self.templates is not None and (not self.templates or any(values.get(name) for name in self.templates))

    def acts_outside(self, values: Mapping[str, object]) -> bool:
        return self.outside is not None and (not self.outside or any(values.get(name) for name in self.outside))


_EDITOR = {"in_editor": "the editor is on another machine; give the text as an argument or a file"}
_ABOUT_MEDIA = {"captions": FileUse.TEXT, "thumbnail": FileUse.MEDIA}
_ALWAYS: frozenset[str] = frozenset()
_TEMPLATE = {"template": FileUse.TEMPLATE}
_TEMPLATES = frozenset({"template", "var", "snippet", "file"})
_PLAIN = RemoteCommand()
_MACHINE = "it is about the machine of the store"
REMOTE: Mapping[str, RemoteCommand] = MappingProxyType(
    {
        "create": RemoteCommand(
            files={"media": FileUse.MEDIA, "file": FileUse.POSTS, **_ABOUT_MEDIA, **_TEMPLATE},
            refused=_EDITOR,
            templates=_TEMPLATES,
        ),
        "edit": RemoteCommand(
            files={"media": FileUse.MEDIA, "add_media": FileUse.MEDIA, **_ABOUT_MEDIA, **_TEMPLATE},
            refused=_EDITOR,
            templates=_TEMPLATES,
        ),
        "template list": RemoteCommand(templates=_ALWAYS),
        "template show": RemoteCommand(files={"name": FileUse.TEMPLATE}, templates=_ALWAYS),
        "template preview": RemoteCommand(files={"name": FileUse.TEMPLATE}, templates=_ALWAYS),
        "delete": RemoteCommand(outside=frozenset({"remote"})),
        "import": RemoteCommand(files={"file": FileUse.POSTS, **_TEMPLATE}, templates=_ALWAYS),
        "sync": RemoteCommand(files={"dir": FileUse.FOLDER}, outside=_ALWAYS),
        "source add": RemoteCommand(refused={"allow_private": _MACHINE}),
        "source preview": RemoteCommand(refused={"allow_private": _MACHINE}),
        "repeat add": RemoteCommand(files={"vary": FileUse.TEXT, **_TEMPLATE}, templates=frozenset({"template"})),
        "optimal heatmap": RemoteCommand(files={"svg": FileUse.OUTPUT, "html": FileUse.OUTPUT}),
        "run": RemoteCommand(
            one_of=frozenset({"once", "until_idle"}),
            refused={"take_over": _MACHINE, "trust_clock": _MACHINE},
            outside=_ALWAYS,
        ),
        "metrics import": RemoteCommand(files={"file": FileUse.TEXT}),
        "metrics pull": RemoteCommand(outside=_ALWAYS),
        "export": RemoteCommand(files={"target": FileUse.EXPORT}),
        "certify": RemoteCommand(files={"report": FileUse.OUTPUT}, outside=_ALWAYS),
    }
)
"""The commands with more than values that a server runs. It runs all that are not of its machine."""
HERE = frozenset(
    {
        *("announce", "help", "completion", "mcp", "lint", "config show", "config get", "config path"),
        *("template edit", "template remove"),
    }
)
"""Commands that run on the caller's machine all the same. `ttp config` shows the settings of this machine; its
templates come before those of the server."""
SETTINGS_HERE = frozenset({"config set", "config unset"})
"""Commands that run here for the settings that matter here."""
_WHY = {
    **dict.fromkeys(("account", "credentials"), "credentials stay on the machine of the store"),
    **dict.fromkeys(("config", "notify"), "tokens do not change settings"),
    **dict.fromkeys(("backup", "restore"), "a backup has everything, credentials too"),
    "token": "tokens do not make tokens",
    "login-link": "tokens do not let people in",
    "webhook": "tokens neither see nor change webhooks",
}
"""By the first word of the command."""
REFUSED: Mapping[str, str] = MappingProxyType(
    {
        name: _WHY.get(name.partition(" ")[0], _MACHINE)
        for name, one in OPERATIONS.items()
        if one.scope == MACHINE and name not in HERE and "--" not in name
    }
)
"""Commands that no server runs for a token, and why."""


def is_setting_here(name: str) -> bool:
    """Return whether a setting of the caller's machine has an effect on commands that a server runs."""
    return name in ("timezone", "server.url", "server.token_file", "server.allow_http")


def refusal(path: str) -> NotAllowed:
    """Return the error for a command that no server runs."""
    return NotAllowed(
        f"ttp {path} does not run on another machine's store: {REFUSED[path]}", Hint("see", "docs/how-to/remote.md")
    )


def find_command(path: str, values: Mapping[str, object]) -> RemoteCommand:
    """Return a command with the values of its parameters. Raise NotAllowed if no server runs it with these."""
    if OPERATIONS[path].scope == MACHINE:
        raise refusal(path) if path in REFUSED else NotAllowed(f"ttp {path} does not run on another machine's store")
    command = REMOTE.get(path, _PLAIN)
    for name, why in command.refused.items():
        if values.get(name):
            option = "--edit" if name == "in_editor" else f"--{name.replace('_', '-')}"
            raise NotAllowed(f"ttp {path} {option} does not run on another machine's store: {why}")
    if command.one_of and not any(values.get(name) for name in command.one_of):
        options = " or ".join(f"--{name.replace('_', '-')}" for name in sorted(command.one_of))
        raise NotAllowed(
            f"ttp {path} runs on another machine's store only with {options}: the server there publishes",
            Hint("try", f"ttp {path} --{sorted(command.one_of)[0].replace('_', '-')}"),
        )
    return command


def refuse_token(token: ApiToken, path: str, names: Collection[str]) -> None:
    """Raise NotAllowed if a token may not run a command with these options and arguments."""
    operation = find_operation(path, names)
    if not token.capability.allows(operation.needs):
        raise NotAllowed(f"ttp {path} needs the capability {operation.needs}, and the token has {token.capability}")
    if token.accounts is not None and operation.scope == ALL:
        raise NotAllowed(f"ttp {operation.name} is about all accounts, and the token is limited to some")
