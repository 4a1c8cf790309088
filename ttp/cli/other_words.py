"""Words that people type from habit, of this tool or of another, and what each is called here; their tables are in
`texts/other_words.toml`."""

from __future__ import annotations

import tomllib
from typing import Any

from ttp.cli.texts import load_text

_TABLES = tomllib.loads(load_text("other_words.toml"))


def _one_each(table: str) -> dict[str, Any]:
    """Return a table by single words: a key has several between spaces, in which `_` stands for a space."""
    return {word.replace("_", " "): meant for words, meant in _TABLES[table].items() for word in words.split()}


def _several_each(table: str) -> dict[str, tuple[str, ...]]:
    return {word: tuple(meant) for word, meant in _one_each(table).items()}


COMMANDS = _several_each("commands")
OPTIONS = _several_each("options")
STATUSES = _several_each("statuses")
SETTINGS = _several_each("settings")
BARE = _several_each("bare")
FIELDS = _several_each("fields")
WHY: dict[str, str] = _one_each("why")
NOUNS: dict[str, str] = _one_each("nouns")
HELP: dict[str, str] = _one_each("help")
KEYS: dict[str, str] = _TABLES["keys"]
WORDS: dict[str, list[tuple[str, str]]] = _one_each("words")

PUBLISHING = ("post", "send-post", "publish", "send")
"""Words for `create` that publish at once elsewhere; those of one platform are in its facts."""

ADD_ACCOUNT = ("--add-to", "--add-account", "--add-accounts", "--add-channel", "--add-platform", "--also-to")
REMOVE_ACCOUNT = ("--remove-to", "--remove-account", "--remove-channel", "--remove-platform", "--not-to")
REPLACE = ("--replace", "--replace-text", "--substitute", "--find-replace", "--sub")

REPLIES = ("reply", "comment", "respond")

PROGRAMS = ("ttp", "buffer", "gh", "tut", "hootsuite", "npx", "sudo")
"""Programs whose name people type before a command."""

ALIKE = (
    ("list", "ls", "all", "index"),
    ("remove", "rm", "del", "delete", "stop", "revoke", "cancel"),
    ("add", "new", "create", "make"),
    ("show", "get", "info", "view"),
)
"""Subcommands of one meaning: the one that a command has is meant."""

NO_COMMAND = ("how", "what", "repo", "repost", "restart", "reorder", "exit", "quit", "clear")
"""Words that are near to a command and mean another thing."""

MOVES = ("push", "move", "mv", "postpone", "delay", "bump", "shift", "reschedule")
"""Words for `schedule` behind which a length of time counts from the post's own time: `edit --shift`."""

NO_POST = ("bookmarks", "favourites", "followers", "following", "instance", "lists", "block", "mute", "reblog", "env")
"""Words behind `toot` and the like that are commands of those programs, and not the text of a post."""

UPGRADE = ("upgrade", "self-update", "self-upgrade")
"""Words for a newer version of ttp itself, which its installer fetches."""

NO_OPTION = ("--test", "--no-headers", "--public")
"""Options that are near to another and mean another thing."""

LISTED = ("list", "ls", "show", "all", "view", "status", "posts")
"""What people type behind the name of a list."""

EVERY = ("every", "each", "daily", "weekly", "monthly", "hourly")
"""Words for `repeat` that say when."""

FORMATS = ("table", "tsv", "json", "jsonl", "csv", "md", "ics", "html")

FILLERS = (
    *("a", "and", "do", "i", "is", "me", "my", "of", "please", "should", "the", "to", "post", "with", "id"),
    "details",
)
"""Words of a sentence that say nothing to a command; no text loses them."""

TAKE_TEXT = ("create", "edit", "list", "publish", "schedule")
"""Commands behind which each word may be one of a text, or is searched for."""

CHANGE_TEXT = ("sed", "replace", "substitute")

NO_TEXT = ("all", "drafts", "draft", "everything", "last", "latest", "next")
"""Words behind `schedule` and `publish` that name posts, and are not a text."""
