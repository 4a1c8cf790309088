"""Weighted text length on X (twitter-text configuration, version 3). Instagram and TikTok count UTF-16 units. Importing
the twitter-text library takes 0.2 s, so it is used only for words that may contain a link or an emoji sequence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from ttp.platforms.text_library import text_library

X_LIMIT = 280
"""maxWeightedTweetLength of the twitter-text configuration, version 3."""
_LINK = 23
"""transformedURLLength of the same configuration."""
_LIGHT = re.compile("[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
"""Code point ranges of weight 100 in the same configuration; all others weigh 200, and the scale is 100."""
_DOT = re.compile(r"\.(?=[^\W\d_])")
"""A link has a dot before the letter of a top-level domain."""
_NOT_PLAIN = re.compile(
    f"{_DOT.pattern}|[\u00a9\u00ae\u200d\u20e3\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
    # © and ® are emoji of weight 200 in a range of weight 100; the rest combine several code points into one emoji
)
_NEEDLESS_SELECTOR = re.compile(
    "(?<=[\u231a\u231b\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be\u26c4\u26c5\u26d4"
    "\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2757\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f21a\U0001f22f])\ufe0f"
)
"""Behind an emoji that needs none. twitter-text 3.1 counts the two as one emoji, and the Python library as two."""
_PLAIN_LINK = re.compile(
    r"https?://(?:[a-z0-9]{1,63}\.){1,4}(?:at|ch|com|de|edu|es|eu|fr|gov|io|it|net|nl|org|us)(?:/[a-zA-Z0-9_-]+)*/?"
    r"(?:\?[a-zA-Z0-9_&=-]+)?"
)
"""Obvious links, as most are: these need no library."""
_SPACES = " \n\t"
_SPACE = re.compile(f"[{_SPACES}]")
"""Whitespace between words. A word is checked with the previous one, because a link depends on what precedes it."""
_NO_HOST = re.compile(r"(?:[^\s./]+\.){64}")
_LONGEST_WORD = 4096
"""twitter-text accepts no longer address as a link; a longer word without spaces is not searched."""
_HOPELESS = 10 * X_LIMIT
_SURROGATES = re.compile("[\ud800-\udfff]")


def weighted_length(text: str) -> int:
    """Return the weighted length of `text` on X, which allows X_LIMIT.

    Links count 23, emoji 2, most scripts of Europe and the Near East 1, everything else 2. Exact up to ten times
    X_LIMIT. Longer texts are too long either way, so their links are not searched: the library takes quadratic time on
    words with many dots. For the same reason a word with 64 dots and no slash between them counts as no link.
    """
    text = _SURROGATES.sub("\ufffd", text)  # the library cannot encode them; either way they weigh 200
    text = _NEEDLESS_SELECTOR.sub("", unicodedata.normalize("NFC", text).replace("\r\n", "\n"))
    length, searched = _plain(text), 0
    for word in _words(text, _NOT_PLAIN):
        if searched > _HOPELESS:
            break
        weight = _weight(word)
        length += weight - _plain(word)
        searched += weight
    return length


def has_link(text: str) -> bool:
    """Whether X finds a link in `text`, with or without a scheme: the links that weighted_length counts as 23."""
    if "." not in text:
        return False
    text = unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text)).replace("\r\n", "\n")
    return any(_links(word) for word in islice(_words(text, _DOT), _HOPELESS))


def find_links(word: str) -> tuple[str, ...]:
    """Return the links that X finds in a text without spaces."""
    return _links(word) if next(_words(word, _DOT), None) == word else ()


def _weight(word: str) -> int:
    """Return the weighted length of a word. ASCII contains no emoji, so their slow search is skipped."""
    if word.isascii():
        return len(word) + sum(_LINK - len(link) for link in _links(word))
    return int(text_library().parse_tweet(word).weightedLength)


@lru_cache(maxsize=256)
def _links(word: str) -> tuple[str, ...]:
    """Return the links in a word. Cached, because length and price both need them."""
    alone = word.strip(" \n\t")
    if _PLAIN_LINK.fullmatch(alone):
        return (alone,)
    return tuple(text_library().extract_urls(word.replace("\r", "\n")))


def _words(text: str, worth: re.Pattern[str]) -> Iterator[str]:
    """Yield the words that the library must check. Links and emoji never contain spaces, so words can be checked one by
    one."""
    done = 0
    for match in worth.finditer(text):
        if match.start() < done:  # inside the previous word
            continue
        start = max(text.rfind(space, done, match.start()) for space in _SPACES)
        end = _SPACE.search(text, match.start())
        word = text[max(start, done) : (done := end.start() if end else len(text))]
        if len(word) <= _LONGEST_WORD and not _NO_HOST.search(word):
            yield word


def _plain(text: str) -> int:
    """Return the weighted length of a text without links and emoji sequences."""
    return 2 * len(text) - len(_LIGHT.findall(text))
