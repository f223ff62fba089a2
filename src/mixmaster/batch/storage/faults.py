"""What to do when a store fails: try again what may pass, say plainly what will not.

The waits double from half a second, and each is drawn between nothing and its longest ("full
jitter", M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), so that
hundreds of workers do not come back to a busy store all at once.
"""

from __future__ import annotations

import errno
import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from mixmaster.audio.names import shown
from mixmaster.errors import MixmasterError, StorageError

T = TypeVar("T")

_LASTING: Final = (
    FileNotFoundError,
    FileExistsError,
    PermissionError,
    IsADirectoryError,
    NotADirectoryError,
    ImportError,
    NotImplementedError,
    TypeError,
    AttributeError,
    MemoryError,
)
_LASTING_NUMBERS: Final = {
    errno.ENOSPC,
    errno.EDQUOT,
    errno.EROFS,
    errno.EFBIG,
    errno.ENAMETOOLONG,
    errno.ELOOP,
}
_LASTING_NAMES: Final = {
    "DefaultCredentialsError",
    "InvalidRegionError",
    "NoCredentialsError",
    "ParamValidationError",
    "PartialCredentialsError",
    "ProfileNotFound",
    "RefreshError",
}
"""Errors of the providers' own packages, which are not imported to be named."""

_SECRETS: Final = (
    re.compile(r"(?<=://)[^/\s@]+@"),  # user and password in an address
    re.compile(r"\?[^\s'\"<>]*"),  # a query: signatures and tokens travel there
    re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{12,}\b"),  # access key ids of AWS
    re.compile(r"(?i)\b(?:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"\bya29\.[A-Za-z0-9._-]+"),  # access tokens of Google
    re.compile(r"(?i)<(AWSAccessKeyId|StringToSign|SignatureProvided)>.*?</\1>", re.DOTALL),
    re.compile(
        r"(?i)[\w-]*(?:access_?key(?:_?id)?|secret(?:_?access_?key)?|session_?token|password|token|key)"
        r"\s*[=:]\s*['\"]?[^\s,'\")}]+"
    ),
)
_SECRET_VARIABLES: Final = re.compile(r"(?i)(secret|token|password|access_key|account_key|sas)")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long something is tried again.

    Attributes:
        attempts: How often at most, 1 or more.
        first_wait_s: The longest wait after the first failure; doubles with each.
        longest_wait_s: No wait is longer.
        sleep: Waits; tests give their own.
    """

    attempts: int = 6
    first_wait_s: float = 0.5
    longest_wait_s: float = 20.0
    sleep: Callable[[float], None] = time.sleep

    def call(self, where: str, doing: str, function: Callable[[], T]) -> T:
        """Return what ``function`` returns, called again after faults that may pass.

        Args:
            where: The address, for the error.
            doing: What was being done, such as ``cannot be read``.
            function: Something that may be done twice.

        Raises:
            StorageError: When it fails for good, or once too often.
        """
        for attempt in range(1, self.attempts + 1):
            try:
                return function()
            except Exception as error:
                told = fault(where, doing, error)
                if not told.passing:
                    raise told from error
                if attempt == self.attempts:
                    tries = f"tried {attempt} times" if attempt > 1 else ""
                    raise StorageError(where, told.reason, tries, passing=True) from error
            longest = min(self.longest_wait_s, self.first_wait_s * 2 ** (attempt - 1))
            self.sleep(random.uniform(0, longest))  # noqa: S311 - no secret hangs on it
        raise AssertionError("at least one attempt")


def fault(where: str, doing: str, error: Exception) -> StorageError:
    """Return an error of any store as one of ours, without anything secret in it."""
    if isinstance(error, StorageError):
        return error
    if isinstance(error, MixmasterError):
        return StorageError(error.where, error.reason, error.hint)
    said = _said(error)
    return StorageError(shown(where), f"it {doing}: {said}", _hint(error), passing=passes(error))


def passes(error: Exception) -> bool:
    """Return whether a fault may be gone when the same is tried again.

    What is not known is taken for passing: the cost is a few seconds, where giving up would cost
    a night.
    """
    if isinstance(error, MixmasterError):
        return isinstance(error, StorageError) and error.passing
    if isinstance(error, _LASTING) or type(error).__name__ in _LASTING_NAMES:
        return False
    return not (isinstance(error, OSError) and error.errno in _LASTING_NUMBERS)


def redacted(text: str) -> str:
    """Return a message with whatever may be a credential replaced by ``***``."""
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET_VARIABLES.search(name):
            text = text.replace(value, "***")
    for pattern in _SECRETS:
        text = pattern.sub("***", text)
    return text


def _said(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    if isinstance(error, PermissionError):
        return "no permission"
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = " ".join(redacted(str(text)).split())[:300]
    return line or type(error).__name__


def _hint(error: Exception) -> str:
    if isinstance(error, PermissionError) or type(error).__name__ in _LASTING_NAMES:
        return "look at the credentials in the environment or the provider's own configuration"
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return "free some space, or name another place"
    return ""
