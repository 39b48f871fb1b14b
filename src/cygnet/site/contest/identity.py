"""Who is identified, and which teams count as verified by it? Accounts of the identity provider.

An account of the provider is one person's: it can be tied to one account here. Each change is
journaled, under the person's identifier alone.
"""

from typing import Any

from django.apps import apps
from django.conf import settings

from cygnet.challenge.teams import counts_as_verified
from cygnet.site.accounts.models import User
from cygnet.site.contest import clock, journal
from cygnet.site.contest.models import Contest, Entrant, Membership, Team
from cygnet.site.contest.state import ROW, touch, writing


def identified_members(team: Team) -> list[bool]:
    """Say of each member whether the person is identified."""
    members = Membership.objects.filter(team=team).values_list(
        "user__entrant__identified_at", flat=True
    )
    return [one is not None for one in members]


def recount(row: Contest, team: Team) -> None:
    """Count anew whether ``team`` is verified; call it in the transaction that changed it."""
    fresh = Team.objects.only("organisers_word", "verified").get(pk=team.pk)
    verified = counts_as_verified(fresh.organisers_word, identified_members(team))
    team.verified = verified
    if verified == fresh.verified:
        return
    Team.objects.filter(pk=team.pk).update(verified=verified)
    details = {"team": str(team.pk), "by": "identities", "verified": verified}
    journal.record("team-marked", details, moment=journal.check_clock(clock.now()))
    touch(row)


def set_identified(user: User, *, identified: bool) -> None:
    """Write down that a person is identified, or no longer is."""
    if not Contest.objects.filter(pk=ROW).exists():
        return
    with writing() as row:
        entrant, _ = Entrant.objects.get_or_create(user=user)
        if (entrant.identified_at is not None) == identified:
            return
        now = journal.check_clock(clock.now())
        entrant.identified_at = now if identified else None
        entrant.save(update_fields=["identified_at"])
        details = {"person": str(user.pk), "identified": identified}
        journal.record("person-identified", details, moment=now)
        membership = Membership.objects.select_related("team").filter(user=user).first()
        if membership is not None:
            recount(row, membership.team)


def has_claims(claims: dict[str, Any]) -> bool:
    """Say whether what the provider tells of an account is what ``contest.toml`` asks for."""
    provider = settings.CONTEST.contest.openid_connect
    if provider is None or not provider.identifies:
        return False
    return all(claims.get(name) == value for name, value in provider.claims.items())


def look_at(user: User) -> None:
    """Look at the accounts of the provider that are tied to this person's."""
    from allauth.socialaccount.models import SocialAccount

    told = SocialAccount.objects.filter(user=user).values_list("extra_data", flat=True)
    found = any(has_claims({**one.get("userinfo", {}), **one.get("id_token", {})}) for one in told)
    set_identified(user, identified=found)


def connect() -> None:
    """Look whenever such an account is used, tied or untied; where there is a provider."""
    if not apps.is_installed("allauth.socialaccount"):
        return
    from allauth.account.signals import user_logged_in
    from allauth.socialaccount import signals

    user_logged_in.connect(_logged_in, dispatch_uid="identity")
    signals.social_account_added.connect(_added, dispatch_uid="identity")
    signals.social_account_removed.connect(_removed, dispatch_uid="identity")


def _logged_in(user: User, **words: Any) -> None:
    if words.get("sociallogin") is not None:
        look_at(user)


def _added(sociallogin: Any, **_: object) -> None:
    look_at(sociallogin.user)


def _removed(socialaccount: Any, **_: object) -> None:
    look_at(socialaccount.user)
