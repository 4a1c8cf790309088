"""The command tree as data: names, where their code is, one line of help. Imports none of the commands before it is
asked for one; a test holds it equal to the commands themselves."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ttp.cli.declared import Group


@dataclass(frozen=True, slots=True)
class Command:
    """One command. `module` of `ttp.cli.commands` has a function or a group called `name`, with a final `_` if Python
    reserves the word."""

    name: str
    module: str
    section: str
    help: str

    def load(self) -> Callable[..., Any] | Group:
        """The function or the group itself."""
        module = import_module(f"ttp.cli.commands.{self.module}")
        found: Callable[..., Any] | Group = getattr(module, f"{self.name}_", None) or getattr(module, self.name)
        return found


SECTIONS = ("Write", "Plan", "Publish", "Look", "Set up")
COMMANDS = (
    Command("create", "create", "Write", "Write a post: a draft without a time, scheduled with one."),
    Command("edit", "edit", "Write", "Change a post that is not published yet, or many at once."),
    Command("delete", "delete", "Write", "Take posts off the lists."),
    Command("import", "import_posts", "Write", "Make posts of a sheet, a JSON file or a folder of Markdown files."),
    Command("sync", "sync", "Write", "Make the store say what a folder says: add, change, move, cancel."),
    Command("undo", "undo", "Write", "Take back the last changes of posts."),
    Command("redo", "undo", "Write", "Do again what ttp undo took back, the last one first."),
    Command("schedule", "schedule", "Plan", "Give posts a publish time, or a new one."),
    Command("unschedule", "schedule", "Plan", "Take the time of posts away: drafts again."),
    Command("slots", "slots", "Plan", "The weekly times at which accounts post."),
    Command("repeat", "repeat", "Plan", "Posts that come again and again."),
    Command("plan", "plan", "Plan", "Spread drafts over the coming days, on the best free hours of their accounts."),
    Command("optimal", "optimal", "Plan", "Which hours and days bring an account more engagement."),
    Command("calendar", "calendar", "Plan", "What goes out when, in a month or a week."),
    Command("run", "run", "Publish", "Publish due posts."),
    Command("publish", "publish", "Publish", "Publish posts now, and follow them to their end."),
    Command("retry", "publish", "Publish", "Publish failed deliveries again, and only those."),
    Command("resolve", "publish", "Publish", "Settle a delivery that may or may not be live."),
    Command("approve", "approve", "Publish", "Let posts go out as they are now."),
    Command("reject", "approve", "Publish", "Let posts not go out as they are: drafts again, with the reason."),
    Command("pause", "pause", "Publish", "Let nothing go out, to any account or to one; what comes due waits."),
    Command("resume", "pause", "Publish", "Let posts go out again; what waited goes first, a minute apart."),
    Command("status", "status", "Publish", "Who publishes, what is next, what needs you."),
    Command("service", "service", "Publish", "Let the system run the publisher: systemd on Linux, launchd on macOS."),
    Command("list", "list", "Look", "What is planned, what are drafts, what has ended."),
    Command("show", "list", "Look", "Everything about one post, and the next command."),
    Command("log", "list", "Look", "Every attempt at a post, step by step."),
    Command("audit", "doctor", "Look", "Prove from the records that nothing was published twice."),
    Command("metrics", "metrics", "Look", "Likes, comments, shares and views of what was published."),
    Command("export", "export_posts", "Look", "Write posts to a file, a folder of Markdown files or stdout."),
    Command("account", "account", "Set up", "The accounts that posts can go to."),
    Command("config", "config", "Set up", "The settings: what is in force, where it comes from, and changing it."),
    Command("backup", "backup", "Set up", "Copy the store to a file, also while something publishes."),
    Command("restore", "backup", "Set up", "Put a backup in the place of the store, which is kept beside it."),
    Command("doctor", "doctor", "Set up", "Whether everything is there that publishing needs."),
    Command("demo", "demo", "Set up", "A tour of ttp against the built-in sandbox."),
    Command("sandbox", "sandbox", "Set up", "The three platforms on this machine, for rehearsals."),
    Command("completion", "completion", "Set up", "The completion script of a shell."),
    Command("help", "help", "Set up", "Help on a command or a topic."),
)
BY_NAME = {command.name: command for command in COMMANDS}
TOPICS = (
    *("time", "json", "exit-codes", "environment", "statuses", "cron", "media-host", "capability"),
    *("x", "instagram", "tiktok"),
)


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
