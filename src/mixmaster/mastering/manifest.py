"""What a master's manifest says."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mixmaster.effects.plugin import fingerprints
from mixmaster.engine.manifest import InputRecord, build
from mixmaster.mastering.correction import MatchFigures
from mixmaster.mastering.delivery import Delivered
from mixmaster.mastering.preset import MasteringPreset
from mixmaster.mastering.profile import NamedProfile
from mixmaster.mastering.request import Request


def master_manifest(
    mix: InputRecord,
    preset: MasteringPreset,
    request: Request,
    delivered: Delivered,
    input_gain_db: float,
    *,
    resources: Sequence[InputRecord] = (),
    profiles: Mapping[str, NamedProfile] | None = None,
    matches: Sequence[MatchFigures] = (),
    gain_match_db: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """Return the manifest of one master: the mix, both documents, and every gain that was found.

    Args:
        mix: The mix.
        preset: The chain.
        request: What was asked for.
        delivered: What was delivered.
        input_gain_db: Before the chain.
        resources: The files that inserts have needed.
        profiles: What match stages moved toward, by the stage's id.
        matches: What they did.
        gain_match_db: The gains that gain matching has found, by the insert's id.
    """
    passage = request.passage
    settings = {
        "preset": preset.model_dump(mode="json", exclude_none=True),
        "target": request.target.model_dump(mode="json", exclude_none=True),
        "integrated_lufs": request.wanted_lufs,
        "short_term_lufs": request.aims.short_term_lufs,
        "measured_on_dialogue": request.aims.speech is not None,
        "max_gain_reduction_db": request.most_reduction_db,
        "min_plr_lu": request.least_plr_lu,
        "extent": asdict(request.extent),
        "ceiling_dbtp": request.ceiling_dbtp,
        "dual_mono": request.dual_mono,
        "passage_frames": None if passage is None else list(passage),
    }
    if profiles:
        settings["profiles"] = {
            where: named.profile.model_dump(mode="json", exclude_none=True)
            for where, named in profiles.items()
        }
    plugins = fingerprints(preset.insert)
    if plugins:
        settings["plugins"] = plugins
    revisions: dict[str, int] = {
        effect.effect_name(): effect.sound_revision for effect in preset.insert
    }
    return build(
        "master",
        inputs=[mix, *resources],
        settings=settings,
        revisions=revisions,
        reproducible=all(each.is_reproducible or each.bypass for each in preset.insert),
    ) | {
        "solved": {
            "input_gain_db": input_gain_db,
            "gain_db": delivered.gain_db,
            "passes": delivered.passes,
            "limiter": None if delivered.limiter is None else delivered.limiter.to_json(),
            **(
                {
                    "overs_db": list(delivered.overs_db),
                    "ceiling_in_front_dbtp": delivered.ceiling_in_front_dbtp,
                }
                if delivered.overs_db
                else {}
            ),
            **({"gain_match_db": dict(gain_match_db)} if gain_match_db else {}),
            **({"matches": [each.to_json() for each in matches]} if matches else {}),
        }
    }


def published_sha256(manifest: Path) -> str:
    """Return the hash that a published manifest holds."""
    return str(json.loads(manifest.read_bytes())["sha256"])
