"""Which acts are there besides a submission? Rules accepted, teams, selections, organisers' words.

Each is one transaction: the rules are asked in it, the change is made, the journal is written.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from django.core.exceptions import ValidationError

from cygnet.challenge.admission import Refusal, RefusalCode
from cygnet.challenge.feedback import LadderState, merged_ladder
from cygnet.challenge.names import name_key, validate_name
from cygnet.challenge.phases import extended
from cygnet.challenge.selection import Candidate, selection_refusal
from cygnet.challenge.settings import Track
from cygnet.challenge.teams import (
    join_refusal,
    merge_refusal,
    merged,
    merged_word,
    offer_refusal,
)
from cygnet.errors import InputError
from cygnet.site.accounts.models import User
from cygnet.site.contest import clock, journal
from cygnet.site.contest.identity import recount
from cygnet.site.contest.models import Contest, Entrant, Membership, MergeOffer, Submission, Team
from cygnet.site.contest.standing import person, team_facts
from cygnet.site.contest.state import ROW, contest_settings, touch, writing


def _note(kind: str, now: datetime, **details: object) -> None:
    journal.record(kind, details, moment=journal.check_clock(now))


def accept_rules(user: User) -> None:
    """Write down that ``user`` accepts the rules."""
    now = clock.now()
    with writing():
        row, _ = Entrant.objects.get_or_create(user=user)
        if row.rules_accepted_at is None:
            row.rules_accepted_at = now
            row.save(update_fields=["rules_accepted_at"])
            _note("rules-accepted", now, person=str(user.pk))


def found_team(user: User, name: str, *, verified: bool = False) -> Team:
    """Found a team that ``user`` leads.

    Raises Django's ValidationError for a name that is taken, or that cannot be read.
    """
    now = clock.now()
    try:
        name = validate_name(name)
    except InputError as error:
        raise ValidationError(str(error)) from error
    with writing() as row:
        if Membership.objects.filter(user=user).exists():
            raise ValidationError("You are in a team already; a person can be in one.")
        if Team.objects.filter(name_key=name_key(name)).exists():
            raise ValidationError("A team of this name, or of one that looks alike, exists.")
        team = Team(name=name, name_key=name_key(name), founded_at=now, verified=verified)
        team.organisers_word = True if verified else None
        team.full_clean()
        team.save()
        Membership.objects.create(user=user, team=team, joined_at=now, leads=True)
        _note(
            "team-founded",
            now,
            team=str(team.pk),
            person=str(user.pk),
            name=name,
            verified=verified,
        )
        recount(row, team)
        touch(row)
    return team


def invite(team: Team) -> str:
    """Make the team's invitation anew and give its secret; the one before opens nothing more."""
    secret = secrets.token_urlsafe(24)
    Team.objects.filter(pk=team.pk).update(invitation=sha256(secret.encode()).hexdigest())
    return secret


def invited_to(secret: str) -> Team | None:
    """Find the team that an invitation is of."""
    digest = sha256(secret.encode()).hexdigest()
    found: Team | None = Team.objects.filter(invitation=digest).first()
    return found


def join(user: User, team: Team) -> Refusal | None:
    """Let ``user`` join ``team``, or say why not."""
    now = clock.now()
    with writing() as row:
        # It may have merged, or made another invitation, since the page was opened.
        if not Team.objects.filter(pk=team.pk, invitation=team.invitation).exists():
            return Refusal(RefusalCode.GONE, "This invitation opens nothing any more.")
        other = person(user).team
        refusal = join_refusal(
            contest_settings(row),
            team_facts(team),
            str(user.pk),
            other_team=None if other is None else str(other.pk),
            now=now,
        )
        if refusal is not None:
            return refusal
        Membership.objects.create(user=user, team=team, joined_at=now)
        _note("team-joined", now, team=str(team.pk), person=str(user.pk))
        recount(row, team)
    return None


def leave(user: User) -> str | None:
    """Let ``user`` leave the team, or say why not: submissions stay with their team."""
    with writing() as row:
        who = person(user)
        if who.team is None:
            return "You are in no team."
        if Submission.objects.filter(team=who.team).exists():
            return "The team has submitted; its members stay."
        team = who.team
        Membership.objects.filter(user=user).delete()
        rest = Membership.objects.filter(team=team)
        _note("team-left", clock.now(), team=str(team.pk), person=str(user.pk))
        first = rest.first()
        if first is None:
            team.delete()
        elif not rest.filter(leads=True).exists():
            first.leads = True
            first.save(update_fields=["leads"])
        if first is not None:
            recount(row, team)
        touch(row)
    return None


def offer_merge(asking: Team, asked: Team | None) -> Refusal | None:
    """Offer that ``asking`` becomes part of ``asked``, or say why not: of itself alone."""
    now = clock.now()
    with writing() as row:
        refusal = offer_refusal(contest_settings(row), team_facts(asking), now=now)
        if refusal is not None or asked is None or asked == asking:
            return refusal
        # Either may have become part of another since the page was opened.
        if Team.objects.filter(pk__in=(asked.pk, asking.pk)).count() == 2:
            MergeOffer.objects.get_or_create(asking=asking, asked=asked, defaults={"made_at": now})
    return None


