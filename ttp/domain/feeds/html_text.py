"""Plain text of the HTML in feeds, and its first image. No Markdown, no links: the text is what people read.

Not by `html.parser`, which takes minutes for some texts of 200 kB: each character is read about once here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from html import unescape

from ttp.domain.text import without_hidden

MOST_HTML = 200_000
"""Characters of HTML that are read of one item."""
LONGEST_TEXT, LONGEST_LINE = 20_000, 1_000
_DROPPED = re.compile("script|style|iframe|noscript|template|svg|object|head|title|textarea")
_BLOCKS = re.compile(
    "address|article|aside|blockquote|details|div|dl|fig(?:ure|caption)|footer|form|h[1-6r]|header|main|ol|p|pre|section"
    "|table|ul"
)
_LINES = re.compile("br|tr|dt|dd|summary")
_IS_HTML = re.compile(r"<[a-zA-Z!/?]")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^>]*>?", re.DOTALL)
_NAME = re.compile(r"<(/?)([a-zA-Z][\w:-]{0,40})")
_REST = re.compile(r"""(?:[^>"']++|"[^"]*+"|'[^']*+')*+>""")
_ATTRIBUTE = re.compile(
    r"""(?<![\w-])(src|alt|width|height)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']+))""", re.IGNORECASE
)
_LONGEST_TAG = 4_000
_TRACKING_PX = frozenset({"0", "1", "2"})


@dataclass(frozen=True, slots=True)
class ReadHtml:
    """`text`: lines and blank lines between blocks. `image`: address and alternative text of the first image."""

    text: str
    image: tuple[str, str] | None = None


def read_html(html: str) -> ReadHtml:
    """Return what people see of HTML, or of a plain text that is called HTML."""
    if _IS_HTML.search(html) is None:
        return ReadHtml(clean_lines(unescape(html[:MOST_HTML])))
    html = _COMMENT.sub("", html[:MOST_HTML])
    parts, image, at = [], None, 0
    while (tag := _NAME.search(html, at)) is not None:
        parts.append(_text(html[at : tag.start()]))
        is_end, name = bool(tag[1]), tag[2].lower()
        rest = _REST.match(html, tag.end())
        at = rest.end() if rest else html.find(">", tag.end()) + 1
        if not at:
            break  # cut off within a tag
        if not is_end and _DROPPED.fullmatch(name):
            end = re.compile(f"</{name}", re.IGNORECASE).search(html, at)
            at = end.start() if end else len(html)
        elif _BLOCKS.fullmatch(name):
            parts.append("\n\n")
        elif not is_end and name == "li":
            parts.append("\n- ")
        elif not is_end and _LINES.fullmatch(name):
            parts.append("\n")
        elif name == "img" and image is None:
            image = _image(html[tag.end() : min(at, tag.end() + _LONGEST_TAG)])
    else:
        parts.append(_text(html[at:]))
    return ReadHtml(clean_lines("".join(parts)), image)


def _text(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(html))


def _image(attributes: str) -> tuple[str, str] | None:
    """Return address and alternative text of an image that people see."""
    values = {name.lower(): unescape("".join(value)).strip() for name, *value in _ATTRIBUTE.findall(attributes)}
    is_tracking = not _TRACKING_PX.isdisjoint((values.get("width"), values.get("height")))
    return (values["src"], clean_line(values.get("alt", ""))) if values.get("src") and not is_tracking else None


def clean_lines(text: str) -> str:
    """Return a text of others with one space between words, and at most one blank line."""
    lines = (
        " ".join(line.split()) for line in without_hidden(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    )
    return re.sub(r"\n{3,}", "\n\n", unicodedata.normalize("NFC", "\n".join(lines))).strip()[:LONGEST_TEXT]


def clean_line(text: str) -> str:
    """Return a text of others as one line."""
    return " ".join(clean_lines(text).split())[:LONGEST_LINE]
