"""What ``batch`` is told of a cluster, and the executor that it then gets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mixmaster.cli.options import chain

if TYPE_CHECKING:
    from mixmaster.batch.cluster.executor import DaskExecutor
    from mixmaster.batch.stages.workplace import Workplace

cluster_options = chain(
    click.option(
        "--cluster",
        metavar="ADDRESS",
        help="Have the workers of a Dask cluster do the work: its scheduler, tcp://scheduler:8786 "
        "or tls://. A scheduler runs code from whoever reaches it: keep it in a private network.",
    ),
    click.option(
        "--cluster-tls",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        metavar="FOLDER",
        help="Certificates for tls://: ca.pem, cert.pem and key.pem; Dask's own configuration by "
        "default.",
    ),
)


def check_cluster(address: str | None, tls: Path | None) -> None:
    """Raise for an address that is none, missing certificates or a missing extra: before work.

    Raises:
        UsageError: With one line that says what would be right.
    """
    from mixmaster.errors import UsageError

    if address is None:
        if tls is not None:
            raise UsageError("--cluster-tls", "is for --cluster", "name the scheduler")
        return
    from mixmaster.batch.cluster.joining import Tls, check_address

    check_address(address, None if tls is None else Tls.in_folder(tls))


def open_cluster(
    address: str,
    tls: Path | None,
    workplace: Workplace,
    *,
    time_limit_s: float | None,
    most: int | None,
    note: Callable[[str], None],
) -> DaskExecutor:
    """Join a cluster; say what is worth knowing of it.

    Raises:
        UsageError: When no scheduler answers, or no worker fits.
    """
    from mixmaster.batch.cluster.executor import DaskExecutor
    from mixmaster.batch.cluster.joining import Tls

    executor = DaskExecutor(
        address,
        workplace,
        tls=None if tls is None else Tls.in_folder(tls),
        time_limit_s=time_limit_s,
        most=most,
        tell=note,
    )
    note(f"cluster {address}: {executor.workers} stages at once")
    return executor