def take_merge(offer: MergeOffer) -> Refusal | None:
    """Merge the asking team into the asked one, or say why not."""
    now = clock.now()
    with writing() as row:
        settings = contest_settings(row)
        # It may have been taken, refused, or lost with a team since the page was opened.
        found = MergeOffer.objects.select_related("asked", "asking").filter(pk=offer.pk).first()
        if found is None:
            return Refusal(RefusalCode.GONE, "This offer is no more.")
        stays, goes = found.asked, found.asking
        refusal = merge_refusal(settings, team_facts(stays), team_facts(goes), now=now)
        if refusal is not None:
            return refusal
        made = merged(settings, team_facts(stays), team_facts(goes), now=now)
        Membership.objects.filter(team=goes).update(team=stays, leads=False)
        Submission.objects.filter(team=goes).update(team=stays, selected=False)
        stays.verified = made.verified
        stays.organisers_word = merged_word(
            stays.organisers_word, goes.organisers_word, verified=made.verified
        )
        if stays.ladder is not None or goes.ladder is not None:
            ladder = merged_ladder(ladder_of(stays.ladder), ladder_of(goes.ladder))
            stays.ladder, stays.released = ladder.as_json(), ladder.released
        stays.save(update_fields=["verified", "organisers_word", "ladder", "released"])
        _note("teams-merged", now, stays=str(stays.pk), goes=str(goes.pk))
        goes.delete()
        recount(row, stays)
        touch(row)
    return None


def ladder_of(document: dict[str, object] | None) -> LadderState:
    """Give a ladder as it was kept, or one that nothing climbed yet."""
    return LadderState() if document is None else LadderState.from_json(document)


def candidates(team: Team) -> list[Candidate]:
    """Give a team's submissions of the open phase as the rules of selection know them."""
    return [
        Candidate(
            submission_id=str(one.pk),
            received=one.received,
            selected=one.selected,
            moved=one.moved,
            track=Track(one.track),
        )
        for one in Submission.objects.filter(team=team, phase="open").only(
            "received", "selected", "moved", "track"
        )
    ]


def select(team: Team, wanted: Sequence[str]) -> Refusal | None:
    """Select the submissions that count at the close, or say why not."""
    now = clock.now()
    with writing() as row:
        refusal = selection_refusal(contest_settings(row), candidates(team), wanted, now=now)
        if refusal is not None:
            return refusal
        Submission.objects.filter(team=team).update(selected=False)
        Submission.objects.filter(team=team, pk__in=list(wanted)).update(selected=True)
        _note("selected", now, team=str(team.pk), submissions=sorted(map(str, wanted)))
    return None


def state_method(team: Team, *, method: str, external_data: str) -> None:
    """Keep what a team says of its method and of other data that it used."""
    with writing():
        if not Team.objects.filter(pk=team.pk).update(method=method, external_data=external_data):
            # It became part of another meanwhile, which says how it was done.
            return
        said = sha256(f"{method}\0{external_data}".encode()).hexdigest()
        _note("statement", clock.now(), team=str(team.pk), sha256=said)


def mark_team(
    team: Team, by: User, *, verified: bool | None = None, banned: bool | None = None
) -> None:
    """Verify or ban a team, or take either back, in an organiser's name."""
    with writing() as row:
        changes = {
            key: value
            for key, value in (("verified", verified), ("banned", banned))
            if value is not None
        }
        word = {} if verified is None else {"organisers_word": verified}
        Team.objects.filter(pk=team.pk).update(**changes, **word)
        _note("team-marked", clock.now(), team=str(team.pk), by=str(by.pk), **changes)
        touch(row)


def ban_person(user: User, by: User, *, banned: bool, reason: str = "") -> None:
    """Ban a person, or take it back, in an organiser's name."""
    with writing():
        row, _ = Entrant.objects.get_or_create(user=user)
        row.banned, row.ban_reason = banned, reason
        row.save(update_fields=["banned", "ban_reason"])
        _note("person-marked", clock.now(), person=str(user.pk), by=str(by.pk), banned=banned)


def note_change(user: User, by: User, changes: Mapping[str, object]) -> None:
    """Write down that an organiser changed an account; names and addresses stay out of it."""
    if not Contest.objects.filter(pk=ROW).exists():
        return
    said = {key: value for key, value in changes.items() if isinstance(value, bool)}
    with writing():
        _note(
            "account-changed",
            clock.now(),
            person=str(user.pk),
            by=str(by.pk),
            fields=sorted(changes),
            values=said,
        )


def note_token(user: User, *, organiser: bool) -> None:
    """Write down that a token of an account was made at the server, which speaks in its name."""
    if Contest.objects.filter(pk=ROW).exists():
        with writing():
            _note("token-made", clock.now(), person=str(user.pk), organiser=organiser)


def extend(closes: datetime, by: User) -> datetime:
    """Move the close to a later moment, in an organiser's name; the rules refuse others."""
    now = clock.now()
    with writing() as row:
        settings = extended(contest_settings(row), closes, now=now)
        Contest.objects.filter(pk=row.pk).update(settings=settings.as_json())
        _note("extended", now, by=str(by.pk), closes=settings.closes.isoformat())
        touch(row)
    return settings.closes
