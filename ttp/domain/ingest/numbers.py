"""Parse whole numbers with separators: 1,234 and 1.234 and 1 234 and 1’234.

Knows when a comma or point groups digits, and when that is ambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, repeat

from ttp.domain.errors import UsageError

_BLANKS = " \u00a0\u2009\u202f'\u2019\u02bc"
"""Characters that only ever group digits: spaces, also narrow and no-break ones, and apostrophes."""
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}([.,])[0-9]{3}")
_MANY = re.compile(
    r"[+-]?[1-9][0-9]{0,2}(?:([.,])[0-9]{3}(?:\1[0-9]{3})+(?:[.,][0-9]+)?|([.,])[0-9]{3}(?!\2)[.,][0-9]+)"
)
_DECIMAL = re.compile(r"[+-]?(?:0([.,])[0-9]+|[0-9]+([.,])(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{4,}([.,])[0-9]+)%?")
_ZEROS = re.compile(r"(.*[0-9])([.,])0*")
_SPACED = re.compile(rf"[+-]?[0-9]{{1,3}}(?:[{re.escape(_BLANKS)}][0-9]{{3}})+")
UNKNOWN = frozenset(("-", "--", "\u2013", "\u2014", "n/a", "N/A"))
"""How exports write an unknown number."""
ENOUGH = 2
"""Number of cells like 1.234 after which a point counts as a separator: one may be a mistake; several with exactly
three digits each are not."""


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """The digit separator of a file: "," or ".", or None if ambiguous."""

    group: str | None

    def plain(self, name: str, text: str) -> str:
        """Return a count's digits without separators, for `sample.parse_row`; other texts unchanged. Raises UsageError
        for an ambiguous number."""
        text = text.strip()
        if text.isdigit() or not text:
            return text
        if text in UNKNOWN:
            return ""
        if _SPACED.fullmatch(text):
            return re.sub(rf"[{re.escape(_BLANKS)}]", "", text)
        if (found := _GROUPED.fullmatch(text)) is not None:
            if self.group is None:
                whole, part = text.replace(found[1], ""), text.replace(",", ".")
                raise UsageError(f'{name} "{text}" may be {whole} or {part}: the file does not show which')
            return text.replace(found[1], "") if found[1] == self.group else text
        if _MANY.fullmatch(text):
            group = next(sign for sign in text if sign in ",.")
            text = text.replace(group, "").replace(",", ".")
        elif (decimals := _ZEROS.fullmatch(text)) is not None:
            text = f"{decimals[1]}."
        return text


def find_number_format(counts: Iterable[str], others: Iterable[str] = (), *, usual: str | None) -> NumberFormat:
    """Return a file's separator, from its cells of counts and others. `usual`: the separator of its language, if known.

    Several groups (1.234.567) and clear decimals (0.31, 12.5) decide. So do several cells like 1.234 and none like
    1,234.
    """
    groups: dict[str, int] = {",": 0, ".": 0}
    certain: set[str] = set()
    for cell, is_count in chain(zip(counts, repeat(True), strict=False), zip(others, repeat(False), strict=False)):
        text = cell.strip()
        if (found := _GROUPED.fullmatch(text)) is not None:
            groups[found[1]] += is_count  # of seconds, 12.345 may well be a fraction
        elif (found := _MANY.fullmatch(text)) is not None:
            certain.add(found[1] or found[2])
        elif (found := _DECIMAL.fullmatch(text)) is not None:
            certain.add("." if "," in (found[1], found[2], found[3]) else ",")
    if certain:
        return NumberFormat(certain.pop() if len(certain) == 1 else None)
    used = [sign for sign, times in groups.items() if times]
    if not used:
        return NumberFormat(usual)
    if len(used) == 1 and (used[0] == usual or groups[used[0]] >= ENOUGH):
        return NumberFormat(used[0])
    return NumberFormat(None)
