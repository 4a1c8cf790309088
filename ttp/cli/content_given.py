"""What a content file says of a new post: `ttp create --file`. What is typed beside it wins."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ttp.domain.errors import Hint, UsageError
from ttp.domain.media import is_web_address

if TYPE_CHECKING:
    from ttp.services.drafting import Typed


def with_file(path: str, text: str, typed: Typed) -> Typed:
    """What was typed, over what the file of that path and text says. NotFound, UsageError."""
    said = _said(path, text)
    given = {one.name: getattr(typed, one.name) for one in fields(typed)}
    merged = {"variants": {**said.variants, **typed.variants}, "options": {**said.options, **typed.options}}
    return replace(said, **{name: value for name, value in given.items() if value not in (None, {}, False)} | merged)


def _said(path: str, text: str) -> Typed:
    from ttp.cli.bulk_shapes import refused
    from ttp.services.files import content
    from ttp.services.files.fields import entry
    from ttp.services.row_media import beside

    found = entry(path, content.read(text) or {"content": text.strip("\n")})
    if found.faults:
        raise refused(f"{path} is no post", [(path, fault) for fault in found.faults], in_json=False)
    if found.ended:
        raise UsageError(f"{path} says that it has begun to go out", Hint("look at what there is", "ttp list"))
    typed = found.typed
    folder = Path(path).parent
    media = [name if is_web_address(name) else str(beside(folder, name)) for name in typed.media or ()]
    # What a file does not say is not given: an empty list would be a wish of its own.
    return replace(
        typed, media=tuple(media) or None, alts=typed.alts or None, tags=typed.tags or None, to=typed.to or None
    )
