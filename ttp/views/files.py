"""Results of imports, exports and syncs as JSON objects."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ttp.views import Json, attributes_json, plan

if TYPE_CHECKING:
    from ttp.services.bulk_edit import PlannedChange
    from ttp.services.files.importer import ImportResult
    from ttp.services.files.lint import LintResult
    from ttp.views.file_answers import ImportAnswer, LintAnswer, LintFinding, RefusedRow


ERRORS_SHOWN = 20
"""Most row errors to show to a person; programs get all."""
EXPORT_FIELDS = ("target", "format", "posts", "media", "unchanged")
FINDING_FIELDS = ("file", "line", "row", "severity", "field", "code", "account", "message", "fix")
CHANGE_FIELDS = ("action", "id", "file", "changes", "scheduledAt", "accounts", "content")


def import_json(result: ImportResult, warnings: Sequence[str]) -> ImportAnswer:
    """Return the result of an import. `left`: skipped rows and why; `rejected`: refused rows and why; `planned`: rows
    that got a time from a plan; `plan`: that plan."""
    counts = {what.value: many for what, many in result.counts.items()}
    rejected: list[RefusedRow] = [
        {"row": row, "field": one.field or None, "problem": one.problem, "fix": one.fix} for row, one in result.faults
    ]
    return {
        "read": result.read,
        "added": counts.get("add", 0),
        "changed": counts.get("change", 0),
        "moved": counts.get("move", 0),
        "unchanged": counts.get("same", 0),
        "left": [{"row": row, "reason": why} for row, why in result.left],
        "rejected": rejected,
        "stored": result.stored,
        "ids": result.ids,
        "planned": plan.spread_assignments(result.spread),
        "plan": plan.spread_json(result.spread),
        "warnings": list(warnings),
    }


def export_json(target: Path, form: str, *, posts: int, media: int, unchanged: int) -> Json:
    return {"target": str(target), "format": form, "posts": posts, "media": media, "unchanged": unchanged}


def change_json(one: PlannedChange) -> Json:
    """Return what happens to one post, and which of its fields change."""
    from ttp.services.bulk_edit import changed_fields

    assert one.post is not None
    changes = list(changed_fields(one))
    return attributes_json(one.post, CHANGE_FIELDS, action=one.what.value, file=one.where, changes=changes)


def lint_json(result: LintResult) -> LintAnswer:
    """Return the findings of a check of files. `skipped`: posts whose file says that publishing has begun."""
    shapes = (attributes_json(one, FINDING_FIELDS, field=one.field or None) for one in result.findings)
    findings = [cast("LintFinding", shape) for shape in shapes]
    return {
        "posts": result.posts,
        "skipped": result.skipped,
        "errors": result.count("error"),
        "warnings": result.count("warning"),
        "findings": findings,
        "limits": [{"network": one.network, "limit": one.limit, "isDefault": one.is_default} for one in result.limits],
    }
