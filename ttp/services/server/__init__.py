"""Services of `ttp serve`: tokens, people, approval links, events, webhooks."""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:
    from ttp.services import import_late

    __getattr__ = import_late(__name__)
