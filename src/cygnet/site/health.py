"""Is the site well? One answer for a load balancer: the database answers, or 503."""

from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse


def healthz(request: HttpRequest) -> HttpResponse:
    """Answer 200 when rows can be read, 503 with what is away otherwise."""
    del request
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return JsonResponse({"status": "the database is away"}, status=503)
    return JsonResponse({"status": "ok"})
