"""How long a text is, counted as each platform counts it. Never changes a text, never decides what is too long.

X weighs: twitter-text configuration, version 3. The library that knows its emoji sequences and top-level domains takes
a fifth of a second to import, so it is asked only about words that may hold a link or such a sequence. Instagram and
TikTok count UTF-16 code units.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import islice
from types import ModuleType
from typing import Any

X_LIMIT = 280
"""maxWeightedTweetLength of the twitter-text configuration, version 3."""


_LINK = 23
"""transformedURLLength of the same configuration."""


_LIGHT = re.compile("[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")
"""The ranges of weight 100 in the same configuration; everything else weighs 200, and the scale is 100."""


_DOT = re.compile(r"\.(?=[^\W\d_])")
"""A link has a dot before the letter of a top-level domain."""


_NOT_PLAIN = re.compile(
    f"{_DOT.pattern}|[\u00a9\u00ae\u200d\u20e3\ufe0f\U0001f1e6-\U0001f1ff\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
    # © and ® are emoji of weight 200 in a range of weight 100; the rest make one emoji out of several code points
)


_PLAIN_LINK = re.compile(
    r"https?://(?:[a-z0-9]{1,63}\.){1,4}(?:at|ch|com|de|edu|es|eu|fr|gov|io|it|net|nl|org|us)(?:/[a-zA-Z0-9_-]+)*/?"
    r"(?:\?[a-zA-Z0-9_&=-]+)?"
)
"""A link beyond doubt, as most are: these need no library."""


_SPACES = " \n\t"


_SPACE = re.compile(f"[{_SPACES}]")
"""What is between words. A word is taken with the one before it: what may precede a link is part of the rule."""


_NO_HOST = re.compile(r"(?:[^\s./]+\.){64}")


_LONGEST_WORD = 4096
"""A longer address is no link to twitter-text; a longer word without spaces is not searched for one."""


_HOPELESS = 10 * X_LIMIT


_SURROGATES = re.compile("[\ud800-\udfff]")


def weighted_length(text: str) -> int:
    """The weighted length of `text` on X, where at most X_LIMIT fit: links 23, emoji 2, most scripts of Europe and the
    Near East 1, everything else 2 (twitter-text configuration, version 3).

    Exact up to ten times X_LIMIT. Beyond it links are no longer looked for: it is far too long either way, and the
    library's search takes quadratic time on words with many dots. For the same reason a word with 64 dots and no slash
    between them counts as no link; a host name has no more than a few.
    """
    text = _SURROGATES.sub("\ufffd", text)  # the library cannot encode them; either way they weigh 200
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    length, searched = _plain(text), 0
    for word in _words(text, _NOT_PLAIN):
        if searched > _HOPELESS:
            break
        weight = _weight(word)
        length += weight - _plain(word)
        searched += weight
    return length


def has_link(text: str) -> bool:
    """Whether X finds a link in `text`, with or without a scheme: the same links that weighted_length counts as 23."""
    if "." not in text:
        return False
    text = unicodedata.normalize("NFC", _SURROGATES.sub("\ufffd", text)).replace("\r\n", "\n")
    return any(_links(word) for word in islice(_words(text, _DOT), _HOPELESS))


def _weight(word: str) -> int:
    """The weighted length of a word. ASCII holds no emoji: there the library need not look for any, which takes it
    longer than all else."""
    if word.isascii():
        return len(word) + sum(_LINK - len(link) for link in _links(word))
    return int(_library().parse_tweet(word).weightedLength)


@lru_cache(maxsize=256)
def _links(word: str) -> tuple[str, ...]:
    """The links in a word. Length and price ask one after the other."""
    alone = word.strip(" \n\t")
    if _PLAIN_LINK.fullmatch(alone):
        return (alone,)
    return tuple(_library().extract_urls(word.replace("\r", "\n")))


def _words(text: str, worth: re.Pattern[str]) -> Iterator[str]:
    """The words that are `worth` the library's time, and do not cost too much of it. No link and no emoji reaches over
    a space: words can be looked at one by one."""
    done = 0
    for found in worth.finditer(text):
        if found.start() < done:  # in the word of the one before
            continue
        start = max(text.rfind(space, done, found.start()) for space in _SPACES)
        end = _SPACE.search(text, found.start())
        word = text[max(start, done) : (done := end.start() if end else len(text))]
        if len(word) <= _LONGEST_WORD and not _NO_HOST.search(word):
            yield word


def _plain(text: str) -> int:
    """The weighted length of a text without links and emoji sequences."""
    return 2 * len(text) - len(_LIGHT.findall(text))


@cache
def _library() -> Any:
    """The twitter-text library.

    It reads its emoji table through `pkg_resources`, which newer installations do not have and older ones warn about:
    a stand-in with the one function that it calls is there while it is imported.
    """
    from pkgutil import get_data

    stand_in = ModuleType("pkg_resources")
    stand_in.__dict__["resource_string"] = lambda module, name: get_data(module.rpartition(".")[0], name)
    real = {name: sys.modules[name] for name in ("pkg_resources",) if name in sys.modules}
    sys.modules["pkg_resources"] = stand_in
    try:
        import twitter_text
    finally:
        del sys.modules["pkg_resources"]
        sys.modules.update(real)
    return twitter_text
