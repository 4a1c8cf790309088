"""A post as a Markdown file with front matter: the format of folders, of `export --format md`,
of `create --file`, and of what an editor opens.

    ---
    to: [x/me, ig/shop]
    at: 2026-12-01 09:00
    media:
    - file: photo.jpg
      alt: Two cups
    ---

    The text.

    ## x

    A text for X alone, `## ig/shop` for one account. `## thread`, once for each part after the first. `## comment`, the
    first comment.

    ![Two cups](photo.jpg)

A line that is a picture is one of the part, or of the network or account, under whose heading it is.

The front matter is YAML in which every value is text: `no`, `09:00` and `1e3` stay as written. Anchors, aliases, tags
and repeated keys are refused. Blank lines around a text are dropped; a text that needs them, or a carriage return, is
in the front matter (`content`, `variants`, `thread`, `comment`). A line of text that begins with `## ` or is a picture,
maybe with backslashes before it, is escaped by a backslash.

Only this module uses YAML.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any

from ttp.domain import post_fields
from ttp.domain.action import action
from ttp.domain.errors import Hint, NotFound, TtpError, UsageError
from ttp.domain.platform import PlatformFacts
from ttp.domain.post_edit import as_typed
from ttp.domain.row_reader import Value
from ttp.services.files.fields import EXPORT_ONLY, FIELDS, KNOWN_NAMES, find_field, normalize_name, parse_list
from ttp.store.home.files import read_bytes, text_of_path

LONGEST = 1 << 20
"""Most characters of a file."""
_FENCE = "---"
NAMES = {one.duration or one.file: one.word for one in post_fields.FIELDS}
"""Names of fields in front matter."""
_HEADING = re.compile(r"## +(.*\S)\s*")
_PICTURE = re.compile(r"!\[(.*)\]\((.*\S.*)\)\s*")
_ESCAPED = re.compile(r"\\*(## |!\[.*\]\(.*\S.*\)\s*$)")
_THREAD, _COMMENT = "thread", "comment"
_NEAR = 0.8
_RESULT_FIELDS = ("id", "status", "results")


def parse_file(text: str, platforms: PlatformFacts, longest: int = LONGEST) -> dict[str, Value] | None:
    """Parse the fields of a file of at most `longest` characters; None without front matter. Raise UsageError."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != _FENCE:
        return None
    if len(text) > longest:
        raise UsageError(f"the file has more than {longest} characters")
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        raise UsageError("the front matter has no closing ---", Hint("fix", _FENCE))
    front, below = _parse_front_matter("\n".join(lines[1:end])), parse_sections(lines[end + 1 :], platforms)
    if "media" in front and "media" in below:
        named = front["media"] if isinstance(front["media"], list) else list(parse_list(front["media"]))
        below["media"] = [*named, *below["media"]]
    if _COMMENT in front and _COMMENT in below:
        raise UsageError(f"the comment is in the front matter and below ## {_COMMENT}: remove one of them")
    return {**front, **below}


def parse_sections(lines: Sequence[str], platforms: PlatformFacts) -> dict[str, Any]:
    """Parse what is below the front matter: content, variants, thread and pictures. Raise UsageError."""
    sections: list[tuple[str, list[str]]] = [("", [])]
    pictures: list[dict[str, str]] = []
    for line in lines:
        heading, picture = _HEADING.fullmatch(line), _PICTURE.fullmatch(line)
        if heading:
            sections.append((_section(heading[1], platforms), []))
        elif picture:
            name = sections[-1][0]
            if name == _COMMENT:
                raise UsageError("a first comment has a text alone, no pictures", Hint("try", f"\\{line}"))
            part = 1 + sum(one == _THREAD for one, _ in sections) if name in ("", _THREAD) else 1
            place = f"{part}=" if name in ("", _THREAD) else f"{name}="
            pictures.append({"file": f"{place}{picture[2]}", "alt": picture[1]})
        else:
            sections[-1][1].append(line[1:] if line[:1] == "\\" and _ESCAPED.match(line) else line)
    fields: dict[str, Value] = {"media": pictures} if pictures else {}
    variants: dict[str, str] = {}
    thread: list[str] = []
    for name, rows in sections:
        text = "\n".join(rows).strip("\n")
        if not name:
            fields |= {"content": text} if text.strip() else {}
        elif name == _THREAD:
            thread.append(text)
        elif name in variants or (name == _COMMENT and _COMMENT in fields):
            raise UsageError(f'the section "## {name}" occurs twice')
        elif name == _COMMENT:
            fields[_COMMENT] = text
        else:
            variants[name] = text
    return {**fields, **({"variants": variants} if variants else {}), **({"thread": thread} if thread else {})}


