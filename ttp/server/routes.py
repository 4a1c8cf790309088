"""The table of routes: the capability that each needs, its answers and its statuses."""

from __future__ import annotations

from ttp.domain.server import command_protocol
from ttp.domain.server.api_token import TokenCapability
from ttp.server import overview, planning, posts, uploads
from ttp.server.answers import HealthAnswer, RemovedUploadAnswer, UploadAnswer
from ttp.server.commands import COMMAND_BODY, CommandAnswer, CommandLine, run_command
from ttp.server.events import STREAM_BODY, list_events
from ttp.server.forms import BYTES_BODY, FORM_BODY
from ttp.server.guard import IMPORTS, METRICS, PARTS, UPLOADS
from ttp.server.requests import Route
from ttp.server.timetopost.routes import TIMETOPOST_ROUTES
from ttp.views import answers, number_answers

READ, DRAFT, PUBLISH, APPROVE = TokenCapability
POST, POSTS = "/v1/posts/{post_id}", "/v1/posts"
# Statuses of problems: with an id; with a body; of a new thing; of one that names another; of a change.
_FIND, _BODY = (404,), (408, 413, 415)
_WRITE = (*_BODY, 409, 422)
_FIND_WRITE = (*_FIND, *_WRITE)
_CHANGE = (*_FIND_WRITE, 412)


