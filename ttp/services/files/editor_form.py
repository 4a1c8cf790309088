"""The file that an editor opens for one post: a content file with hints in its front matter.

After a mistake, the errors are shown as comments at the top of the front matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from typing import Any

from ttp.domain.errors import Hint, Problem, TtpError, UsageError
from ttp.domain.media.place import name_in_place
from ttp.domain.options import OptionTables
from ttp.domain.post import Post
from ttp.domain.post_edit import PostInput, changed_media, said_texts, with_tags
from ttp.domain.post_fields import CONTENT, MEDIA, PLAIN, PostField
from ttp.domain.row_reader import Value
from ttp.domain.time.formatting import format_iso
from ttp.services.files import markdown
from ttp.services.files.fields import Entry, as_value, fields_of, media_name, parse_entry

LONGEST = 1 << 26
"""Most characters of a text that a person wrote."""
_FENCE, _ERROR = "---", "# ! "
_EXAMPLES: Mapping[str, Sequence[str]] = {
    "accounts": ("to: [x/me, ig/shop]",),
    "scheduledAt": ("at: tomorrow 9am          (or a date and time, optimal, next-slot; without it a draft)",),
    "timezone": ("tz: Europe/Zurich",),
    "media": ("media:", "- file: photo.jpg", "  alt: What it shows", "  focus: 0.5,0.3"),
    "tags": ("tags: [launch]",),
    "options": ("set:", "  tiktok.privacy_level: SELF_ONLY"),
    **{one.file: (f"{one.word}: {one.example}",) for one in PLAIN},
    "key": ("key: launch-1",),
}
"""Examples for fields without a value."""
_MADE = tuple(one for one in CONTENT.values() if one.kind != "own")
"""Fields whose kind says how they are compared and written."""
_TIMES = ("scheduledAt", "timezone")


def format_form(values: Mapping[str, Value], accounts: Sequence[str], *, new: bool, timed: bool) -> str:
    """Return the file of a post with these fields. `accounts`: the known accounts. `timed`: posts may get a time."""
    without = () if timed else _TIMES
    examples = [
        line
        for field, lines in _EXAMPLES.items()
        if not values.get(field) and field not in without and (new or field != "key")
        for line in lines
    ]
    names = ", ".join(accounts) or "none yet"
    hints = [
        *examples,
        "",
        f"Accounts: {names}.",
        'Write the text below. A line "## x" starts another text for X ("## ig/shop": for one account), "## thread"',
        'the next part of a thread, "## comment" the first comment. A line "![What it shows](photo.jpg)" is a picture',
        "of its part.",
        "Comment lines like this one are removed.",
    ]
    whole = markdown.format_file(values, [f"# {line}".rstrip() for line in hints])
    return whole if values.get("content") else f"{whole}\n"


def fields_of_input(typed: PostInput) -> dict[str, Value]:
    """Convert input to the fields of a file; empty ones are left out. Raise UsageError."""
    media = [name for name in typed.media or () if name]
    every: dict[str, Value] = {
        "accounts": list(typed.to or ()),
        "scheduledAt": typed.at,
        "timezone": typed.tz,
        "content": typed.text,
        "media": media,
        **{one.file: list(_texts(typed, one, len(media))) for one in MEDIA if any(getattr(typed, one.name) or ())},
        **{one.file: as_value(getattr(typed, one.name)) for one in _MADE},
        "key": typed.key,
    }
    return {name: value for name, value in every.items() if value not in (None, [], {}, "")}


def fields_of_post(post: Post, zone: tzinfo) -> dict[str, Value]:
    """Return the fields of a post's file, with its time in a zone."""
    fields = fields_of(post, media_name)
    return fields if post.scheduled_at is None else {**fields, "scheduledAt": format_iso(post.scheduled_at, zone)}


def parse_form(text: str, tables: OptionTables) -> PostInput:
    """Parse the file. Without front matter the whole file is the text. Raise UsageError."""
    if any("\udc80" <= sign <= "\udcff" for sign in text):
        raise UsageError("the file is not UTF-8 text", Hint("fix", "save it as UTF-8"))
    parsed = markdown.parse_file(text, tables, LONGEST)
    if parsed is None:
        parsed = markdown.parse_sections(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), tables)
    entry = parse_entry("", parsed, tables)
    if entry.faults:
        raise _form_error(entry)
    return entry.typed


def _form_error(entry: Entry) -> UsageError:
    messages = [f"{markdown.NAMES.get(fault.field, fault.field)}: {fault.problem}" for fault in entry.faults]
    problems = [
        Problem(one.field, "file", text, hint=one.fix) for one, text in zip(entry.faults, messages, strict=True)
    ]
    hints = [Hint("try", one.fix) for one in entry.faults if one.fix]
    return UsageError(messages[0], *hints, problems=problems)


