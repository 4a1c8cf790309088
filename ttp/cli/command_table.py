"""Every command as data: its name, its module and its line of help."""

from __future__ import annotations

import os
import sys

from ttp.platforms import BUILT_IN

TYPE_CHECKING = False  # importing `typing` would double the time of `ttp --version`
if TYPE_CHECKING:
    from collections.abc import Sequence


class Command:
    """One command. `module` in `ttp.cli.commands` has a function or a Typer app called `name`, with a final `_` for
    words that Python reserves. `first_implied`: the name of its first subcommand can be left out. What it needs is in
    `ttp.domain.operations`."""

    __slots__ = ("first_implied", "help", "module", "name", "section")

    def __init__(self, name: str, module: str, section: str, help: str, first_implied: bool = False) -> None:
        self.name = name
        self.module = module
        self.section = section
        self.help = help
        self.first_implied = first_implied


SECTIONS = ("Write", "Plan", "Publish", "Look", "Set up")
COMMANDS = (
    Command("create", "posts", "Write", "Create a post: a draft without a time, scheduled with one."),
    Command("edit", "posts", "Write", "Change a post that is not published yet, or many at once."),
    Command("copy", "posts", "Write", "Copy a post to a new draft."),
    Command("delete", "posts", "Write", "Delete posts."),
    Command("import", "import_posts", "Write", "Import posts from a sheet, a JSON file or a folder of Markdown files."),
    Command("sync", "sync", "Write", "Sync posts with a folder of Markdown files."),
    Command("announce", "announce", "Write", "Make a post of a release, once, also when the job runs again."),
    Command("lint", "lint", "Write", "Check files of posts, without a store, accounts or a network."),
    Command("template", "template", "Write", "Manage templates, which make the texts of posts."),
    Command("source", "source", "Write", "Make posts of the new items of feeds, and of releases."),
    Command("undo", "undo", "Write", "Undo the last changes of posts."),
    Command("redo", "undo", "Write", "Redo the last changes that were undone."),
    Command("schedule", "schedule", "Plan", "Give posts a publish time, or a new one."),
    Command("unschedule", "schedule", "Plan", "Unschedule posts: they become drafts again."),
    Command("slots", "slots", "Plan", "Manage the weekly times at which accounts post."),
    Command("repeat", "repeat", "Plan", "Repeat posts on a schedule.", first_implied=True),
    Command("plan", "plan", "Plan", "Spread drafts over the coming days, at the best free hours."),
    Command("optimal", "optimal", "Plan", "Show which hours and days bring an account more engagement."),
    Command("calendar", "calendar", "Plan", "Show what is published when, in a month or a week."),
    Command("run", "run", "Publish", "Run the publisher, which publishes due posts."),
    Command("serve", "server.serve", "Publish", "Serve the pages and the HTTP API, and publish due posts."),
    Command("publish", "publish", "Publish", "Publish posts now, and wait for the result."),
    Command("retry", "publish", "Publish", "Retry failed deliveries, and only those."),
    Command("resolve", "publish", "Publish", "Say whether a delivery that needs review was published."),
    Command("approve", "approve", "Publish", "Approve posts as they are now."),
    Command("reject", "approve", "Publish", "Reject posts: they become drafts again, with your reason."),
    Command("approve-link", "server.approve_link", "Publish", "Print a link to approve posts without a login.", True),
    Command("pause", "pause", "Publish", "Pause publishing for all accounts, or for some; due posts wait."),
    Command("resume", "pause", "Publish", "Resume publishing; posts that waited are published a minute apart."),
    Command("status", "status", "Publish", "Show the publisher, the next post, and what needs your action."),
    Command(
        "service", "setup.service", "Publish", "Run the publisher as a service: systemd on Linux, launchd on macOS."
    ),
    Command("list", "list", "Look", "List posts."),
    Command("show", "list", "Look", "Show everything about one post, and the next command."),
    Command("log", "list", "Look", "Show every attempt to publish a post, step by step."),
    Command("history", "undo", "Look", "Show who changed posts, newest first."),
    Command("report", "report", "Look", "Show how posts did, compared with the previous period."),
    Command("audit", "setup.doctor", "Look", "Check from the records that nothing was published twice."),
    Command("metrics", "metrics", "Look", "Import, pull and show likes, comments, shares and views."),
    Command("export", "export_posts", "Look", "Export posts to a file, a folder of Markdown files or stdout."),
    Command("init", "setup.init", "Set up", "Set up ttp, in at most seven questions."),
    Command("account", "account", "Set up", "Manage the accounts you post to."),
    Command("config", "setup.config", "Set up", "Show and change settings."),
    Command("login-link", "server.serve", "Set up", "Print a link that logs a person in to the pages of ttp serve."),
    Command("credentials", "store", "Set up", "Create or change the key that encrypts stored credentials."),
    Command("token", "server.token", "Set up", "Create, list and revoke the tokens of the HTTP API."),
    Command("webhook", "server.webhook", "Set up", "Send what happens to posts to web addresses."),
    Command("notify", "notify", "Set up", "Be notified of what needs you: test it, and see what was sent."),
    Command("backup", "store", "Set up", "Back up the store to a file, also while the publisher runs."),
    Command("restore", "store", "Set up", "Restore a backup; the store it replaces is kept next to it."),
    Command("store", "store", "Set up", "Move the store to another place, such as PostgreSQL."),
    Command("doctor", "setup.doctor", "Set up", "Check that everything publishing needs is set up."),
    Command(
        "uninstall",
        "setup.uninstall",
        "Set up",
        "Remove the service and completions, and with --purge the store and its tokens.",
    ),
    Command("mcp", "server.mcp", "Set up", "Serve an agent on stdin and stdout, with the Model Context Protocol."),
    Command(
        "certify", "certify", "Set up", "Publish a post of each kind to a throw-away account, and report how it went."
    ),
    Command("demo", "setup.sandbox", "Set up", "Take a tour of ttp against the built-in sandbox."),
    Command("sandbox", "setup.sandbox", "Set up", "Run stand-ins of the platforms on this machine, to try things out."),
    Command("completion", "help", "Set up", "Print the completion script of a shell."),
    Command("help", "help", "Set up", "Show help on a command or a topic."),
)
EVERYDAY = (
    *("init", "account", "create", "list", "show", "edit", "schedule", "calendar"),
    *("plan", "optimal", "run", "status", "retry", "undo", "delete", "serve"),
)
"""The commands of a week, in its order: the first help page lists them, and `ttp help --all` the others too."""
BY_NAME = {command.name: command for command in COMMANDS}
TOPICS = (
    *(
        "time",
        "output",
        "json",
        "exit-codes",
        "environment",
        "statuses",
        "cron",
        "media-host",
        "capability",
        "postgresql",
    ),
    *BUILT_IN,
)


