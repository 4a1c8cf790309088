"""The address of a store in a database server, as people write and see it: `postgresql://USER@HOST/DATABASE`."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, unquote, urlencode

SCHEMES = ("postgresql", "postgres")
EXAMPLE = "postgresql://USER@HOST/DATABASE"
_SECRETS = ("password", "sslpassword")
"""Parameters after the question mark that are secret."""


def is_store_url(text: str) -> bool:
    """Return whether a text is the address of a PostgreSQL database."""
    return text.partition("://")[0] in SCHEMES and "://" in text


def passwords_in(url: str) -> tuple[str, ...]:
    """Return the passwords in an address, both encoded and decoded."""
    before, _, query = url.partition("?")
    user = before.partition("://")[2].partition("/")[0].rpartition("@")[0]
    passwords = [user.partition(":")[2]]
    passwords += [value for name, value in parse_qsl(query) if name.lower() in _SECRETS]
    return tuple(dict.fromkeys(one for text in passwords if text for one in (text, unquote(text))))


def hide_password(url: str) -> str:
    """Return an address without its passwords."""
    before, mark, query = url.partition("?")
    scheme, colon, rest = before.partition("://")
    place, slash, name = rest.partition("/")
    user, at, host = place.rpartition("@")
    shown = f"{scheme}{colon}{user.partition(':')[0]}{at}{host}{slash}{name}"
    kept = [(key, value) for key, value in parse_qsl(query) if key.lower() not in _SECRETS]
    return f"{shown}{mark}{urlencode(kept, safe='/,:', quote_via=quote)}" if kept else shown
