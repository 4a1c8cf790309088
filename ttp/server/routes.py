"""The one table of routes: what each needs, what it answers, and with which statuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from starlette.responses import Response

from ttp.domain.server import command_protocol
from ttp.domain.server.api_token import TokenCapability
from ttp.server import overview, planning, posts, uploads
from ttp.server.answers import HealthAnswer, JsonAnswer, RemovedUploadAnswer, UploadAnswer
from ttp.server.commands import COMMAND_BODY, CommandAnswer, CommandLine, run_command
from ttp.server.events import STREAM_BODY, list_events
from ttp.server.forms import BYTES_BODY, FORM_BODY
from ttp.server.guard import IMPORTS, METRICS, PARTS, SIGNED_UPLOADS, UPLOADS
from ttp.server.timetopost import accounts as their_accounts
from ttp.server.timetopost import analytics as their_numbers
from ttp.server.timetopost import answers as theirs
from ttp.server.timetopost import drafts as their_drafts
from ttp.server.timetopost import media as their_media
from ttp.server.timetopost import posts as their_posts
from ttp.server.timetopost.media import FILES
from ttp.views import answers, number_answers

READ, DRAFT, PUBLISH, APPROVE = TokenCapability
POST, POSTS = "/v1/posts/{post_id}", "/v1/posts"
ALWAYS = (400, 401, 403, 421, 503)
"""Statuses that every route with a token can answer."""
_ONE, _BODY = (404,), (408, 413, 415)
_CHANGE = (*_ONE, *_BODY, 409, 412, 422)


@dataclass(frozen=True, slots=True)
class Route:
    """`needs` None: no token; `or_needs`: another capability that is enough. `limited`: also for tokens limited
    to accounts. `answers`: what it answers by status; `refuses`: the statuses of problems in addition to ALWAYS;
    `described`: more for OpenAPI; `answer`: the class of its answers, where they are not bytes."""

    method: str
    path: str
    handle: Callable[..., Any]
    needs: TokenCapability | None
    answers: MappingProxyType[int, Any]
    refuses: tuple[int, ...] = ()
    limited: bool = True
    described: Mapping[str, Any] = field(default_factory=dict)
    answer: type[Response] = JsonAnswer
    or_needs: TokenCapability | None = None

    @property
    def name(self) -> str:
        return str(getattr(self.handle, "__name__", ""))

    @property
    def statuses(self) -> list[int]:
        """Return every status that the route can answer."""
        return sorted({*self.answers, *self.refuses, *(ALWAYS if self.needs else ())})


def _answers(model: Any, status: int = 200, **more: Any) -> MappingProxyType[int, Any]:
    return MappingProxyType({status: model, **{int(name.removeprefix("s")): one for name, one in more.items()}})


_POST = _answers(answers.PostAnswer)
_QUEUED = _answers(answers.PostAnswer, 202)
_COPY = _answers(answers.PostAnswer, 201, s200=answers.PostAnswer)
_NEW = _answers(answers.PostAnswer, 201, s200=answers.PostAnswer | answers.PreviewAnswer)
_MEDIA = _answers(answers.MediaAnswer, 201, s200=answers.MediaAnswer)
_SLOTS, _NEW_SLOTS = _answers(list[answers.SlotAnswer], 201, s200=list[answers.SlotAnswer]), (*_ONE, *_BODY, 422)
_COMING, _GONE = _answers(list[answers.SlotInstantAnswer]), _answers(answers.RemovedAnswer)
_CALENDAR = _answers(answers.CalendarAnswer)
_ACCOUNT, _CHECKUP = "/v1/accounts/{account:path}", _answers(answers.CheckupAnswer)
_PLAN = _answers(answers.PlanAnswer)
_REPEATS, _REPEAT = "/v1/repeats", "/v1/repeats/{repeat_id}"
_NEW_REPEAT = _answers(answers.NewRepeatAnswer, 201, s200=answers.NewRepeatAnswer)
_SAME_REPEAT = _answers(answers.RepeatAnswer)
_UNDONE = _answers(list[answers.UndoneAnswer])
_WRITE = (*_BODY, 409, 422)
_PART, _UPLOAD = f"{PARTS}/{{upload_id}}", _answers(UploadAnswer)
_NEW_UPLOAD = _answers(UploadAnswer, 201, s200=UploadAnswer)
_IMPORT = _answers(answers.ImportAnswer, 201, s200=answers.ImportAnswer)
_NUMBERS = _answers(number_answers.MetricsImportAnswer, 201, s200=number_answers.MetricsImportAnswer)
_IMPORTING = (404, *_WRITE)
_V1 = (
    Route("GET", POSTS, posts.list_posts, READ, _answers(list[answers.PostAnswer]), (404, 422)),
    Route("POST", POSTS, posts.create_post, DRAFT, _NEW, _CHANGE),
    Route("GET", POST, posts.get_post, READ, _POST, _ONE),
    Route("PATCH", POST, posts.edit_post, DRAFT, _POST, _CHANGE),
    Route("DELETE", POST, posts.delete_post, DRAFT, _answers(answers.DeletedAnswer), _CHANGE),
    Route("POST", f"{POST}/schedule", posts.schedule_post, PUBLISH, _POST, _CHANGE),
    Route("POST", f"{POST}/unschedule", posts.unschedule_post, PUBLISH, _POST, _CHANGE),
    Route("POST", f"{POST}/publish", posts.publish_post, PUBLISH, _QUEUED, _CHANGE),
    Route("POST", f"{POST}/retry", posts.retry_post, PUBLISH, _QUEUED, _CHANGE),
    Route("POST", f"{POST}/resolve", posts.resolve_post, PUBLISH, _POST, _CHANGE),
    Route("POST", f"{POST}/approve", posts.approve_post, APPROVE, _POST, _CHANGE),
    Route("POST", f"{POST}/reject", posts.reject_post, APPROVE, _POST, _CHANGE),
    Route("POST", f"{POST}/copy", posts.copy_post, DRAFT, _COPY, _CHANGE),
    Route("GET", f"{POST}/log", posts.log_post, READ, _answers(list[answers.AttemptAnswer]), _ONE),
    Route("GET", f"{POST}/history", posts.list_changes, READ, _answers(list[answers.ChangeAnswer]), _ONE),
    Route("POST", UPLOADS, uploads.upload_media, DRAFT, _MEDIA, _WRITE, described=FORM_BODY),
    Route("POST", PARTS, uploads.begin_upload, DRAFT, _NEW_UPLOAD, _WRITE),
    Route("GET", _PART, uploads.get_upload, READ, _UPLOAD, _ONE),
    Route("PUT", _PART, uploads.add_part, DRAFT, _UPLOAD, (*_ONE, *_WRITE), described=BYTES_BODY),
    Route("DELETE", _PART, uploads.remove_upload, DRAFT, _answers(RemovedUploadAnswer), (*_ONE, *_WRITE)),
    Route("POST", IMPORTS, uploads.import_posts, DRAFT, _IMPORT, _IMPORTING, limited=False, described=FORM_BODY),
    Route(
        "POST",
        command_protocol.PATH,
        run_command,
        READ,
        _answers(CommandLine),
        (*_BODY, 409, 422),
        described=COMMAND_BODY,
        answer=CommandAnswer,
    ),
    Route("GET", "/v1/accounts", overview.list_accounts, READ, _answers(list[answers.AccountAnswer])),
    Route("GET", _ACCOUNT, overview.get_account, READ, _answers(answers.AccountAnswer), _ONE),
    Route("POST", f"{_ACCOUNT}/check", overview.check_account, PUBLISH, _CHECKUP, (*_ONE, *_BODY)),
    Route("GET", "/v1/slots", planning.list_slots, READ, _answers(list[answers.SlotAnswer]), (404,)),
    Route("POST", "/v1/slots", planning.add_slots, PUBLISH, _SLOTS, _NEW_SLOTS, limited=False),
    Route("GET", "/v1/slots/preview", planning.preview_slots, READ, _COMING, (404,), limited=False),
    Route("DELETE", "/v1/slots/{slot_id}", planning.remove_slot, PUBLISH, _GONE, (*_ONE, *_BODY), limited=False),
    Route("GET", "/v1/repeats", planning.list_repeats, READ, _answers(list[answers.RepeatAnswer]), limited=False),
    Route("POST", _REPEATS, planning.add_repeat, PUBLISH, _NEW_REPEAT, (404, *_WRITE), limited=False),
    Route("POST", f"{_REPEAT}/skip", planning.skip_repeat, PUBLISH, _SAME_REPEAT, (404, *_WRITE), limited=False),
    Route("POST", f"{_REPEAT}/pause", planning.pause_repeat, PUBLISH, _SAME_REPEAT, (404, *_WRITE), limited=False),
    Route("POST", f"{_REPEAT}/resume", planning.resume_repeat, PUBLISH, _SAME_REPEAT, (404, *_WRITE), limited=False),
    Route("POST", f"{_REPEAT}/stop", planning.stop_repeat, PUBLISH, _SAME_REPEAT, (404, *_WRITE), limited=False),
    Route("POST", "/v1/plan", planning.plan_drafts, PUBLISH, _PLAN, (404, *_WRITE), limited=False),
    Route("GET", "/v1/history", posts.list_all_changes, READ, _answers(list[answers.ChangeAnswer]), limited=False),
    Route("POST", "/v1/undo", posts.undo_changes, DRAFT, _UNDONE, (404, *_WRITE), limited=False),
    Route("POST", "/v1/redo", posts.redo_changes, DRAFT, _UNDONE, (404, *_WRITE), limited=False),
    Route("GET", "/v1/calendar", planning.get_calendar, READ, _CALENDAR, (404, 422), limited=False),
    Route("GET", "/v1/optimal", planning.get_optimal, READ, _answers(number_answers.OptimalAnswer), (404, 422)),
    Route(
        "GET", "/v1/optimal/next", planning.get_next_hours, READ, _answers(number_answers.NextHoursAnswer), (404, 422)
    ),
    Route("GET", "/v1/optimal/week", planning.get_week, READ, _answers(number_answers.WeekAnswer), (404, 422)),
    Route(
        "GET", "/v1/optimal/heatmap", planning.get_heatmap, READ, _answers(number_answers.HeatmapsAnswer), (404, 422)
    ),
    Route("GET", METRICS, planning.list_samples, READ, _answers(list[number_answers.SampleAnswer]), (404,)),
    Route("POST", METRICS, uploads.import_metrics, PUBLISH, _NUMBERS, _IMPORTING, limited=False, described=FORM_BODY),
    Route("GET", "/v1/metrics/summary", planning.list_totals, READ, _answers(list[number_answers.TotalAnswer]), (404,)),
    Route("GET", "/v1/report", planning.get_report, READ, _answers(number_answers.ReportAnswer), (404, 422)),
    Route("GET", "/v1/events", list_events, READ, _answers(list[answers.EventAnswer]), described=STREAM_BODY),
    Route("GET", "/v1/status", overview.get_status, READ, _answers(answers.StatusAnswer), limited=False),
    Route("GET", "/metrics", overview.get_counts, READ, _answers(str), limited=False),
    Route("GET", "/healthz", overview.get_health, None, _answers(HealthAnswer, s503=HealthAnswer)),
)

_UNSUPPORTED = _answers(theirs.FailureAnswer, 501)
_CHANGED = (404, *_BODY, 409, 422)
_TIMETOPOST = (
    Route("GET", "/api/auth/me", their_accounts.whoami, READ, _answers(theirs.CallerAnswer)),
    Route("GET", "/api/capabilities", their_accounts.get_capabilities, READ, _answers(theirs.CapabilitiesAnswer)),
    Route("GET", "/api/integrations", their_accounts.list_integrations, READ, _answers(theirs.IntegrationsAnswer)),
    Route(
        "POST",
        "/api/integrations/move-account",
        their_accounts.move_account,
        DRAFT,
        _answers(theirs.MovedAnswer),
        (404, *_BODY),
    ),
    Route("GET", "/api/integrations/pinterest/boards", their_accounts.list_boards, READ, _answers(theirs.BoardsAnswer)),
    Route(
        "GET",
        "/api/integrations/{provider}/auth",
        their_accounts.get_connect_link,
        READ,
        _answers(theirs.FailureAnswer, 501),
    ),
    Route(
        "GET",
        "/api/integrations/{provider}/creator-info",
        their_accounts.get_creator_info,
        READ,
        _answers(theirs.CreatorAnswer),
        (404, 409),
    ),
    Route("GET", "/api/posts", their_posts.list_all_posts, READ, _answers(theirs.TheirPostsAnswer)),
    Route("POST", "/api/posts", their_posts.submit_post, DRAFT, _answers(theirs.TheirPostAnswer, 201), _CHANGED),
    Route("GET", "/api/posts/{post_id}", their_posts.show_post, READ, _answers(theirs.TheirPostAnswer), (404,)),
    Route("DELETE", "/api/posts/{post_id}", their_posts.cancel_post, DRAFT, _answers(theirs.CancelledAnswer), _CHANGED),
    Route(
        "POST",
        "/api/posts/{post_id}/publish",
        their_posts.queue_post,
        PUBLISH,
        _answers(theirs.TheirPostAnswer),
        _CHANGED,
    ),
    Route("POST", "/api/media/presign", their_media.presign_upload, DRAFT, _answers(theirs.PresignedAnswer), _BODY),
    Route(
        "PUT",
        f"{SIGNED_UPLOADS}{{key}}",
        their_media.receive_upload,
        None,
        _answers(theirs.ReceivedAnswer),
        (400, 403, 408, 409, 413, 421, 503),
        described=their_media.UPLOAD_BODY,
    ),
    Route("POST", "/api/media/confirm", their_media.confirm_upload, DRAFT, _answers(theirs.AssetAnswer), (404, *_BODY)),
    Route("POST", "/api/media/upload", their_media.upload_inline, DRAFT, _answers(theirs.AssetAnswer, 201), _BODY),
    Route("GET", f"{FILES}{{name:path}}", their_media.get_file, READ, _answers(bytes), (404,)),
    Route(
        "POST", "/api/drafts/batch", their_drafts.submit_drafts, DRAFT, _answers(theirs.SubmittedAnswer, 201), _CHANGED
    ),
    Route("GET", "/api/drafts", their_drafts.list_drafts, READ, _answers(theirs.DraftsAnswer)),
    Route("GET", "/api/drafts/approvals", their_drafts.list_approvals, READ, _answers(theirs.ApprovalsAnswer)),
    Route(
        "POST",
        "/api/drafts/{post_id}/approve",
        their_drafts.approve_draft,
        PUBLISH,
        _answers(theirs.DecidedAnswer),
        _CHANGED,
        or_needs=APPROVE,
    ),
    Route(
        "POST",
        "/api/drafts/{post_id}/reject",
        their_drafts.reject_draft,
        DRAFT,
        _answers(theirs.DecidedAnswer),
        _CHANGED,
        or_needs=APPROVE,
    ),
    Route(
        "GET",
        "/api/analytics/optimal-times",
        their_numbers.get_optimal_times,
        READ,
        _answers(theirs.OptimalTimesAnswer),
        (404, 422),
    ),
    Route(
        "GET",
        "/api/analytics/engagement-summary",
        their_numbers.get_engagement_summary,
        READ,
        _answers(theirs.EngagementAnswer),
    ),
    Route(
        "GET",
        "/api/analytics/metrics/{post_id}",
        their_numbers.get_post_metrics,
        READ,
        _answers(theirs.PostMetricsAnswer),
        (404,),
    ),
    Route(
        "GET",
        "/api/scheduler/status",
        their_numbers.get_scheduler_status,
        READ,
        _answers(theirs.SchedulerAnswer),
        limited=False,
    ),
    Route("GET", "/api/brands", their_numbers.list_brands, READ, _answers(theirs.BrandsAnswer), limited=False),
    Route(
        "GET",
        "/api/brands/{slug:path}/engagement",
        their_numbers.get_brand_engagement,
        READ,
        _answers(theirs.BrandEngagementAnswer),
        (404,),
        limited=False,
    ),
    Route("GET", "/api/prompt-library", their_numbers.list_prompts, READ, _answers(theirs.PromptsAnswer)),
    Route(
        "GET", "/api/prompt-library/suggest", their_numbers.suggest_prompts, READ, _answers(theirs.SuggestionsAnswer)
    ),
)
ROUTES = (*_V1, *_TIMETOPOST)
