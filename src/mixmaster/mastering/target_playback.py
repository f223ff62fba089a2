"""What a place does to a master when it plays it: its gain, its limiter, its codecs."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from mixmaster.documents.base import MisfitError, Settings, parameter
from mixmaster.errors import Problem

StreamCodec = Literal["mp3", "aac", "vorbis", "opus", "lossless"]
Quiet = Literal["left", "raised", "limited"]
AlbumMode = Literal["none", "album", "loudest"]


class PlaybackLimiter(Settings):
    """The limiter through which a player turns quiet masters up."""

    ceiling_dbfs: float = parameter(
        -1.0, "Where it limits, in dB of sample peak.", low=-60.0, high=0.0
    )
    attack_ms: float = parameter(5.0, "Its attack.", low=0.0, high=1_000.0)
    release_ms: float = parameter(100.0, "Its release.", low=0.1, high=10_000.0)


class Playback(Settings):
    """One way in which a place plays masters: its default, or a setting of the listener's.

    The place measures the track, or its whole album, and plays it with a gain. Louder ones are
    turned down to ``integrated_lufs``; ``quiet`` says what becomes of the others.
    """

    name: str = parameter("normal", "What the setting is called there: normal, loud, quiet.")
    integrated_lufs: float = parameter(
        ..., "The loudness at which it plays, LUFS.", low=-40.0, high=-4.0
    )
    quiet: Quiet = parameter(
        "left",
        "What becomes of masters that are quieter: left as they are; raised, as far as their true "
        "peak stays under raised_to_dbtp; or limited: raised all the way, through the limiter.",
    )
    raised_to_dbtp: float = parameter(
        -1.0, "How far the true peak of a raised master may go.", low=-60.0, high=0.0
    )
    limiter: PlaybackLimiter | None = parameter(None, "The limiter, where quiet is limited.")
    album: AlbumMode = parameter(
        "none",
        "What sets the gain while an album plays in its order: none, each track its own; album, "
        "one gain from the loudness of the whole; loudest, one gain from its loudest track.",
    )

    @model_validator(mode="after")
    def _has_the_limiter_it_needs(self) -> Self:
        if (self.quiet == "limited") != (self.limiter is not None):
            reason = "a limiter goes with quiet = limited, and only with it"
            raise MisfitError([Problem("limiter", reason, "give both, or neither")])
        return self


class Stream(Settings):
    """One stream that listeners may get."""

    codec: StreamCodec = parameter(..., "The codec: mp3, aac, vorbis, opus, or lossless.")
    bitrate_kbps: int | None = parameter(
        None, "Its bit rate, kbit/s; silent for lossless.", low=6, high=512
    )

    @model_validator(mode="after")
    def _has_a_rate_if_lossy(self) -> Self:
        if (self.codec == "lossless") != (self.bitrate_kbps is None):
            reason = "a lossy codec has a bit rate, a lossless one has none"
            raise MisfitError([Problem("bitrate_kbps", reason)])
        return self
