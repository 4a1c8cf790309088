"""A reader on a scripted platform, and the line to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx

from tests.platforms.factories import reader_for
from tests.platforms.stubs import TOKEN, Script, Stub
from tests.settings import Config
from ttp.domain.account import Account, Credentials
from ttp.domain.metrics.sample import Sample
from ttp.platforms.client import StepFailed
from ttp.platforms.metrics_reader import AccountSession, MetricsPage
from ttp.platforms.testing import NOON, StandingClock

SECOND = "second-token-456"


@dataclass
class Told:
    """What a reader told before it ended, and how it failed."""

    pages: list[MetricsPage] = field(default_factory=list)
    failure: StepFailed | None = None

    @property
    def samples(self) -> list[Sample]:
        return [sample for page in self.pages for sample in page.samples]

    @property
    def gone(self) -> list[str]:
        return [one for page in self.pages for one in sorted(page.gone)]


def line(platform: str, *renewals: Credentials | None, user_id: str | None = "42") -> AccountSession:
    """A line whose token is renewed by `renewals`, in order."""
    left = list(renewals)
    return AccountSession(
        Account(platform, "demo", id=1), Credentials(TOKEN, user_id=user_id), lambda refused: left.pop(0)
    )


class AskedForFollowers(Script):
    """A platform that is also asked, maybe, when followers are online. It has no numbers."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if "metric=online_followers" in str(request.url) and not (self.left and self.left[0].answers(request)):
            return Stub("GET", "", answer={"data": []}).response()
        return super().handle_request(request)


def read(at: AccountSession, ids: Iterable[str], *stubs: Stub, config: Config | None = None) -> Told:
    return _told(at, stubs, config, ids=list(ids))


def history(at: AccountSession, most: int, *stubs: Stub, config: Config | None = None) -> Told:
    return _told(at, stubs, config, most=most)


def _told(
    at: AccountSession, stubs: Iterable[Stub], config: Config | None, ids: list[str] | None = None, most: int = 0
) -> Told:
    """All metrics, read by exactly these requests."""
    script, told = AskedForFollowers(*stubs), Told()
    reader = reader_for(at.account.platform, config or Config(), StandingClock(NOON), transport=script)
    pages = reader.history(at, most) if ids is None else reader.read(at, ids)
    try:
        for page in pages:
            told.pages.append(page)
    except StepFailed as failed:
        told.failure = failed
    reader.close()
    assert script.left == []
    return told
