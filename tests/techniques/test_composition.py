import json
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import ClassVar

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.models.depth import Anatomy, Parameter
from workbench.spec import RunSpec
from workbench.techniques import BASELINE, FIRST, composition, from_settings, parse, registry
from workbench.techniques.average import Average
from workbench.techniques.composition import Composition
from workbench.techniques.cost import Cost
from workbench.techniques.freeze import Freeze
from workbench.techniques.layerwise import Layerwise
from workbench.techniques.longer import Longer
from workbench.techniques.mixout import Mixout
from workbench.techniques.moment import Moment
from workbench.techniques.pretrained_decay import PretrainedDecay
from workbench.techniques.r_drop import RDrop
from workbench.techniques.reinit import Reinit
from workbench.techniques.smooth import Smooth
from workbench.techniques.technique import AdamStep, Technique

ONE_RUN = {
    "task": "biosses",
    "data": "d",
    "model": "minilm",
    "weights": "w",
    "learning_rate": 1e-5,
    "batch_size": 16,
    "epochs": 3,
    "max_length": 128,
    "weights_seed": 0,
    "order_seed": 0,
    "dropout_seed": 0,
}

_decays = st.floats(0.001, 1).map(lambda decay: f"layerwise:{decay!r}")
_typed = st.one_of(
    st.sampled_from([BASELINE, *registry()]),
    st.integers(-1, 14).map("freeze:{}".format),
    st.integers(-1, 14).map("reinit:{}".format),
    st.floats(0.5, 1001).map("longer:{!r}".format),
    st.integers(-1, 26).map("unfreeze:{}".format),
    st.floats(-0.1, 1.1).map("pretrained-decay:{!r}".format),
    st.builds("mixout:{!r}{}".format, st.floats(-0.1, 1.1), st.sampled_from(["", ":keep"])),
    st.sampled_from(["freeze:2:cached", "average:0.5", "r-drop:0", "smooth:2:0.1", "smooth:0"]),
    st.builds("{}{}".format, _decays, st.sampled_from(["", ":zhang", ":electra"])),
)


@pytest.mark.parametrize(
    ("text", "techniques"),
    [
        ("baseline", ()),
        ("freeze", (Freeze(6),)),
        ("freeze:0", (Freeze(0),)),
        ("freeze:12", (Freeze(12),)),
        ("layerwise", (Layerwise(0.9),)),
        ("layerwise:0.8:electra", (Layerwise(0.8, "electra"),)),
        ("longer", (Longer(2.0),)),
        ("longer:2.5", (Longer(2.5),)),
        ("reinit", (Reinit(1),)),
        (" reinit:2 + freeze:3 ", (Freeze(3), Reinit(2))),
        ("baseline+reinit:2", (Reinit(2),)),
        ("layerwise:1", ()),
        ("longer:1+reinit:0+layerwise:1:electra", ()),
        ("longer:1+freeze:3", (Freeze(3),)),
        ("mixout", (Mixout(0.7),)),
        ("mixout:0:keep", ()),
        ("mixout:0", (Mixout(0.0),)),
        ("discriminative:1+pretrained-decay:0+average:0+smooth:0", ()),
        ("smooth+r-drop:0", (RDrop(0.0), Smooth())),
    ],
)
def test_what_users_type(text, techniques):
    assert parse(text, 12).techniques == techniques


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("baseline", "baseline"),
        ("layerwise:1", "baseline"),
        ("freeze", "freeze:6"),
        ("reinit", "reinit:1"),
        ("uncorrected", "uncorrected"),
        ("layerwise:0.90:zhang", "layerwise:0.9"),
        ("layerwise:0.9:electra", "layerwise:0.9:electra"),
        ("longer:2.0", "longer:2"),
        ("mixout:0.7:keep", "mixout:0.7:keep"),
        ("smooth:1:0.001+unfreeze", "smooth:1+unfreeze:1"),
        ("smooth:1:1e-5", "smooth:1:1e-05"),
        ("longer:33.333333333", "longer:33.333333333"),
        ("reinit:2+layerwise+freeze:3", "freeze:3+layerwise:0.9+reinit:2"),
    ],
)
def test_labels(text, label):
    assert parse(text, 12).label == label
    assert parse(label, 12) == parse(text, 12)


