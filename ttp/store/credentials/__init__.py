"""The places for tokens: a file, the system's keyring, a program of the user's, or, encrypted, the store. Which one is
the setting `credentials.backend`; the command line chooses, and everything else sees a CredentialsStore."""

from __future__ import annotations

from ttp.store.credentials.backend import BackendUnavailable, BrokenEntry, CredentialsStore, KeyMissing
from ttp.store.credentials.file import CredentialsFile

__all__ = ["BackendUnavailable", "BrokenEntry", "CredentialsFile", "CredentialsStore", "KeyMissing"]
