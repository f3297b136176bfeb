"""Let somebody who signed up open the admin site, where they need two-factor authentication."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.tenants.services.staff import NoSuchUser, make_staff


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--superuser", action="store_true", help="May also appoint staff.")

    def handle(self, *args: Any, email: str, superuser: bool, **options: Any) -> None:
        try:
            user = make_staff(email=email, is_superuser=superuser)
        except NoSuchUser as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"{user.email} may open /staff/ once two-factor authentication is on")
