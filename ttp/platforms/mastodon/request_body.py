"""The publishing call of one part: its body, and the Idempotency-Key that is stored with the intent. Pure.

See docs/reference/platforms/mastodon.md, section 5. The handle remembers the key as `keys`: {"part", "n", "key"}. `n`
grows when a server has refused the key; it never does after an unknown outcome alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from ttp.domain.publishing.outcome import Handle
from ttp.platforms.client import Part
from ttp.platforms.mastodon.media import media_ids
from ttp.platforms.mastodon.options import POLL_S, chosen_of, split_poll


def build_body(part: Part, handle: Handle) -> dict[str, object]:
    """Return the canonical request: what is not set is left out. Reply and poll belong to the first part, the content
    warning and who may see it to each."""
    request, chosen = part.request, chosen_of(part.request)
    body: dict[str, object] = {"status": request.text}
    if ids := media_ids(handle)[: len(request.media)]:
        body["media_ids"] = ids
    if language := chosen.values.get("language"):  # as stored: an earlier version accepted other tags
        body["language"] = language
    for name in ("visibility", "spoiler_text"):
        if (value := chosen.word(name)) is not None:
            body[name] = value
    if (sensitive := chosen.switch("sensitive")) is not None:
        body["sensitive"] = sensitive
    if (policy := chosen.word("quote_policy")) is not None:
        body["quote_approval_policy"] = policy
    if (parent := parent_of(part, handle)) is not None:
        body["in_reply_to_id"] = parent
    if (quoted := ref_of(handle, "quote")) is not None:
        body["quoted_status_id"] = quoted
    if part.number > 1:
        return body
    if answers := split_poll(chosen.word("poll")):
        poll: dict[str, object] = {"options": list(answers), "expires_in": chosen.number("poll_expires") or POLL_S}
        for name, key in (("poll_multiple", "multiple"), ("poll_hide", "hide_totals")):
            if (switch := chosen.switch(name)) is not None:
                poll[key] = switch
        body["poll"] = poll
    return body


def parent_of(part: Part, handle: Handle) -> str | None:
    """Return the id of the post that a part replies to."""
    return part.parent or (ref_of(handle, "reply_to") if part.number == 1 else None)


def ref_of(handle: Handle, name: str) -> str | None:
    """Return the id of the post that an option of the request leads to."""
    refs = handle.get("refs")
    ref = refs.get(name) if isinstance(refs, Mapping) else None
    value = ref.get("id") if isinstance(ref, Mapping) else None
    return value if isinstance(value, str) else None


def with_key(part: Part, handle: Handle, body: Mapping[str, object]) -> Handle:
    """Return the handle with the key of this call: the same for the same part and body until `next_key`."""
    n = _count(part, handle)
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"))
    text = "\n".join((part.request.key_seed, str(part.number), canonical, str(n)))
    key = hashlib.sha256(text.encode("ascii", "backslashreplace")).hexdigest()[:32]
    return {**handle, "keys": {"part": part.number, "n": n, "key": key}}


def key_of(handle: Handle) -> str:
    """Return the key of the call that comes next, or was made last."""
    keys = handle.get("keys")
    return str(keys.get("key", "")) if isinstance(keys, Mapping) else ""


def next_key(part: Part, handle: Handle) -> Handle:
    """Return the handle for a call with another key: the server has answered this one with a refusal."""
    return {**handle, "keys": {"part": part.number, "n": _count(part, handle) + 1, "key": ""}}


def _count(part: Part, handle: Handle) -> int:
    keys = handle.get("keys")
    n = keys.get("n") if isinstance(keys, Mapping) and keys.get("part") == part.number else 0
    return n if isinstance(n, int) else 0
