"""Who shows what the notebook displays."""

import os

from IPython import get_ipython


def draws_plotly() -> bool:
    """Tell whether JupyterLab, or another front end of a Jupyter server, shows the running cell.

    The server names the notebook in the kernel's ``JPY_SESSION_NAME``. A program that runs a
    notebook without showing it, such as papermill, may inherit that name, but allows no input
    (``allow_stdin`` in Jupyter's messaging protocol, version 5).
    """
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None or "JPY_SESSION_NAME" not in os.environ:
        return False
    return bool(kernel.get_parent().get("content", {}).get("allow_stdin"))
