"""Import the twitter-text library: how texts are counted there, and lists of the top-level domains that exist."""

from __future__ import annotations

import sys
from functools import cache
from types import ModuleType
from typing import Any


@cache
def load_twitter_text() -> Any:
    """Return the twitter-text library. It reads its emoji table through `pkg_resources`, which newer installations lack
    and older ones warn about: a replacement with the one function it calls is present during the import."""
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
