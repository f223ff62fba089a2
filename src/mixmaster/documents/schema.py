"""JSON Schema of a document, so that an editor can complete keys and show what they mean."""

from __future__ import annotations

from typing import Any

from mixmaster.documents.base import Document


def schema(model: type[Document]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a document, descriptions included."""
    found = model.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **found,
        "title": f"mixmaster {model.document_kind()} document",
    }
