"""Settings that every process shares. Each variable is described in docs/configuration.md."""

from pathlib import Path

from csp.constants import NONCE, NONE, SELF

from netra import env
from netra.settings.background import *  # noqa: F403  (parts of this file with rooms of their own)
from netra.settings.gateway import *  # noqa: F403
from netra.settings.logging import logging_config

ROOT = Path(__file__).resolve().parent.parent.parent

SECRET_KEY = env.secret("NETRA_SECRET_KEY")
DEBUG = False
PORTAL_URL = env.text("NETRA_PORTAL_URL", "http://localhost:8000")
GATEWAY_URL = env.text("NETRA_GATEWAY_URL", "http://localhost:8001")
WORKER_GATEWAY_URL = env.text("NETRA_WORKER_GATEWAY_URL", GATEWAY_URL)
ALLOWED_HOSTS = env.words("NETRA_ALLOWED_HOSTS", "localhost,127.0.0.1")
CSRF_TRUSTED_ORIGINS = env.words("NETRA_TRUSTED_ORIGINS", PORTAL_URL)
METRICS_TOKEN = env.secret("NETRA_METRICS_TOKEN", "")

# Keys: see docs/configuration.md for how to rotate them.
KEY_ENCRYPTION_KEYS = env.keyring("NETRA_KEK")
API_KEY_PEPPERS = env.keyring("NETRA_KEY_PEPPER")

SHARED_APPS = [
    "netra",
    "apps.tenants",
    "apps.notices",
    "apps.pricing",
    "apps.usage.ledger",
    "apps.usage.allowances",
    "apps.attribution.disputes",
    "apps.attribution.sharing",
    "apps.billing",
    "apps.proxy.batching",
    "apps.portal",
    "apps.api",
    "unfold",
    "django.contrib.admin.apps.SimpleAdminConfig",  # staff_site imports its own
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "channels",
    "django_celery_beat",
    "django_htmx",
    "django_prometheus",
    "django_structlog",
    "djstripe",
    "drf_spectacular",
    "pghistory",
    "pgtrigger",
    "rest_framework",
]
_TENANT_FLOORS = (
    "tenants.idempotency", "usage", "usage.imports", "optimization", "optimization.deadlines",
    "attribution",
)  # fmt: skip
TENANT_APPS = [f"apps.{floor}" for floor in _TENANT_FLOORS]
INSTALLED_APPS = SHARED_APPS + TENANT_APPS
MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "netra.request_log.request_log",
    "netra.headers.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "netra.operations.middleware.ProbesFirst",
    "servestatic.middleware.ServeStaticMiddleware",
    "apps.api.middleware.ApiProblems",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "pghistory.middleware.HistoryMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "netra.urls"
ASGI_APPLICATION = "netra.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.portal.layout.layout",
            ]
        },
    }
]

# Data
DATABASES = {
    "default": {
        **env.database("DATABASE_URL"),
        "ENGINE": "django_tenants.postgresql_backend",
        "CONN_MAX_AGE": 0,  # a pooled connection goes back after each request
        "CONN_HEALTH_CHECKS": True,  # or a restart of Postgres fails one request a connection
        "OPTIONS": {
            "connect_timeout": 5,
            "pool": {
                "min_size": 1,
                "max_size": env.integer("NETRA_DB_POOL_SIZE", 10),
                "timeout": 5,
            },
        },
    }
}
DATABASE_ROUTERS = [
    "apps.tenants.context.TenantScopeRouter",
    "django_tenants.routers.TenantSyncRouter",
]
TENANT_MODEL = "tenants.Organization"
TENANT_LIMIT_SET_CALLS = True  # ADR 0066: not a second statement with every query
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_MODULES = {"djstripe": "apps.billing.djstripe_migrations"}

REDIS_URL = env.secret("REDIS_URL")
CACHE_URL = env.secret("CACHE_URL", REDIS_URL)
REDIS_KEY_PREFIX = env.text("NETRA_REDIS_PREFIX", "netra")
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": CACHE_URL,
        "KEY_PREFIX": REDIS_KEY_PREFIX,
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 2, "SOCKET_TIMEOUT": 2, "IGNORE_EXCEPTIONS": True},
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "netra.channel_layer.PatientChannelLayer",
        "CONFIG": {
            # Channels waits 5 s for a message; an answer may take longer than that wait.
            "hosts": [{"address": REDIS_URL, "socket_connect_timeout": 2, "socket_timeout": 10}],
            "prefix": f"{REDIS_KEY_PREFIX}:channels",
        },
    }
}

SESSION_ENGINE = "django.contrib.sessions.backends.db"

# Background work
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "global_keyprefix": f"{REDIS_KEY_PREFIX}:celery:",
    "visibility_timeout": 3600,
    "socket_connect_timeout": 2,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_TIMEZONE = "UTC"

# Identity
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_ADAPTER = "apps.portal.accounts.AccountAdapter"
ACCOUNT_FORMS = {"signup": "apps.portal.forms.accounts.SignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
# In the browser that signed up, and in no other one.
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Netra Apex"
USERSESSIONS_TRACK_ACTIVITY = True
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "portal:start"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

# E-mail
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = env.text("NETRA_EMAIL_FROM", "Netra Apex <no-reply@netra.local>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10

# Browser security
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "apps.portal.views.errors.csrf_failure"

# Language and time
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# Staff pages
UNFOLD = {"SITE_TITLE": "Netra Apex staff", "SITE_HEADER": "Netra Apex staff"}

# Static files
STATIC_URL, STATIC_ROOT = "/static/", ROOT / "staticfiles"
STATICFILES_DIRS = [ROOT / "static"]

# REST API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.api.authentication.ApiKeyAuthentication",
        "apps.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["apps.api.permissions.DeclaredPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.api.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "apps.api.pagination.NewestFirst",
    "DEFAULT_SCHEMA_CLASS": "apps.api.schema.OperationSchema",
    "DEFAULT_THROTTLE_CLASSES": ["apps.api.throttling.CallerThrottle"],
    "EXCEPTION_HANDLER": "apps.api.errors.problem_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
}
API_REQUESTS_PER_MINUTE = env.integer("NETRA_API_REQUESTS_PER_MINUTE", 600)
SPECTACULAR_SETTINGS = {
    "TITLE": "Netra Apex API",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "SCHEMA_PATH_PREFIX_INSERT": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "SORT_OPERATIONS": False,
    "POSTPROCESSING_HOOKS": ["apps.api.schema.finish_document"],
}

# Billing: apps.billing.stripe is the only door to these.
STRIPE_LIVE_MODE = env.boolean("STRIPE_LIVE_MODE", False)
STRIPE_TEST_SECRET_KEY = env.secret("STRIPE_TEST_SECRET_KEY", "")
STRIPE_LIVE_SECRET_KEY = env.secret("STRIPE_LIVE_SECRET_KEY", "")
STRIPE_API_VERSION = env.text("STRIPE_API_VERSION", "2026-10-28")
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"

# Audit
PGHISTORY_APPEND_ONLY = True
PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

# Logs
LOGGING = logging_config(env.text("NETRA_LOG_LEVEL", "INFO"))
ADMINS: list[tuple[str, str]] = []  # errors go to logs and Sentry, never by e-mail
DJANGO_STRUCTLOG_CELERY_ENABLED = True
