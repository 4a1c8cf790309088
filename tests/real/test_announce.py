"""A release is announced once without a store, by the record of Bluesky's own server.

For each tag five runs: two at once, and again a minute, a day and 20 days later, each with another text.
`TTP_REAL_RUNS` says how many runs are made (25).
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.platforms.factories import PLATFORMS
from tests.real.pds import Pds, Person
from tests.settings import Config
from ttp.domain.permissions import Caller, Capability
from ttp.domain.post_edit import PostInput
from ttp.domain.time.clock import SystemClock
from ttp.services.announce.release import Release
from ttp.services.announce.without_store import Announced, announce_once
from ttp.services.application import Application, Installation
from ttp.store.database import Database
from ttp.store.home.files import OwnFiles

RUNS = int(os.environ.get("TTP_REAL_RUNS", "25"))
LATER = (timedelta(0), timedelta(0), timedelta(minutes=1), timedelta(days=1), timedelta(days=20))


class LaterClock(SystemClock):
    """The clock of this machine, some time later."""

    def __init__(self, later: timedelta) -> None:
        self._later = later

    def now(self) -> datetime:
        return super().now() + self._later


@dataclass
class Jobs:
    """CI jobs on machines without a store."""

    person: Person
    folder: Path
    count: int = 0

    def run(self, release: Release, later: timedelta) -> Announced:
        self.count += 1
        folder, clock = self.folder / str(self.count), LaterClock(later)
        config = Config({"platforms.bluesky.base_url": self.person.server.url})
        installation = Installation(
            Database(folder),
            clock,
            config,
            PLATFORMS,
            system_zone=lambda: ZoneInfo("UTC"),
            own_files=lambda: OwnFiles((), ()),
            render_way_out=str,
        )
        app = Application(installation, Caller("ci", Capability.PUBLISH))
        name = f"bluesky/{self.person.handle}"
        text = f"{release.tag} of {release.project}, job {self.count}"
        return announce_once(app, release, PostInput(text=text, to=(name,)), self.person.app_password)

    def at_once(self, release: Release) -> list[Announced]:
        """Run two jobs at the same time."""
        done: list[Announced] = []
        begin = threading.Barrier(2)

        def job() -> None:
            begin.wait()
            done.append(self.run(release, timedelta(0)))

        threads = [threading.Thread(target=job) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return done


@pytest.fixture
def jobs(pds: Pds, tmp_path: Path) -> Jobs:
    return Jobs(pds.new_person(f"job{time.time_ns() % 1_000_000_000}"), tmp_path)


def test_a_release_is_announced_once_whenever_its_job_runs(jobs: Jobs) -> None:
    tags = RUNS // len(LATER)
    at = datetime.now(UTC).replace(microsecond=0)
    wrong = []
    for number in range(tags):
        release = Release("acme/widget", f"v{number}", at)
        done = jobs.at_once(release) + [jobs.run(release, later) for later in LATER[2:]]
        if len({one.url for one in done}) != 1 or [one.replayed for one in done].count(False) != 1:
            wrong.append((release.tag, done))
    other = jobs.run(Release("acme/other", "v0", at), timedelta(0))
    records = jobs.person.records()
    print(f"{jobs.count} runs of {tags + 1} releases: {len(records)} posts")
    assert (wrong, len(records), other.replayed) == ([], tags + 1, False)
