"""Connections on which more came than was asked for: they are closed, not used again.

The next answer that is read there would be one to an earlier request, or to none. Taken for a publishing call's, it
would say that something is published which is not.
"""

from __future__ import annotations

from typing import Any


def keep_in_step(transport: Any) -> None:
    """Close the connections of an httpx transport, of which no request is under way, that have such bytes in hand. What
    has not been read from the network yet httpcore itself looks for, before it uses a connection again."""
    # httpx and httpcore have no place for this: h11 knows what it was given, and has not read.
    pool = getattr(transport, "_pool", None)
    for connection in pool.connections if pool is not None else ():
        spoken = _h11(connection)
        if spoken is not None and spoken.trailing_data[0]:
            connection.close()


def _h11(connection: Any) -> Any:
    """What reads a connection's answers; one through a proxy is inside of others. None before it is open."""
    while connection is not None:
        if (found := getattr(connection, "_h11_state", None)) is not None:
            return found
        connection = getattr(connection, "_connection", None)
    return None
