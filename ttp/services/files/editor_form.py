"""The file that an editor opens for one post: a content file with hints in its front matter.

After a mistake it says at its top what was wrong, in lines of the front matter that are taken out again when it is read
back. Only exactly those lines are: a text that has such lines of its own keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace

from ttp.domain.errors import Hint, Problem, UsageError
from ttp.domain.options import OptionTables
from ttp.domain.post_input import PostInput, Value
from ttp.services.files import markdown
from ttp.services.files.fields import Entry, entry

LONGEST = 1 << 26
"""Characters of what a person wrote themselves."""
_FENCE = "---"
_EXAMPLES: Mapping[str, Sequence[str]] = {
    "accounts": ("to: [x/me, ig/shop]",),
    "scheduledAt": ("at: tomorrow 9am          (or a date and time, optimal, next-slot; without it a draft)",),
    "timezone": ("tz: Europe/Zurich",),
    "media": ("media:", "- file: photo.jpg", "  alt: What it shows"),
    "tags": ("tags: [launch]",),
    "options": ("set:", "  tiktok.privacy_level: SELF_ONLY"),
    "maxLatenessS": ("max-late: 2h",),
    "key": ("key: launch-1",),
}
"""How fields are written that are not given."""
_TIMES = ("scheduledAt", "timezone")


def filled(given: Mapping[str, Value], accounts: Sequence[str], *, new: bool, timed: bool) -> str:
    """The file of a post that has these fields. `accounts`: those there are. `timed`: posts may get a time here."""
    without = () if timed else _TIMES
    examples = [
        line
        for field, lines in _EXAMPLES.items()
        if not given.get(field) and field not in without and (new or field != "key")
        for line in lines
    ]
    known = ", ".join(accounts) or "none yet"
    hints = [
        *examples,
        "",
        f"Accounts: {known}.",
        'The text stands below. A line "## x" begins another text for X (or "## ig/shop" for one account), a line',
        '"## thread" the next part of a thread on X. Lines like this one are not kept.',
    ]
    whole = markdown.written(given, [f"# {line}".rstrip() for line in hints])
    return whole if given.get("content") else f"{whole}\n"


def fields_of_typed(typed: PostInput) -> dict[str, Value]:
    """What was typed of a post as the fields of a file; empty ones are left out. UsageError."""
    media = [name for name in typed.media or () if name]
    every: dict[str, Value] = {
        "accounts": list(typed.to or ()),
        "scheduledAt": typed.at,
        "timezone": typed.tz,
        "content": typed.text,
        "media": media,
        "alt": list(_alts(typed, len(media))) if any(typed.alts or ()) else [],
        "thread": list(typed.thread or ()),
        "tags": list(typed.tags or ()),
        "variants": {key: text for key, text in typed.variants.items() if text},
        "options": {name: value for name, value in typed.options.items() if value},
        "maxLatenessS": typed.max_lateness_s,
        "key": typed.key,
    }
    return {name: value for name, value in every.items() if value not in (None, [], {}, "")}


def read(text: str, tables: OptionTables) -> PostInput:
    """What a file says that was written. One without front matter is a text alone. UsageError."""
    if any("\udc80" <= sign <= "\udcff" for sign in text):
        raise UsageError("it is not UTF-8 text", Hint("fix", "UTF-8"))
    said = markdown.read(text, tables, LONGEST)
    if said is None:
        said = markdown.sections(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), tables)
    found = entry("", said, tables)
    if found.faults:
        raise _refused(found)
    return found.typed


def _refused(found: Entry) -> UsageError:
    said = [f"{markdown.NAMES.get(fault.field, fault.field)}: {fault.problem}" for fault in found.faults]
    problems = [Problem(one.field, "file", text, hint=one.fix) for one, text in zip(found.faults, said, strict=True)]
    hints = [Hint("try", one.fix) for one in found.faults if one.fix]
    return UsageError(said[0], *hints, problems=problems)


def is_blank(typed: PostInput, *, media: bool = True) -> bool:
    """Whether nothing is there that could be posted; without `media` only texts count."""
    texts = (typed.text or "", *typed.variants.values(), *(typed.thread or ()))
    return not (media and typed.media) and not any(text.strip() for text in texts)


# What was wrong, at the top.


def with_lines(text: str, lines: Sequence[str]) -> str:
    """The file with lines at its top, as comments of its front matter; of a file that has none, in one of their own."""
    if not lines:
        return text
    first, *rest = text.split("\n", 1)
    comments = [f"# {line}".rstrip() for line in lines]
    if first.removeprefix("\ufeff").rstrip() == _FENCE:
        return "\n".join([first, *comments, *rest])
    return "\n".join([_FENCE, *comments, _FENCE, text])


def without_lines(text: str, lines: Sequence[str]) -> str:
    """The file without the lines that `with_lines` put there, wherever they are in its front matter by now."""
    rows = text.split("\n")
    if not lines or rows[0].removeprefix("\ufeff").rstrip() != _FENCE:
        return text
    ours = {f"# {line}".rstrip() for line in lines}
    end = next((number for number, row in enumerate(rows[1:], 1) if row.rstrip() == _FENCE), None)
    if end is None:  # what follows may be the text: only what stands where it was put
        end = next((number for number, row in enumerate(rows[1:], 1) if row.rstrip() not in ours), len(rows))
        return "\n".join([rows[0], *rows[end:]])
    kept = [row for row in rows[1:end] if row.rstrip() not in ours]
    if any(row.strip() for row in kept) or _begins_front(rows[end + 1 :]):
        return "\n".join([rows[0], *kept, *rows[end:]])
    return "\n".join(rows[end + 1 :])  # nothing but ours


def _begins_front(rows: Sequence[str]) -> bool:
    return bool(rows) and rows[0].removeprefix("\ufeff").rstrip() == _FENCE


# What changed.


def changed(before: PostInput, after: PostInput) -> PostInput:
    """What an edit is asked for, where a file said `before` and says `after`."""
    media, dropped = after.media or (), []
    same_media = media == (before.media or ())
    alts = _alts(after, len(media))
    if before.at and not after.at:
        dropped.append("at")
    if before.max_lateness_s is not None and after.max_lateness_s is None:
        dropped.append("max_lateness_s")
    moved = after.at and (after.at, after.tz) != (before.at, before.tz)
    return PostInput(
        text=None if after.text == before.text else after.text or "",
        to=None if set(after.to or ()) == set(before.to or ()) else after.to or (),
        at=after.at if moved else None,
        tz=after.tz if moved else None,
        media=None if same_media else media,
        alts=None if same_media and alts == _alts(before, len(media)) else alts,
        thread=None if after.thread == before.thread else after.thread,
        tags=None if after.tags == before.tags else after.tags,
        variants=_keys(before.variants, after.variants),
        options=_keys(before.options, after.options),
        max_lateness_s=None if after.max_lateness_s == before.max_lateness_s else after.max_lateness_s,
        key=None if after.key == before.key else after.key,
        edited=True,
        dropped=tuple(dropped),
    )


def over(before: PostInput, wish: PostInput) -> PostInput:
    """What a file says of a post that a wish would change."""
    given = {one.name: value for one in fields(wish) if (value := getattr(wish, one.name)) not in (None, {}, False, ())}
    both = {"variants": {**before.variants, **wish.variants}, "options": {**before.options, **wish.options}}
    emptied = {name: None for name in ("to", "thread", "tags", "media") if getattr(wish, name) == ()}
    alts = {"alts": wish.alts} if wish.media is not None else {}
    return replace(before, **given | both | emptied | alts)


def nothing(change: PostInput) -> bool:
    """Whether an edit asks for nothing."""
    return replace(change, edited=False) == PostInput()


def _keys(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """The keys that differ; those that are gone are empty."""
    both = {**dict.fromkeys(before, ""), **after}
    return {key: text for key, text in both.items() if before.get(key, "") != text}


def _alts(typed: PostInput, many: int) -> tuple[str, ...]:
    """An alt text for each of so many media, empty ones too; none where all are."""
    alts = typed.alts or ()
    if len(alts) > many:
        raise UsageError(f"{len(alts)} alt texts for {many} media", Hint("try", "one for each, in order"))
    return (*alts, *[""] * (many - len(alts))) if any(alts) or many else ()
