"""People at a browser or a program, for tests of the contest."""

from typing import Any

from site_contest import Participant, predictions


def signed_in(who: Participant, **options: Any) -> Any:
    """Give a browser in which ``who`` is signed in."""
    from django.test import Client

    from cygnet.site.accounts.models import User

    client = Client(**options)
    client.force_login(User.objects.get(email=who.email))
    return client


def newcomer(email: str) -> Any:
    """Give a browser of a person who is in no team."""
    from cygnet.site.contest.people import make_user

    make_user(email, team=None, organiser=False)
    return signed_in(Participant(email, "", ""))


def send(client: Any, data: bytes | None = None, **fields: str) -> Any:
    """Send a file by the form."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("p.csv", predictions() if data is None else data, "text/csv")
    fields = {"track": "with-context", "key": "", **fields}
    return client.post("/challenge/submit/", {"file": file, **fields})


def post(who: Participant, data: bytes | None = None, key: str | None = None) -> Any:
    """Send a file by the API."""
    from django.core.files.uploadedfile import SimpleUploadedFile
    from django.test import Client

    headers = dict(who.header) | ({} if key is None else {"idempotency-key": key})
    file = SimpleUploadedFile("p.csv", predictions() if data is None else data, "text/csv")
    return Client(headers=headers).post("/api/v1/submissions", {"file": file})