WHAT = f"Schedule posts for {', '.join(filter(None, BUILT_IN.values()))}."
USUAL, NARROWEST = 80, 40
"""Columns: where stdout is not a terminal, and the narrowest page."""


def _flow(words: list[str], width: int, head: str = "", gap: str = " ") -> list[str]:
    """Wrap words after a heading; further lines are indented to the first word."""
    lines = [head + words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(gap) + len(word) > width:
            lines.append(" " * len(head) + word)
        else:
            lines[-1] += gap + word
    return lines


def terminal_width() -> int:
    """Return the width of the terminal on stdout, else 80. (`streams` would import more.)"""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or USUAL
    except (AttributeError, OSError, ValueError):
        return USUAL


EDGE = (
    "Never twice: where a network cannot be asked, ttp asks you. The edge is several hosts on PostgreSQL, one of which"
    " stops between its last check and its first byte for longer than the settle window."
)
"""Where the promise ends."""


def help_page(width: int = USUAL, *, all: bool = False) -> str:
    """Return what bare `ttp`, `ttp help` and `ttp --help` print: a line about each everyday command. `all`: about every
    command, in groups, with the topics."""
    width = max(width, NARROWEST)
    lines = [*_flow(WHAT.split(), width), ""]
    if all:
        for section in SECTIONS:
            lines += [section, *_rows([one for one in COMMANDS if one.section == section], width), ""]
        lines += [*_flow([*TOPICS], width, "Topics: "), "", *_flow(EDGE.split(), width), ""]
        lines += _flow(["ttp help COMMAND or TOPIC has more.", "ttp --version prints the version."], width, gap="  ")
        return "\n".join(lines) + "\n"
    example = "  ttp create \"Hello\" --to ig/roastery --at 'tomorrow 9am'"
    lines += [example] if len(example) <= width else [example.replace("--at", "\\\n    --at")]
    lines += ["", *_rows([BY_NAME[name] for name in EVERYDAY], width), ""]
    lines += _flow(["ttp help COMMAND", *(f"ttp help {topic}" for topic in ("time", "output"))], width, gap=" · ")
    rest = len(COMMANDS) - len(EVERYDAY)
    lines += _flow(f"{rest} more commands and {len(TOPICS)} topics:\0 ttp\0help\0--all".split(" "), width)
    return "\n".join(lines).replace("\0", " ") + "\n"


def _rows(commands: Sequence[Command], width: int) -> list[str]:
    return [line for one in commands for line in _flow(one.help.split(), width, f"  {one.name:<13}")]
