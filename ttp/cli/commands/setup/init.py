"""`ttp init`."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

from ttp.cli import settings
from ttp.cli.commands.setup.config import change_settings, note_overrides
from ttp.cli.commands.setup.service import installed_lines, note_lingering, service_definition, system_service
from ttp.cli.context import Context, open_database
from ttp.cli.errors import command_text, error_lines, quote_command
from ttp.cli.notices import saved_post_message
from ttp.cli.options import NoInput, with_output
from ttp.cli.parameters import argument
from ttp.cli.render.spec import OutputSpec
from ttp.cli.system_zone import system_zone
from ttp.cli.terminal import is_interactive, print_prompt, read_line, words_of
from ttp.domain.action import action
from ttp.domain.errors import Hint, TimeRefused, TtpError, UsageError
from ttp.platforms import BUILT_IN
from ttp.views.installation import STEP_FIELDS, step_json

if TYPE_CHECKING:
    from ttp.domain.config import Key, Value
    from ttp.services.installation.setup import Setup, SetupStep

T = TypeVar("T")


SPEC: OutputSpec[SetupStep] = OutputSpec(STEP_FIELDS, STEP_FIELDS, lambda step: step_json(step, command_text(step.way)))


@with_output(SPEC)
def init(
    context: Context,
    url: Annotated[
        str | None, argument("[URL]", "A PostgreSQL database for the store: postgresql://USER@HOST/DATABASE.")
    ] = None,
    no_input: NoInput = False,
) -> None:
    """Set up ttp, in at most seven questions.

    Enter keeps what is set, or skips the question; what you answered is stored at once. Run it again at any time: it
    shows what is set. Without a terminal, or with --json, it asks nothing and prints what to set.

    With a URL it first makes the store in that database, which must be empty or have a store, and uses it from then on.

    Examples:
      ttp init
      ttp init --json
      ttp init postgresql://ttp@db.example.org/ttp
    """
    if url is not None:
        _use_database(context, url)
    setup = _setup(context)
    if no_input or not is_interactive() or not context.out.for_people or context.out.fields:
        context.out.write_list(SPEC, setup.steps())
        return
    questions = Questions(context, setup)
    try:
        questions.ask_all()
    except KeyboardInterrupt:
        questions.print_next()  # which platforms were named is stored nowhere else
        raise
    questions.print_next()


def _use_database(context: Context, url: str) -> None:
    """Make the store in a database, if it has none, and set `store.url`. UsageError, Busy."""
    from ttp.domain.store_url import EXAMPLE, hide_password, is_store_url, passwords_in

    if not is_store_url(url):
        raise UsageError(f"a database has an address like {EXAMPLE}", Hint("try", action("init", EXAMPLE)))
    key = settings.key_named("store.url", context.keys)
    value = settings.parse_value(key, [url])
    if passwords_in(url):
        raise UsageError(
            "every user of this machine can read a password on a command line: put it into ~/.pgpass, or let"
            " store.password_command print it",
            Hint("fix", action("init", hide_password(url))),
        )
    database = open_database(context.home, url, context.own_config.texts("store.password_command"))
    made = database.create()
    database.connect().close()
    change_settings(context, [(key, value)])
    note_overrides(context, [key])
    context.out.note(f"{'made the store' if made else 'using the store'} in {database.name}")


def _setup(context: Context) -> Setup:
    from ttp.services.installation.setup import Setup

    zone, state = system_zone().zone.key, system_service().state()
    return Setup(context.queries, context.status, context.config, context.platforms, zone=zone, service=state.installed)


NEEDED = ("account", "media_host", "post", "publisher")
"""The steps whose commands come next, in this order. The zone of the system does for most people."""
PUBLISHERS = ("service", "cron", "hand")
KINDS = ("folder", "s3", "command")


class Questions:
    """Asks what a new user should set, and stores each answer at once."""

    def __init__(self, context: Context, setup: Setup) -> None:
        self._context = context
        self._setup = setup
        self._wanted: tuple[str, ...] = ()
        self._publisher = ""
        self._done: list[str] = []
        self._number = 0
        self._ended = False

    def ask_all(self) -> None:
        print_prompt(
            "Set up ttp. Enter keeps the answer in [brackets]. Ctrl-C stops; ttp keeps", "what you answered before it."
        )
        self._ask_platforms()
        self._ask_zone()
        if fetching := self._setup.platforms_that_fetch(self._wanted):
            self._ask_media_host(fetching[0].title)
        self._ask_alt()
        self._ask_publisher()
        if not self._setup.has_posts():
            self._ask_draft()

    def print_next(self) -> None:
        """Print what was done, and the commands to type next."""
        missing = [step for step in _setup(self._context).steps(self._wanted) if not step.done]
        commands = {name: [command_text(step.way) for step in missing if step.name == name] for name in NEEDED}
        if self._publisher == "cron":
            commands["publisher"] = ["crontab -e", f"  {cron_line(self._context)}"]
        elif commands["publisher"]:
            commands["publisher"] = ["ttp run"]
        out = self._context.out
        out.write_message(*self._done)
        out.write_message("", "Next:")
        for line in [*(line for name in NEEDED for line in commands[name]), "ttp status"]:
            out.line(f"  {line}")

    def _ask(self, default: str, read: Callable[[str], T], *lines: str) -> T | None:
        """Ask until the answer can be read; None for Enter and after the end of stdin."""
        if self._ended:
            return None
        self._number += 1
        suggested = ""
        print_prompt("", f"{self._number}. {lines[0]}", *(f"   {line}" for line in lines[1:]))
        while not self._ended:
            typed = read_line(f"   [{default}] ")
            self._ended = typed is None
            typed = typed or (suggested if typed is not None else "")
            if not typed:
                break
            try:
                return read(typed)
            except TtpError as wrong:
                ways = [str(hint.way) for hint in wrong.hints if hint.label == "try"]
                if len(ways) == 1:  # Enter takes what was suggested
                    default, suggested = ways[0], ways[0]
                print_prompt(*(f"   {line.removeprefix('ttp: error: ')}" for line in error_lines(wrong)))
        return None

    def _ask_platforms(self) -> None:
        platforms = self._context.platforms
        here = dict.fromkeys(one.platform for one in self._context.queries.accounts() if one.connected)
        typed = self._ask(
            ", ".join(here) or "none",
            lambda text: tuple(platforms.find(word).name for word in words_of(text)),
            "Which platforms do you post to?",
            ", ".join(f"{name} (your own program)" if BUILT_IN.get(name) == "" else name for name in platforms.names()),
        )
        self._wanted = tuple(dict.fromkeys(typed or ()))

    def _ask_zone(self) -> None:
        now = self._context.config.text("timezone")
        typed = self._ask(
            now or system_zone().zone.key, self._read_zone, "In which timezone are your posts? (such as Europe/Berlin)"
        )
        if typed is not None and typed[1] != now:
            self._store([typed])

    def _read_zone(self, text: str) -> tuple[Key, Value]:
        from ttp.domain.time.zones import suggest_zone

        try:
            return self._parsed("timezone", text)
        except TimeRefused as refused:
            raise TimeRefused(refused.message, suggest_zone(text)) from None

    def _ask_media_host(self, title: str) -> None:
        kind = self._context.config.text("media_host.kind")
        chosen = self._ask(
            kind or "none",
            lambda text: _one_of(text, KINDS),
            f"{title} fetches media from a public address. What gives your files one?",
            "folder (your web server serves it), s3 (a bucket), command (your program)",
        )
        details = {
            "folder": ("Which folder, and which https address has it?", "/srv/www/media https://HOST/media/"),
            "s3": ("Which bucket?", "s3://NAME/FOLDER"),
            "command": ("Which program prints the address of a file?", "/home/me/bin/put-online"),
        }
        if chosen is None or chosen == kind:
            return
        changes = self._ask("none", lambda text: self._media_settings(chosen, text), *details[chosen])
        if changes is not None:
            self._store(changes)

    def _media_settings(self, kind: str, text: str) -> list[tuple[Key, Value]]:
        """Parse where media files go. UsageError."""
        try:
            words = shlex.split(text)
        except ValueError as error:
            raise UsageError(f"the quotes do not match: {error}") from None
        if kind == "folder" and len(words) != 2:
            raise UsageError("two words are needed: the folder, and its address")
        values = {
            "folder": {"media_host.path": words[:1], "media_host.base_url": words[1:]},
            "s3": {"media_host.s3.url": words},
            "command": {"media_host.command": words},
        }[kind]
        return [self._parsed("media_host.kind", kind), *(self._parsed(name, *args) for name, args in values.items())]

    def _ask_alt(self) -> None:
        now = self._context.config.text("guard.alt")
        chosen = self._ask(
            now,
            lambda text: _one_of(text, ("warn", "refuse", "off")),
            "What if a picture has no alt text, which people who do not see it need?",
            "warn (publish it all the same), refuse (do not schedule it), off (say nothing)",
        )
        if chosen is not None and chosen != now:
            self._store([self._parsed("guard.alt", chosen)])

    def _ask_publisher(self) -> None:
        installed = system_service().state().installed
        chosen = self._ask(
            "service" if installed else "hand",
            lambda text: _one_of(text, PUBLISHERS),
            "What publishes posts when they are due?",
            "service (while you are signed in), cron (each minute), hand (ttp run)",
        )
        self._publisher = chosen or ""
        if chosen == "service" and not installed:
            self._install_service()
        elif chosen == "cron":
            self._done.append("Add the line below to your crontab.")

    def _install_service(self) -> None:
        try:
            state = system_service().install(service_definition(self._context))
        except TtpError as refused:
            print_prompt(*error_lines(refused))
            return
        self._done += installed_lines(state)
        note_lingering(self._context, state)

    def _ask_draft(self) -> None:
        from ttp.domain.post_edit import PostInput

        saved = self._ask(
            "none",
            lambda text: self._context.posts.create(PostInput(text=text), None),
            "What shall your first draft say?",
        )
        if saved is not None:
            self._done += saved_post_message(self._context, saved, None)

    def _parsed(self, name: str, *words: str) -> tuple[Key, Value]:
        key = settings.key_named(name, self._context.keys)
        return key, settings.parse_value(key, words)

    def _store(self, changes: Sequence[tuple[Key, Value]]) -> None:
        change_settings(self._context, changes)
        note_overrides(self._context, [key for key, _ in changes])
        self._done.append(f"Changed {', '.join(key.name for key, _ in changes)} in {settings.config_path()}.")


def _one_of(text: str, names: Sequence[str]) -> str:
    matches = [name for name in names if name.startswith(text.lower())]
    if len(matches) != 1:
        raise UsageError(f'"{text}" is not one of {", ".join(names)}')
    return matches[0]


def cron_line(context: Context) -> str:
    """Return the line for crontab(5) that runs this program with its present variables."""
    job = service_definition(context)
    variables = [f"{name}={shlex.quote(value)}" for name, value in job.environ.items()]
    command = quote_command(sys.executable, "-P", "-m", "ttp", "run", "--once", "--quiet")
    return " ".join(["* * * * *", *variables, command]).replace("%", r"\%")
