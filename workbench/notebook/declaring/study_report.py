"""The report of a declared study with its figures, in a notebook and as files."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from plotly.graph_objects import Figure

from workbench.notebook.declaring.candidate_figure import candidate_figure
from workbench.notebook.declaring.contrast_figure import contrast_figure
from workbench.notebook.declaring.learning_curve_figure import curve_figure
from workbench.notebook.figures import static
from workbench.protocol.conduct import Conduct
from workbench.protocol.report import Findings
from workbench.store.atomic import make_folder, write_text


@dataclass(frozen=True)
class StudyReport:
    """What a declared study came to, as tables, figures and files.

    Parameters
    ----------
    conduct
        Of the study.
    found
        From `Conduct.run`.
    """

    conduct: Conduct
    found: Findings

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Those that the study has something for, by the name of their file."""
        drawn = {
            "contrasts": contrast_figure(self.found),
            "curves": curve_figure(self.found),
            "candidates": candidate_figure(self.found),
        }
        return {name: figure for name, figure in drawn.items() if figure is not None}

    @cached_property
    def images(self) -> dict[str, bytes]:
        """The figures as PNG, drawn at once."""
        return dict(zip(self.figures, static.pngs(list(self.figures.values())), strict=True))

    @property
    def path(self) -> Path:
        """The file that holds the report's text and links its pictures."""
        return self.conduct.folder / "report.md"

    def save(self) -> Path:
        """Write every table and figure, and return the report's path."""
        make_folder(self.conduct.folder)
        for name, figure in self.figures.items():
            static.save(figure, self.conduct.folder / name, self.images[name])
        write_text(self.conduct.folder / "figures.html", static.page(*self.figures.values()))
        pictures = {
            name: f"![{static.alt_text(figure)}]({name}.png)"
            for name, figure in self.figures.items()
        }
        return self.conduct.save(self.found, pictures)

    @property
    def bundle(self) -> dict[str, str]:
        """Tables and the report's path, for a notebook and for a terminal."""
        return {
            "text/markdown": f"{self.found.markdown}\nReport: `{self.path}`",
            "text/plain": f"{self.found.text}\nReport: {self.path}",
        }


def save(conduct: Conduct, found: Findings) -> Path:
    """Write the report of a study with its figures, and return its path."""
    return StudyReport(conduct, found).save()
