"""The shapes of what reading files answers, an import and a check of them, like those of `answers`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from ttp.views.answers import Instant, PlanTotals

if TYPE_CHECKING:
    from ttp.domain.action import WayOut
else:
    from ttp.views.answers import WayOut


class SkippedRow(TypedDict):
    row: str
    reason: str


class RefusedRow(TypedDict):
    row: str
    field: str | None
    problem: str
    fix: WayOut | None


class PlannedRow(TypedDict):
    row: str
    id: int | None
    at: Instant
    score: float
    accounts: list[str]


class RowPlanAnswer(PlanTotals):
    way: str
    leftOut: list[str]


class ImportAnswer(TypedDict):
    """The result of an import, as `ttp import --json` prints it. `planned`: rows that got a time from a plan."""

    read: int
    added: int
    changed: int
    moved: int
    unchanged: int
    left: list[SkippedRow]
    rejected: list[RefusedRow]
    stored: bool
    ids: list[int]
    planned: list[PlannedRow]
    plan: RowPlanAnswer | None
    warnings: list[str]


class LintFinding(TypedDict):
    file: str | None
    line: int | None
    row: str | None
    severity: str
    field: str | None
    code: str
    account: str | None
    message: str
    fix: WayOut | None


class TextLimitAnswer(TypedDict):
    network: str
    limit: int
    isDefault: bool


class LintAnswer(TypedDict):
    """The result of `ttp lint --json`."""

    posts: int
    skipped: int
    errors: int
    warnings: int
    findings: list[LintFinding]
    limits: list[TextLimitAnswer]
