"""Generated tasks: the same on every machine, of the real shape, and honest about their labels."""

import hashlib
from itertools import chain, combinations

import numpy as np
import pytest

from workbench.spec import canonical_json
from workbench.tasks import lexicon
from workbench.tasks.mention import BEGIN, INSIDE, OUTSIDE
from workbench.tasks.miniature import ANSWERS, MAKERS, PICO_TAGS, RELATIONS, Settings, generate

SHAPES = tuple(MAKERS)
NAMES = {
    slot: {name: entry for entry in table for name in entry}
    for slot, table in (
        ("drug", lexicon.DRUGS),
        ("gene", lexicon.GENES),
        ("disease", lexicon.DISEASES),
        ("relation", lexicon.VERBS.values()),
    )
}


def sentences(shape, records):
    """Return every sentence of a split as a list of words."""
    if shape in ("mention", "pico"):
        return list(records["words"])
    columns = {"similarity": ("sentence1", "sentence2"), "question": ("context",)}
    texts = [text for column in columns.get(shape, ("text",)) for text in records[column]]
    return [f"{part} .".split() for text in texts for part in text.removesuffix(" .").split(" . ")]


def thing(slot, sentence):
    """Return what fills a slot of a sentence: the longest name that occurs in it as words."""
    found = [name for name in NAMES[slot] if f" {name} " in f" {sentence} "]
    return NAMES[slot][max(found, key=len)]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("similarity", "9877e725f1ea"),
        ("document", "6fdacc12b8f8"),
        ("mention", "bb0001f8db9c"),
        ("relation", "4ff86d91d9da"),
        ("question", "a394cdb6270c"),
        ("pico", "ed78fb561d57"),
    ],
)
def test_the_records_are_the_same_on_every_machine(shape, expected):
    splits = generate(shape, Settings(size=8, noise=0.2, seed=3))
    content = canonical_json({name: records.to_dict() for name, records in splits.items()})
    assert hashlib.sha256(content.encode()).hexdigest()[:12] == expected


@pytest.mark.parametrize("shape", SHAPES)
def test_seed_and_difficulty_change_the_records(shape):
    texts = [
        sentences(shape, generate(shape, settings)["train"])
        for settings in (Settings(), Settings(seed=1), Settings(difficulty=1.0))
    ]
    assert texts[0] != texts[1] and texts[0] != texts[2]


@pytest.mark.parametrize("shape", SHAPES)
def test_noise_changes_labels_and_no_sentence(shape):
    clean, noisy = generate(shape, Settings()), generate(shape, Settings(noise=0.5))
    assert sentences(shape, clean["train"]) == sentences(shape, noisy["train"])
    assert clean["train"].to_dict() != noisy["train"].to_dict()
    assert clean["dev"].to_dict() == noisy["dev"].to_dict()
    assert clean["test"].to_dict() == noisy["test"].to_dict()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_larger_training_set_starts_with_the_smaller_one(shape):
    small, large = generate(shape, Settings(size=8)), generate(shape, Settings(size=16))
    assert large["train"].to_list()[: len(small["train"])] == small["train"].to_list()
    assert small["test"].to_list() == large["test"].to_list()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("difficulty", [0.0, 0.3, 1.0])
def test_sentences_have_8_to_20_words(shape, difficulty):
    splits = generate(shape, Settings(size=200, difficulty=difficulty))
    lengths = [len(words) for records in splits.values() for words in sentences(shape, records)]
    assert min(lengths) >= 8 and max(lengths) <= (24 if shape == "question" else 20)


@pytest.mark.parametrize("shape", SHAPES)
def test_splits_hardly_share_a_sentence(shape):
    splits = generate(shape, Settings())
    texts = [{" ".join(words) for words in sentences(shape, splits[name])} for name in splits]
    for first, second in combinations(texts, 2):
        assert len(first & second) <= 0.01 * len(first)


@pytest.mark.parametrize(
    ("size", "expected"), [(64, (64, 25, 100)), (1000, (1000, 250, 500)), (1, (1, 25, 100))]
)
def test_units_of_the_splits(size, expected):
    settings = Settings(size=size)
    assert tuple(map(settings.units, ("train", "dev", "test"))) == expected


