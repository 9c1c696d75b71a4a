"""Settings, all from the environment (README.md lists them); no policy in here.

Secrets may come from files: SECRET_KEY_FILE=/run/secrets/key is read where SECRET_KEY is meant.
Production (DEBUG off) refuses to start without its secrets.
"""

import logging
import ssl
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from ceportal import logs
from ceportal.admin_navigation import UNFOLD  # noqa: F401 - a setting: unfold reads it

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()

DEVELOPMENT = env.bool("DEBUG", default=False)  # plain HTTP, stand-in secrets, the card sandbox
DEMO = env.bool("DEMO", default=False)
if DEMO and not DEVELOPMENT:
    raise ImproperlyConfigured("DEMO=1 needs DEBUG=1: without a second factor it is no place for real data.")
DEBUG = DEVELOPMENT and not DEMO  # in the demonstration people meet the portal's own error pages
DEMO_START = env.str("DEMO_START", default="")  # the day on which a demonstration's clock begins: 2019-11-04


def secret(name: str, *, development: str) -> str:
    """A value that production must be given; development has a harmless stand-in."""
    value: str = env.str(name, default=development if DEVELOPMENT else "").strip()  # files end with a line break
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Production needs it: set {name}, or {name}_FILE to the path of a file that holds it."
        )
    return value


SECRET_KEY = secret("SECRET_KEY", development="development-only-key-that-protects-nothing-at-all-0123456789")
# Those before, between commas or on lines of their own: what they signed, sealed or marked is still known.
SECRET_KEY_FALLBACKS = env.str("SECRET_KEY_FALLBACKS", default="").replace(",", " ").split()
_kind = "PRIVATE KEY"  # the stand-in is that of 32 zero bytes: whoever wants to forge what it signs, can
SIGNING_KEY = secret(
    "SIGNING_KEY", development=f"-----BEGIN {_kind}-----\nMC4CAQAwBQYDK2VwBCIEI{43 * 'A'}\n-----END {_kind}-----"
)
STRIPE_SECRET_KEY = secret("STRIPE_SECRET_KEY", development="sk_test_development")
STRIPE_WEBHOOK_SECRET = secret("STRIPE_WEBHOOK_SECRET", development="whsec_development")
STRIPE_API_BASE = env.str("STRIPE_API_BASE", default="")  # empty: Stripe itself
BASE_URL = secret("BASE_URL", development="http://localhost:8000").rstrip("/")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", "127.0.0.1"] if DEVELOPMENT else [urlsplit(BASE_URL).hostname]
)
CSRF_TRUSTED_ORIGINS = [BASE_URL]
PROGRAMME_TIME_ZONE = env.str("PROGRAMME_TIME_ZONE", default="UTC")
CARD_LOOK_BACK_DAYS = env.int("CARD_LOOK_BACK_DAYS", default=7)  # how far back lost messages are asked for; Stripe: 30
FEED_KEPT_DAYS = env.int("FEED_KEPT_DAYS", default=90)  # how far back programs can read what happened
# Whether webhooks may lead to this machine, to any port and without TLS: for trying them out, never in production.
WEBHOOKS_LOCAL = env.bool("WEBHOOKS_LOCAL", default=DEBUG)
# Certificates (PEM) of an operator's own authorities, believed beside the public ones where webhooks are sent.
WEBHOOKS_CA = env.str("WEBHOOKS_CA", default="").strip()
if WEBHOOKS_CA:
    try:
        ssl.create_default_context(cadata=WEBHOOKS_CA)
    except (ssl.SSLError, ValueError) as error:
        raise ImproperlyConfigured("WEBHOOKS_CA holds no certificate in PEM.") from error

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "ceportal.apps.StaticFiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.idp.oidc",
    "anymail",
    "csp",
    "django_htmx",
    "django_structlog",
    "heroicons",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "ceportal",
    "ceportal.kernel",
    "ceportal.partner_api",
    "candidates",
    "catalog",
    "payments",
    "exams",
    "emeritus",
    "credits",
]

MIDDLEWARE = [
    "ceportal.middleware.ClientAddressMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "ceportal.admin_security.AdminPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "ceportal.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ceportal.middleware.RequestLogMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ceportal.middleware.SecondFactorMiddleware",
    "ceportal.access_log.AccessLogMiddleware",
]

ROOT_URLCONF = "ceportal.urls"
WSGI_APPLICATION = "ceportal.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "ceportal.context.portal",
            ],
        },
    }
]

