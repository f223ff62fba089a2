"""Tags and pictures in finished files: written, read back, and compared with what was meant."""

from mixmaster.audio.tags.differing import differences
from mixmaster.audio.tags.fields import held, info_tags
from mixmaster.audio.tags.kinds import KIND_OF_CONTAINER, kind_of
from mixmaster.audio.tags.limits import tag_problems
from mixmaster.audio.tags.read import read_tags
from mixmaster.audio.tags.values import Kind, Picture, ReplayGain, Tags, TagsFound
from mixmaster.audio.tags.write import WAV_CHUNKS, WavChunk, write_tags

__all__ = [
    "KIND_OF_CONTAINER",
    "WAV_CHUNKS",
    "Kind",
    "Picture",
    "ReplayGain",
    "Tags",
    "TagsFound",
    "WavChunk",
    "differences",
    "held",
    "info_tags",
    "kind_of",
    "read_tags",
    "tag_problems",
    "write_tags",
]