@pytest.mark.parametrize("difficulty", [0.0, 1.0])
def test_a_score_counts_the_slots_that_agree(difficulty):
    for record in generate("similarity", Settings(difficulty=difficulty))["test"]:
        pair = record["sentence1"], record["sentence2"]
        agree = sum(thing(slot, pair[0]) == thing(slot, pair[1]) for slot in NAMES)
        assert record["score"] == agree, pair


def test_scores_reach_from_0_to_4():
    scores = generate("similarity", Settings())["train"]["score"]
    assert set(scores) == {0.0, 1.0, 2.0, 3.0, 4.0}


def test_a_sentence_of_a_document_says_its_label():
    for record in generate("document", Settings())["test"]:
        phrases = [tuple(chain(*kinds)) for kinds in lexicon.PHRASES.values()]
        said = [any(f" {phrase} " in record["text"] for phrase in kind) for kind in phrases]
        assert record["labels"] == list(map(int, said)), record["text"]


def test_documents_hold_2_to_4_sentences():
    documents = generate("document", Settings())["train"]["document"]
    assert set(np.unique(documents, return_counts=True)[1].tolist()) == {2, 3, 4}


def test_every_mention_is_a_disease():
    for record in generate("mention", Settings(difficulty=0.5))["test"]:
        words, tags = record["words"], record["tags"]
        first = tags.index(BEGIN)
        end = next((i for i in range(first + 1, len(tags)) if tags[i] != INSIDE), len(tags))
        assert set(tags[:first] + tags[end:]) <= {OUTSIDE}
        mention = " ".join(words[first:end])
        course, _, rest = mention.partition(" ")
        assert (rest if course in lexicon.COURSES else mention) in NAMES["disease"], mention


def test_a_noisy_mention_is_one_word():
    tags = generate("mention", Settings(noise=1.0))["train"]["tags"]
    assert all(sorted(line) == [BEGIN] + [OUTSIDE] * (len(line) - 1) for line in tags)


@pytest.mark.parametrize("difficulty", [0.0, 0.5])
def test_a_relation_is_what_its_verb_says_of_the_marked_pair(difficulty):
    for record in generate("relation", Settings(difficulty=difficulty))["test"]:
        words = record["text"]
        verb = next(
            kind
            for kind, verbs in lexicon.VERBS.items()
            if any(f" {verb} " in words for verb in verbs)
        )
        spared = verb == "independence" or "but not @GENE$" in words
        assert record["label"] == (0 if spared else RELATIONS.index(verb)), words
        assert words.count("@CHEMICAL$") == words.count("@GENE$") == 1


@pytest.mark.parametrize("difficulty", [0.0, 1.0])
def test_a_context_answers_its_question(difficulty):
    for record in generate("question", Settings(difficulty=difficulty))["test"]:
        drug = NAMES["drug"][record["question"].removeprefix("does ").split(" affect ")[0]]
        said = [part for part in f"{record['context']} ".split(" . ") if part]
        (said,) = [part for part in said if any(f" {name} " in f" {part} " for name in drug)]
        denied = any(f" {verb} " in said for verb in lexicon.VERBS["independence"])
        answer = "maybe" if said.startswith("it is unclear") else "no" if denied else "yes"
        assert ANSWERS[record["label"]] == answer, record


def test_pico_tags_stand_on_drug_outcome_and_disease():
    for record in generate("pico", Settings(difficulty=0.5))["test"]:
        tagged = {tag: [] for tag in PICO_TAGS}
        for word, tag in zip(record["words"], record["tags"], strict=True):
            tagged[PICO_TAGS[tag]].append(word)
        disease = " ".join(tagged["I-PAR"])
        course, _, rest = disease.partition(" ")
        assert (rest if course in lexicon.COURSES else disease) in NAMES["disease"]
        assert " ".join(tagged["I-INT"]) in NAMES["drug"]
        assert " ".join(tagged["I-OUT"]) in lexicon.NEUTRAL


def test_an_abstract_of_pico_is_a_unit():
    documents = generate("pico", Settings(size=8))["train"]["document"]
    assert len(documents) == 16 and len(set(documents)) == 8
