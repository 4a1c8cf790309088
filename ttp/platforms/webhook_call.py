"""Send one webhook. The address is resolved and checked for each call, and the connection goes to what was checked.
Redirects are not followed, and the body of the answer is not read."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from contextlib import closing
from urllib.parse import SplitResult, quote

from ttp import __version__
from ttp.domain.action import other_options
from ttp.domain.errors import Hint, NotAllowed, UsageError
from ttp.domain.server.webhook import CallResult
from ttp.domain.text import clean_text
from ttp.platforms.addresses import split_address
from ttp.platforms.download import (
    LONGEST_URL,
    SAFE,
    Address,
    DownloadFailed,
    DownloadTimeouts,
    closing_at,
    is_public,
    open_connection,
    private_address,
)

PATIENCE = DownloadTimeouts(connect=5.0, read=15.0)
EXAMPLE = "https://example.org/hook"
LONGEST_S = 15.0
"""Seconds that a call may take once it is connected."""


def check_url(url: str, *, private: bool) -> None:
    """Refuse an address that webhooks cannot have. Raise UsageError; NotAllowed where only permission lacks."""
    parts = _split(url)
    if parts is None:
        whole = f"https://{url}"
        meant = whole if "://" not in url and "." in url and _split(whole) is not None else EXAMPLE
        raise UsageError(f'"{url}" is not an address for a webhook', Hint("try", meant, (url, meant)))
    if private:
        return
    hidden = private_address(parts.hostname or "", parts.port or 443)
    if hidden is not None:
        place = f"leads to {hidden}, which" if str(hidden) != parts.hostname else "is an address that"
        raise NotAllowed(
            f"{parts.hostname} {place} is not on the public internet",
            Hint("try", other_options(allow_private=True)),
        )
    if parts.scheme != "https":
        secure = f"https{url[len(parts.scheme) :]}"
        raise UsageError(f'"{url}" is not an https address', Hint("try", secure, (url, secure)))


def post(url: str, body: bytes, headers: Mapping[str, str], *, private: bool) -> CallResult:
    """Send a body, and say whether it was accepted. `private`: also to addresses that are not on the public internet,
    there by plain http too."""
    parts = _split(url)
    if parts is None:
        return CallResult(message="is not an address for a webhook")

    def is_allowed(address: Address) -> bool:
        return private and not is_public(address)

    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=SAFE)
    sent = {"Host": parts.netloc, "User-Agent": f"ttp/{__version__}", "Connection": "close", **headers}
    try:
        with closing(open_connection(parts, PATIENCE, is_allowed)) as connection:
            end = time.monotonic() + LONGEST_S
            with closing_at(end, connection):
                connection.request("POST", target, body, sent)
                status = connection.getresponse().status
            if time.monotonic() >= end:  # a header that was cut looks like one that ended
                raise TimeoutError
    except DownloadFailed as error:
        return CallResult(message=error.message)
    except TimeoutError:
        return CallResult(message=f"does not answer within {LONGEST_S:g} s")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return CallResult(message=f"does not answer: {clean_text(str(error) or type(error).__name__)}")
    if 200 <= status < 300:
        return CallResult(status)
    redirect = " with a redirect, which is not followed" if 300 <= status < 400 else ""
    return CallResult(status, f"answers {status}{redirect}")


def _split(url: str) -> SplitResult | None:
    """Return the parts of an address; None if webhooks cannot have it."""
    parts = split_address(url)
    if parts is None or "%" in (parts.hostname or ""):  # the zone of an IPv6 address, which names a card of a machine
        return None
    return None if parts.fragment or len(url) > LONGEST_URL else parts
