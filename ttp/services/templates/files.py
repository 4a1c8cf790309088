"""Template files: a post in the form of a Markdown file, with variables in its texts. A snippet is one without any.

They are in folders, the first of which wins: on the command line `./.ttp/` and `TTP_HOME/templates/`, for programs and
people elsewhere only the latter.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from ttp.domain.action import action, other_options
from ttp.domain.errors import Hint, NotFound, TtpError, UsageError
from ttp.domain.options import OptionTables
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput
from ttp.domain.post_fields import MEDIA, PLAIN
from ttp.domain.template import LONGEST_SOURCE, Filling, TemplateText, check
from ttp.domain.template_text import Value, clean_value
from ttp.services.files.fields import parse_entry
from ttp.services.files.markdown import SUFFIX, parse_file, parse_sections
from ttp.store.home.files import expand_user, is_below, read_bytes

FOLDER = ".ttp"
"""The folder of templates in a working folder."""
MOST = 200
"""Templates of a folder that are read."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}", re.ASCII)
_REFUSED = ("media", *(one.file for one in MEDIA), "key", "status", "template")
_TAKEN_OVER = ("to", "at", "tz", "tags", *(one.name for one in PLAIN))


@dataclass(frozen=True, slots=True)
class PostTemplate:
    """A template file. `fields`: those of its front matter and its texts."""

    name: str
    path: Path
    text: str = ""
    fields: PostInput = field(default_factory=PostInput)
    problem: str = ""
    """Why it cannot be read."""

    @property
    def version(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()[:12] if self.text else ""

    @property
    def is_snippet(self) -> bool:
        return not self.problem and not re.search(r"\{[{%]", self.text)

    def check(self) -> None:
        """Raise UsageError for what templates do not have, and for what the engine cannot read."""
        from ttp.services.templates.engine import check_syntax

        for one in self.texts if not self.is_snippet else ():
            check(self.source(one))
            check_syntax(self.source(one))

    @property
    def texts(self) -> tuple[str, ...]:
        own = self.fields
        return (own.text or "", *own.variants.values(), *(own.thread or ()), own.comment or "")

    @property
    def variables(self) -> list[str]:
        """The names of its `vars`."""
        return sorted({*self.fields.vars, *(name for one in self.texts for name in self.source(one).variables)})

    def refuse_unused(self, names: Collection[str]) -> None:
        """Raise UsageError for a variable that none of its texts uses: probably a mistyped one."""
        variables = self.variables
        for name in sorted({*names}.difference(variables)):
            if not any(self.source(one).uses_any for one in self.texts):
                near = [Hint("try", f"--var {one}=VALUE") for one in get_close_matches(name, variables, 1)]
                what = f'template {self.name} does not use "{name}". Its variables: {", ".join(variables) or "none"}'
                raise UsageError(what, *near, flaw="template")

    def source(self, text: str, more: str = "") -> TemplateText:
        place = self.text.find(text)
        return TemplateText(self.name, text + more, self.text.count("\n", 0, max(place, 0)) + 1)


class TemplateFiles:
    """`now`: in the user's zone. `is_command_line`: the working folder has templates, and a path names one, too: below
    `root`, which has the files of a caller elsewhere."""

    def __init__(
        self,
        home: Path,
        platforms: OptionTables,
        now: Callable[[], datetime],
        *,
        is_command_line: bool,
        root: Path | None = None,
    ) -> None:
        self._root = root
        self._folders = (Path(FOLDER), home / "templates") if is_command_line else (home / "templates",)
        self._platforms, self._now, self._takes_paths = platforms, now, is_command_line

    def all(self) -> list[PostTemplate]:
        """Return all templates and snippets, by name."""
        return [self._read_any(name, path) for name, path in sorted(self.paths().items())]

    def _read_any(self, name: str, path: Path) -> PostTemplate:
        template = PostTemplate(name, path)
        try:
            template = self._read(name, path)
            template.check()
        except TtpError as error:
            return replace(template, problem=error.message)
        return template

    def find(self, name: str) -> PostTemplate:
        """Return a template by its name or its path. Raise NotFound, UsageError."""
        return self._read(name, self.find_path(name))

    def find_path(self, name: str) -> Path:
        """Return the file of a template. Raise NotFound."""
        path = self.path_of(name)
        if path is None:
            names = sorted(self.paths())
            near = [Hint("try", one, (name, one)) for one in get_close_matches(name.casefold(), names, 1)]
            if not near and not is_path(name):
                _refuse_name(name)
                near = [Hint("try", action("template edit", name))]  # which makes it
            raise NotFound(f'no template "{name}"', *near, Hint("see", action("template list")))
        return path

    def path_of(self, name: str) -> Path | None:
        """Return the file of a template; None if no file has that name."""
        if self._takes_paths and is_path(name):
            path = expand_user(name)
            return None if self._is_foreign(path) else path
        return self.paths().get(name)

    def new_path(self, name: str) -> Path:
        """Return where a new template of this name is stored. Raise UsageError."""
        _refuse_name(name)
        return self._folders[-1] / f"{name}{SUFFIX}"

    def paths(self) -> dict[str, Path]:
        paths: dict[str, Path] = {}
        for folder in reversed(self._folders):
            files = sorted(folder.glob(f"*{SUFFIX}"))[:MOST]
            is_own = folder == self._folders[-1]
            paths |= {
                path.stem: path
                for path in files
                if _NAME.fullmatch(path.stem) and (is_own or not self._is_foreign(path))
            }
        return paths

    def _is_foreign(self, path: Path) -> bool:
        return self._root is not None and not is_below(path, self._root)

    def _read(self, name: str, path: Path) -> PostTemplate:
        try:
            text = read_bytes(path).decode("utf-8-sig").replace("\r\n", "\n")
        except FileNotFoundError:
            raise NotFound(f"no template file {path}", Hint("see", action("template list"))) from None
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "not UTF-8 text"
            raise UsageError(f"template {name} cannot be read: {why}", flaw="template") from None
        return parse_template(name, path, text, self._platforms)

    def snippets(self) -> dict[str, str]:
        """Return the texts of the snippets, by name with `_` for `-`."""
        return {one.name.replace("-", "_"): one.fields.text or "" for one in self.all() if one.is_snippet}

    def fill_in(self, post_input: PostInput, before: Post | None, spare: Collection[str] | None) -> PostInput:
        """Return the input as `Templates.fill_in` does; it names a template, variables or snippets."""
        origin = before.origin if before else {}
        name = post_input.template
        if name is None and post_input.vars:
            name = str(origin["template"]) if origin.get("template") else None
        if post_input.vars and name is None:
            raise UsageError("variables are for a template", Hint("try", other_options(template="NAME")))
        snippets = self.snippets() if post_input.snippets else {}
        more = [_snippet(snippets, one.replace("-", "_")) for one in post_input.snippets]
        if name is None:
            text = post_input.text if post_input.text is not None or before is None else before.content
            variants = {key: "\n\n".join([one, *more]) for key, one in post_input.variants.items()}
            return replace(
                post_input, text="\n\n".join([text or "", *more]).strip(), variants=variants, asked=post_input
            )
        template = self.find(name)
        if spare is not None:
            template.refuse_unused(post_input.vars.keys() - {*spare})
        own = template.fields
        is_same = origin.get("template") == template.name
        kept = origin.get("vars") if is_same else None
        item = post_input.item or (origin.get("item") if is_same else None)
        values = {**own.vars, **(kept if isinstance(kept, Mapping) else {}), **post_input.vars}
        appended = "".join(f"\n\n{{{{ snippets.{one.replace('-', '_')} }}}}" for one in post_input.snippets)
        filled = post_input if before else _taken_over(post_input, own)
        tags = before.tags if before and filled.tags is None else filled.tags or ()
        text = post_input.text or (str(origin.get("text") or "") if kept is not None else "")
        filling = self.filling(template, values, text, tags, appended, item if isinstance(item, Mapping) else {})
        thread = post_input.thread or own.thread  # so many parts: media may be on one of them
        return replace(filled, text=None, thread=thread, filling=filling, asked=post_input)

    def filling(
        self,
        template: PostTemplate,
        values: Mapping[str, Value],
        text: str = "",
        tags: Sequence[str] = (),
        appended: str = "",
        item: Mapping[str, Value] = MappingProxyType({}),
    ) -> Filling:
        """Return what makes the texts of a post. `appended`: to the texts of the template but its thread; `item`: of a
        source."""
        own, now = template.fields, self._now().replace(microsecond=0)
        content = template.source(own.text or "", appended if own.text else "")
        variants = {key: template.source(one, appended) for key, one in own.variants.items()}
        thread = tuple(template.source(one) for one in own.thread or ())
        comment = template.source(own.comment or "")
        sources = (content, *variants.values(), *thread, comment)
        context: dict[str, Value] = {"vars": values, "tags": list(tags), "now": now.isoformat(), "today": f"{now:%F}"}
        item = {name: value for name, value in item.items() if any(source.names(name) for source in sources)}
        context |= item
        if text.strip():
            if not any(source.names("text") for source in sources):
                raise UsageError(
                    f"template {template.name} has no place for a text: {{{{ text }}}}",
                    Hint("try", "--var NAME=TEXT"),
                    flaw="template",
                )
            context["text"] = text
        context["snippets"] = self.snippets() if any(source.names("snippets") for source in sources) else {}
        origin = {"template": template.name, "version": template.version, "vars": clean_value(values)}
        origin |= ({"text": text} if text.strip() else {}) | ({"item": clean_value(item)} if item else {})
        cleaned = clean_value(context)
        assert isinstance(cleaned, dict)
        return Filling(origin, content, variants, thread, comment, cleaned)


def _refuse_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f'"{name}" is not a name of a template: small letters, digits, "-" and "_", at most 40')


