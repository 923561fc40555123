"""plotly.js for widgets: it travels as a message when a page asks, and is in no saved notebook."""

import gzip
from functools import lru_cache
from pathlib import Path

from plotly.offline import get_plotlyjs


@lru_cache(maxsize=1)
def library() -> bytes:
    """Return plotly.js of the installed plotly package, compressed with gzip."""
    return gzip.compress(get_plotlyjs().encode(), compresslevel=6, mtime=0)


def script(path: Path) -> str:
    """Return a widget's script, after what loads the library: pages give each only one file."""
    return "\n".join(part.read_text("utf8") for part in (Path(__file__).with_suffix(".js"), path))