@pytest.mark.parametrize(
    ("text", "layers", "sentence"),
    [
        ("freez:3", 12, "there is no technique 'freez': did you mean 'freeze'?"),
        ("basline", 12, "there is no technique 'basline': did you mean 'baseline'?"),
        ("", 12, "there is no technique '': choose one of average, baseline"),
        ("freeze:3+", 12, "there is no technique '': choose one of average, baseline"),
        ("freeze:13", 12, "freeze:13 is out of range: layers must be between 0 and 12"),
        ("layerwise:1.5", 12, "layerwise:1.5 is out of range: choose above 0, up to 1"),
        ("layerwise:0.9:zang", 12, "there is no convention of .* 'zang': did you mean 'zhang'?"),
        ("freeze:x", 12, "the setting layers of 'freeze' must be a whole number, not 'x'"),
        ("freeze:", 12, "the setting layers of 'freeze' must be a whole number, not ''"),
        ("freeze:2.5", 12, "the setting layers of 'freeze' must be a whole number, not '2.5'"),
        ("longer:twice", 12, "the setting factor of 'longer' must be a number, not 'twice'"),
        ("freeze:1:2", 12, "no activations setting of freeze '2'"),
        ("freeze:1:cached:3", 12, "'freeze' takes at most 2 settings, not 3"),
        ("uncorrected:1", 12, "'uncorrected' takes at most 0 settings, not 1"),
        ("freeze:2+freeze:3", 12, "the technique 'freeze' is given twice: give it once"),
        ("freeze:6+reinit:1", 6, "freeze:6 cannot work: of 6 blocks, freeze:6 would freeze some"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(text, layers, sentence):
    with pytest.raises(WorkbenchError, match=sentence) as caught:
        parse(text, layers)
    assert "\n" not in str(caught.value)


@given(st.lists(_typed, min_size=1, max_size=4), st.sampled_from([6, 12, 24]), st.randoms())
def test_any_techniques_compose_or_are_refused(typed, layers, random):
    try:
        found = parse("+".join(typed), layers)
    except WorkbenchError as problem:
        assert "\n" not in str(problem)
        return
    anatomy = Anatomy(layers, 0.02, ())
    assert all(0 < found.rate(depth, FIRST, anatomy) <= 1 for depth in range(layers + 2))
    assert found.trains(anatomy.top, FIRST, anatomy)
    assert found.steps(100) >= 100
    assert parse(found.label, layers) == found
    random.shuffle(typed)
    assert parse("+".join(typed), layers) == found
    stored = RunSpec(**ONE_RUN, techniques=found.settings).to_json()
    read = RunSpec.from_json(json.loads(json.dumps(stored)))
    assert read.techniques == found.settings
    assert from_settings(read.techniques) == found


def test_hooks_are_joined():
    found = parse("freeze:2+layerwise:0.5+longer:3+uncorrected", 4)
    anatomy = Anatomy(4, 0.02, ())
    assert [found.trains(depth, FIRST, anatomy) for depth in range(6)] == [False] * 3 + [True] * 3
    assert [found.rate(depth, FIRST, anatomy) for depth in (3, 4, 5)] == [0.25, 0.5, 1]
    assert found.steps(10) == 30
    call = AdamStep(1.0, 1e-8, 0.0, 0.9, 0.999)
    assert found.adam(call, 12).rate == pytest.approx(6.57, abs=0.005)


@dataclass(frozen=True)
class Stronger(Technique):
    """Pull, mix and minimise twice as much: what another package may add."""

    name: ClassVar[str] = "stronger"
    summary: ClassVar[str] = "twice as much"
    source: ClassVar[str] = "these tests"
    cost: ClassVar[Cost] = Cost(passes=1.5, held=3, copies=1)
    compiles: ClassVar[bool] = False
    records: ClassVar[bool] = False

    @property
    def pull(self):
        return 0.25

    def mixing(self, parameter):
        return (lambda value, origin, keep: 2 * value) if parameter.depth == 1 else None

    def objective(self, loss, passes):
        return 2 * loss


def keep_all(width, probability):
    return torch.ones(1, width, dtype=torch.bool)


def test_hooks_of_several_are_joined():
    found = Composition((Average(0.5), Mixout(0.5), PretrainedDecay(0.5), RDrop(), Stronger()))
    assert found.pull == 0.75
    assert (found.drops, found.compiles, found.records) == (False, False, False)
    cost = found.cost
    assert (cost.passes, cost.held, cost.copies, cost.saved) == (2.5, 4, 5, 1)
    assert [found.averages(Moment(step, 4, 1)) for step in range(4)] == [False, False, True, True]
    # Both mix a Linear's weights in the lowest block, one elsewhere, none what is no Linear.
    places = [Parameter("w", depth, kind) for depth, kind in ((1, "linear"), (2, "linear"))]
    value, origin = torch.ones(1, 1, 1), torch.zeros(1, 1, 1)
    mixed = [found.mixing(place)(value, origin, keep_all).item() for place in places]
    assert mixed == [4, 2]
    assert found.mixing(Parameter("b", 2, "bias")) is None


def test_the_baseline_changes_nothing():
    anatomy, call = Anatomy(4, 0.02, ()), AdamStep(1.0, 1e-8, 0.01, 0.9, 0.999)
    assert all(Composition().trains(depth, FIRST, anatomy) for depth in range(6))
    assert {Composition().rate(depth, FIRST, anatomy) for depth in range(6)} == {1.0}
    assert (Composition().steps(7), Composition().adam(call, 3)) == (7, call)
    assert Composition().initial(None, call, anatomy, None) is call
    assert Composition().objective(call, None) is call
    assert (Composition().pull, Composition().mixing(None)) == (None, None)
    assert Composition().drops and Composition().compiles and Composition().records
    assert not Composition().averages(FIRST) and Composition().cost == Cost()


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("freeze:2", "freeze:2", True),
        ("freeze:2", "freeze:3", False),
        ("freeze:2", "baseline", False),
        ("freeze:2", "freeze:2+layerwise:0.8", True),
        ("baseline", "layerwise:0.8", True),
        ("baseline", "reinit:3", True),
        ("baseline", "uncorrected", True),
        ("baseline", "longer:2", False),
        ("longer:2+reinit:1", "longer:2", True),
        ("longer:2", "longer:3", False),
        ("longer:2", "freeze:2", False),
        ("baseline", "pretrained-decay+discriminative", True),
        ("mixout", "mixout:0.5", False),
        ("mixout", "mixout:0.7:keep", False),
        ("mixout+layerwise", "mixout+reinit:2", True),
        ("unfreeze", "unfreeze:2", False),
        ("average", "average:0.5", False),
        ("r-drop", "baseline", False),
        ("r-drop:1", "r-drop:2", False),
        ("smooth", "smooth:1:0.1", False),
        ("smooth", "r-drop", False),
    ],
)
def test_which_may_train_together(one, other, together):
    assert (parse(one, 12).cohort_key == parse(other, 12).cohort_key) == together


def test_a_stored_technique_that_is_not_installed_is_refused():
    with pytest.raises(WorkbenchError, match="there is no technique 'mixoud'"):
        from_settings([("mixoud", (("p", 0.5),))])


def test_stored_settings_that_do_not_exist_are_refused():
    with pytest.raises(WorkbenchError, match="'freeze' has no such settings as depth: specify"):
        from_settings([("freeze", (("depth", 3),))])


@dataclass(frozen=True)
class Halved(Technique):
    """Halve every learning rate: what another package may add."""

    times: int = 1

    name: ClassVar[str] = "halved"
    summary: ClassVar[str] = "half the rate, this many times"
    source: ClassVar[str] = "these tests"

    def rate(self, depth, moment, anatomy):
        return 0.5**self.times


@dataclass(frozen=True)
class Impostor(Technique):
    """Take the name of one of the project's own."""

    name: ClassVar[str] = "freeze"
    summary: ClassVar[str] = "nothing"
    source: ClassVar[str] = "these tests"


class _Point:
    """An entry point to a class that no module needs to hold."""

    name, value = "added", "package.module:Kind"

    def __init__(self, kind):
        self.kind = kind

    def load(self):
        return self.kind


@pytest.fixture
def installed(monkeypatch):
    """Let one entry point be all that installed packages add."""

    def install(point):
        groups = {"workbench.techniques": [point]}
        monkeypatch.setattr(composition, "entry_points", lambda group: groups[group])
        composition._installed.cache_clear()

    yield install
    composition._installed.cache_clear()


def test_a_package_adds_a_technique(installed):
    installed(_Point(Halved))
    found = parse("halved:2+layerwise:0.5", 2)
    assert found.label == "halved:2+layerwise:0.5"
    anatomy = Anatomy(2, 0.02, ())
    assert [found.rate(depth, FIRST, anatomy) for depth in range(4)] == [
        1 / 32,
        1 / 16,
        1 / 8,
        1 / 4,
    ]
    assert from_settings(found.settings) == found
    with pytest.raises(WorkbenchError, match="did you mean 'halved'"):
        parse("halvd", 2)


def test_a_package_replaces_none_of_the_projects_own(installed):
    installed(_Point(Impostor))
    assert registry()["freeze"] is Freeze


@pytest.mark.parametrize(
    "point",
    [EntryPoint("broken", "no_such_module:Kind", composition.ENTRY_POINTS), _Point(int)],
    ids=["no such module", "no technique"],
)
def test_a_package_whose_technique_does_not_load_is_named(installed, point):
    installed(point)
    with pytest.raises(WorkbenchError, match=r"does not load .*: update or uninstall the package"):
        parse("freeze", 2)


@pytest.mark.parametrize("name", registry())
def test_every_technique_says_what_it_is_and_where_it_comes_from(name):
    kind = registry()[name]
    assert (kind.name, bool(kind.summary), bool(kind.source)) == (name, True, True)


def test_what_stays_fixed_is_what_any_technique_keeps(make_anatomy):
    anatomy = make_anatomy(6)
    assert parse("baseline", 6).fixed(anatomy) == -1
    assert parse("freeze:2+layerwise:0.9", 6).fixed(anatomy) == -1
    assert parse("freeze:2:cached+layerwise:0.9", 6).fixed(anatomy) == 2
