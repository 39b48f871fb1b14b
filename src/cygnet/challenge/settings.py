"""What does an organiser decide about a contest? Dates, limits, tracks and the rules of feedback.

One frozen model, checked once. Refuses dates without a zone, an order of dates that makes no
contest, limits below one, and keys that it does not know.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Self, get_args

from cygnet.errors import InputError, Offender

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class Track(StrEnum):
    """Whether a submission used the patient's other images beyond splitting the data."""

    WITH_CONTEXT = "with-context"
    WITHOUT_CONTEXT = "without-context"


def utc(moment: datetime) -> datetime:
    """Give ``moment`` in UTC without fractions of a second; raises :class:`InputError` if naive.

    >>> utc(datetime(2020, 8, 17, 23, 59, 0, 900000, tzinfo=UTC)).isoformat()
    '2020-08-17T23:59:00+00:00'
    """
    if moment.tzinfo is None:
        raise InputError.of(
            f"This moment has no time zone: {moment.isoformat()}.",
            "Give it in UTC, for example 2020-08-17T23:59:00+00:00.",
        )
    return moment.astimezone(UTC).replace(microsecond=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRules:
    """When a team is told a number, and how finely.

    A number is told from ``gate_errors`` standard errors above 0.5, floored to a multiple of
    ``grid``.
    """

    gate_errors: float = 4.0
    grid: float = 0.02

    def __post_init__(self) -> None:
        """Refuse what would switch the protection off."""
        if not 0 < self.grid <= 0.1:
            raise InputError.of(
                f"The grid of the feedback must lie above 0 and up to 0.1, not {self.grid}.",
                "0.02 is what was studied: docs/results/feedback.md.",
            )
        if not 3 <= self.gate_errors <= 10:
            raise InputError.of(
                f"The gate must stand at 3 to 10 standard errors, not {self.gate_errors}.",
                "4 is what was studied: docs/results/feedback.md.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ContestSettings:
    """A contest as its organiser set it up; moments are UTC and whole seconds.

    ``merge_deadline`` of ``None`` is the close; ``late_closes`` of ``None`` means that the late
    board never ends; ``total_limit`` of ``None`` that submissions are limited by day alone.
    """

    name: str
    title: str
    opens: datetime
    closes: datetime
    merge_deadline: datetime | None = None
    late_closes: datetime | None = None
    daily_limit: int = 5
    total_limit: int | None = None
    late_daily_limit: int = 1
    team_size: int = 5
    finals: int = 3
    public_share: float = 0.3
    tracks: tuple[Track, ...] = (Track.WITH_CONTEXT, Track.WITHOUT_CONTEXT)
    blind: bool = False
    rules: FeedbackRules = field(default_factory=FeedbackRules)

    def __post_init__(self) -> None:
        """Bring all moments to UTC and whole seconds, then check; raises :class:`InputError`."""
        for name in ("opens", "closes", "merge_deadline", "late_closes"):
            moment = getattr(self, name)
            if moment is not None:
                object.__setattr__(self, name, utc(moment))
        if not _NAME.fullmatch(self.name):
            raise InputError.of(
                "The name of a contest has small letters, digits and hyphens, at most 64.",
                "isic2020 is an example.",
                offenders=[Offender(self.name)],
            )
        if not self.title.strip():
            raise InputError.of("The contest has no title.", "Give one.")
        self._validate_dates()
        self._validate_numbers()

    def _validate_dates(self) -> None:
        order: tuple[tuple[str, datetime, str, datetime | None], ...] = (
            ("opens", self.opens, "closes", self.closes),
            ("opens", self.opens, "merge_deadline", self.merge_deadline),
            ("closes", self.closes, "late_closes", self.late_closes),
        )
        for earlier, first, later, second in order:
            if second is not None and first >= second:
                raise InputError.of(
                    f"{later} ({second.isoformat()}) is not after {earlier} ({first.isoformat()}).",
                    "Change one of the two.",
                )
        if self.merge_deadline is not None and self.merge_deadline > self.closes:
            raise InputError.of(
                "Teams cannot merge after the close.", "Set merge_deadline to the close or before."
            )

    def _validate_numbers(self) -> None:
        counts = {
            "daily_limit": self.daily_limit,
            "late_daily_limit": self.late_daily_limit,
            "team_size": self.team_size,
            "finals": self.finals,
        }
        if self.total_limit is not None:
            counts["total_limit"] = self.total_limit
        for name, count in counts.items():
            if not 1 <= count <= 100_000:
                raise InputError.of(
                    f"{name} must be a whole number from 1 to 100,000, not {count}.",
                    "Without a limit in all, leave total_limit out.",
                )
        if not 0.05 <= self.public_share <= 0.95:
            raise InputError.of(
                f"public_share must lie in 0.05 to 0.95, not {self.public_share}.",
                "ISIC 2020 had 0.3.",
            )
        if not self.tracks or len(set(self.tracks)) != len(self.tracks):
            raise InputError.of(
                "A contest needs a track, and each only once.",
                f"Choose of {', '.join(Track)}.",
            )

    def as_json(self) -> dict[str, object]:
        """Give a document that :meth:`from_json` reads back as the same settings."""
        document: dict[str, object] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, datetime):
                document[one.name] = value.isoformat()
            elif isinstance(value, FeedbackRules):
                document[one.name] = {"gate_errors": value.gate_errors, "grid": value.grid}
            elif isinstance(value, tuple):
                document[one.name] = [str(track) for track in value]
            else:
                document[one.name] = value
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Self:
        """Read settings; unknown keys and values of another kind raise :class:`InputError`."""
        known = {one.name: one.type for one in fields(cls)}
        _refuse_unknown(document, known)
        values: dict[str, object] = {}
        for name, value in document.items():
            try:
                values[name] = _read(name, value, known[name])
            except (TypeError, ValueError) as error:
                raise InputError.of(
                    f"The setting {name} cannot be read ({error}).",
                    "docs/reference/challenge-rules.md lists the settings.",
                ) from error
        try:
            return cls(**values)  # type: ignore[arg-type]
        except TypeError as error:
            raise InputError.of(
                f"A setting is missing ({error}).", "name, title, opens and closes are needed."
            ) from error


def _refuse_unknown(document: Mapping[str, object], known: Mapping[str, object]) -> None:
    unknown = [name for name in document if name not in known]
    if unknown:
        raise InputError.of(
            "A setting is not known.",
            f"Known are: {', '.join(known)}.",
            offenders=[Offender(str(name)) for name in unknown],
        )


def _read(name: str, value: object, kind: object) -> object:
    if name == "rules":
        if not isinstance(value, Mapping):
            raise TypeError("a table is wanted")
        rules = {one.name for one in fields(FeedbackRules)}
        _refuse_unknown(value, dict.fromkeys(rules))
        return FeedbackRules(**{key: float(number) for key, number in value.items()})
    if name == "tracks":
        if not isinstance(value, list | tuple):
            raise TypeError("a list is wanted")
        return tuple(Track(track) for track in value)
    allowed = get_args(kind) or (kind,)
    if value is None and type(None) in allowed:
        return None
    if datetime in allowed:
        return value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    wanted = next(one for one in allowed if isinstance(one, type) and one is not type(None))
    if wanted is float and type(value) is int:
        return float(value)
    if type(value) is not wanted:
        raise TypeError(f"{wanted.__name__} is wanted, not {type(value).__name__}")
    return value
