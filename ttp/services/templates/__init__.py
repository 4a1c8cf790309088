"""Templates: their files, and the texts that they make. Only `engine` uses MiniJinja."""

from typing import TYPE_CHECKING

if not TYPE_CHECKING:
    from ttp.services import import_late

    __getattr__ = import_late(__name__)
