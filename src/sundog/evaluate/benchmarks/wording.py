"""Formats of numbers in tables and on pages."""


def number(value: float) -> str:
    """Return a number with three decimals, or with three digits if it is very small or large."""
    return f"{value:.3f}" if value == 0 or 0.01 <= abs(value) < 1e4 else f"{value:.2e}"


def interval(low_high: tuple[float, float] | None) -> str:
    """Return an interval, or a dash where there is none."""
    return "–" if low_high is None else " – ".join(map(number, low_high))