_NAME = re.compile(r"""(["']?)([^\s"'#:-][^"'#:]*)\1\s*:(?:\s|$)""")


def find_lines(text: str) -> dict[str, int]:
    """Return the line, from 1 on, at which each part of a file begins: by field, by name as written, and by heading
    (`## x`, in small letters)."""
    lines: dict[str, int] = {}
    fences = 0
    for number, row in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        row, names = row.rstrip(), list[str]()
        if row == _FENCE and fences < 2:
            fences += 1
        elif fences < 2:
            if (match := _NAME.match(row)) is not None:
                names = [match[2].strip(), find_field(match[2]) or ""]
        elif (heading := _HEADING.fullmatch(row)) is not None:
            name = heading[1].lower()
            names = [f"## {name}", name if name in (_THREAD, _COMMENT) else "variants"]
        elif row:
            names = ["media" if _PICTURE.fullmatch(row) else "content"]
        for name in filter(None, names):
            lines.setdefault(name, number)
    return lines


def _section(name: str, platforms: PlatformFacts) -> str:
    platform, slash, _ = name.partition("/")
    if not _is_platform(platform, platforms) and (slash or name.lower() not in (_THREAD, _COMMENT)):
        message = f'"## {name}" is not a platform, an account, "thread" or "comment"'
        near = [Hint("try", f"## {one}") for one in get_close_matches(name.lower(), (_THREAD, _COMMENT), 1, _NEAR)]
        raise UsageError(message, *near, Hint("try", f"\\## {name}"))
    return name.lower() if not slash else name


def _is_platform(text: str, platforms: PlatformFacts) -> bool:
    try:
        platforms.find(text)
    except UsageError:
        return False
    return True


def _parse_front_matter(text: str) -> dict[str, Value]:
    fields: dict[str, Value] = {}
    for name, value in _mapping(text).items():
        field = find_field(name)
        if field is None and name not in EXPORT_ONLY:
            raise _no_field(name)
        if field in fields:
            raise UsageError(f"the front matter has {field} twice")
        if field is not None:
            fields[field] = value
    return fields


def _no_field(name: str) -> UsageError:
    names = [NAMES.get(field, field) for field in FIELDS]
    near = get_close_matches(normalize_name(name), KNOWN_NAMES, n=1)
    hints = [Hint("try", NAMES.get(field, field)) for field in map(find_field, near) if field is not None]
    details = [] if hints else [f"fields: {', '.join(names)}"]
    return UsageError(f'the front matter has an unknown field "{name}"', *hints, details=details)


