"""Settings of the test suite: real Postgres and Valkey, cheap password hashes."""

import os
import sys

if "NETRA_TEST_RUN" not in os.environ:  # before anything else asks for a variable
    sys.exit("Tests need databases of their own; run them with: ./apex test [PYTEST ARGUMENTS]")

from netra.settings.base import *  # noqa: F403  (a settings file is its base with changes)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Each Client would list every static file anew; browsers get them by the settings of dev.
SERVESTATIC_USE_STATIC_ROOT = False
IS_DEVELOPMENT = True
IMPORT_DIR = ROOT / ".local/test/imports"  # noqa: F405  (of the base)
