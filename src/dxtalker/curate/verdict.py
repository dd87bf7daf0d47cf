"""What a stage says of a stretch of video."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Verdict:
    """Scores, and the reason against it where there is one."""

    scores: dict[str, float] = field(default_factory=dict)  # "stage.score" -> value (scores.py)
    reason: str = ""  # a key of reasons.py; "" where the stage has nothing against it
    remark: str = ""  # one sentence with the figures: what was found, what was expected

    def __post_init__(self) -> None:
        from .reasons import REASONS
        from .scores import SCORES

        unknown = [name for name in self.scores if name not in SCORES]
        if unknown or (self.reason and self.reason not in REASONS):
            raise ValueError(f"unknown score or reason: {unknown or self.reason}")
