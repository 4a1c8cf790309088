"""The next version of the program, made up: it has one more migration, which adds to what publishers read and write."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ttp.store import columns, database, migrations
from ttp.store.postgresql import database as postgresql_database
from ttp.store.postgresql import upgrade as postgresql_upgrade

if TYPE_CHECKING:
    from alembic.config import Config

NEXT = "9999"
FOLDER = Path(__file__).parent


def become_next(
    replace: Callable[[object, str, object], None] = setattr, folder: Path = FOLDER, revision: str = NEXT
) -> None:
    """Make this process the next version. `replace`: sets an attribute of a module, such as pytest's `setattr`;
    `folder`, `revision`: of another migration than the made-up one."""
    for module in (database, postgresql_database):
        replace(module, "REVISIONS", (*columns.REVISIONS, revision))
    original = migrations.configuration

    def configuration() -> Config:
        config = original()
        folders = (Path(migrations.__file__).with_name("versions"), folder)
        config.set_main_option("version_locations", os.pathsep.join(map(str, folders)))
        return config

    for module in (migrations, postgresql_upgrade):
        replace(module, "configuration", configuration)
