"""The table of routes: the operation of each, its answers and its statuses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ttp.domain.server import command_protocol
from ttp.server import overview, planning, posts, sources, uploads
from ttp.server.answers import HealthAnswer, RemovedUploadAnswer, UploadAnswer
from ttp.server.command_answer import CommandAnswer
from ttp.server.commands import COMMAND_BODY, CommandLine, run_command
from ttp.server.events import STREAM_BODY, list_events
from ttp.server.forms import BYTES_BODY, FORM_BODY
from ttp.server.guard import IMPORTS, METRICS, PARTS, UPLOADS
from ttp.server.requests import Route, read_route
from ttp.server.timetopost.routes import TIMETOPOST_ROUTES
from ttp.views import answers, file_answers, number_answers, source_answers
from ttp.views.status_answers import CheckupAnswer, StatusAnswer

POST, POSTS = "/v1/posts/{post_id}", "/v1/posts"
_REPEATS, _REPEAT = "/v1/repeats", "/v1/repeats/{repeat_id}"
_SOURCES, _SOURCE = "/v1/sources", "/v1/sources/{source_id}"
_ACCOUNT, _PART = "/v1/accounts/{account:path}", f"{PARTS}/{{upload_id}}"
# Statuses of problems: with an id; with a body; of a new thing; of one that names another; of a change.
_FIND, _BODY = (404,), (408, 413, 415)
_WRITE = (*_BODY, 409, 422)
_FIND_WRITE = (*_FIND, *_WRITE)
_CHANGE = (*_FIND_WRITE, 412)


def _created(model: Any, rehearsed: Any = None) -> dict[int, Any]:
    """Return the answers of a route that creates: 201, and 200 in a dry run or if it did nothing new."""
    return {201: model, 200: rehearsed or model}


_POST = {200: answers.PostAnswer}
_NEW = _created(answers.PostAnswer, answers.PostAnswer | answers.PreviewAnswer)
_UPLOADED = _created(answers.MediaAnswer)
_CHECKED = {200: CheckupAnswer}
_SLOTS = _created(list[answers.SlotAnswer])
_REMOVED = {200: answers.RemovedAnswer}
_REPEAT_ANSWER = {200: answers.RepeatAnswer}
_SOURCE_ANSWER, _POLLED = {200: source_answers.SourceAnswer}, {200: source_answers.PolledSourceAnswer}
_ITEMS = _created(list[source_answers.NewItemAnswer])
_UNDONE = {200: list[answers.UndoneAnswer]}
_IMPORTED = _created(file_answers.ImportAnswer)
_NUMBERS = _created(number_answers.MetricsImportAnswer)
_V1 = (
    read_route(POSTS, posts.list_posts, "list", list[answers.PostAnswer], (404, 422)),
    Route("POST", POSTS, posts.create_post, "create", _NEW, _CHANGE),
    read_route(POST, posts.get_post, "show", answers.PostAnswer, _FIND),
    Route("PATCH", POST, posts.edit_post, "edit", _POST, _CHANGE),
    Route("DELETE", POST, posts.delete_post, "delete", {200: answers.DeletedAnswer}, _CHANGE),
    Route("POST", f"{POST}/schedule", posts.schedule_post, "schedule", _POST, _CHANGE),
    Route("POST", f"{POST}/unschedule", posts.unschedule_post, "unschedule", _POST, _CHANGE),
    Route("POST", f"{POST}/publish", posts.publish_post, "publish", {202: answers.PostAnswer}, _CHANGE),
    Route("POST", f"{POST}/retry", posts.retry_post, "retry", {202: answers.PostAnswer}, _CHANGE),
    Route("POST", f"{POST}/resolve", posts.resolve_post, "resolve", _POST, _CHANGE),
    Route("POST", f"{POST}/approve", posts.approve_post, "approve", _POST, _CHANGE),
    Route("POST", f"{POST}/reject", posts.reject_post, "reject", _POST, _CHANGE),
    Route("POST", f"{POST}/copy", posts.copy_post, "copy", _created(answers.PostAnswer), _CHANGE),
    read_route("/v1/templates", posts.list_templates, "template list", list[answers.TemplateAnswer]),
    read_route(f"{POST}/log", posts.log_post, "log", list[answers.AttemptAnswer], _FIND),
    read_route(f"{POST}/history", posts.list_changes, "post history", list[answers.ChangeAnswer], _FIND),
    Route("POST", UPLOADS, uploads.upload_media, "media upload", _UPLOADED, _WRITE, described=FORM_BODY),
    Route("POST", PARTS, uploads.begin_upload, "media upload", _created(UploadAnswer), _WRITE),
    read_route(_PART, uploads.get_upload, "upload progress", UploadAnswer, _FIND),
    Route("PUT", _PART, uploads.add_part, "media upload", {200: UploadAnswer}, _FIND_WRITE, described=BYTES_BODY),
    Route("DELETE", _PART, uploads.remove_upload, "media upload", {200: RemovedUploadAnswer}, _FIND_WRITE),
    Route("POST", IMPORTS, uploads.import_posts, "import", _IMPORTED, _FIND_WRITE, described=FORM_BODY),
    Route(
        "POST",
        command_protocol.PATH,
        run_command,
        "command line",
        {200: CommandLine},
        _WRITE,
        described=COMMAND_BODY,
        answer=CommandAnswer,
    ),
    read_route("/v1/accounts", overview.list_accounts, "account list", list[answers.AccountAnswer]),
    read_route(_ACCOUNT, overview.get_account, "account show", answers.AccountAnswer, _FIND),
    Route("POST", f"{_ACCOUNT}/check", overview.check_account, "own account check", _CHECKED, (*_FIND, *_BODY)),
    read_route("/v1/slots", planning.list_slots, "own slots", list[answers.SlotAnswer], _FIND),
    Route("POST", "/v1/slots", planning.add_slots, "slots add", _SLOTS, (*_FIND, *_BODY, 422)),
    read_route("/v1/slots/preview", planning.preview_slots, "slots preview", list[answers.SlotInstantAnswer], _FIND),
    Route("DELETE", "/v1/slots/{slot_id}", planning.remove_slot, "slots remove", _REMOVED, (*_FIND, *_BODY)),
    read_route("/v1/repeats", planning.list_repeats, "repeat list", list[answers.RepeatAnswer]),
    Route("POST", _REPEATS, planning.add_repeat, "repeat add", _created(answers.NewRepeatAnswer), _FIND_WRITE),
    Route("POST", f"{_REPEAT}/skip", planning.skip_repeat, "repeat skip", _REPEAT_ANSWER, _FIND_WRITE),
    Route("POST", f"{_REPEAT}/pause", planning.pause_repeat, "repeat pause", _REPEAT_ANSWER, _FIND_WRITE),
    Route("POST", f"{_REPEAT}/resume", planning.resume_repeat, "repeat resume", _REPEAT_ANSWER, _FIND_WRITE),
    Route("POST", f"{_REPEAT}/stop", planning.stop_repeat, "repeat stop", _REPEAT_ANSWER, _FIND_WRITE),
    read_route(_SOURCES, sources.list_sources, "source list", list[source_answers.SourceAnswer]),
    read_route(_SOURCE, sources.get_source, "source show", source_answers.SourceDetailsAnswer, _FIND),
    Route("POST", _SOURCES, sources.add_source, "source add", _created(source_answers.PolledSourceAnswer), _FIND_WRITE),
    Route("DELETE", _SOURCE, sources.remove_source, "source remove", _REMOVED, _FIND_WRITE),
    Route("POST", f"{_SOURCE}/poll", sources.poll_source, "source poll", _POLLED, _FIND_WRITE),
    Route("POST", f"{_SOURCE}/pause", sources.pause_source, "source pause", _SOURCE_ANSWER, _FIND_WRITE),
    Route("POST", f"{_SOURCE}/resume", sources.resume_source, "source resume", _SOURCE_ANSWER, _FIND_WRITE),
    Route("POST", f"{_SOURCE}/post", sources.post_items, "source post", _ITEMS, _FIND_WRITE),
    Route("POST", f"{_SOURCE}/skip", sources.skip_items, "source skip", _SOURCE_ANSWER, _FIND_WRITE),
    Route("POST", "/v1/plan", planning.plan_drafts, "plan", {200: answers.PlanAnswer}, _FIND_WRITE),
    read_route("/v1/history", posts.list_all_changes, "history", list[answers.ChangeAnswer]),
    Route("POST", "/v1/undo", posts.undo_changes, "undo", _UNDONE, _FIND_WRITE),
    Route("POST", "/v1/redo", posts.redo_changes, "redo", _UNDONE, _FIND_WRITE),
    read_route("/v1/calendar", planning.get_calendar, "calendar", answers.CalendarAnswer, (404, 422)),
    read_route("/v1/optimal", planning.get_optimal, "optimal", number_answers.OptimalAnswer, (404, 422)),
    read_route("/v1/optimal/next", planning.get_next_hours, "optimal next", number_answers.NextHoursAnswer, (404, 422)),
    read_route("/v1/optimal/week", planning.get_week, "optimal week", number_answers.WeekAnswer, (404, 422)),
    read_route(
        "/v1/optimal/heatmap", planning.get_heatmap, "optimal heatmap", number_answers.HeatmapsAnswer, (404, 422)
    ),
    read_route(METRICS, planning.list_samples, "own metrics", list[number_answers.SampleAnswer], _FIND),
    Route("POST", METRICS, uploads.import_metrics, "metrics import", _NUMBERS, _FIND_WRITE, described=FORM_BODY),
    read_route(
        "/v1/metrics/summary", planning.list_totals, "own metrics summary", list[number_answers.TotalAnswer], _FIND
    ),
    read_route("/v1/report", planning.get_report, "report", number_answers.ReportAnswer, (404, 422)),
    read_route("/v1/events", list_events, "events", list[answers.EventAnswer], described=STREAM_BODY),
    read_route("/v1/status", overview.get_status, "status", StatusAnswer),
    read_route("/metrics", overview.get_counts, "counters", str),
    Route("GET", "/healthz", overview.get_health, "health", {200: HealthAnswer, 503: HealthAnswer}),
)

_AGAIN = {answers.PostAnswer: posts.answer_again, answers.DeletedAnswer: posts.answer_deleted_again}
"""What answers again a request that was done and whose answer was lost, by the usual answer."""

ROUTES = (
    *(replace(route, answer_again=_AGAIN.get(next(iter(route.answers.values())))) for route in _V1),
    *TIMETOPOST_ROUTES,
)
