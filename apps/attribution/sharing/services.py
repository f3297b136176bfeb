"""Make, open, count and revoke links."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from apps.attribution.models import Experiment, SavingsStatement
from apps.attribution.sharing.models import ProofLink, ProofVisit
from apps.kernel.errors import NetraError
from apps.tenants.key_format import digest
from apps.tenants.models import Organization, User
from apps.usage.imports.selectors import imports

LEAST_DAYS, MOST_DAYS = 1, 90
MOST_LINKS = 100
KEPT = timedelta(days=365)
_PREFIX = "prf_"
_TOKEN_BYTES = 32


class InvalidProofLink(NetraError):
    code = "invalid_proof_link"
    http_status = 400


class TooManyProofLinks(NetraError):
    code = "too_many_proof_links"
    http_status = 409
    message = f"{MOST_LINKS} links are open. Revoke one that nobody needs any more."


class ProofLinkUnknown(NetraError):
    """Revoked, expired and never made are one: what is said tells nobody which it was."""

    code = "proof_link_unknown"
    http_status = 404
    message = "This link opens nothing. Ask whoever sent it for a new one."


@dataclass(frozen=True, slots=True)
class LinkTerms:
    """What a link opens, for whom and for how long. One of the ids is given.

    import_id: the estimate of an import, which has no archive.
    """

    name: str
    days: int
    statement_id: UUID | None = None
    experiment_id: UUID | None = None
    import_id: UUID | None = None
    has_archive: bool = True


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link and its token, which is not stored and cannot be read again."""

    link: ProofLink
    token: str


@transaction.atomic
def create_proof_link(
    *, organization: Organization, terms: LinkTerms, created_by: User | None, at: datetime
) -> NewLink:
    """Make a link; inside the organization's scope. Raises InvalidProofLink, TooManyProofLinks."""
    _check_terms(terms)
    experiment_id = _experiment_of(terms)
    if organization.proof_links.usable(at=at).count() >= MOST_LINKS:
        raise TooManyProofLinks
    token = _PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)
    peppers = settings.API_KEY_PEPPERS
    link = ProofLink.objects.create(
        organization=organization,
        name=terms.name.strip(),
        experiment_id=experiment_id,
        statement_id=terms.statement_id,
        import_id=terms.import_id,
        has_archive=terms.has_archive and terms.import_id is None,
        digest=digest(token, peppers.keys[peppers.current_id]),
        pepper_id=peppers.current_id,
        created_by=created_by,
        created_at=at,
        expires_at=at + timedelta(days=terms.days),
    )
    return NewLink(link, token)


def revoke_proof_link(*, organization: Organization, link_id: UUID, at: datetime) -> ProofLink:
    """Close a link for good; a second time changes nothing. Raises ProofLink.DoesNotExist."""
    link = organization.proof_links.get(pk=link_id)
    if link.revoked_at is None:
        link.revoked_at = at
        link.save(update_fields=("revoked_at",))
    return link


def opened_proof_link(*, token: str, at: datetime) -> ProofLink:
    """The usable link of a token, found without any scope. Raises ProofLinkUnknown."""
    peppers = settings.API_KEY_PEPPERS.keys
    digests = [digest(token, pepper) for pepper in peppers.values()]
    rows = ProofLink.objects.usable(at=at).select_related("organization")
    link = rows.filter(digest__in=digests).first()
    if link is None:
        raise ProofLinkUnknown
    return link


@transaction.atomic
def count_visit(*, link: ProofLink, what: str, at: datetime) -> None:
    """Note that something was opened by a link."""
    ProofVisit.objects.create(link=link, what=what, at=at)
    ProofLink.objects.filter(pk=link.pk).update(visit_count=F("visit_count") + 1, visited_at=at)


def prune_visits(*, at: datetime) -> int:
    """Forget visits by links that ended a year ago; how many. Their count stays with the link."""
    ended = ProofLink.objects.filter(Q(expires_at__lt=at - KEPT) | Q(revoked_at__lt=at - KEPT))
    count, _ = ProofVisit.objects.filter(link__in=ended).delete()
    return count


def _check_terms(terms: LinkTerms) -> None:
    if not 0 < len(terms.name.strip()) <= 80:
        raise InvalidProofLink("Say for whom the link is, in at most 80 characters.")
    if not LEAST_DAYS <= terms.days <= MOST_DAYS:
        raise InvalidProofLink(f"A link lasts {LEAST_DAYS} to {MOST_DAYS} days.")
    if [terms.statement_id, terms.experiment_id, terms.import_id].count(None) != 2:
        raise InvalidProofLink("Name a statement, an experiment or an import, one of them.")


def _experiment_of(terms: LinkTerms) -> UUID | None:
    if terms.import_id:
        _require_import(terms.import_id)
        return None
    if terms.statement_id:
        statement = SavingsStatement.objects.filter(pk=terms.statement_id).first()
        if statement:
            experiment_id: UUID = statement.log_id
            return experiment_id
    if terms.experiment_id and Experiment.objects.filter(pk=terms.experiment_id).exists():
        return terms.experiment_id
    raise InvalidProofLink("Name a statement or an experiment of this organization.")


def _require_import(import_id: UUID) -> None:
    if not imports().filter(pk=import_id).exists():
        raise InvalidProofLink("Name an import of this organization.")