_POST = {200: answers.PostAnswer}
_QUEUED = {202: answers.PostAnswer}
_COPY = {201: answers.PostAnswer, 200: answers.PostAnswer}
_NEW = {201: answers.PostAnswer, 200: answers.PostAnswer | answers.PreviewAnswer}
_MEDIA = {201: answers.MediaAnswer, 200: answers.MediaAnswer}
_SLOTS, _NEW_SLOTS = {201: list[answers.SlotAnswer], 200: list[answers.SlotAnswer]}, (*_FIND, *_BODY, 422)
_COMING, _GONE = {200: list[answers.SlotInstantAnswer]}, {200: answers.RemovedAnswer}
_CALENDAR = {200: answers.CalendarAnswer}
_ACCOUNT, _CHECKUP = "/v1/accounts/{account:path}", {200: answers.CheckupAnswer}
_PLAN = {200: answers.PlanAnswer}
_REPEATS, _REPEAT = "/v1/repeats", "/v1/repeats/{repeat_id}"
_NEW_REPEAT = {201: answers.NewRepeatAnswer, 200: answers.NewRepeatAnswer}
_SAME_REPEAT = {200: answers.RepeatAnswer}
_UNDONE = {200: list[answers.UndoneAnswer]}
_PART, _UPLOAD = f"{PARTS}/{{upload_id}}", {200: UploadAnswer}
_NEW_UPLOAD = {201: UploadAnswer, 200: UploadAnswer}
_IMPORT = {201: answers.ImportAnswer, 200: answers.ImportAnswer}
_NUMBERS = {201: number_answers.MetricsImportAnswer, 200: number_answers.MetricsImportAnswer}
_V1 = (
    Route("GET", POSTS, posts.list_posts, READ, {200: list[answers.PostAnswer]}, (404, 422)),
    Route("POST", POSTS, posts.create_post, DRAFT, _NEW, _CHANGE),
    Route("GET", POST, posts.get_post, READ, _POST, _FIND),
    Route("PATCH", POST, posts.edit_post, DRAFT, _POST, _CHANGE),
    Route("DELETE", POST, posts.delete_post, DRAFT, {200: answers.DeletedAnswer}, _CHANGE),
    Route("POST", f"{POST}/schedule", posts.schedule_post, PUBLISH, _POST, _CHANGE),
    Route("POST", f"{POST}/unschedule", posts.unschedule_post, PUBLISH, _POST, _CHANGE),
    Route("POST", f"{POST}/publish", posts.publish_post, PUBLISH, _QUEUED, _CHANGE),
    Route("POST", f"{POST}/retry", posts.retry_post, PUBLISH, _QUEUED, _CHANGE),
    Route("POST", f"{POST}/resolve", posts.resolve_post, PUBLISH, _POST, _CHANGE),
    Route("POST", f"{POST}/approve", posts.approve_post, APPROVE, _POST, _CHANGE),
    Route("POST", f"{POST}/reject", posts.reject_post, APPROVE, _POST, _CHANGE),
    Route("POST", f"{POST}/copy", posts.copy_post, DRAFT, _COPY, _CHANGE),
    Route("GET", f"{POST}/log", posts.log_post, READ, {200: list[answers.AttemptAnswer]}, _FIND),
    Route("GET", f"{POST}/history", posts.list_changes, READ, {200: list[answers.ChangeAnswer]}, _FIND),
    Route("POST", UPLOADS, uploads.upload_media, DRAFT, _MEDIA, _WRITE, described=FORM_BODY),
    Route("POST", PARTS, uploads.begin_upload, DRAFT, _NEW_UPLOAD, _WRITE),
    Route("GET", _PART, uploads.get_upload, READ, _UPLOAD, _FIND),
    Route("PUT", _PART, uploads.add_part, DRAFT, _UPLOAD, _FIND_WRITE, described=BYTES_BODY),
    Route("DELETE", _PART, uploads.remove_upload, DRAFT, {200: RemovedUploadAnswer}, _FIND_WRITE),
    Route("POST", IMPORTS, uploads.import_posts, DRAFT, _IMPORT, _FIND_WRITE, limited=False, described=FORM_BODY),
    Route(
        "POST",
        command_protocol.PATH,
        run_command,
        READ,
        {200: CommandLine},
        (*_BODY, 409, 422),
        described=COMMAND_BODY,
        answer=CommandAnswer,
    ),
    Route("GET", "/v1/accounts", overview.list_accounts, READ, {200: list[answers.AccountAnswer]}),
    Route("GET", _ACCOUNT, overview.get_account, READ, {200: answers.AccountAnswer}, _FIND),
    Route("POST", f"{_ACCOUNT}/check", overview.check_account, PUBLISH, _CHECKUP, (*_FIND, *_BODY)),
    Route("GET", "/v1/slots", planning.list_slots, READ, {200: list[answers.SlotAnswer]}, (404,)),
    Route("POST", "/v1/slots", planning.add_slots, PUBLISH, _SLOTS, _NEW_SLOTS, limited=False),
    Route("GET", "/v1/slots/preview", planning.preview_slots, READ, _COMING, (404,), limited=False),
    Route("DELETE", "/v1/slots/{slot_id}", planning.remove_slot, PUBLISH, _GONE, (*_FIND, *_BODY), limited=False),
    Route("GET", "/v1/repeats", planning.list_repeats, READ, {200: list[answers.RepeatAnswer]}, limited=False),
    Route("POST", _REPEATS, planning.add_repeat, PUBLISH, _NEW_REPEAT, _FIND_WRITE, limited=False),
    Route("POST", f"{_REPEAT}/skip", planning.skip_repeat, PUBLISH, _SAME_REPEAT, _FIND_WRITE, limited=False),
    Route("POST", f"{_REPEAT}/pause", planning.pause_repeat, PUBLISH, _SAME_REPEAT, _FIND_WRITE, limited=False),
    Route("POST", f"{_REPEAT}/resume", planning.resume_repeat, PUBLISH, _SAME_REPEAT, _FIND_WRITE, limited=False),
    Route("POST", f"{_REPEAT}/stop", planning.stop_repeat, PUBLISH, _SAME_REPEAT, _FIND_WRITE, limited=False),
    Route("POST", "/v1/plan", planning.plan_drafts, PUBLISH, _PLAN, _FIND_WRITE, limited=False),
    Route("GET", "/v1/history", posts.list_all_changes, READ, {200: list[answers.ChangeAnswer]}, limited=False),
    Route("POST", "/v1/undo", posts.undo_changes, DRAFT, _UNDONE, _FIND_WRITE, limited=False),
    Route("POST", "/v1/redo", posts.redo_changes, DRAFT, _UNDONE, _FIND_WRITE, limited=False),
    Route("GET", "/v1/calendar", planning.get_calendar, READ, _CALENDAR, (404, 422), limited=False),
    Route("GET", "/v1/optimal", planning.get_optimal, READ, {200: number_answers.OptimalAnswer}, (404, 422)),
    Route("GET", "/v1/optimal/next", planning.get_next_hours, READ, {200: number_answers.NextHoursAnswer}, (404, 422)),
    Route("GET", "/v1/optimal/week", planning.get_week, READ, {200: number_answers.WeekAnswer}, (404, 422)),
    Route("GET", "/v1/optimal/heatmap", planning.get_heatmap, READ, {200: number_answers.HeatmapsAnswer}, (404, 422)),
    Route("GET", METRICS, planning.list_samples, READ, {200: list[number_answers.SampleAnswer]}, (404,)),
    Route("POST", METRICS, uploads.import_metrics, PUBLISH, _NUMBERS, _FIND_WRITE, limited=False, described=FORM_BODY),
    Route("GET", "/v1/metrics/summary", planning.list_totals, READ, {200: list[number_answers.TotalAnswer]}, (404,)),
    Route("GET", "/v1/report", planning.get_report, READ, {200: number_answers.ReportAnswer}, (404, 422)),
    Route("GET", "/v1/events", list_events, READ, {200: list[answers.EventAnswer]}, described=STREAM_BODY),
    Route("GET", "/v1/status", overview.get_status, READ, {200: answers.StatusAnswer}, limited=False),
    Route("GET", "/metrics", overview.get_counts, READ, {200: str}, limited=False),
    Route("GET", "/healthz", overview.get_health, None, {200: HealthAnswer, 503: HealthAnswer}),
)

ROUTES = (*_V1, *TIMETOPOST_ROUTES)
