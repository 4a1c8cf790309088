"""The command tree as data: names, where their code is, one line of help. Imports none of the commands before it is
asked for one; a test holds it equal to the commands themselves."""

from __future__ import annotations

import os
import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from typer import Typer

READ, DRAFT, PUBLISH = "read", "draft", "publish"
"""What a command needs of `TTP_CAPABILITY`. (Plain words: the enum would take as long to import as the start page.)"""


class Command:
    """One command. `module` of `ttp.cli.commands` has a function or a Typer app called `name`, with a final `_` where
    Python reserves the word.

    `instead`: what a subcommand (`""`: none), or the command with one of these options or arguments, needs instead of
    `capability`.
    `first_implied`: the name of its first subcommand may be left out.
    """

    __slots__ = ("capability", "first_implied", "help", "instead", "module", "name", "section")

    def __init__(
        self,
        name: str,
        module: str,
        section: str,
        capability: str,
        help: str,
        instead: Mapping[str, str] | None = None,
        first_implied: bool = False,
    ) -> None:
        self.name = name
        self.module = module
        self.section = section
        self.capability = capability
        self.help = help
        self.instead = instead or {}
        self.first_implied = first_implied

    def load(self) -> Callable[..., Any] | Typer:
        """Return the function or the app itself."""
        module = import_module(f"ttp.cli.commands.{self.module}")
        found: Callable[..., Any] | Typer = getattr(module, f"{self.name}_", None) or getattr(module, self.name)
        return found


SECTIONS = ("Write", "Plan", "Publish", "Look", "Set up")
COMMANDS = (
    Command("create", "posts", "Write", DRAFT, "Write a post: a draft without a time, scheduled with one."),
    Command("edit", "posts", "Write", DRAFT, "Change a post that is not published yet, or many at once."),
    Command("delete", "posts", "Write", DRAFT, "Take posts off the lists.", {"--remote": PUBLISH}),
    Command(
        "import", "import_posts", "Write", DRAFT, "Make posts of a sheet, a JSON file or a folder of Markdown files."
    ),
    Command("sync", "sync", "Write", DRAFT, "Make the store say what a folder says: add, change, move, cancel."),
    Command("undo", "undo", "Write", DRAFT, "Take back the last changes of posts.", {"--list": READ}),
    Command("redo", "undo", "Write", DRAFT, "Do again what ttp undo took back, the last one first."),
    Command("schedule", "schedule", "Plan", PUBLISH, "Give posts a publish time, or a new one."),
    Command("unschedule", "schedule", "Plan", PUBLISH, "Take the time of posts away: drafts again."),
    Command(
        "slots", "slots", "Plan", PUBLISH, "The weekly times at which accounts post.", {"list": READ, "preview": READ}
    ),
    Command(
        "repeat", "repeat", "Plan", PUBLISH, "Posts that come again and again.", {"list": READ}, first_implied=True
    ),
    Command(
        "plan",
        "plan",
        "Plan",
        PUBLISH,
        "Spread drafts over the coming days, on the best free hours of their accounts.",
        {"--dry-run": DRAFT},
    ),
    Command(
        "optimal",
        "optimal",
        "Plan",
        READ,
        "Which hours and days bring an account more engagement.",
        {"heatmap --svg": DRAFT, "heatmap --html": DRAFT},
    ),
    Command("calendar", "calendar", "Plan", READ, "What goes out when, in a month or a week."),
    Command("run", "run", "Publish", PUBLISH, "Publish due posts."),
    Command("publish", "publish", "Publish", PUBLISH, "Publish posts now, and follow them to their end."),
    Command("retry", "publish", "Publish", PUBLISH, "Publish failed deliveries again, and only those."),
    Command("resolve", "publish", "Publish", PUBLISH, "Settle a delivery that may or may not be live."),
    Command("approve", "approve", "Publish", PUBLISH, "Let posts go out as they are now."),
    Command(
        "reject", "approve", "Publish", PUBLISH, "Let posts not go out as they are: drafts again, with the reason."
    ),
    Command(
        "pause", "pause", "Publish", PUBLISH, "Let nothing go out, to any account or to one; what comes due waits."
    ),
    Command("resume", "pause", "Publish", PUBLISH, "Let posts go out again; what waited goes first, a minute apart."),
    Command("status", "status", "Publish", READ, "Who publishes, what is next, what needs you."),
    Command(
        "service",
        "service",
        "Publish",
        PUBLISH,
        "Let the system run the publisher: systemd on Linux, launchd on macOS.",
        {"": READ, "status": READ},
    ),
    Command("list", "list", "Look", READ, "What is planned, what are drafts, what has ended."),
    Command("show", "list", "Look", READ, "Everything about one post, and the next command."),
    Command("log", "list", "Look", READ, "Every attempt at a post, step by step."),
    Command("audit", "doctor", "Look", READ, "Prove from the records that nothing was published twice."),
    Command(
        "metrics",
        "metrics",
        "Look",
        PUBLISH,
        "Likes, comments, shares and views of what was published.",
        {"list": READ, "summary": READ},
    ),
    Command(
        "export",
        "export_posts",
        "Look",
        READ,
        "Write posts to a file, a folder of Markdown files or stdout.",
        {"TARGET": DRAFT},
    ),
    Command(
        "account", "account", "Set up", PUBLISH, "The accounts that posts can go to.", {"list": READ, "show": READ}
    ),
    Command(
        "config",
        "config",
        "Set up",
        PUBLISH,
        "The settings: what is in force, where it comes from, and changing it.",
        {"show": READ, "get": READ, "path": READ},
    ),
    Command("backup", "backup", "Set up", DRAFT, "Copy the store to a file, also while something publishes."),
    Command("restore", "backup", "Set up", PUBLISH, "Put a backup in the place of the store, which is kept beside it."),
    Command(
        "doctor", "doctor", "Set up", READ, "Whether everything is there that publishing needs.", {"--online": PUBLISH}
    ),
    Command("demo", "sandbox", "Set up", DRAFT, "A tour of ttp against the built-in sandbox."),
    Command("sandbox", "sandbox", "Set up", DRAFT, "The three platforms on this machine, for rehearsals."),
    Command("completion", "help", "Set up", READ, "The completion script of a shell."),
    Command("help", "help", "Set up", READ, "Help on a command or a topic."),
)
BY_NAME = {command.name: command for command in COMMANDS}
TOPICS = (
    *("time", "json", "exit-codes", "environment", "statuses", "cron", "media-host", "capability"),
    *("x", "instagram", "tiktok"),
)


