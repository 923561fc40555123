"""How sentences for people put a number and its noun."""


def counted(number: float, noun: str) -> str:
    """Return a number with its noun, in the plural unless it is one.

    Examples
    --------
    >>> counted(1, "seed"), counted(12, "seed"), counted(0.5, "point")
    ('1 seed', '12 seeds', '0.5 points')
    """
    written = str(number) if isinstance(number, int) else f"{number:g}"
    return f"{written} {noun}" if number == 1 else f"{written} {noun}s"
