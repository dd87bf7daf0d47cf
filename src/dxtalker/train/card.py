"""The model card of a run, as Markdown: every fact in it comes from the checkpoint."""

from __future__ import annotations

import json
from typing import Any

from .checkpoint import Checkpoint
from .run_log import span


def card(trained: Checkpoint, model_bytes: int) -> str:
    """What was trained on what, how, for how long, and what is known of its limits."""
    facts, config = trained.facts, trained.config
    parameters = sum(t.numel() for t in trained.weights.values())
    scores = [f"| {name} | {value:.3f} |" for name, value in trained.scores.items()] or [
        "| nothing was validated on | |"
    ]
    return "\n".join(
        [
            f"# Model card: dxtalker-{config['preset']}",
            "",
            f"{parameters:,} parameters; {model_bytes / 1e6:.1f} MB as onnx. Weights of step {trained.step} of"
            f" {config['steps']}, averaged.",
            "",
            "## Data",
            "",
            "| corpus | use | clips | minutes | licences |",
            "|---|---|---|---|---|",
            *(_row(source) for source in facts["sources"]),
            "",
            "## Training",
            "",
            f"Preset {config['preset']}, {config['steps']} steps of {config['batch']} windows, seed {config['seed']}."
            f" The step kept was reached after {span(facts['seconds'])} of training on {facts['machine']}.",
            "",
            "```json",
            json.dumps(config, indent=1),
            "```",
            "",
            "## Scores that chose the step",
            "",
            "Of the averaged network, one estimate without noise: correlation of the lip opening on a tracked corpus;"
            " closure: share of /p b m/ with closed lips in voices with phone times.",
            "",
            "| corpus | score |",
            "|---|---|",
            *scores,
            "",
            "## Limits",
            "",
            *(f"- {line}" for line in _limits(trained)),
            "",
        ]
    )


def _row(source: dict[str, Any]) -> str:
    licences = ", ".join(f"{name} ({clips} clips)" for name, clips in sorted(source["licences"].items()))
    made = "made by the trainer" in source["use"]
    told = licences or ("none needed" if made else "not stated in the data")
    return (
        f"| {source['name']} | {source['use']} | {source['clips']} | {source['seconds'] / 60:.1f} | {told} |"
    )


def _limits(trained: Checkpoint) -> list[str]:
    """What follows from the data alone."""
    sources = trained.facts["sources"]
    trained_on = [s for s in sources if s["use"] == "faces"]
    minutes = sum(s["seconds"] for s in trained_on) / 60
    scored = sorted({s["name"] for s in sources if s["use"] == "chose the step"})
    lines = [
        f"Movement comes from {minutes:.1f} minutes of {len(trained_on)} tracked"
        f" {'corpora' if len(trained_on) != 1 else 'corpus'}; other faces, languages and ways of speaking are guesses."
    ]
    if scored:
        lines.append(
            f"The step was chosen on {', '.join(scored)}: its scores there are slightly flattered; score the model on"
            " clips that neither trained nor chose it, with dxtalker evaluate."
        )
    else:
        lines.append(
            "No other corpus chose the step and none was scored, so how it follows new voices is not known:"
            " dxtalker evaluate tells."
        )
    unknown = [s["name"] for s in sources if not s["licences"] and "made by the trainer" not in s["use"]]
    if unknown:
        lines.append(
            f"The licences of {', '.join(dict.fromkeys(unknown))} are not stated in the data: look them up."
        )
    return lines
