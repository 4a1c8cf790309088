"""Where the accounts' tokens are kept: a file, the system's keyring, or a program of the user's. Nowhere else. Which
one is the setting `credentials.backend`; the command line chooses, and everything else sees a CredentialsStore."""

from __future__ import annotations

from ttp.store.credentials.backend import BackendUnavailable, BrokenEntry, CredentialsStore
from ttp.store.credentials.file import CredentialsFile

__all__ = ["BackendUnavailable", "BrokenEntry", "CredentialsFile", "CredentialsStore"]
