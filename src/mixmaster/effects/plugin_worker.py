"""The process in which a plugin runs: ``python -m mixmaster.effects.plugin_worker HOST``.

It speaks over its standard input and output. A message is a length (four bytes, little-endian), a
JSON header of that length, and as many bytes of float32 audio, channel after channel, as the
header's ``bytes`` says. Whatever the plugin itself prints goes to standard error.

    load     path, plugin_name, sample_rate_hz, channels, parameters -> parameters, latency_samples
    process  frames -> frames: as many as the plugin has ready

An error that the plugin reports comes back as ``error`` and ``reason``; one that it does not
survive ends the process, and one that it hangs in is for the other side to end.

HOST is the module that knows how to load a plugin: `mixmaster.effects.plugin_pedalboard`. Nothing
but numpy is imported here, so that a worker starts quickly.
"""

from __future__ import annotations

import importlib
import json
import os
import struct
import sys
import threading
import time
from typing import IO, Any, Protocol, cast

import numpy as np
import numpy.typing as npt

Audio = npt.NDArray[np.float32]

CHUNK_FRAMES = 4_096
"""What a plugin is given at a time, so that it never learns how long a block is."""

_LENGTH = struct.Struct("<I")
_MOST_LATENCY_FRAMES = 1 << 20
_REPORTED = (ImportError, RuntimeError, ValueError, TypeError, AttributeError, OSError)
"""What a host raises for a plugin that refuses; anything else is a crash."""


class Instance(Protocol):
    """A loaded plugin."""

    def parameters(self) -> dict[str, dict[str, Any]]:
        """Return what can be set, by name: ``low``, ``high``, ``values``, ``value``."""

    def set(self, name: str, value: float | bool | str) -> None:
        """Set a parameter; raises ValueError for a value that it does not take."""

    def reset(self) -> None:
        """Forget all audio."""

    def process(self, block: Audio) -> Audio:
        """Return what is ready, ``(channels, frames)``: less than was given while it is late."""


class Host(Protocol):
    """What a host module offers."""

    def load(
        self, path: str, plugin_name: str | None, *, sample_rate_hz: int, channels: int
    ) -> Instance:
        """Load a plugin."""


def send(stream: IO[bytes], header: dict[str, Any], audio: Audio | None = None) -> None:
    """Write one message."""
    payload = b"" if audio is None else np.ascontiguousarray(audio, dtype="<f4").tobytes()
    text = json.dumps({**header, "bytes": len(payload)}).encode("utf-8")
    stream.write(_LENGTH.pack(len(text)) + text)
    stream.write(payload)
    stream.flush()


def receive(stream: IO[bytes], channels: int) -> tuple[dict[str, Any], Audio]:
    """Read one message: its header and its audio, ``(channels, frames)``.

    Raises:
        EOFError: At the end of the stream.
    """
    (length,) = _LENGTH.unpack(_exactly(stream, _LENGTH.size))
    header = json.loads(_exactly(stream, length))
    data = np.frombuffer(_exactly(stream, header["bytes"]), dtype="<f4")
    return header, data.reshape(channels, -1)


def _exactly(stream: IO[bytes], count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise EOFError
    return data


def measure_latency(instance: Instance, channels: int) -> int:
    """Return how many frames a plugin holds back, and reset it.

    Raises:
        RuntimeError: For a plugin that never comes to hold back a fixed number.
    """
    silence = np.zeros((channels, CHUNK_FRAMES), dtype=np.float32)
    fed = given = 0
    before = -1
    while fed < _MOST_LATENCY_FRAMES:
        fed += CHUNK_FRAMES
        ready = instance.process(silence).shape[1]
        given += ready
        # Only a plugin that gives something has been filled.
        if ready and fed - given == before:
            instance.reset()
            return before
        before = fed - given
    raise RuntimeError("the plugin's latency does not settle within 20 s")


def serve(requests: IO[bytes], replies: IO[bytes], host: Host) -> None:
    """Answer requests until there are no more."""
    header, _ = receive(requests, 1)
    channels = int(header["channels"])
    try:
        instance = host.load(
            header["path"],
            header["plugin_name"],
            sample_rate_hz=header["sample_rate_hz"],
            channels=channels,
        )
        known = instance.parameters()
    except _REPORTED as error:
        send(replies, {"error": "load", "reason": _said(error)})
        return
    for name, value in header["parameters"].items():
        if name not in known:
            send(replies, {"error": "unknown", "parameter": name, "known": list(known)})
            return
        try:
            instance.set(name, value)
        except _REPORTED as error:
            send(replies, {"error": "value", "parameter": name, "reason": _said(error)})
            return
    try:
        latency = measure_latency(instance, channels)
    except _REPORTED as error:
        send(replies, {"error": "load", "reason": _said(error)})
        return
    send(replies, {"parameters": instance.parameters(), "latency_samples": latency})
    while True:
        _, block = receive(requests, channels)
        parts = [
            instance.process(block[:, start : start + CHUNK_FRAMES])
            for start in range(0, block.shape[1], CHUNK_FRAMES)
        ]
        out = np.concatenate(parts, axis=1)
        send(replies, {"frames": out.shape[1]}, out)


def _said(error: BaseException) -> str:
    """Return what an error says, on one line."""
    return " ".join(str(error).split())


def _end_with(parent: int) -> None:
    """End this process when its parent is gone: a hung plugin would never notice."""
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(1)


def main() -> None:
    """Serve over standard input and output."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    host = cast("Host", importlib.import_module(sys.argv[1]))
    try:
        serve(requests, replies, host)
    except EOFError:
        return


if __name__ == "__main__":
    main()
