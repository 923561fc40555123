"""Who shows what the notebook displays."""

import os

from IPython import get_ipython


def draws_plotly() -> bool:
    """Tell whether JupyterLab, or another front end of a Jupyter server, shows the running cell.

    The server names the notebook in the kernel's ``JPY_SESSION_NAME``. A program that runs a
    notebook without showing it, such as papermill, may inherit that name, but nobody attends it.
    """
    return "JPY_SESSION_NAME" in os.environ and attended()


def attended() -> bool:
    """Tell whether a front end shows the running cell to somebody who can use widgets.

    JupyterLab, Colab and others allow a cell to ask for input; papermill and nbclient do not
    (``allow_stdin`` in Jupyter's messaging protocol, version 5).
    """
    kernel = getattr(get_ipython(), "kernel", None)
    return kernel is not None and bool(kernel.get_parent().get("content", {}).get("allow_stdin"))
