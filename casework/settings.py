"""Settings, read from the environment; every variable is described in docs/operator.md."""

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _
from environs import FileAwareEnv, validate

from api import description
from casework.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = FileAwareEnv()

# --- the installation ---
DEBUG = env.bool("DEBUG", False)
DEMO = env.bool("DEMO", False)  # the demo practice and the sandbox provider are allowed
SECRET_KEY = env.str("SECRET_KEY")
# Newest key first; older ones still decrypt. Urlsafe base64 of 32 bytes each.
FIELD_KEYS: list[str] = env.list("FIELD_KEYS")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", [])
PUBLIC_URL = env.str("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
TLS = PUBLIC_URL.startswith("https://")

# --- rooms ---
ROOMS = [
    "clients",
    "sessions",
    "casework.staff",
    "casework.measures",
    "casework.relapse",
    "casework.followup",
    "casework.desk",
    "casework.supervision",
    "casework.intake",
    "api",
]

INSTALLED_APPS = [
    *ROOMS,
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_filters",
    *(["django_linear_migrations"] if find_spec("django_linear_migrations") else []),  # a tool of development
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "rest_framework",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "casework.staff.middleware.StaffMiddleware",
]

ROOT_URLCONF = "casework.urls"
WSGI_APPLICATION = "casework.wsgi.application"
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
                "casework.staff.context.practice",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- PostgreSQL, and Redis or Valkey ---
DATABASES = {"default": env.dj_db_url("DATABASE_URL")}
DATABASES["default"].setdefault("CONN_MAX_AGE", env.int("CONN_MAX_AGE", 0))
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# The role that the processes use; migrations, run by the owner, take from it the right to rewrite history.
DATABASE_APP_ROLE = env.str("DATABASE_APP_ROLE", "turnaround_app")
REDIS_URL = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "turnaround",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"  # signing in must work while Redis is away

# --- people who work here ---
AUTH_USER_MODEL = "staff.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "casework.staff.adapter.StaffAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_PREVENT_ENUMERATION = True
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Turnaround"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
IDLE_SIGN_OUT = timedelta(minutes=env.int("IDLE_SIGN_OUT_MINUTES", 15))
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS

# --- the browser ---
_OURS = ("script-src", "style-src", "img-src", "font-src", "connect-src", "form-action", "manifest-src")
_NOBODYS = ("default-src", "base-uri", "frame-ancestors")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {name: [SELF] for name in _OURS} | {name: [NONE] for name in _NOBODYS}
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = TLS and env.bool("SSL_REDIRECT", True)
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if TLS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = TLS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("BEHIND_PROXY", False) else None
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = env.bool("STATIC_FROM_SOURCE", DEBUG or DEMO)
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if WHITENOISE_USE_FINDERS
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# --- words and time ---
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("es", _("Spanish"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", "America/New_York")  # staff pages; a practice may say otherwise

# --- waking the deliverer ---
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_timeout": 5, "socket_connect_timeout": 1}

# --- what makes a use episode (docs/clinical.md, section 1.6) ---
RELAPSE_THRESHOLDS: Any = env.json("RELAPSE_THRESHOLDS", {})  # days; casework/relapse/episodes.py

# --- where the literature leaves a limit of a measure to the practice (docs/clinical.md, section 2.3) ---
MEASURE_CUT_OFFS = {"pcl5": env.int("PCL5_CUT_OFF", 33, validate=validate.Range(31, 33))}

# --- follow-up delivery: seconds unless said otherwise (docs/adr/0002) ---
FOLLOWUP_FIRST_DELAY = env.float("FOLLOWUP_FIRST_DELAY", 3600)  # from the report to the first message
FOLLOWUP_LEASE = env.float("FOLLOWUP_LEASE", 60)  # of a claim; must exceed the provider's time-out
FOLLOWUP_PROVIDER_TIMEOUT = env.float("FOLLOWUP_PROVIDER_TIMEOUT", 8)
FOLLOWUP_LOOKUP_DELAY = env.float("FOLLOWUP_LOOKUP_DELAY", 15)  # longer than the provider's listing lag
FOLLOWUP_LOOKUP_DEPTH = env.int("FOLLOWUP_LOOKUP_DEPTH", 50)  # messages to one number that are compared
FOLLOWUP_BATCH = env.int("FOLLOWUP_BATCH", 100)
FOLLOWUP_SENDERS = env.int("FOLLOWUP_SENDERS", 8)  # calls at the same time, per process
FOLLOWUP_LANES = env.int("FOLLOWUP_LANES", 2)  # processes that sweep at the same time
FOLLOWUP_ATTEMPTS = env.int("FOLLOWUP_ATTEMPTS", 6)
FOLLOWUP_BACKOFF = env.float("FOLLOWUP_BACKOFF", 30)  # doubles with each attempt, with full jitter
FOLLOWUP_BACKOFF_CAP = env.float("FOLLOWUP_BACKOFF_CAP", 1800)
FOLLOWUP_BREAKER: Any = env.json("FOLLOWUP_BREAKER", {})  # delivery/breaker.py
FOLLOWUP_WATCH_POLL = env.float("FOLLOWUP_WATCH_POLL", 5)
FOLLOWUP_WATCH_GRACE = env.float("FOLLOWUP_WATCH_GRACE", 5)  # the watchman leaves younger ones to the worker
FOLLOWUP_DEAD_MAN = env.float("FOLLOWUP_DEAD_MAN", 300)  # due and unsent for longer raises the alarm
FOLLOWUP_SILENCE = env.float("FOLLOWUP_SILENCE", 120)  # no sign of life for longer raises it too
RUN_ID = env.str("RUN_ID", "")  # tells this run's signs of life from an earlier run's
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
SMS_PROVIDER = env.str("SMS_PROVIDER", "sandbox" if DEMO else "twilio")
FOLLOWUP_CHANNELS = {
    "sms": "casework.followup.channels."
    + {"twilio": "sms.Twilio", "sandbox": "sandbox.Sandbox"}[SMS_PROVIDER],
    "email": "casework.followup.channels.email.Email",
}
TWILIO = {
    "sid": env.str("TWILIO_ACCOUNT_SID", ""),
    "token": env.str("TWILIO_AUTH_TOKEN", ""),
    "sender": env.str("TWILIO_FROM", ""),
    "base": env.str("TWILIO_API_BASE", ""),
}
SANDBOX_URL = env.str("SANDBOX_URL", "http://127.0.0.1:8010")
SANDBOX_SMTP_PORT = env.int("SANDBOX_SMTP_PORT", 8025)
SANDBOX_LEDGER = env.path("SANDBOX_LEDGER", VAR_DIR / "sandbox")  # a folder of the provider's, none of ours
SANDBOX = {
    "sid": "AC" + "0" * 32,
    "token": env.str("SANDBOX_SECRET", ""),
    "sender": "+15550100199",
    "base": SANDBOX_URL,
    "keys": "1" if env.bool("SANDBOX_KEYS", False) else "",  # a provider that knows idempotency keys
}

# --- e-mail ---
EMAIL_CONFIG = env.dj_email_url("EMAIL_URL", "smtp://127.0.0.1:25")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "office@localhost")

# --- the API ---
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.auth.BearerTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "api.parsers.ShallowJSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_PAGINATION_CLASS": "api.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "api.errors.handler",
    "PAGE_SIZE": 50,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = description.SPECTACULAR_SETTINGS

# --- logs: ids, never client data ---
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
LOGGING = logging_config(env.str("LOG_LEVEL", "INFO"))
