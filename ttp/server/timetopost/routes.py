"""The table of routes at TimeToPost's paths."""

from __future__ import annotations

from ttp.domain.server.api_token import TokenCapability
from ttp.server.guard import SIGNED_UPLOADS
from ttp.server.requests import Route, read_route
from ttp.server.timetopost import accounts, analytics, answers, drafts, media, posts

READ, DRAFT, PUBLISH, APPROVE = TokenCapability
_BODY = (408, 413, 415)
_CHANGE = (404, *_BODY, 409, 422)
TIMETOPOST_ROUTES = (
    read_route("/api/auth/me", accounts.whoami, answers.CallerAnswer),
    read_route("/api/capabilities", accounts.get_capabilities, answers.CapabilitiesAnswer),
    read_route("/api/integrations", accounts.list_integrations, answers.IntegrationsAnswer),
    Route(
        "POST",
        "/api/integrations/move-account",
        accounts.move_account,
        DRAFT,
        {200: answers.MovedAnswer},
        (404, *_BODY),
    ),
    read_route("/api/integrations/pinterest/boards", accounts.list_boards, answers.BoardsAnswer),
    Route(
        "GET",
        "/api/integrations/{provider}/auth",
        accounts.get_connect_link,
        READ,
        {501: answers.FailureAnswer},
    ),
    read_route(
        "/api/integrations/{provider}/creator-info", accounts.get_creator_info, answers.CreatorAnswer, (404, 409)
    ),
    read_route("/api/posts", posts.list_all_posts, answers.TheirPostsAnswer),
    Route(
        "POST",
        "/api/posts",
        posts.submit_post,
        DRAFT,
        {201: answers.TheirPostAnswer},
        _CHANGE,
        answer_again=posts.answer_again,
    ),
    read_route("/api/posts/{post_id}", posts.show_post, answers.TheirPostAnswer, (404,)),
    Route("DELETE", "/api/posts/{post_id}", posts.cancel_post, DRAFT, {200: answers.CancelledAnswer}, _CHANGE),
    Route(
        "POST",
        "/api/posts/{post_id}/publish",
        posts.queue_post,
        PUBLISH,
        {200: answers.TheirPostAnswer},
        _CHANGE,
        answer_again=posts.answer_again,
    ),
    Route("POST", "/api/media/presign", media.presign_upload, DRAFT, {200: answers.PresignedAnswer}, _BODY),
    Route(
        "PUT",
        f"{SIGNED_UPLOADS}{{key}}",
        media.receive_upload,
        None,
        {200: answers.ReceivedAnswer},
        (400, 403, 408, 409, 413, 421, 503),
        described=media.UPLOAD_BODY,
    ),
    Route("POST", "/api/media/confirm", media.confirm_upload, DRAFT, {200: answers.AssetAnswer}, (404, *_BODY)),
    Route("POST", "/api/media/upload", media.upload_inline, DRAFT, {201: answers.AssetAnswer}, _BODY),
    read_route(f"{media.FILES}{{name:path}}", media.get_file, bytes, (404,)),
    Route("POST", "/api/drafts/batch", drafts.submit_drafts, DRAFT, {201: answers.SubmittedAnswer}, _CHANGE),
    read_route("/api/drafts", drafts.list_drafts, answers.DraftsAnswer),
    read_route("/api/drafts/approvals", drafts.list_approvals, answers.ApprovalsAnswer),
    Route(
        "POST",
        "/api/drafts/{post_id}/approve",
        drafts.approve_draft,
        PUBLISH,
        {200: answers.DecidedAnswer},
        _CHANGE,
        or_needs=APPROVE,
    ),
    Route(
        "POST",
        "/api/drafts/{post_id}/reject",
        drafts.reject_draft,
        DRAFT,
        {200: answers.DecidedAnswer},
        _CHANGE,
        or_needs=APPROVE,
    ),
    read_route("/api/analytics/optimal-times", analytics.get_optimal_times, answers.OptimalTimesAnswer, (404, 422)),
    read_route("/api/analytics/engagement-summary", analytics.get_engagement_summary, answers.EngagementAnswer),
    read_route("/api/analytics/metrics/{post_id}", analytics.get_post_metrics, answers.PostMetricsAnswer, (404,)),
    read_route("/api/scheduler/status", analytics.get_scheduler_status, answers.SchedulerAnswer, limited=False),
    read_route("/api/brands", analytics.list_brands, answers.BrandsAnswer, limited=False),
    read_route(
        "/api/brands/{slug:path}/engagement",
        analytics.get_brand_engagement,
        answers.BrandEngagementAnswer,
        (404,),
        limited=False,
    ),
    read_route("/api/prompt-library", analytics.list_prompts, answers.PromptsAnswer),
    read_route("/api/prompt-library/suggest", analytics.suggest_prompts, answers.SuggestionsAnswer),
)
