"""A browser that says yes: it opens a login page, and goes back to where the page sends it."""

from __future__ import annotations

import httpx


def says(url: str, *, yes: bool = True, handle: str = "demo") -> str:
    """The address that the login page at `url` sends a person to, who says yes or no as `handle`."""
    asked = httpx.URL(url).copy_merge_params(
        {"sandbox": "approve" if yes else "deny", "sandbox_account": handle},
    )
    answer = httpx.get(asked, follow_redirects=False, trust_env=False)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def goes_back(url: str, *, yes: bool = True, handle: str = "demo") -> httpx.Response:
    """Say yes or no, and follow the redirect to the terminal that waits on this machine."""
    return httpx.get(says(url, yes=yes, handle=handle), follow_redirects=False, trust_env=False)
