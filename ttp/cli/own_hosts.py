"""Ask once which hosts are the user's, for posts whose links get UTM parameters."""

from __future__ import annotations

from ttp.cli import settings
from ttp.cli.context import Context
from ttp.cli.terminal import is_interactive, read_line
from ttp.domain.parts.links import find_links, host_of


def ask_own_hosts(context: Context, text: str) -> None:
    """Ask for `links.own` on a terminal, with the host of the first link in a text as the default, and set it.
    Elsewhere, and without an answer, the service refuses the post."""
    if context.config.texts("links.own") or not is_interactive():
        return
    links = [text[start:end] for start, end in find_links(text)]
    host = (host_of(links[0]) or "").removeprefix("www.") if links else ""
    answer = read_line(f"Your hosts, whose links get UTM parameters{f' [{host}]' if host else ''}: ")
    if words := ("" if answer is None else answer or host).split():
        from ttp.cli.commands.setup.config import change_settings

        key = settings.key_named("links.own", context.keys)
        value = settings.parse_value(key, words)
        if settings.names_database():  # it is a setting that all hosts of a store share
            from ttp.store import shared_settings

            with context.database.writing() as db:
                shared_settings.write(db, {key.name: value})
            context.reload_settings()
        else:
            change_settings(context, [(key, value)])
        context.out.note(f"links.own is {' '.join(words)}")
