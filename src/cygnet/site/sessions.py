"""What if who is signed in cannot be kept? It is said, as everything that is away is."""

from django.contrib.sessions.middleware import SessionMiddleware
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse

from cygnet.site.faults import DATABASE_AWAY, answer_fault


class Sessions(SessionMiddleware):
    """Sessions whose end of a request can fail with a reason."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Keep the session, or say that it cannot be kept now."""
        try:
            kept: HttpResponse = super().process_response(request, response)
        except DatabaseError:
            return answer_fault(request, 503, DATABASE_AWAY, retry_after_s=30)
        return kept