def is_blank(text: str, tables: OptionTables, *, media: bool = True) -> bool:
    """Return whether a file has nothing to post; without `media` only texts count. Unreadable files are not blank."""
    try:
        typed = parse_form(text, tables)
    except (TtpError, ValueError, RecursionError):
        return not text.strip()
    texts = (typed.text or "", *typed.variants.values(), *(typed.thread or ()))
    return not (media and typed.media) and not any(text.strip() for text in texts)


def with_errors(text: str, lines: Sequence[str]) -> str:
    """Return a text with errors as comments at the top of its front matter, which is created if missing. They
    replace earlier ones."""
    first, *rest = text.split("\n")
    plain = first.removeprefix("\ufeff")
    if plain.rstrip() != _FENCE:
        first, rest = _FENCE, [_FENCE, plain, *rest]
    earlier = next((place for place, row in enumerate(rest) if not row.startswith(_ERROR)), len(rest))
    shown = ("".join(sign if sign.isprintable() else "?" for sign in line) for line in lines)
    return "\n".join([first, *(f"{_ERROR}{line}" for line in shown), *rest[earlier:]])


def edit_between(before: PostInput, after: PostInput) -> PostInput:
    """Return the edit that turns the fields `before` into `after`."""
    media = after.media or ()
    same_media = media == (before.media or ())
    moved = after.at and (after.at, after.tz) != (before.at, before.tz)
    removable = ("at", *(one.name for one in PLAIN))
    dropped = [name for name in removable if _has(before, name) and not _has(after, name)]
    return PostInput(
        text=None if after.text == before.text else after.text or "",
        to=None if set(after.to or ()) == set(before.to or ()) else after.to or (),
        at=after.at if moved else None,
        tz=after.tz if moved else None,
        media=None if same_media else media,
        key=None if after.key == before.key else after.key,
        edited=True,
        dropped=tuple(dropped),
        **{one.name: _changed(one, before, after) for one in _MADE},
        **{one.name: _changed_texts(one, before, after, same_media=same_media) for one in MEDIA},
    )


def _changed_texts(one: PostField, before: PostInput, after: PostInput, *, same_media: bool) -> Any:
    """Return the texts of media, one for each; None if they are the same."""
    many = len(after.media or ())
    texts = _texts(after, one, many)
    return None if same_media and texts == _texts(before, one, many) else texts


def _has(typed: PostInput, name: str) -> bool:
    return getattr(typed, name) not in (None, "")


def _changed(one: PostField, before: PostInput, after: PostInput) -> Any:
    """Return the new value of a field, of texts by key those that differ (empty if removed); None if it is the same."""
    old, new = getattr(before, one.name), getattr(after, one.name)
    if one.kind == "texts":
        every = {**dict.fromkeys(old, ""), **new}
        return {key: text for key, text in every.items() if old.get(key, "") != text}
    return None if new == old else new


def with_edit(before: PostInput, edit: PostInput) -> PostInput:
    """Return the fields of a file with the wished changes applied."""
    values = {name: value for name, value in edit.given_fields().items() if value != ()}
    both = {"variants": {**before.variants, **edit.variants}, "options": {**before.options, **edit.options}}
    emptied = {name: None for name in ("to", "thread", "media") if getattr(edit, name) == ()}
    texts = {one.name: getattr(edit, one.name) for one in MEDIA} if edit.media is not None else {}
    tags = with_tags((before.tags if edit.tags is None else edit.tags) or (), edit.add_tags, edit.remove_tags)
    tagged = {"tags": tags or None, "add_tags": (), "remove_tags": ()}
    return replace(before, **values | both | emptied | texts | tagged)


def with_media_named(post: Post, change: PostInput) -> PostInput:
    """Return an edit that adds or removes media as one that names all that are left, as the file does."""
    if not (change.add_media or change.remove_media):
        return change
    nothing: dict[str, Any] = {one.name: None for one in MEDIA}
    bare = replace(change, **nothing)
    kept, texts = changed_media(post, bare, ()), dict[str, Any]()
    for one in MEDIA:
        typed = getattr(change, one.name) or ()
        stays = change.add_media or getattr(change, one.name) is None
        texts[one.name] = (*said_texts(kept, one), *typed) if stays else typed
    names = (*(name_in_place(media_name(item), item) for item in kept), *change.add_media)
    return replace(change, media=names, **texts, add_media=(), remove_media=())


def is_empty_edit(change: PostInput) -> bool:
    """Return whether an edit changes nothing."""
    return replace(change, edited=False, kept=False) == PostInput()


def _texts(typed: PostInput, one: PostField, many: int) -> tuple[str, ...]:
    """Return one text per media item, some empty; none if all are empty."""
    texts = getattr(typed, one.name) or ()
    if len(texts) > many:
        what = f"{one.word} {'texts' if one.word == 'alt' else 'values'}"
        raise UsageError(f"{len(texts)} {what} for {many} media", Hint("try", "one per media item, in order"))
    return (*texts, *[""] * (many - len(texts))) if any(texts) or many else ()
