import pytest

from workbench.errors import WorkbenchError
from workbench.models.catalogue import MODELS, Model
from workbench.notebook.choosing import choices
from workbench.store.settings import SweepSettings
from workbench.tasks import catalogue
from workbench.tasks.catalogue import TASKS
from workbench.tasks.files import DATA_VARIABLE

pytestmark = pytest.mark.usefixtures("machine")


def test_models_are_the_catalogues_grouped_by_family_and_size():
    found = choices.models(network=True)
    assert {option.name for option in found} == set(MODELS)
    groups = [option.group for option in found]
    assert list(dict.fromkeys(groups)) == [
        "BERT, small",
        "BERT, base",
        "BERT, large",
        "RoBERTa, base",
        "RoBERTa, large",
        "ELECTRA, base",
        "ELECTRA, large",
    ]
    assert sorted(groups, key=groups.index) == groups


def test_a_model_that_is_added_appears(monkeypatch):
    added = Model("added", "Added", "owner/added", "newer", 3, 64)
    monkeypatch.setitem(MODELS, "added", added)
    found = {option.name: option for option in choices.models(network=True)}["added"]
    assert (found.title, found.group, found.layers) == ("Added", "newer, small", 3)
    # Three blocks of 12 * 64 * 64 + 13 * 64 numbers, four bytes each.
    assert choices._block_bytes(added) == 599_808
    assert found.facts[1] == "to download, at least 0.00 GB (its blocks alone)"


def test_what_is_on_this_machine_is_marked(cached):
    cached(MODELS["bert"].location)
    found = {option.name: option for option in choices.models(network=False)}
    assert (found["bert"].here, found["bert"].problem) == (True, "")
    assert found["bert"].facts[1].startswith("on this machine, 0.00 GB")
    assert not found["scibert"].here
    assert "'scibert' is not on this machine and there is no network" in found["scibert"].problem
    found = {option.name: option for option in choices.models(network=True)}
    assert (found["scibert"].here, found["scibert"].problem) == (False, "")


def test_the_hubs_own_setting_says_whether_there_is_a_network(monkeypatch):
    asked = SweepSettings(models="bert")
    monkeypatch.setattr(choices.constants, "HF_HUB_OFFLINE", True)
    assert choices.problem(asked)
    monkeypatch.setattr(choices.constants, "HF_HUB_OFFLINE", False)
    assert not choices.problem(asked)


def test_auto_is_what_is_here(cached):
    assert choices.automatic("hoc") == "minilm"
    cached(MODELS["pubmedbert"].location)
    assert choices.automatic("hoc") == "pubmedbert"
    assert choices.automatic("miniature-document:size=32") == "minilm"


def test_tasks_are_the_catalogues_with_their_options():
    names = [option.name for option in choices.tasks(network=True)]
    assert [name for name in names if ":" not in name] == list(TASKS)
    assert "hoc:abstracts" in names


def test_a_task_tells_size_metric_and_yardstick():
    found = {option.name: option for option in choices.tasks("biolinkbert", network=True)}
    assert found["biosses"].group == "sentence similarity"
    assert found["biosses"].facts == (
        "64 / 16 / 20 sentence pairs in train, dev and test",
        "Pearson \N{MULTIPLICATION SIGN}100",
        "published: BioLinkBERT-base 93.25 (LinkBERT, arXiv:2203.15827, Table 7)",
    )
    made = found["miniature-mention"]
    assert (made.group, made.here, made.problem) == ("generated NER", True, "")
    assert made.facts[0] == "64 / 25 / 100 examples in train, dev and test"
    assert len(made.facts) == 2


@pytest.mark.parametrize(
    ("name", "network", "sentence"),
    [
        ("bioasq", True, "BioASQ is never downloaded"),
        ("hoc", True, ""),
        ("hoc", False, "cannot download HoC/train.tsv"),
    ],
)
def test_why_a_task_cannot_be_chosen(name, network, sentence):
    found = {option.name: option for option in choices.tasks(network=network)}[name]
    assert found.problem.startswith(sentence)
    assert (not found.problem, found.here) == (not sentence, False)


