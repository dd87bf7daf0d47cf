"""What an onnx model of ours says about itself; needs neither torch nor onnx."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..errors import BadInput
from ..files import asset, check_file, naming

MOST_BYTES = 16_000_000  # of a model that ships


def model_facts(path: Path) -> dict[str, Any]:
    """What was written into the model at its export. Raises BadInput when it is not one of ours."""
    import onnxruntime

    with naming(path):
        check_file(path, "model (.onnx)")
        try:
            session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
            facts = json.loads(session.get_modelmeta().custom_metadata_map["dxtalker"])
            return {str(name): value for name, value in facts.items()}
        except Exception as error:  # onnxruntime has many
            raise BadInput(
                f"it is not a model of dxtalker ({str(error)[:80]}); expected one that dxtalker model export wrote"
            ) from error


def model_lines(path: Path | None) -> list[str]:
    """The facts of the model at ``path``, of the packaged one for None, a line each."""
    source = path or asset("generator.onnx")
    facts, size = model_facts(source), source.stat().st_size
    trained = facts.get("trained", {})
    over = f", over the {MOST_BYTES / 1e6:.0f} MB of a model that ships" if size > MOST_BYTES else ""
    rows = {
        "name": f"{facts.get('name', 'unknown')} {facts.get('version', '')}",
        "format": facts.get("format", "unknown"),
        "space": facts.get("space", "unknown"),
        "parameters": f"{facts['parameters']:,}" if "parameters" in facts else "",
        "size": f"{size / 1e6:.1f} MB{over}",
        "steps": _steps(facts.get("step"), trained.get("config", {})),
        "trained on": "; ".join(
            f"{s['name']} ({s['clips']} clips, {s['seconds'] / 60:.1f} min, {s['use']})"
            for s in trained.get("sources", ())
        ),
        "trained by": trained.get("machine", ""),
        "scores": ", ".join(f"{name} {value:.3f}" for name, value in trained.get("scores", {}).items()),
        "seed": str(trained.get("config", {}).get("seed", "")),
    }
    return [f"{name:12}{value}" for name, value in rows.items() if value]


def _steps(step: object, config: dict[str, Any]) -> str:
    if step is None:
        return ""
    return f"{step} of {config['steps']}" if "steps" in config else str(step)
