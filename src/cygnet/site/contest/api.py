"""The contest's part of the API: send a file, look at one's own, read the board."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import File, Form, Header, Router, Schema
from ninja.errors import HttpError
from ninja.files import UploadedFile

from cygnet.challenge.admission import Refusal, RefusalCode, validate_key
from cygnet.challenge.settings import Track
from cygnet.challenge.submission import MAX_BYTES
from cygnet.errors import InputError
from cygnet.site.contest import boards, clock, journal
from cygnet.site.contest.models import Contest, Submission
from cygnet.site.contest.state import LARGE, ROW
from cygnet.site.contest.submitting import Faulty, submit

router = Router(tags=["challenge"])

STATUS = {
    RefusalCode.CONFLICT: 409,
    RefusalCode.DAILY_LIMIT: 429,
    RefusalCode.TOTAL_LIMIT: 429,
}


class PublicScore(Schema):
    """What is said of a submission before the close."""

    auroc: float | None
    n_images: int
    n_patients: int
    reason: str
    beats_contest: bool | None = None


class SubmissionAnswer(Schema):
    """A submission that is recorded."""

    id: UUID
    status: str
    received: datetime
    track: str
    public: PublicScore
    receipt: str


class FaultOfFile(Schema):
    """One kind of fault in a file, with the lines that have it."""

    code: str
    message: str
    rows: list[int]


class Faults(Schema):
    """All that is wrong with a file."""

    errors: list[FaultOfFile]


class Reason(Schema):
    """Why not, and when to try again."""

    reason: str
    code: str | None = None
    retry_at: datetime | None = None
    retry_after_s: int | None = None


class BoardRow(Schema):
    """A place; what follows ``auroc`` is there after the close."""

    rank: int
    team: str
    auroc: float
    lower: float | None = None
    upper: float | None = None
    rank_lower: int | None = None
    rank_upper: int | None = None
    tied_with_first: bool | None = None
    track: str | None = None
    reason: str | None = None


class BoardAnswer(Schema):
    """The board."""

    closed: bool
    rows: list[BoardRow]


def as_answer(one: Submission) -> dict[str, object]:
    """Give a submission as it was answered when it was taken."""
    return {
        "id": str(one.pk),
        "status": "scored",
        "received": one.received.isoformat(),
        "track": one.track,
        "public": one.public,
        "receipt": one.receipt,
    }


def received_at(request: HttpRequest) -> datetime:
    """Give when the request was whole: before it waited for its turn."""
    moment = getattr(request, "scope", {}).get("cygnet.received")
    return datetime.fromisoformat(moment) if moment else clock.now()


@router.post(
    "/submissions",
    response={
        201: SubmissionAnswer,
        **dict.fromkeys((400, 401, 403, 404, 408, 409, 413, 429, 503), Reason),
        422: Faults,
    },
    summary="Submit a file of predictions",
)
def post_submission(
    request: HttpRequest,
    file: File[UploadedFile],
    track: Form[Track | None] = None,
    note: Form[str] = "",
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
) -> HttpResponse:
    """Score a file and record it, whole, before the answer."""
    _needs_contest()
    key = ""
    if idempotency_key is not None:
        try:
            key = validate_key(idempotency_key)
        except InputError as error:
            raise HttpError(400, str(error)) from error
    if file.size is None or file.size > MAX_BYTES:
        raise HttpError(413, f"A file may have {MAX_BYTES:,} bytes.")
    made = submit(
        request.auth,
        file.read(),
        received=received_at(request),
        track=track,
        key=key,
        note=note[:200],
    )
    if isinstance(made, Faulty):
        return JsonResponse({"errors": [one.as_json() for one in made.errors]}, status=422)
    if isinstance(made, Refusal):
        return refusal_answer(made)
    response = JsonResponse(as_answer(made.submission), status=201)
    if made.replayed:
        response["Idempotency-Replayed"] = "true"
    return response


def refusal_answer(refusal: Refusal) -> HttpResponse:
    """Answer a refusal of the rules."""
    body: dict[str, object] = {"reason": refusal.message, "code": refusal.code.value}
    response = JsonResponse(body, status=STATUS.get(refusal.code, 403))
    if refusal.retry_at is not None:
        wait = max(1, round((refusal.retry_at - clock.now()).total_seconds()))
        body |= {"retry_at": refusal.retry_at.isoformat(), "retry_after_s": wait}
        response = JsonResponse(body, status=response.status_code)
        response["Retry-After"] = str(wait)
    return response


@router.get(
    "/submissions/{uuid:submission_id}",
    response={200: SubmissionAnswer, 401: Reason, 404: Reason},
    summary="A submission of one's own team",
)
def get_submission(request: HttpRequest, submission_id: UUID) -> HttpResponse:
    """Answer as it was answered when it was taken."""
    one = Submission.objects.filter(pk=submission_id, team__memberships__user=request.auth).first()
    if one is None:
        raise HttpError(404, "Your team has no such submission.")
    return JsonResponse(as_answer(one))


@router.get(
    "/board", response={200: BoardAnswer, 304: None, 404: Reason}, auth=None, summary="The board"
)
def get_board(request: HttpRequest) -> HttpResponse:
    """Answer the board: released feedback before the close, the private part after it."""
    row = _needs_contest()
    made = boards.board(row, clock.now())
    etag = f'"{made.etag}"'
    if request.headers.get("If-None-Match") == etag:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(made.json, content_type="application/json")
    response["ETag"] = etag
    response["Cache-Control"] = "no-cache"
    return response


@router.get(
    "/journal/head", response={200: dict[str, str]}, auth=None, summary="The journal's head"
)
def get_head(request: HttpRequest) -> HttpResponse:
    """Answer the head of the journal, to be kept and held against a later export."""
    del request
    return JsonResponse({"head": journal.head()})


def _needs_contest() -> Contest:
    row: Contest | None = Contest.objects.defer(*LARGE).filter(pk=ROW).first()
    if row is None:
        raise HttpError(404, "This site hosts no contest.")
    return row
