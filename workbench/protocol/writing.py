"""Writing a `Declaration` as a study file: only what differs from the defaults, and what it means.

What is written here, `workbench.protocol.study_file.read_declaration` reads back as it was.
"""

from collections.abc import Iterator, Sequence
from dataclasses import Field, fields, is_dataclass
from decimal import Decimal
from pathlib import Path
from textwrap import wrap
from typing import Any

import yaml

from workbench.errors import WorkbenchError
from workbench.protocol.declaration import Declaration
from workbench.protocol.sections import Seeds
from workbench.protocol.study_file import shipped
from workbench.store.atomic import write_text

_WIDTH = 100

_LINE_ENDS = set("\x85\u2028\u2029")
"""What ends a line for YAML 1.1 beside the usual letters."""

_SMALL = 0.001
"""Below it, a number is written with a power of ten."""


def write_study(declaration: Declaration, replace: bool = False) -> Path:
    """Write the file of a study where its declaration says, and return its path.

    Parameters
    ----------
    declaration
        Of the study.
    replace
        Whether a file that stands there may be replaced.

    Raises
    ------
    WorkbenchError
        When there is a file already, a shipped study has the name, or it cannot be written.
    """
    check_free(declaration, replace)
    write_text(declaration.path, study_text(declaration))
    return declaration.path


def check_free(declaration: Declaration, replace: bool = False) -> None:
    """Refuse a study whose name is taken.

    Parameters
    ----------
    declaration, replace
        As for `write_study`.

    Raises
    ------
    WorkbenchError
        When there is a file already, or a shipped study has the name.
    """
    if declaration.name in shipped():
        # Both would keep their results in one place.
        raise WorkbenchError(f"{declaration.name} is a shipped study: choose another name")
    if declaration.path.exists() and not replace:
        raise WorkbenchError(
            f"there is a study file {declaration.path}: choose another name, or have it replaced"
        )


def study_text(declaration: Declaration) -> str:
    """Return a study file: each setting that is not left at its default, below what it is."""
    lines = [f"# Run it: python -m workbench study {declaration.path.name}"]
    for name, value in _content(declaration).items():
        lines += wrap(_HELP[name], _WIDTH, initial_indent="# ", subsequent_indent="# ")
        lines.append(yaml.dump(_Lines({name: value}), Dumper=_Dumper, **_STYLE).rstrip("\n"))
    return "\n".join(lines) + "\n"


_HELP = {
    item.name: item.metadata["help"] for item in fields(Declaration) if "help" in item.metadata
}
_STYLE: dict[str, Any] = {
    "default_flow_style": None,
    "sort_keys": False,
    "allow_unicode": True,
    "width": _WIDTH,
}


def _content(settings: Any) -> dict[str, Any]:
    """Return the settings of a section that are not at their defaults, as YAML may hold them."""
    return {item.name: _plain(getattr(settings, item.name), item) for item in _changed(settings)}


def _changed(settings: Any) -> Iterator[Field]:
    for item in fields(settings):
        value = getattr(settings, item.name)
        # An empty mapping is a default too, made by a factory.
        if "help" in item.metadata and value != item.default and value != {}:
            yield item


def _plain(value: Any, item: Field) -> Any:
    if isinstance(value, dict):
        return _Lines({name: _content(each) or None for name, each in value.items()})
    if is_dataclass(value):
        return _content(value)
    if isinstance(value, tuple):
        return _listed(value, item)
    return value


def _listed(values: Sequence[Any], item: Field) -> Any:
    """Return a list, or the only value of it; but a lone seed would be read as a count."""
    return values[0] if len(values) == 1 and item.type != Seeds else list(values)


class _Lines(dict):
    """A mapping whose entries each have a line of their own."""


class _Dumper(yaml.SafeDumper):
    """Writes numbers as people do, and nothing where a setting holds nothing."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _lines(dumper: yaml.SafeDumper, value: _Lines) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    # PyYAML would write these as they are, and read them back as spaces: quoted, it escapes them.
    style = '"' if _LINE_ENDS & set(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _number(dumper: yaml.SafeDumper, value: float) -> yaml.Node:
    # As YAML itself has it, 2e-5 is text: a study file's reader takes it for a number.
    text = written(value)
    return dumper.represent_scalar(dumper.resolve(yaml.ScalarNode, text, (True, False)), text)


def written(value: float) -> str:
    """Write a number as people do, and exactly.

    Examples
    --------
    >>> written(2e-05), written(0.05), written(3.0)
    ('2e-5', '0.05', '3')
    """
    if 0 < abs(value) < _SMALL:
        return f"{Decimal(repr(value)):e}"
    return repr(value).removesuffix(".0")


def _nothing(dumper: yaml.SafeDumper, value: None) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:null", "")


_Dumper.add_representer(_Lines, _lines)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(float, _number)
_Dumper.add_representer(type(None), _nothing)
