"""The table of routes at TimeToPost's paths."""

from __future__ import annotations

from ttp.domain.server.api_token import TokenCapability
from ttp.server.guard import SIGNED_UPLOADS
from ttp.server.requests import Route
from ttp.server.timetopost import accounts, analytics, answers, drafts, media, posts

READ, DRAFT, PUBLISH, APPROVE = TokenCapability
_BODY = (408, 413, 415)
_CHANGE = (404, *_BODY, 409, 422)
TIMETOPOST_ROUTES = (
    Route("GET", "/api/auth/me", accounts.whoami, READ, {200: answers.CallerAnswer}),
    Route("GET", "/api/capabilities", accounts.get_capabilities, READ, {200: answers.CapabilitiesAnswer}),
    Route("GET", "/api/integrations", accounts.list_integrations, READ, {200: answers.IntegrationsAnswer}),
    Route(
        "POST",
        "/api/integrations/move-account",
        accounts.move_account,
        DRAFT,
        {200: answers.MovedAnswer},
        (404, *_BODY),
    ),
    Route("GET", "/api/integrations/pinterest/boards", accounts.list_boards, READ, {200: answers.BoardsAnswer}),
    Route(
        "GET",
        "/api/integrations/{provider}/auth",
        accounts.get_connect_link,
        READ,
        {501: answers.FailureAnswer},
    ),
    Route(
        "GET",
        "/api/integrations/{provider}/creator-info",
        accounts.get_creator_info,
        READ,
        {200: answers.CreatorAnswer},
        (404, 409),
    ),
    Route("GET", "/api/posts", posts.list_all_posts, READ, {200: answers.TheirPostsAnswer}),
    Route("POST", "/api/posts", posts.submit_post, DRAFT, {201: answers.TheirPostAnswer}, _CHANGE),
    Route("GET", "/api/posts/{post_id}", posts.show_post, READ, {200: answers.TheirPostAnswer}, (404,)),
    Route("DELETE", "/api/posts/{post_id}", posts.cancel_post, DRAFT, {200: answers.CancelledAnswer}, _CHANGE),
    Route(
        "POST",
        "/api/posts/{post_id}/publish",
        posts.queue_post,
        PUBLISH,
        {200: answers.TheirPostAnswer},
        _CHANGE,
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
    Route("GET", f"{media.FILES}{{name:path}}", media.get_file, READ, {200: bytes}, (404,)),
    Route("POST", "/api/drafts/batch", drafts.submit_drafts, DRAFT, {201: answers.SubmittedAnswer}, _CHANGE),
    Route("GET", "/api/drafts", drafts.list_drafts, READ, {200: answers.DraftsAnswer}),
    Route("GET", "/api/drafts/approvals", drafts.list_approvals, READ, {200: answers.ApprovalsAnswer}),
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
    Route(
        "GET",
        "/api/analytics/optimal-times",
        analytics.get_optimal_times,
        READ,
        {200: answers.OptimalTimesAnswer},
        (404, 422),
    ),
    Route(
        "GET",
        "/api/analytics/engagement-summary",
        analytics.get_engagement_summary,
        READ,
        {200: answers.EngagementAnswer},
    ),
    Route(
        "GET",
        "/api/analytics/metrics/{post_id}",
        analytics.get_post_metrics,
        READ,
        {200: answers.PostMetricsAnswer},
        (404,),
    ),
    Route(
        "GET",
        "/api/scheduler/status",
        analytics.get_scheduler_status,
        READ,
        {200: answers.SchedulerAnswer},
        limited=False,
    ),
    Route("GET", "/api/brands", analytics.list_brands, READ, {200: answers.BrandsAnswer}, limited=False),
    Route(
        "GET",
        "/api/brands/{slug:path}/engagement",
        analytics.get_brand_engagement,
        READ,
        {200: answers.BrandEngagementAnswer},
        (404,),
        limited=False,
    ),
    Route("GET", "/api/prompt-library", analytics.list_prompts, READ, {200: answers.PromptsAnswer}),
    Route("GET", "/api/prompt-library/suggest", analytics.suggest_prompts, READ, {200: answers.SuggestionsAnswer}),
)
