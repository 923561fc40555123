import pytest

from workbench.notebook.figures import palette

DARK = "#111111"


def test_contrast_of_black_on_white_is_21():
    assert palette.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert palette.contrast("#777777", "#777777") == 1


@pytest.mark.parametrize("page", ["#ffffff", DARK])
@pytest.mark.parametrize("colour", [*palette.COLOURS[:4], palette.TEXT])
def test_first_colours_and_text_stand_out_on_both_pages(colour, page):
    assert palette.contrast(colour, page) >= 3


@pytest.mark.parametrize("page", ["#ffffff", DARK])
def test_text_is_legible_on_both_pages(page):
    assert palette.contrast(palette.TEXT, page) >= 4.2


def test_colours_go_by_order_and_start_over():
    names = [f"technique {i}" for i in range(7)]
    found = palette.colours([*names, names[0]])
    assert list(found) == names
    assert found[names[6]] == found[names[0]] == palette.COLOURS[0]
    assert len(set(found.values())) == 6


def test_translucent():
    assert palette.translucent("#0072B2", 0.4) == "rgba(0, 114, 178, 0.4)"


def test_template_is_transparent():
    layout = palette.template().layout
    assert layout.paper_bgcolor == layout.plot_bgcolor == "rgba(0,0,0,0)"
