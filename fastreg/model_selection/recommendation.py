"""Which penalty to take, and why, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """What a comparison comes to.

    Attributes
    ----------
    method : str or None
        Name of the method, None for "no clear winner".
    best : str
        Name of the method with the smallest mean held-out error, whether clear or not.
    tied : tuple of str
        The methods within one paired standard error of the best, the best among them; simplest
        first.
    headline : str
        One sentence.
    reasons : tuple of str
        A sentence or two each, the most important first.
    """

    method: str | None
    best: str
    tied: tuple[str, ...]
    headline: str
    reasons: tuple[str, ...]

    @property
    def is_decisive(self) -> bool:
        """Whether a method is named."""
        return self.method is not None

    def __str__(self) -> str:
        return "\n".join([self.headline, *(f"- {reason}" for reason in self.reasons)])
