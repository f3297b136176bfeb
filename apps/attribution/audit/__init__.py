"""The audit trail: rows that cannot be changed unseen, and the archive that anyone can re-run.

`Journal` closes batches (a day's units) and periods; `build_archive` writes what
`netra_verify.py`, one file of plain Python, verifies without us. No Django, no I/O of its own.
"""

from apps.attribution.audit.archive import (
    Archive,
    archive_of,
    build_archive,
    period_document,
    statement_document,
)
from apps.attribution.audit.charging import Charging
from apps.attribution.audit.encoding import canonical, document_id, rate_document
from apps.attribution.audit.journal import Journal, terms_document
from apps.attribution.audit.merkle import (
    Tree,
    consistency_proof,
    inclusion_proof,
    is_consistent,
    is_included,
    leaf_hash,
    root_of,
)
from apps.attribution.audit.signing import Head, SignedHead, commitment_of
from apps.attribution.audit.state import Opening, State
from apps.attribution.audit.units import Call, Charge, ClosedUnit

__all__ = [
    "Archive",
    "Call",
    "Charge",
    "Charging",
    "ClosedUnit",
    "Head",
    "Journal",
    "Opening",
    "SignedHead",
    "State",
    "Tree",
    "archive_of",
    "build_archive",
    "canonical",
    "commitment_of",
    "consistency_proof",
    "document_id",
    "inclusion_proof",
    "is_consistent",
    "is_included",
    "leaf_hash",
    "period_document",
    "rate_document",
    "root_of",
    "statement_document",
    "terms_document",
]