def test_data_in_the_users_folder_is_here(monkeypatch, tmp_path):
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    (tmp_path / "HoC").mkdir()
    for split in ("train", "dev", "test"):
        (tmp_path / "HoC" / f"{split}.tsv").touch()
    found = {option.name: option for option in choices.tasks(network=False)}
    assert (found["hoc"].here, found["hoc"].problem) == (True, "")
    assert "has no BIOSSES/train.tsv" in found["biosses"].problem


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"task": "miniature-mention", "models": "roberta", "techniques": "freeze:12"}, ""),
        ({"models": "owner/name", "techniques": "freeze:99"}, ""),
        ({"models": "owner/name", "techniques": "frieze"}, "there is no technique 'frieze'"),
        ({"models": "minilm,bert", "techniques": "baseline,freeze:6"}, ""),
        ({"models": "bert,minilm", "techniques": "baseline,freeze:7"}, "freeze:7 is out of range"),
        ({"task": "hco"}, "there is no task 'hco': did you mean 'hoc'?"),
        ({"task": "bioasq"}, "BioASQ is never downloaded"),
        ({"models": "bert,brt"}, "there is no model 'brt'"),
        ({"models": "bert", "techniques": "freeze:13"}, "freeze:13 is out of range"),
        ({"models": "bert", "techniques": "freeze:12+reinit"}, "reinit:1+freeze:12 cannot work"),
        ({"techniques": "frieze"}, "there is no technique 'frieze': did you mean 'freeze'?"),
        ({"device": "cpuu"}, "there is no device 'cpuu': did you mean 'cpu'?"),
        ({"precision": "float8"}, "there is no precision 'float8'"),
    ],
)
def test_why_a_choice_cannot_work(values, sentence):
    found = choices.problem(SweepSettings.from_values(values), network=True)
    assert found.startswith(sentence)
    assert bool(found) == bool(sentence)


@pytest.mark.parametrize(
    ("values", "titles"),
    [
        ({}, []),
        ({"models": "bert,minilm"}, ["BERT-base"]),
        ({"task": "hoc"}, ["PubMedBERT if it can be had, else MiniLM-L6", "HoC, sentences"]),
        ({"models": "owner/name"}, ["owner/name"]),
    ],
)
def test_what_has_to_be_downloaded_is_known_without_asking(values, titles):
    assert choices.to_download(SweepSettings.from_values(values), network=True) == titles


def test_a_download_may_decide_what_auto_is(cached):
    assert choices.settled("bert", "hoc", network=True) == "bert"
    assert choices.settled("auto", "hoc", network=True) is None
    assert choices.settled("auto", "hoc", network=False) == "minilm"
    assert choices.settled("auto", "miniature-mention", network=True) == "minilm"
    cached(MODELS["pubmedbert"].location)
    assert choices.settled("auto", "hoc", network=True) == "pubmedbert"


def test_a_device_that_is_not_here_says_so():
    assert choices.device_problem("cpu") == choices.device_problem("auto") == ""
    assert "there is no device" in choices.device_problem("cpuu")


def test_auto_tells_what_it_stands_for(cached):
    here = choices.model_option("auto", "miniature-mention", network=True)
    assert (here.title, here.layers, here.here) == ("auto: MiniLM-L6", 6, True)
    asked = choices.model_option("auto", "hoc", network=True)
    assert (asked.title, asked.layers, asked.here) == ("auto: PubMedBERT", 0, False)
    assert asked.facts[0] == "PubMedBERT if it can be had, else MiniLM-L6"
    assert choices.model_option("auto", "hoc", network=False).title == "auto: MiniLM-L6"
    cached(MODELS["pubmedbert"].location)
    found = choices.model_option("auto", "hoc", network=True)
    assert (found.title, found.layers, found.here) == ("auto: PubMedBERT", 12, True)


def test_a_model_outside_the_catalogue_tells_what_is_known(cached):
    folder = cached("owner/name", '{"num_hidden_layers": 5, "hidden_size": 8}')
    found = choices.model_option(str(folder), "hoc")
    assert (found.group, found.layers, found.here) == ("BERT, small", 5, True)
    assert found.facts == ("5 blocks of width 8", "on this machine, 0.00 GB")
    absent = choices.model_option("owner/other", "hoc", network=True)
    assert (absent.facts, absent.layers) == (("to download; how much is known then",), 0)
    assert "there is no network" in choices.model_option("owner/other", "hoc", False).problem


def test_a_task_with_settings_of_its_own_is_described():
    found = choices.task_option("miniature-mention:size=400", network=True)
    assert found.name == "miniature-mention:size=400"
    assert found.facts[0] == "400 / 100 / 200 examples in train, dev and test"
    with pytest.raises(WorkbenchError, match="there is no task"):
        choices.task_option("nosuch")


def test_an_own_task_is_described_without_its_data(own_task):
    (own_task.parent / "notes.csv").unlink()
    found = choices.task_option(str(own_task), network=False)
    assert (found.name, found.title) == (str(own_task), "Notes")
    assert (found.group, found.here, found.problem) == ("own classification", True, "")
    assert found.facts == (
        f"counted when {own_task} is read",
        "macro F1 \N{MULTIPLICATION SIGN}100",
    )
    assert choices.settled("auto", str(own_task), network=False) == "minilm"


def test_an_own_task_on_the_hub_is_a_download(own_task):
    own_task.write_text("name: notes\nkind: classification\ndata: hub:owner/no-such-notes\n")
    found = choices.task_option(str(own_task), network=True)
    assert (found.here, found.problem) == (False, "")
    found = choices.task_option(str(own_task), network=False)
    assert found.problem == f"the data of {own_task} is on the hub: connect to download it"


def test_tasks_of_packages_are_offered(own_task, monkeypatch):
    monkeypatch.setattr(catalogue, "installed", lambda: {"ward-notes": own_task})
    assert choices.tasks(network=False)[-1].name == "ward-notes"
