"""Many delays side by side, read and written in chunks of one length."""

from __future__ import annotations

from collections.abc import Sequence

from mixmaster.arrays import Block, zeros


class DelayBank:
    """A row a delay: what is written to row i comes out ``delays[i]`` frames later.

    All rows share one ring, whose length is a whole number of chunks, so that a chunk is written in
    one piece and read in one or two a row. Per chunk: `write` then `read`, or `read` then `write`
    where every delay is at least a chunk (a loop), and then `advance`.

    Args:
        delays: Frames, >= 0 each.
        chunk: The length of every chunk.
        shared: Whether all rows delay one signal, which is then kept once.
    """

    def __init__(self, delays: Sequence[int], chunk: int, *, shared: bool = False) -> None:
        assert min(delays) >= 0
        self.delays = tuple(delays)
        self.chunk = chunk
        self._size = chunk * (-(-max(delays) // chunk) + 1)
        self._ring = zeros(1 if shared else len(delays), self._size)
        self._rows = [0 if shared else row for row in range(len(delays))]
        self._at = 0
        # Where each row's chunk begins in the ring, for each place that writing can be at.
        self._starts = [
            [(at - delay) % self._size for delay in delays] for at in range(0, self._size, chunk)
        ]

    def write(self, chunk: Block) -> None:
        """Put a chunk, ``(rows, chunk)`` or ``(chunk,)`` for all rows, into the ring."""
        self._ring[:, self._at : self._at + self.chunk] = chunk

    def read(self, out: Block) -> None:
        """Fill ``out``, ``(rows, chunk)``, with every row's delayed signal."""
        length, size, ring = self.chunk, self._size, self._ring
        starts = self._starts[self._at // length]
        for row, (kept, start) in enumerate(zip(self._rows, starts, strict=True)):
            left = size - start
            if left >= length:
                out[row] = ring[kept, start : start + length]
            else:
                out[row, :left] = ring[kept, start:]
                out[row, left:] = ring[kept, : length - left]

    def advance(self) -> None:
        """Go on to the next chunk."""
        self._at = (self._at + self.chunk) % self._size

    def clear(self) -> None:
        """Forget everything."""
        self._ring[:] = 0.0
