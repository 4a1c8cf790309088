"""JSON and JSON lines: one object for each post, as `ttp list --json` has them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from ttp.services.files.fields import Value

_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What editors and terminals do not show as it is, and JSON allows to be written as an escape."""


def written(objects: Iterable[Mapping[str, Value]], *, lines: bool) -> Iterator[str]:
    """The file, an object a piece: one a line (`lines`), or the same as one array."""
    before = "" if lines else "["
    for one in objects:
        yield before + _line(one) + ("\n" if lines else "")
        before = "" if lines else ",\n "
    if not lines:
        yield "[]\n" if before == "[" else "]\n"


def _line(one: Mapping[str, Value]) -> str:
    text = json.dumps(one, ensure_ascii=False, allow_nan=False)
    return text if text.isprintable() else _UNSEEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", text)
