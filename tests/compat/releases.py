"""The home of each released version: store, settings, media. `python -m tests.compat.releases` keeps that
of this version, once for each release; those before it never change.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from tests.clock import FakeClock
from tests.compat.commands import fill
from tests.conftest import Program, program
from ttp import __version__

FOLDER = Path(__file__).with_name("releases")
STORE = "ttp.db.sql"
"""The store as SQL, which a reader can compare."""
SETTINGS = (
    ("timezone", "Europe/Berlin"),
    ("publish.retry_max", "5"),
    ("publish.min_gap_s", "0"),
    ("plan.quiet_hours", "22:00-07:00"),
    ("plan.blackout", "2026-12-24..2026-12-26"),
    ("media_host.kind", "folder"),
    ("media_host.path", "/srv/www/media"),
    ("media_host.base_url", "https://media.example.org/"),
    ("hooks.on_failed", "--", "true", "--quiet"),
    ("metrics.pull", "bluesky", "mastodon"),
    ("metrics.after", "1h", "7d"),
    ("platforms.x.client_id", "an-app"),
    ("platforms.x.settle_s", "900"),
)
"""A setting of each type, and of a platform."""


def versions() -> list[str]:
    """Return the versions with a home."""
    return sorted(path.name for path in FOLDER.iterdir())


def unpack(version: str, home: Path) -> None:
    """Create the home of a version as `home`, as if it had been made on this machine."""
    shutil.copytree(FOLDER / version, home)
    for path in (home, *home.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    (home / "ttp.db").touch(0o600)
    with closing(sqlite3.connect(home / "ttp.db")) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.executescript((home / STORE).read_text(encoding="utf-8"))
    (home / STORE).unlink()


def keep(ttp: Program, folder: Path) -> None:
    """Fill a home, and keep it in `folder`."""
    fill(ttp)
    for name, *values in SETTINGS:
        ttp.ok("config", "set", name, *values)
    ttp.ok("token", "create", "ann", "--capability", "read")
    ttp.sql("UPDATE store SET host = NULL, mark = NULL")  # no machine's, until one writes to it
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(ttp.home / "ttp.db")) as db:
        (folder / STORE).write_text("".join(f"{line}\n" for line in db.iterdump()), encoding="utf-8")
    shutil.copyfile(ttp.home / "config.toml", folder / "config.toml")  # tokens are never kept
    shutil.copytree(ttp.home / "media", folder / "media", copy_function=shutil.copyfile)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, program(Path(folder), FakeClock()) as ttp:
        keep(ttp, FOLDER / __version__)


if __name__ == "__main__":
    main()