def is_path(name: str) -> bool:
    """Return whether a template is named by its file."""
    return "/" in name or name.endswith(SUFFIX)


def parse_template(name: str, path: Path, text: str, platforms: OptionTables) -> PostTemplate:
    """Return the template in a text. Raise UsageError."""
    if len(text) > LONGEST_SOURCE:
        raise UsageError(f"template {name} has {len(text):,} characters, at most {LONGEST_SOURCE:,}", flaw="template")
    try:
        fields = parse_file(text, platforms)
        fields = parse_sections(text.split("\n"), platforms) if fields is None else fields
    except TtpError as error:
        raise UsageError(f"template {name}: {error.message}", *error.hints, flaw="template") from None
    entry = parse_entry(name, fields, platforms)
    faults = [f"{one.field}: {one.problem}" for one in entry.faults]
    faults += [f"a template has no {one}" for one in _REFUSED if one in fields]
    if faults:
        raise UsageError(f"template {name}: {faults[0]}", details=faults[1:], flaw="template")
    return PostTemplate(name, path, text, entry.typed)


def _snippet(snippets: Mapping[str, str], name: str) -> str:
    if name not in snippets:
        near = [Hint("try", one, (name, one)) for one in get_close_matches(name, snippets, 1)]
        raise NotFound(f'no snippet "{name}"', *near, Hint("see", action("template list")))
    return snippets[name]


def _taken_over(post_input: PostInput, own: PostInput) -> PostInput:
    """Return the input of a new post with the fields of its template where it has none."""
    fields = {name: getattr(own, name) for name in _TAKEN_OVER if getattr(post_input, name) in (None, ())}
    defaults = {name: value for name, value in fields.items() if value not in (None, ())}
    return replace(post_input, **defaults, options={**own.options, **post_input.options})
