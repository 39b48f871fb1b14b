"""What does the contest write to people? The journal's head to organisers, words to participants.

All of it goes through the outbox: the one thread that sends also writes the head of the day, and
a key for each day and address keeps anybody from getting it twice.
"""

from django.conf import settings

from cygnet.site.accounts.models import User
from cygnet.site.contest import clock
from cygnet.site.contest.models import JournalAct
from cygnet.site.updates.models import Mail
from cygnet.site.updates.posting import Words, key_of, post_all

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