DATABASES = {"default": env.db_url_config(secret("DATABASE_URL", development="postgres://localhost/ceportal"))}
DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = secret("REDIS_URL", development="redis://localhost:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "ceportal",
    }
}

# The truth about work is a row in PostgreSQL; a task only wakes it up (docs/decisions/0004-outbox-and-relay.md).
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TASK_TIME_LIMIT = 600
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 660,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

AUTH_USER_MODEL = "candidates.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}Validator"}
    for name in ("UserAttributeSimilarity", "MinimumLength", "CommonPassword", "NumericPassword")
]
LOGIN_URL = reverse_lazy("account_login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
ACCOUNT_LOGOUT_REDIRECT_URL = reverse_lazy("landing")
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True  # whoever changes an account, its owner hears of it
ACCOUNT_CHANGE_EMAIL = True  # one address at a time, as CE-13 knows one registered address
ACCOUNT_ADAPTER = "candidates.accounts.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "candidates.account_forms.LoginForm",
    "signup": "candidates.account_forms.SignupForm",
    "add_email": "candidates.account_forms.AddEmailForm",
    "change_password": "candidates.account_forms.ChangePasswordForm",
    "reset_password": "candidates.account_forms.ResetPasswordForm",
    "reset_password_from_key": "candidates.account_forms.ResetPasswordKeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "CE Portal"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese"))]  # what each page speaks: ceportal/languages.py
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["ceportal.formats"]
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "var/static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEVELOPMENT
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEVELOPMENT
# Evidence is private: it has no URL of its own and is served through a permission check only.
MEDIA_ROOT = env.str("MEDIA_ROOT", default=str(BASE_DIR / "var/media"))
MEDIA_URL = ""
FILE_UPLOAD_PERMISSIONS = 0o600

MAIL_DIR = env.str("MAIL_DIR", default=str(BASE_DIR / "var/mail"))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="CE Portal <portal@example.org>")
# The service that sends mail and reports by a webhook what became of it; with none, the server of EMAIL_URL sends.
MAIL_SERVICE = env.str("MAIL_SERVICE", default="")
MAIL_WEBHOOK_SECRET = env.str("MAIL_WEBHOOK_SECRET", default="").strip()  # "name:password", which its reports bring
if MAIL_SERVICE and ":" not in MAIL_WEBHOOK_SECRET.strip(":"):
    raise ImproperlyConfigured("MAIL_SERVICE needs MAIL_WEBHOOK_SECRET, a name and a password with a colon between.")
ANYMAIL = env.json("MAIL_SERVICE_SETTINGS", default={})
if DEMO:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = MAIL_DIR
elif MAIL_SERVICE:
    EMAIL_BACKEND = f"anymail.backends.{MAIL_SERVICE}.EmailBackend"
else:
    vars().update(env.email_url_config(secret("EMAIL_URL", development="smtp://localhost:25")))
    EMAIL_TIMEOUT = 20

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not DEVELOPMENT
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEVELOPMENT)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
# How many proxies stand in front, each of which adds to X-Forwarded-For. With none, nothing a client says is believed.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0 if DEVELOPMENT else 1)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_HSTS_SECONDS = 0 if DEVELOPMENT else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEVELOPMENT
CARD_PAGES = STRIPE_API_BASE or "https://checkout.stripe.com"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "frame-src": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        # Paying is a form whose answer redirects to the hosted card page.
        "form-action": ["'self'", CARD_PAGES],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["ceportal.partner_api.authentication.SignedInAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "ceportal.api_schema.ApiSchema",
    "EXCEPTION_HANDLER": "ceportal.problems.as_problem",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "CE Portal",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "ceportal.api_schema.with_links"],
    "ENUM_NAME_OVERRIDES": {  # several fields are called kind or status
        "AuthoredItemsKindEnum": "credits.models.AuthoredItems.Kind",
        "CertificationStatusEnum": "candidates.models.Certification.Status",
        "EventTopicEnum": "ceportal.partner_api.feed_views.TOPICS",
        "ItemKindEnum": "catalog.models.Item.Kind",
        "ProposalStatusEnum": "catalog.models.Proposal.Status",
        "WebhookDeliveryStatusEnum": "ceportal.partner_api.models.WebhookDelivery.Status",
        "WebhookStatusEnum": "ceportal.partner_api.webhook_views.STATUSES",
        "WorkshopKindEnum": "credits.models.Workshop.Kind",
    },
}

DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # logs know people by their ids only (docs/operations.md)
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG  # one line a request: the one that knows how it ended
LOGGING = logs.logging_settings(level=env.str("LOG_LEVEL", default="INFO"))
logs.configure_structlog()
