"""One organization as a file: written from one moment, restored whole or not at all.

What belongs to it follows from the models (`tables.py`); the file's form is `files.py`.
"""

from apps.tenants.archives.exporting import export_organization
from apps.tenants.archives.files import ArchiveUnreadable, FileExists, Manifest
from apps.tenants.archives.removing import NotRemovable, remove_organization
from apps.tenants.archives.restoring import (
    AlreadyThere,
    OtherRelease,
    OtherSecrets,
    PricesDiffer,
    restore_organization,
)

__all__ = [
    "AlreadyThere",
    "ArchiveUnreadable",
    "FileExists",
    "Manifest",
    "NotRemovable",
    "OtherRelease",
    "OtherSecrets",
    "PricesDiffer",
    "export_organization",
    "remove_organization",
    "restore_organization",
]
