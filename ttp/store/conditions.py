"""SQL that several statements share: mostly conditions, in the words of the partial indexes."""

from __future__ import annotations

from functools import cache

from ttp.store.dialect import not_in_list

_READY = "state IN ('pending', 'retrying') AND {}next_at IS NOT NULL"
_RETRYING = "p.deleted_at IS NULL AND d.state = 'retrying'"
_FORMS = (
    *((_READY.format(of), f"{_READY.format(of)} AND {of}approved_at IS NOT NULL") for of in ("", "d.")),
    (_RETRYING, f"{_RETRYING} AND d.approved_at IS NOT NULL"),
)
"""Conditions for ready deliveries as the statements have them, and the same narrowed to approved ones. Both must repeat
the words of their partial index."""
WAITS_FOR_APPROVAL = (
    f"EXISTS (SELECT 1 FROM delivery d WHERE d.post_id = post.id AND {_READY.format('d.')} AND d.approved_at IS NULL)"
)

RAISE_REVISION = ", revision = revision + 1"
"""For each statement that changes a post's row."""


@cache
def only_approved(sql: str) -> str:
    """Narrow a statement about ready or retrying deliveries to approved ones."""
    narrow = sql
    for wide, narrower in _FORMS:
        narrow = narrow.replace(wide, narrower)
    assert narrow != sql, "it does not say what is ready in the words of the index"
    return narrow


NOT_QUARANTINED = (
    f"{not_in_list('d.post_id', 'quarantined_posts')} AND {not_in_list('d.account_id', 'quarantined_accounts')}"
)
"""Skips quarantined rows: for a delivery `d`, with the values of `Quarantine.values`."""
