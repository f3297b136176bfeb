#!/usr/bin/env python
"""Django's command line; `./apex manage …` runs it with the databases up."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "netra.settings.dev")
    execute_from_command_line(sys.argv)
