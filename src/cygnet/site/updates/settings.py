"""What the table ``[updates]`` of contest.toml says: whose webhooks tell of bounces, and timing."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cygnet.errors import Fault, InputError
from cygnet.site.folder import CONTEST_FILE, ContestFolder

Provider = Literal["mailgun", "resend", "sendgrid", "postmark", "mailjet", "brevo"]

# Where anymail looks for the secret that a provider's webhooks are signed with. The others sign
# nothing: they send a user and a password, which is the secret then.
_SIGNED: Final[Mapping[str, str]] = {
    "mailgun": "MAILGUN_WEBHOOK_SIGNING_KEY",
    "resend": "RESEND_SIGNING_SECRET",
    "sendgrid": "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY",
}


class UpdatesTable(BaseModel):
    """``bounces_by`` names the provider; ``lease_s`` after which another process takes over."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bounces_by: Provider | None = None
    lease_s: Annotated[int, Field(ge=2, le=3600)] = 60
    letters_a_minute: Annotated[int, Field(ge=1, le=100_000)] = 600


def django_settings(folder: ContestFolder) -> dict[str, Any]:
    """Give the settings of updates, and anymail's of the provider's webhooks."""
    try:
        table = UpdatesTable.model_validate(dict(folder.contest.updates))
    except ValidationError as error:
        raise InputError(
            *(
                Fault(
                    f"updates.{'.'.join(map(str, one['loc']))}: {one['msg']}.",
                    "docs/reference/updates.md names every key.",
                    folder.path / CONTEST_FILE,
                )
                for one in error.errors()
            )
        ) from error
    made: dict[str, Any] = {
        "UPDATES_BOUNCES_BY": table.bounces_by,
        "UPDATES_LEASE_S": table.lease_s,
        "UPDATES_PAUSE_S": 60.0 / table.letters_a_minute,
    }
    if table.bounces_by is not None:
        secret = folder.needed_secret("bounce_secret")
        made["ANYMAIL"] = {_SIGNED.get(table.bounces_by, "WEBHOOK_SECRET"): secret}
    return made
