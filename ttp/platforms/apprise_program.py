"""One notification through Apprise, as a program of its own: a service's plugin can hang, print or crash here alone.

It reads a JSON object on stdin and writes one on stdout. Apprise's own texts may have parts of the address, which is
the secret: none of them is in the answer, and nothing is logged.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

MOST = 2000
"""Characters of a message."""
_CODE = re.compile(r"error=(\d{3})\b")
_ASSET: Mapping[str, Any] = {"app_id": "ttp", "app_desc": "ttp", "app_url": "", "storage_mode": "memory"}


def answer(order: Mapping[str, Any]) -> dict[str, str]:
    """Check an address, or send to it if there is a `text`. Return `service`, and `error` if it was not sent.

    `order`: `address`, `limit_s`, and to send also `title`, `text` and `url`, a page or "".
    """
    import apprise

    limit_s = order["limit_s"]
    asset = apprise.AppriseAsset(**_ASSET, service_timeout=limit_s, async_mode=False, allow_templates=False)
    service = apprise.Apprise.instantiate(order["address"], asset=asset)
    if service is None:
        return {"error": "Apprise knows no service with such an address"}
    name = {"service": str(service.service_name)}
    if "text" not in order:
        return name
    # A redirect that is followed becomes a GET without the message, and counts as sent.
    service.redirects = False
    # A late answer looks like a lost connection, so it gets more than Apprise's 4 s.
    service.socket_read_timeout = max(service.socket_read_timeout, limit_s / 2)
    apps = apprise.Apprise(asset=asset)
    apps.add(service)
    title = order["title"] if service.title_maxlen <= 0 else order["title"][: service.title_maxlen]
    end = f"\n\n{order['url']}" if order["url"] else ""
    room = min(service.body_maxlen, MOST) - len(end) - len(title) - 2
    text = order["text"] if len(order["text"]) <= room else f"{order['text'][: max(room - 1, 0)]}…"
    sent = apps.notify(body=text + end, title=title, body_format="text", timeout=limit_s)
    if sent:
        return name
    codes = [code for one in sent for entry in one.logs() for code in _CODE.findall(str(entry.message))]
    why = f"answered {codes[-1]}" if codes else "refused it, was not reached, or answered too late: it may have arrived"
    return {**name, "error": f"{name['service']} {why}"}


def main() -> None:
    with os.fdopen(os.dup(1), "w") as out:
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        for variable in [name for name in os.environ if name.startswith("APPRISE_")]:
            del os.environ[variable]
        try:
            reply = answer(json.load(sys.stdin))
        except Exception as error:  # noqa: BLE001 (the text of a plugin's error may have the address)
            reply = {"error": f"Apprise failed: {type(error).__name__}"}
        json.dump(reply, out)
    os._exit(0)  # a thread of a plugin may go on


if __name__ == "__main__":
    main()
