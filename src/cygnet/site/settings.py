"""Django's settings, made from the contest folder that ``CYGNET_CONTEST`` names.

Nothing is read from anywhere else; ``cygnet.site.start.open_site`` sets the environment.
"""

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from cygnet.site import plugged, stores
from cygnet.site.folder import host_of, open_folder
from cygnet.site.gate import GateLimits
from cygnet.site.stylesheet import write_stylesheet

CONTEST = open_folder(Path(os.environ["CYGNET_CONTEST"]))
PUBLIC_URL = os.environ.get("CYGNET_URL", "").rstrip("/")
BEHIND_PROXY = os.environ.get("CYGNET_BEHIND_PROXY", "")
_https = PUBLIC_URL.startswith("https://")

DEBUG = False
SECRET_KEY = CONTEST.needed_secret("secret_key")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *([host_of(PUBLIC_URL)] if PUBLIC_URL else [])]
# In public the site answers to this name alone.
PUBLIC_HOST = host_of(PUBLIC_URL) if _https else ""
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.admin",
    "django.forms",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    *(["allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"]
      if CONTEST.contest.openid_connect else []),
    *plugged.installed(),
]  # fmt: skip

MIDDLEWARE = [
    "cygnet.site.faults.PublicHostMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "cygnet.site.sessions.Sessions",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "cygnet.site.faults.ReasonsMiddleware",
]

ROOT_URLCONF = "cygnet.site.urls"
ASGI_APPLICATION = "cygnet.site.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_here = Path(__file__).parent
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [str(_here / "templates")],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "cygnet.site.pages.page_context",
            ],
            "builtins": ["cygnet.site.accounts.templatetags.cygnet_words"],
        },
    }
]
FORM_RENDERER = "cygnet.site.pages.HouseForms"

# Rows, files, mail ---------------------------------------------------------------------------
DATABASES = {"default": stores.database(CONTEST)}
STORAGES = stores.storages(CONTEST)
# The gate bounds bodies: what it lets through is kept in memory, a form's words around it too.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = GateLimits().upload_bytes
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# Static files: the one stylesheet, and the admin's own ------------------------------------------
STATIC_URL = "/static/"
STYLESHEET = write_stylesheet(CONTEST.path / "static")
STATICFILES_DIRS = [str(CONTEST.path / "static")]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/cygnet/style\.[0-9a-f]{16}\.css$"

# Words and time --------------------------------------------------------------------------------
LANGUAGE_CODE = "en-gb"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# Accounts --------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/challenge/team/"
LOGOUT_REDIRECT_URL = "/"

_provider = CONTEST.contest.openid_connect
_sign_in = _provider.origins if _provider is not None else ()

# Headers ---------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "form-action": [SELF, *_sign_in],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "connect-src": [NONE],
    }
}
# A scheme is believed only where the outer layer set it: from the proxy's own network.
SECURE_SSL_REDIRECT = _https
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if _https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _https
SECURE_HSTS_PRELOAD = _https
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _https
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "cygnet.site.faults.csrf_failure"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "filters": {"without_secrets": {"()": "cygnet.site.logs.WithoutSecrets"}},
    "handlers": {"error": {"class": "logging.StreamHandler", "formatter": "line"}},
    # Both write the address of the page that they refused.
    "loggers": {
        name: {"filters": ["without_secrets"]}
        for name in ("django.request", "django.security.csrf")
    },
    "root": {"handlers": ["error"], "level": "WARNING"},
}

globals().update(stores.mail(CONTEST))
globals().update(plugged.app_settings(CONTEST))