def _mapping(text: str) -> dict[str, Value]:
    """Parse the YAML of the front matter with every scalar as text. Raise UsageError."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        node = yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 2}" if mark else ""
        why = getattr(error, "problem", None) or str(error).partition("\n")[0]
        if why.startswith("mapping values"):
            why = 'a value with ": " in it needs quotes'
        raise UsageError(f"the front matter is not valid YAML{where}: {why}") from None
    if node is None:
        return {}
    value = _value(node, set())
    if not isinstance(value, dict):
        raise UsageError("the front matter is not a list of names and values", Hint("try", "to: x/me"))
    return value


def _value(node: object, node_ids: set[int]) -> Value:
    """Convert a YAML node to plain data. Refuses aliases, which could expand a small file enormously."""
    import yaml

    assert isinstance(node, yaml.Node)
    if id(node) in node_ids:
        raise UsageError("YAML aliases (*) are not supported in front matter")
    node_ids.add(id(node))
    if not str(node.tag).startswith("tag:yaml.org,2002:") or "python" in str(node.tag):
        raise UsageError(f"the YAML tag {node.tag} is not supported in front matter")
    if isinstance(node, yaml.ScalarNode):
        return str(node.value)
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, node_ids) for one in node.value]
    mapping: dict[str, Value] = {}
    for name, value in node.value:
        key = _value(name, node_ids)
        if not isinstance(key, str) or key in mapping:
            raise UsageError(
                f"the front matter has {key} twice"
                if isinstance(key, str)
                else "a name in the front matter is not text"
            )
        mapping[key] = _value(value, node_ids)
    return mapping


def format_file(fields: Mapping[str, Value], comments: Sequence[str] = ()) -> str:
    """Format a post as a file that `read` parses back. `comments`: lines for the end of the front matter."""
    front, body, pictures = dict(fields), list[str](), dict[int, str]()
    content = front.get("content", "")
    if isinstance(content, str) and (not content or _fits_below(content)):
        front.pop("content", None)
        body += [_escape(content)] if content else []
    variants = front.get("variants")
    if isinstance(variants, Mapping) and all(_fits_below(text) for text in variants.values()):
        front.pop("variants")
        body += [f"## {name}\n\n{_escape(text)}" for name, text in variants.items()]
    thread = front.get("thread")
    if isinstance(thread, list) and all(text == "" or _fits_below(text) for text in thread):
        front.pop("thread")
        pictures = _take_pictures(front, len(thread) + 1)
        body += [
            f"## {_THREAD}\n\n{_escape(text)}{pictures.get(part, '')}".rstrip("\n")
            for part, text in enumerate(thread, 2)
        ]
    comment = front.get(_COMMENT)
    if isinstance(comment, str) and _fits_below(comment):
        front.pop(_COMMENT)
        body.append(f"## {_COMMENT}\n\n{_escape(comment)}")
    front_matter = _yaml(_with_file_names(front)) + "".join(f"{line}\n" for line in comments)
    return f"{_FENCE}\n{front_matter}{_FENCE}\n" + "".join(f"\n{part}\n" for part in body)


def with_results(text: str, results: Mapping[str, Value]) -> str:
    """Return a file with the results of its post in the front matter; the rest is unchanged."""
    lines = text.split("\n")
    end = next(number for number, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE)
    kept, inside = list[str](), False
    for line in lines[1:end]:
        if line[:1] not in ("", " ", "\t", "#", "-"):
            inside = line.partition(":")[0].strip() in _RESULT_FIELDS
        if not inside:
            kept.append(line)
    return "\n".join([lines[0], *kept, *_yaml(results).splitlines(), *lines[end:]])


def _with_file_names(fields: Mapping[str, Value]) -> dict[str, Value]:
    """Return the fields under the names that people write, media with their alt texts."""
    named = dict(fields)
    media = named.get("media")
    about = {one.word: texts for one in post_fields.MEDIA if isinstance(texts := named.pop(one.file, None), list)}
    if isinstance(media, list) and about:
        named["media"] = [
            {"file": file, **{word: texts[place] for word, texts in about.items() if texts[place]}}
            for place, file in enumerate(media)
        ]
    for one in post_fields.FIELDS:
        seconds = named.get(one.file)
        if one.duration and isinstance(seconds, float | int) and float(seconds).is_integer():
            named[one.duration] = as_typed(named.pop(one.file))
    return {NAMES.get(field, field): value for field, value in named.items()}


def _take_pictures(front: dict[str, Any], count: int) -> dict[int, str]:
    """Take the media of the further parts of a thread out of the front matter; return their lines, by part. A part of
    which one cannot be a line keeps all of them there, and so their order."""
    media, kept, lines = front.get("media") or [], list[tuple[str, str]](), dict[int, str]()
    placed, in_front = list[tuple[int, str, str, str]](), set[int]()
    for name, alt in zip(media, front.get("alt") or [""] * len(media), strict=True):
        number, _, rest = name.partition("=")
        line = f"![{alt}]({rest})"
        match = _PICTURE.fullmatch(line)
        part = int(number) if number.isascii() and number.isdecimal() else 1
        placed.append((part, name, alt, line))
        if not (1 < part <= count and match and match.groups() == (alt, rest)):
            in_front.add(part)
    for part, name, alt, line in placed:
        if part in in_front:
            kept.append((name, alt))
        else:
            lines[part] = f"{lines.get(part, chr(10))}\n{line}"
    if lines:
        front["media"], front["alt"] = [name for name, _ in kept], [alt for _, alt in kept]
        for field in ("media", "alt"):
            if not any(front[field]):
                front.pop(field)
    return lines


def _fits_below(text: str) -> bool:
    """Return whether a text can be below the front matter unchanged."""
    return bool(text.strip()) and text == text.strip("\n") and "\r" not in text


def _escape(text: str) -> str:
    return "\n".join(f"\\{line}" if _ESCAPED.match(line) else line for line in text.split("\n"))


def _yaml(fields: Mapping[str, Value]) -> str:
    import yaml

    if not fields:
        return ""

    class Dumper(yaml.SafeDumper):
        """Escapes texts that are not printable: YAML folds some line breaks into spaces."""

        def represent_str(self, data: str) -> yaml.ScalarNode:
            return self.represent_scalar("tag:yaml.org,2002:str", data, style=None if data.isprintable() else '"')

        def ignore_aliases(self, data: object) -> bool:
            return True

    Dumper.add_representer(str, Dumper.represent_str)
    return str(yaml.dump(dict(fields), Dumper=Dumper, allow_unicode=True, sort_keys=False, width=LONGEST))


SUFFIX = ".md"


@dataclass(frozen=True, slots=True)
class MarkdownFile:
    """A Markdown file: its path, and its fields or why it cannot be read. Without both it has no front matter."""

    name: str
    fields: dict[str, Value] | None = None
    error: TtpError | None = None


class MarkdownFolder:
    """A folder of Markdown files. Raise NotFound if it does not exist."""

    def __init__(self, path: Path, platforms: PlatformFacts) -> None:
        self._platforms = platforms
        if not os.path.isdir(path):  # noqa: PTH112 (never raises)
            raise NotFound(f"no folder {path}", Hint("fix", action("export", "DIR", format="md")))
        self.path = path
        self.prefix = f"{text_of_path(path.resolve().name)}/"
        self._files: dict[str, str] | None = None

    def files(self) -> Iterator[MarkdownFile]:
        """Yield every Markdown file, by name. Skips hidden files and symlinks."""
        yield from map(self.file, self.paths())

    def paths(self) -> Iterator[Path]:
        for top, folders, names in os.walk(self.path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(top) / name
                if path.suffix.lower() == SUFFIX and not name.startswith(".") and not path.is_symlink():
                    yield path

    def file(self, path: Path) -> MarkdownFile:
        name = path.relative_to(self.path).as_posix()
        if (text := text_of_path(name)) != name:
            return MarkdownFile(
                text, error=UsageError("its file name is not UTF-8, so its post could not be found again")
            )
        try:
            return MarkdownFile(name, parse_file(read_bytes(path).decode("utf-8-sig"), self._platforms))
        except UnicodeDecodeError:
            return MarkdownFile(name, error=UsageError("the file is not UTF-8 text"))
        except OSError as error:
            return MarkdownFile(name, error=UsageError(f"the file cannot be read: {error.strerror}"))
        except TtpError as error:
            return MarkdownFile(name, error=error)

    def key(self, file: MarkdownFile) -> str:
        """Return the key of a file's post in the store."""
        own = (file.fields or {}).get("key")
        return self.prefix + (own if isinstance(own, str) and own.strip() else file.name)

    def without_prefix(self, key: str) -> str:
        return key.removeprefix(self.prefix)

    def usual_key(self, path: Path) -> str:
        """Return the key of a file without a `key` field."""
        return path.relative_to(self.path).as_posix()

    def file_of(self, key: str) -> Path | None:
        """Return the file whose post has this key (without prefix)."""
        if self._files is None:
            self._files = {
                self.without_prefix(self.key(file)): file.name for file in self.files() if file.fields is not None
            }
        name = self._files.get(key)
        return None if name is None else self.path / name

    def new_file(self, key: str, about: str) -> Path:
        """Return a path for a new file: the key if it is a path, else built from id or key and `about`."""
        parts = PurePosixPath(key)
        if parts.suffix == SUFFIX and not parts.is_absolute() and not any(p.startswith(".") for p in parts.parts):
            path = self.path / parts
            if not path.exists():
                return path
        number, at, _ = key.partition("@")
        stem = f"{number}-{about}" if at and number.isdecimal() else re.sub(r"[^\w.-]+", "-", key).strip("-.") or about
        path, count = self.path / f"{stem[:80]}{SUFFIX}", 1
        while path.exists():
            count += 1
            path = self.path / f"{stem[:80]}-{count}{SUFFIX}"
        return path
