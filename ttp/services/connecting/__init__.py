"""Connects accounts, and keeps their logins."""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:
    from ttp.services import import_late

    __getattr__ = import_late(__name__)
