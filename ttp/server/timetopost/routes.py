"""The table of routes at TimeToPost's paths."""

from __future__ import annotations

from ttp.server.guard import SIGNED_UPLOADS
from ttp.server.requests import Route, read_route
from ttp.server.timetopost import accounts, analytics, answers, drafts, media, posts

_INTEGRATIONS, _POST, _DRAFT = "/api/integrations", "/api/posts/{post_id}", "/api/drafts/{post_id}"
_ANALYTICS, _BRAND = "/api/analytics", "/api/brands/{slug:path}/engagement"
_FIND, _BODY = (404,), (408, 413, 415)
_CHANGE = (*_FIND, *_BODY, 409, 422)
_SAVED, _QUEUED = {201: answers.TheirPostAnswer}, {200: answers.TheirPostAnswer}
_MOVED, _DECIDED = {200: answers.MovedAnswer}, {200: answers.DecidedAnswer}
_ABSENT, _ASSET = {501: answers.FailureAnswer}, {200: answers.AssetAnswer}
TIMETOPOST_ROUTES = (
    read_route("/api/auth/me", accounts.whoami, "whoami", answers.CallerAnswer),
    read_route("/api/capabilities", accounts.get_capabilities, "features", answers.CapabilitiesAnswer),
    read_route(_INTEGRATIONS, accounts.list_integrations, "account list", answers.IntegrationsAnswer),
    Route(
        "POST", f"{_INTEGRATIONS}/move-account", accounts.move_account, "groups of accounts", _MOVED, (*_FIND, *_BODY)
    ),
    read_route(f"{_INTEGRATIONS}/pinterest/boards", accounts.list_boards, "absent features", answers.BoardsAnswer),
    Route("GET", f"{_INTEGRATIONS}/{{provider}}/auth", accounts.get_connect_link, "absent features", _ABSENT),
    read_route(
        f"{_INTEGRATIONS}/{{provider}}/creator-info",
        accounts.get_creator_info,
        "posting settings",
        answers.CreatorAnswer,
        (404, 409),
    ),
    read_route("/api/posts", posts.list_all_posts, "list", answers.TheirPostsAnswer),
    Route("POST", "/api/posts", posts.submit_post, "create", _SAVED, _CHANGE, answer_again=posts.answer_again),
    read_route(_POST, posts.show_post, "show", answers.TheirPostAnswer, _FIND),
    Route("DELETE", _POST, posts.cancel_post, "delete", {200: answers.CancelledAnswer}, _CHANGE),
    Route("POST", f"{_POST}/publish", posts.queue_post, "publish", _QUEUED, _CHANGE, answer_again=posts.answer_again),
    Route("POST", "/api/media/presign", media.presign_upload, "media upload", {200: answers.PresignedAnswer}, _BODY),
    Route(
        "PUT",
        f"{SIGNED_UPLOADS}{{key}}",
        media.receive_upload,
        "signed upload",
        {200: answers.ReceivedAnswer},
        (400, 403, 408, 409, 413, 421, 503),
        described=media.UPLOAD_BODY,
    ),
    Route("POST", "/api/media/confirm", media.confirm_upload, "media upload", _ASSET, (*_FIND, *_BODY)),
    Route("POST", "/api/media/upload", media.upload_inline, "media upload", {201: answers.AssetAnswer}, _BODY),
    read_route(f"{media.FILES}{{name:path}}", media.get_file, "media file", bytes, _FIND),
    Route("POST", "/api/drafts/batch", drafts.submit_drafts, "submit drafts", {201: answers.SubmittedAnswer}, _CHANGE),
    read_route("/api/drafts", drafts.list_drafts, "submitted drafts", answers.DraftsAnswer),
    read_route("/api/drafts/approvals", drafts.list_approvals, "approvals", answers.ApprovalsAnswer),
    Route("POST", f"{_DRAFT}/approve", drafts.approve_draft, "draft approval", _DECIDED, _CHANGE),
    Route("POST", f"{_DRAFT}/reject", drafts.reject_draft, "draft rejection", _DECIDED, _CHANGE),
    read_route(
        f"{_ANALYTICS}/optimal-times", analytics.get_optimal_times, "optimal", answers.OptimalTimesAnswer, (404, 422)
    ),
    read_route(
        f"{_ANALYTICS}/engagement-summary",
        analytics.get_engagement_summary,
        "own metrics summary",
        answers.EngagementAnswer,
    ),
    read_route(
        f"{_ANALYTICS}/metrics/{{post_id}}", analytics.get_post_metrics, "own metrics", answers.PostMetricsAnswer, _FIND
    ),
    read_route("/api/scheduler/status", analytics.get_scheduler_status, "status", answers.SchedulerAnswer),
    read_route("/api/brands", analytics.list_brands, "brands", answers.BrandsAnswer),
    read_route(_BRAND, analytics.get_brand_engagement, "brands", answers.BrandEngagementAnswer, _FIND),
    read_route("/api/prompt-library", analytics.list_prompts, "absent features", answers.PromptsAnswer),
    read_route("/api/prompt-library/suggest", analytics.suggest_prompts, "absent features", answers.SuggestionsAnswer),
)
