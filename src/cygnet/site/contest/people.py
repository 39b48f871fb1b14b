"""How does an organiser make an account without the web? Verified, with a team and a token."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from cygnet.challenge.names import name_key
from cygnet.errors import InputError, Offender
from cygnet.site.accounts.models import ApiToken, User
from cygnet.site.contest import acts
from cygnet.site.contest.models import Contest, Membership, Team
from cygnet.site.contest.state import ROW


def make_user(email: str, *, team: str | None, organiser: bool) -> str:
    """Make or find the account of ``email`` and give a new token of it.

    With ``team`` the person is in that team, which is founded verified where there is none of the
    name, and the rules count as accepted. Raises :class:`InputError` for what is no address, and
    for a person who is in another team.
    """
    try:
        validate_email(email)
    except ValidationError as error:
        raise InputError.of(
            "This is no email address.", "Give one such as ana@example.org.",
            offenders=[Offender(email)],
        ) from error  # fmt: skip
    if team is not None and not Contest.objects.filter(pk=ROW).exists():
        raise InputError.of("This site hosts no contest.", "Leave --team out.")
    with transaction.atomic():
        user = _account(email, organiser=organiser)
    if team is not None:
        _put_into(user, team)
    acts.note_token(user, organiser=organiser)
    return ApiToken.issue(user, "made by an organiser")


def _account(email: str, *, organiser: bool) -> User:
    from allauth.account.models import EmailAddress

    user: User | None = User.objects.filter(email=email.strip().lower()).first()
    if user is None:
        user = User.objects.create_user(email)
    elif not EmailAddress.objects.filter(user=user, verified=True).exists():
        # Anybody may have signed up with this address: that password must not open the account.
        user.set_unusable_password()
        user.save(update_fields=["password"])
    if organiser and not user.is_staff:
        user.is_staff = user.is_superuser = True
        user.save(update_fields=["is_staff", "is_superuser"])
    EmailAddress.objects.update_or_create(
        user=user, email=user.email, defaults={"verified": True, "primary": True}
    )
    return user


def _put_into(user: User, name: str) -> None:
    membership = Membership.objects.select_related("team").filter(user=user).first()
    team = Team.objects.filter(name_key=name_key(name)).first()
    if membership is not None and membership.team != team:
        raise InputError.of(
            f"{user} is in the team {membership.team} already.", "A person can be in one."
        )
    acts.accept_rules(user)
    if membership is not None:
        return
    if team is None:
        try:
            acts.found_team(user, name, verified=True)
        except ValidationError as error:
            raise InputError.of(" ".join(error.messages), "Choose another name.") from error
        return
    refusal = acts.join(user, team)
    if refusal is not None:
        raise InputError.of(refusal.message, "Choose another team.")
