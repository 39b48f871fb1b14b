"""Which numbers of the contest does Prometheus get?"""

from collections.abc import Iterator

from cygnet.site.accounts.models import User
from cygnet.site.contest.models import Delivery, JournalAct, Submission, Team
from cygnet.site.metrics import Sample


def samples() -> Iterator[Sample]:
    """Give the counts as they stand; none is a function of a score."""
    last = JournalAct.objects.only("number").first()
    # Only confirmed ones: a sign-up that does not move the number would tell a taken address.
    confirmed = User.objects.filter(emailaddress__verified=True).distinct().count()
    yield "cygnet_accounts", "gauge", "Accounts with a confirmed address.", confirmed
    yield "cygnet_teams", "gauge", "Teams.", Team.objects.count()
    yield "cygnet_submissions_total", "counter", "Submissions.", Submission.objects.count()
    yield "cygnet_journal_acts_total", "counter", "Acts of the journal.", last.number if last else 0
    waiting = Delivery.objects.filter(done_at=None).count()
    yield "cygnet_webhooks_waiting", "gauge", "Deliveries that wait.", waiting
    unseen = Submission.objects.filter(looked_at=False).count()
    yield "cygnet_submissions_not_looked_at", "gauge", "Not yet compared with others.", unseen
