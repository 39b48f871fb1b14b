"""What accounts add to Django's settings: how people sign up and in."""

from typing import Any

from cygnet.site.folder import ContestFolder


def django_settings(folder: ContestFolder) -> dict[str, Any]:
    """Give the settings of allauth."""
    settings: dict[str, Any] = {
        "ACCOUNT_LOGIN_METHODS": {"email"},
        "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*", "password2*"],
        "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
        "ACCOUNT_USER_MODEL_EMAIL_FIELD": "email",
        "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
        "ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS": 1,
        "ACCOUNT_CONFIRM_EMAIL_ON_GET": False,
        "ACCOUNT_LOGOUT_ON_GET": False,
        # An address that is taken is answered as a new one is; its owner is told by mail.
        "ACCOUNT_PREVENT_ENUMERATION": True,
        # The mail to one who has none is written, as to one who has, and sent to nobody.
        "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS": True,
        "ACCOUNT_FORMS": {"signup": "cygnet.site.accounts.forms.SignupForm"},
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": f"[{folder.contest.title}] ",
        "ACCOUNT_LOGIN_ON_PASSWORD_RESET": False,
        "ACCOUNT_SESSION_REMEMBER": None,
        "ACCOUNT_ADAPTER": "cygnet.site.accounts.adapter.AccountAdapter",
        "MFA_SUPPORTED_TYPES": ["totp", "recovery_codes"],
        "MFA_TOTP_ISSUER": folder.contest.title,
    }
    provider = folder.contest.openid_connect
    if provider is not None:
        settings |= {
            "SOCIALACCOUNT_PROVIDERS": {
                "openid_connect": {
                    "APPS": [
                        {
                            "provider_id": "openid",
                            "name": provider.name,
                            "client_id": provider.client_id,
                            "secret": folder.needed_secret("openid_client_secret"),
                            "settings": {
                                "server_url": provider.server_url,
                                "oauth_pkce_enabled": True,
                            },
                        }
                    ]
                }
            },
            "SOCIALACCOUNT_ADAPTER": "cygnet.site.accounts.provider.ProviderAdapter",
            "SOCIALACCOUNT_LOGIN_ON_GET": False,
            "SOCIALACCOUNT_EMAIL_AUTHENTICATION": False,
            "SOCIALACCOUNT_STORE_TOKENS": False,
            # A visitor waits while the provider is asked.
            "SOCIALACCOUNT_REQUESTS_TIMEOUT": 5,
        }
    return settings
