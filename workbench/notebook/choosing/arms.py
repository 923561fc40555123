"""The parameter ``techniques`` as text: its arms, and how a switch changes it.

The text is the one place where the choice is kept. A switch speaks for the arm that is its
technique alone, such as ``freeze:3``; what no switch can say, such as ``freeze:3+layerwise``, stays
as it was typed.
"""

from workbench.techniques import BASELINE


def arms_of(text: str) -> list[str]:
    """Return the arms, in the order typed.

    Examples
    --------
    >>> arms_of("baseline, freeze:3,")
    ['baseline', 'freeze:3']
    """
    return [arm.strip() for arm in text.split(",") if arm.strip()]


def lone(text: str, name: str) -> str:
    """Return the first arm that is one technique alone; empty where there is none.

    Examples
    --------
    >>> lone("freeze:3+reinit,freeze:2", "freeze"), lone("baseline", "freeze")
    ('freeze:2', '')
    """
    return next((arm for arm in arms_of(text) if _is(arm, name)), "")


def switched(text: str, name: str, typed: str) -> str:
    """Return the text with a technique switched on, set anew, or off.

    Parameters
    ----------
    text
        As it was.
    name
        Of the technique.
    typed
        The arm to be there; empty switches off every arm that is this technique alone.

    Examples
    --------
    >>> switched("baseline,freeze,reinit", "freeze", "freeze:2")
    'baseline,freeze:2,reinit'
    >>> switched("baseline,freeze", "freeze", ""), switched("freeze", "freeze", "")
    ('baseline', 'baseline')
    """
    arms = arms_of(text)
    old = lone(text, name)
    if not typed:
        arms = [arm for arm in arms if not _is(arm, name)]
    elif old:
        arms[arms.index(old)] = typed
    else:
        arms.append(typed)
    return ",".join(dict.fromkeys(arms)) or BASELINE


def together(text: str, parts: list[str]) -> str:
    """Return the text with one more arm, in which several techniques act together.

    Examples
    --------
    >>> together("baseline,freeze", ["freeze", "reinit:2"])
    'baseline,freeze,freeze+reinit:2'
    """
    return ",".join(dict.fromkeys([*arms_of(text), "+".join(parts)]))


def _is(arm: str, name: str) -> bool:
    return "+" not in arm and arm.partition(":")[0].strip() == name
