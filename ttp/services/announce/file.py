"""The file of a repository that says how its releases are announced: `.ttp/announce.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from ttp.domain.action import action
from ttp.domain.errors import Hint, NotFound, UsageError
from ttp.domain.post_edit import PostInput
from ttp.domain.time.grammar import parse_time
from ttp.services.announce.release import Release
from ttp.services.templates.files import PostTemplate
from ttp.services.templates.filling import Templates
from ttp.store.home.files import expand_user, is_below, read_bytes

PATH = Path(".ttp/announce.toml")
INIT = Hint("fix", action("announce", init=True))
_ACCOUNT = re.compile(r"\w+/\S+")
_KEYS: Mapping[str, type] = {
    "to": list,
    "at": str,
    "timezone": str,
    "template": str,
    "text": str,
    "texts": dict,
    "changelog": str,
    "tags": list,
}


@dataclass(frozen=True, slots=True)
class AnnounceFile:
    """`to`: names of accounts; `at`: the TIME that the post asks for; `template`: a name or a file, else `text` and
    `texts` (by platform or account) are the texts of one; `source`: the text of the file."""

    to: tuple[str, ...]
    at: str = "now"
    timezone: str | None = None
    template: str | None = None
    text: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    changelog: str = "CHANGELOG.md"
    tags: tuple[str, ...] = ()
    source: str = ""

    def post_input(self, release: Release, templates: Templates) -> PostInput:
        """Return the post of a release, with what makes its texts. Raise NotFound, UsageError."""
        common = PostInput(to=self.to, at=self.at, tz=self.timezone, tags=self.tags or None, key=release.key)
        values = release.variables
        if self.template is not None:
            filled = templates.fill_in(replace(common, template=self.template, vars=values))
            return replace(filled, to=self.to)
        own = PostTemplate("announce", PATH, self.source, PostInput(text=self.text, variants=self.texts))
        return replace(common, filling=templates.files.filling(own, values, tags=self.tags))


def read_file(path: Path = PATH) -> AnnounceFile:
    """Read the file. Raise NotFound, UsageError."""
    try:
        source = read_bytes(path).decode("utf-8-sig")
        table = tomllib.loads(source)
    except FileNotFoundError:
        raise NotFound(f"no file {path}", INIT) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8 text'}") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}", Hint("fix", f"$EDITOR {path}")) from None
    return _parse(table, source, path)


def _parse(table: Mapping[str, object], source: str, path: Path) -> AnnounceFile:
    def refuse(why: str, *lines: str) -> UsageError:
        return UsageError(f"{path}: {why}", *(Hint("fix", line) for line in lines), flaw="announce_file")

    for name, value in table.items():
        if name not in _KEYS:
            near = get_close_matches(name, _KEYS, 1)
            raise refuse(f'no key "{name}". There are: {", ".join(_KEYS)}', *(f"{one} = …" for one in near))
        if not isinstance(value, _KEYS[name]):
            raise refuse(f"{name} is {_SHAPES[_KEYS[name]]}")
        parts = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
        if not all(isinstance(one, str) and one.strip() for one in parts):
            raise refuse(f"{name} has something other than texts")
    accounts = _texts(table.get("to"))
    if not accounts:
        raise refuse("it names no accounts", 'to = ["PLATFORM/HANDLE"]')
    for name in accounts:
        if not _ACCOUNT.fullmatch(name) or name.endswith("/HANDLE"):
            platform = "".join(re.findall(r"^\w+", name)) or "PLATFORM"
            raise refuse(f'"{name}" is not the name of an account', f'to = ["{platform}/HANDLE"]')
    template, texts = table.get("template"), table.get("texts") or {}
    if template is None and not str(table.get("text") or "").strip():
        raise refuse("it has neither a text nor a template", 'text = "{{ vars.project }} {{ vars.version }} is out"')
    if template is not None and (table.get("text") or texts):
        raise refuse("a template has its own texts: leave out text and texts")
    changelog = str(table.get("changelog") or "CHANGELOG.md")
    if not is_below(expand_user(changelog), Path()):
        raise refuse(f"the changelog {changelog} is outside of this folder")
    at = str(table.get("at") or "now")
    parse_time(at)
    assert isinstance(texts, dict)
    return AnnounceFile(
        to=accounts,
        at=at,
        timezone=_text(table.get("timezone")),
        template=_text(template),
        text=str(table.get("text") or "").strip("\n"),
        texts={name: text.strip("\n") for name, text in texts.items()},
        changelog=changelog,
        tags=_texts(table.get("tags")),
        source=source,
    )


_SHAPES: Mapping[type, str] = {list: "a list of texts", str: "a text", dict: "a table of texts"}


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(one).strip() for one in value) if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    return value.strip() or None if isinstance(value, str) else None
