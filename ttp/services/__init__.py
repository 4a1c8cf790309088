"""The application's use cases: what commands and the publisher ask for. Their modules are imported when they are used:
`services.posts.Posts` needs no import of `posts`, but for types."""

from __future__ import annotations

from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # mypy takes modules from the imports of each file

    def import_late(package):
        """Return the `__getattr__` of a package whose modules are imported when they are used."""

        def __getattr__(name):
            from importlib import import_module

            module = f"{package}.{name}"
            try:
                return import_module(module)
            except ModuleNotFoundError as missing:
                if missing.name != module:
                    raise
                raise AttributeError(f"there is no module {module}") from None

        return __getattr__

    __getattr__ = import_late(__name__)