def capability_of(path: str, given: Collection[str] = ()) -> str:
    """Return what a command, `slots add`, needs where these options and arguments are given."""
    name, _, below = path.partition(" ")
    entry = BY_NAME[name]
    needs = [entry.instead[one] for one in (f"{below} {option}".strip() for option in given) if one in entry.instead]
    levels = (READ, DRAFT, PUBLISH)
    return max(needs, key=levels.index) if needs else entry.instead.get(below, entry.capability)


WHAT = "Schedule posts for Instagram, TikTok and X from the terminal."
USUAL, NARROWEST = 80, 40
"""Columns of a start page: what it is made for, and the fewest that it is broken for."""


def _flow(words: list[str], width: int, head: str = "", gap: str = " ") -> list[str]:
    """Words behind a head, on more lines where one would be wider than the page, and those as far in as the first."""
    lines = [head + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(gap) + len(word) > width:
            lines.append(" " * len(head) + word)
        else:
            lines[-1] += gap + word
    return lines


def terminal_width() -> int:
    """The columns of the terminal that stdout is, else 80. (`streams` has more to import.)"""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or USUAL
    except (AttributeError, OSError, ValueError):
        return USUAL


def start_page(width: int = USUAL) -> str:
    """What bare `ttp` and `ttp --help` say; the same for every terminal of 80 columns or more."""
    width = max(min(width, USUAL), NARROWEST)
    at = 36 if width >= 56 else 13
    lines = _flow(WHAT.split(), width)
    lines += ["", "  ttp create \"Hello\" --to ig/roastery --at 'tomorrow 9am'"]
    if len(lines[-1]) > width:
        lines[-1:] = ['  ttp create "Hello" --to ig/roastery \\', "    --at 'tomorrow 9am'"]
    lines += [f"{'  ttp list':<{at}}what is planned", f"{'  ttp run':<{at}}publish what is due", ""]
    for section in SECTIONS:
        names = [one.name for one in COMMANDS if one.section == section and one.name != "help"]
        lines += _flow(names, width, f"{section:<10}", "  ")
    lines.append("")
    lines += _flow(["ttp help COMMAND", *(f"ttp help {topic}" for topic in TOPICS[:3])], width, gap=" · ")
    lines += _flow([*TOPICS[3:]], width, "more topics: ")
    return "\n".join(lines) + "\n"
