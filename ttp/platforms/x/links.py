"""Links of a thread on X: those that stand on a line of their own can be moved into a last part."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ttp.platforms.x.text_length import find_links, has_link

_NUMBER = re.compile(r" \d+/\d+\Z")
"""What `--number-parts` adds to a part."""


def move_links_last(texts: Sequence[str]) -> tuple[str, ...]:
    """Return a thread whose lines that are links only stand in a last part, in order. A part that has nothing else
    stays, or is that last part."""
    kept, links = list[str](), list[str]()
    for text in texts[:-1] if _has_only_links(texts[-1]) else texts:
        lines = text.split("\n")
        moved = [] if _has_only_links(text) else [line for line in lines if _is_link_line(line)]
        kept.append(_without(lines, moved) if moved else text)
        links += [line.strip() for line in moved]
    if not links:
        return tuple(texts)
    if _has_only_links(texts[-1]):
        links.append(texts[-1])
    return (*kept, "\n".join(links))


def has_link_inside(text: str) -> bool:
    """Return whether a part has words, and a link between them."""
    return has_link(text) and not _has_only_links(_NUMBER.sub("", text))


def _has_only_links(text: str) -> bool:
    return bool(text.strip()) and all(_is_link_line(line) for line in text.split("\n") if line.strip())


def _is_link_line(line: str) -> bool:
    words = line.split()
    return bool(words) and all(find_links(word) == (word,) for word in words)


def _without(lines: Sequence[str], moved: Sequence[str]) -> str:
    """Return the text without these lines, and without the blank lines that two of them would leave."""
    kept = list[str]()
    gap = False
    for line in lines:
        if line in moved:
            gap = True
        elif line.strip() or not gap or (kept and kept[-1].strip()):
            kept.append(line)
            gap = False if line.strip() else gap
    return "\n".join(kept).strip()
