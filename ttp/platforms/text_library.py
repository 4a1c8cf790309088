"""Load the twitter-text library, which takes 0.2 s."""

from __future__ import annotations

import sys
from functools import cache
from threading import Lock
from types import ModuleType
from typing import Any

_LOADING = Lock()


@cache
def text_library() -> Any:
    """Return the library. It reads its emoji table through `pkg_resources`, which newer installations lack and older
    ones warn about: a replacement with the one function it calls is present during the import."""
    from pkgutil import get_data

    stand_in = ModuleType("pkg_resources")
    stand_in.__dict__["resource_string"] = lambda module, name: get_data(module.rpartition(".")[0], name)
    with _LOADING:
        real = {name: sys.modules[name] for name in ("pkg_resources",) if name in sys.modules}
        sys.modules["pkg_resources"] = stand_in
        try:
            import twitter_text
        finally:
            del sys.modules["pkg_resources"]
            sys.modules.update(real)
    return twitter_text
