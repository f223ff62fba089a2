"""Joining a cluster: reaching its scheduler, and seeing whether its workers fit.

A Dask scheduler runs whatever code those send who reach it. So it belongs into a private network,
or behind TLS with certificates for everyone (``tls://``).
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mixmaster.audio.names import shown
from mixmaster.batch.cluster.work import describe, differing, sees
from mixmaster.engine.manifest import processor, versions
from mixmaster.errors import OutputError, UsageError

CONNECT_S: Final = 10.0
WORKERS_S: Final = 30.0

_ADDRESS: Final = re.compile(r"^(tcp|tls)://[^\s/@]+:\d{1,5}$")
_HERE: Final = re.compile(r"://(127\.|localhost[:/]|\[::1\])")


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates, PEM files all: who may speak to the scheduler, and who it is.

    Attributes:
        ca: The authority that has signed both sides' certificates.
        cert: This side's certificate.
        key: Its private key.
    """

    ca: Path
    cert: Path
    key: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Tls:
        """Return the certificates of a folder: ``ca.pem``, ``cert.pem``, ``key.pem``.

        Raises:
            UsageError: When one is missing.
        """
        found = cls(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
        for path in (found.ca, found.cert, found.key):
            if not path.is_file():
                hint = "a folder of certificates has ca.pem, cert.pem and key.pem"
                raise UsageError(shown(path), "it is not there", hint)
        return found


def check_address(address: str, tls: Tls | None = None) -> None:
    """Raise unless a scheduler may be there, and Dask is installed: before any work.

    Raises:
        UsageError: With one line that says what would be right.
    """
    from importlib.util import find_spec

    if not _ADDRESS.match(address):
        hint = "such as tcp://scheduler:8786 or tls://scheduler:8786"
        raise UsageError(shown(address), "it is no address of a scheduler", hint)
    if tls is not None and not address.startswith("tls://"):
        raise UsageError(shown(address), "certificates are for tls:// addresses", "write tls://")
    if not find_spec("distributed"):
        hint = "pip install 'mixmaster[cluster]'"
        raise UsageError(address, "a cluster needs packages that are not installed", hint)


def connected(address: str, tls: Tls | None) -> Any:
    """Return a client of a scheduler.

    Raises:
        UsageError: When none answers.
    """
    from distributed import Client, Security

    for name in list(logging.root.manager.loggerDict):  # Dask gives each of its own a level
        if name.partition(".")[0] in {"distributed", "tornado"}:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said by us
    security: Any = Security()  # type: ignore[no-untyped-call]  # as Dask is configured
    if tls is not None:
        security = Security(  # type: ignore[no-untyped-call]
            tls_ca_file=str(tls.ca),
            tls_client_cert=str(tls.cert),
            tls_client_key=str(tls.key),
            require_encryption=True,
        )
    elif address.startswith("tls://") and not (security.tls_ca_file and security.tls_client_cert):
        hint = "--cluster-tls FOLDER, or distributed.comm.tls in Dask's configuration"
        raise UsageError(address, "certificates are needed", hint)
    try:
        return Client(  # type: ignore[no-untyped-call]
            address,
            timeout=CONNECT_S,
            security=security,
            set_as_default=False,
            name="mixmaster-batch",
        )
    except Exception as error:
        said = str(error.__cause__ or error).splitlines() or [type(error).__name__]
        raise UsageError(
            address,
            f"no scheduler answers ({said[0][:200]})",
            "start one: dask scheduler; its version of Dask should be this one's",
        ) from error


def look_at_workers(
    client: Any, address: str, threads: Callable[[], Mapping[str, int]], shared: Path | None
) -> tuple[dict[str, str], list[str]]:
    """Return the workers that cannot give the right results, with why, and what is worth knowing.

    Args:
        client: A client of the scheduler.
        address: The scheduler's.
        threads: Gives the workers there are, and their threads.
        shared: The folder that all must see; None when outputs go to a store.

    Raises:
        UsageError: When there are no workers, or none that fits.
    """
    deadline = time.monotonic() + WORKERS_S
    while not (workers := threads()):
        if time.monotonic() > deadline:
            hint = f"start one: dask worker {address} --nthreads 1"
            raise UsageError(address, "the scheduler has no workers", hint)
        time.sleep(0.2)
    told = client.run(describe, on_error="return")
    seen: Mapping[str, Any] | None = None
    if shared is not None:
        with _token(shared) as (path, token):
            seen = client.run(sees, str(path), token, on_error="return")
    unfit: dict[str, str] = {}
    models: dict[str, int] = {}
    for worker in workers:
        said = told.get(worker)
        if not isinstance(said, dict):  # an error, or nothing: it was lost just now
            unfit[worker] = f"mixmaster does not run there ({said or 'no answer'})"
        elif others := differing(said["versions"], versions()):
            unfit[worker] = others
        elif seen is not None and seen.get(worker) is not True:
            unfit[worker] = f"it does not see {shown(shared or '')}"
        else:
            model = " ".join(filter(None, said["processor"].values()))
            models[model] = models.get(model, 0) + 1
    notes = [f"worker {worker} is passed over: {why}" for worker, why in unfit.items()]
    if not models:
        hint = "workers need the same mixmaster[cluster] and libraries, and the same folders"
        raise UsageError(address, "; ".join(notes), hint)
    mine = " ".join(filter(None, processor().values()))
    kinds = [f"{count} of {model}" for model, count in models.items() if model != mine]
    if kinds:
        notes.append(
            f"this machine is {mine}, workers are {', '.join(kinds)}: "
            "the last bits may differ between kinds of processors"
        )
    if address.startswith("tcp://") and not _HERE.search(address):
        notes.append(
            f"{address} is not encrypted, and a Dask scheduler runs code from whoever reaches it: "
            "keep it in a private network, or use tls://"
        )
    return unfit, notes


@contextlib.contextmanager
def _token(folder: Path) -> Iterator[tuple[Path, str]]:
    """Put a file into the shared folder for workers to find."""
    path = folder / f".seen-{os.urandom(6).hex()}.part"
    token = os.urandom(16).hex()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path.write_text(token, encoding="ascii")
    except OSError as error:
        reason = f"it cannot be written: {error.strerror or error}"
        raise OutputError(shown(folder), reason) from error
    try:
        yield path, token
    finally:
        path.unlink(missing_ok=True)
