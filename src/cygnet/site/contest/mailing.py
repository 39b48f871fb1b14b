"""What does the contest write to people? The journal's head to organisers, words to participants.

All of it goes through the outbox: the one thread that sends also writes the head of the day, and
a key for each day and address keeps anybody from getting it twice.
"""

from hashlib import sha256

from allauth.account.models import EmailAddress
from django.conf import settings

from cygnet.site.accounts.models import User
from cygnet.site.contest import clock, journal
from cygnet.site.contest.models import JournalAct
from cygnet.site.contest.state import writing
from cygnet.site.updates.models import Mail
from cygnet.site.updates.posting import Words, key_of, post_all

AUDIENCES = {
    "teams": "Everybody who is in a team",
    "leaders": "Who leads a team",
    "unverified": "Everybody in a team that is not verified",
    "accounts": "Everybody who has an account",
}
_FOOT = "\n\n-- \nThe organisers of {title}. You get this because you have an account there.\n"

_HEAD = """\
The journal has {number} acts. Its head is

{head}

Keep this mail. Whether anything was changed since, this says:
cygnet challenge verify DIR --head {head}
"""


def organisers() -> list[str]:
    """Give whom the head is mailed to: the contest's address, and every organiser's own."""
    own = User.objects.filter(is_staff=True, is_active=True).values_list("email", flat=True)
    given = settings.CONTEST.contest.organiser_email.strip().lower()
    return sorted({*own, *([given] if given else [])})


def mail_head() -> int:
    """Write today's head to the organisers, once a UTC day; give to how many it was written.

    A day on which nothing was added to the journal since the last mail has none.
    """
    day = clock.now().date().isoformat()
    about = f"head {day}"
    mailed = Mail.objects.filter(kind=Mail.Kind.HEAD).order_by("-made_at")
    last = JournalAct.objects.only("number", "head").first()
    if last is None or mailed.filter(key__startswith=about).exists():
        return 0
    before = mailed.first()
    mark = last.head[:12]
    if before is not None and mark in before.subject:
        return 0
    words = Words(
        Mail.Kind.HEAD,
        f"Head of the journal, {day}, {mark}: {settings.CONTEST.contest.title}",
        _HEAD.format(number=last.number, head=last.head),
    )
    return post_all({to: key_of(about, to) for to in organisers()}, words)


def readers(audience: str) -> list[str]:
    """Give the confirmed addresses of an audience."""
    rows = EmailAddress.objects.filter(verified=True, primary=True, user__is_active=True)
    if audience != "accounts":
        rows = rows.filter(user__membership__isnull=False)
    if audience == "leaders":
        rows = rows.filter(user__membership__leads=True)
    if audience == "unverified":
        rows = rows.filter(user__membership__team__verified=False)
    return sorted(set(rows.values_list("email", flat=True)))


def write_to(audience: str, subject: str, text: str, by: User) -> int:
    """Write to an audience in an organiser's name; the same words reach nobody twice.

    Gives to how many it was written now.
    """
    digest = sha256(f"{subject}\0{text}".encode()).hexdigest()
    foot = _FOOT.format(title=settings.CONTEST.contest.title)
    words = Words(Mail.Kind.ORGANISERS, subject, text.replace("\r\n", "\n").strip() + foot)
    about = f"words {digest[:24]}"
    with writing():
        n_new = post_all({to: key_of(about, to) for to in readers(audience)}, words)
        details = {"by": str(by.pk), "audience": audience, "n_people": n_new, "sha256": digest}
        journal.record("mailed", details, moment=journal.check_clock(clock.now()))
    return n_new
