"""The units of a split, which are drawn and counted whole: documents where the records name them.

Records that hold a ``document`` belong to that document; any other record is a unit of its own.
Units are numbered by first appearance.
"""

import numpy as np
from datasets import Dataset

DOCUMENT = "document"
"""The column that names each record's document, where there is one."""

SOURCE = "source"
"""The column that names what a record was taken from, where records count for themselves."""


def units(records: Dataset) -> np.ndarray:
    """Return the unit that each record belongs to, ``int64 [records]``."""
    return _numbered(records, DOCUMENT)


def clusters(records: Dataset) -> np.ndarray:
    """Return which records another test set would bring together, ``int64 [records]``.

    Records of one source, such as the pairs of one abstract, are units of their own and yet come
    together or not at all; everywhere else these are the units.
    """
    return _numbered(records, SOURCE) if SOURCE in records.column_names else units(records)


def _numbered(records: Dataset, column: str) -> np.ndarray:
    """Give each value of a column a number by first appearance, or each record one without it."""
    if column not in records.column_names:
        return np.arange(len(records), dtype=np.int64)
    numbers: dict[str, int] = {}
    ids = [numbers.setdefault(name, len(numbers)) for name in records[column][:]]
    return np.asarray(ids, np.int64)


def any_of_unit(records: Dataset, matrix: np.ndarray) -> np.ndarray:
    """Join the rows of a unit by OR.

    Parameters
    ----------
    records
        Of one split.
    matrix
        0 or 1, ``[records, columns]``.

    Returns
    -------
    numpy.ndarray
        ``uint8 [units, columns]``.
    """
    of_record = units(records)
    found = np.zeros((of_record.max(initial=-1) + 1, matrix.shape[1]), np.uint8)
    np.maximum.at(found, of_record, matrix.astype(np.uint8))
    return found


def rarest(matrix: np.ndarray) -> np.ndarray:
    """Return the column that fewest units have, among those that a unit has.

    A sample in which every such stratum has its share holds some of each rare label, which a
    sample by the most frequent label would not (after Sechidis et al. 2011, who begin with the
    rarest label).

    Parameters
    ----------
    matrix
        0 or 1, ``[units, columns]``.

    Returns
    -------
    numpy.ndarray
        ``int64 [units]``; the number of columns where a unit has none. Of equally rare columns it
        is the first.
    """
    matrix = np.asarray(matrix, bool)
    frequency = np.where(matrix, matrix.sum(axis=0), len(matrix) + 1)
    none = ~matrix.any(axis=1)
    return np.where(none, matrix.shape[1], np.argmin(frequency, axis=1)).astype(np.int64)
