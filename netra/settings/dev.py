"""Settings of `./apex up`: plain HTTP on loopback, e-mails on the console."""

from netra.settings.base import *  # noqa: F403  (a settings file is its base with changes)

EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
SERVESTATIC_USE_FINDERS = True
IS_DEVELOPMENT = True
