"""Settings of production: HTTPS only, secure cookies, e-mail through a provider."""

from netra import env
from netra.settings.base import *  # noqa: F403  (a settings file is its base with changes)

SECURE_SSL_REDIRECT = env.boolean("NETRA_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.integer("NETRA_HSTS_SECONDS", 63_072_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
# The load balancer's probe speaks plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"  # browsers then refuse it from a subdomain or over HTTP
CSRF_COOKIE_SECURE = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "servestatic.storage.CompressedManifestStaticFilesStorage"},
}

EMAIL_BACKEND = env.text("NETRA_EMAIL_BACKEND", "anymail.backends.postmark.EmailBackend")
ANYMAIL = {
    "SENDGRID_API_KEY": env.secret("SENDGRID_API_KEY", ""),
    "MAILGUN_API_KEY": env.secret("MAILGUN_API_KEY", ""),
    "MAILGUN_SENDER_DOMAIN": env.text("MAILGUN_SENDER_DOMAIN", ""),
    "POSTMARK_SERVER_TOKEN": env.secret("POSTMARK_SERVER_TOKEN", ""),
}
IS_DEVELOPMENT = False
