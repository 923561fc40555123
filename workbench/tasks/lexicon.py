"""The real names and the phrases that generated sentences are made of.

Each entry of the first four tables is one thing and its names: the first is the usual one, the
others mean the same. Names of few word pieces were chosen, so that a step on a CPU stays quick.
"""

DRUGS = (
    ("adrenaline", "epinephrine"),
    ("ecstasy", "MDMA"),
    ("dextrose", "glucose"),
    ("cannabis", "marijuana"),
    ("heroin", "diamorphine"),
    ("paclitaxel", "Taxol"),
    ("diazepam", "Valium"),
    ("folic acid", "folate"),
    ("sirolimus", "rapamycin"),
    ("retinol", "vitamin A"),
    ("morphine",),
    ("codeine",),
    ("caffeine",),
    ("nicotine",),
    ("cocaine",),
    ("lithium",),
    ("ethanol",),
    ("aspirin",),
    ("penicillin",),
    ("testosterone",),
    ("estrogen",),
    ("metformin",),
    ("warfarin",),
    ("heparin",),
    ("zinc",),
    ("calcium",),
    ("arsenic",),
    ("ricin",),
    ("iodine",),
    ("ketamine",),
    ("dopamine",),
    ("quinine",),
)

GENES = (
    ("TP53", "p53"),
    ("ERBB2", "HER2"),
    ("PTGS2", "COX-2"),
    ("IL6", "IL-6"),
    ("INS", "insulin"),
    ("ACTB", "actin"),
    ("ALB", "albumin"),
    ("FTL", "ferritin"),
    ("MAPT", "tau"),
    ("LEP", "leptin"),
    ("REN", "renin"),
    ("TNF",),
    ("MYC",),
    ("EGFR",),
    ("KRAS",),
    ("AKT",),
    ("STAT3",),
    ("PTEN",),
    ("RB1",),
    ("BRAF",),
    ("CD4",),
    ("CD44",),
    ("VEGF",),
    ("APC",),
    ("ATM",),
    ("ACE",),
    ("JUN",),
    ("FOS",),
    ("CRP",),
    ("APOE",),
)

DISEASES = (
    ("flu", "influenza"),
    ("high blood pressure", "hypertension"),
    ("heart attack", "myocardial infarction"),
    ("tuberculosis", "TB"),
    ("lung cancer", "lung carcinoma"),
    ("breast cancer", "breast carcinoma"),
    ("skin cancer", "melanoma"),
    ("blood cancer", "leukemia"),
    ("smallpox", "variola"),
    ("chickenpox", "varicella"),
    ("jaundice", "icterus"),
    ("Down syndrome", "trisomy 21"),
    ("blood poisoning", "sepsis"),
    ("whooping cough", "pertussis"),
    ("asthma",),
    ("stroke",),
    ("diabetes",),
    ("malaria",),
    ("pneumonia",),
    ("arthritis",),
    ("depression",),
    ("schizophrenia",),
    ("cholera",),
    ("rabies",),
    ("plague",),
    ("polio",),
    ("hepatitis",),
    ("anemia",),
    ("gout",),
    ("obesity",),
    ("dementia",),
    ("autism",),
    ("migraine",),
    ("lupus",),
    ("yellow fever",),
    ("Parkinson disease",),
    ("Alzheimer disease",),
    ("rickets",),
)

CELLS = (
    ("T cells", "T lymphocytes"),
    ("B cells", "B lymphocytes"),
    ("platelets", "thrombocytes"),
    ("nerve cells", "neurons"),
    ("liver cells", "hepatocytes"),
    ("fat cells", "adipocytes"),
    ("muscle cells", "myocytes"),
    ("egg cells", "oocytes"),
    ("stem cells",),
    ("mast cells",),
    ("hair cells",),
    ("monocytes",),
    ("macrophages",),
    ("HeLa cells",),
    ("lung cells",),
    ("kidney cells",),
)

VERBS = {
    "inhibition": ("inhibits", "suppresses", "blocks", "reduces", "down-regulates"),
    "activation": ("activates", "induces", "enhances", "stimulates", "up-regulates"),
    "binding": ("binds", "associates with", "interacts with", "forms a complex with"),
    "independence": ("does not affect", "has no effect on", "leaves unchanged", "spares"),
}
"""What a drug does to a gene, and how that is said."""

PHRASES = {
    "activating invasion and metastasis": (
        ("invasion", "metastasis", "cell migration", "metastatic spread"),
        ("epithelial-mesenchymal transition", "matrix degradation", "colonies in the lung"),
    ),
    "inducing angiogenesis": (
        ("angiogenesis", "neovascularization", "blood vessel formation"),
        ("microvessel density", "endothelial tube formation", "vascular sprouting"),
    ),
    "resisting cell death": (
        ("apoptosis", "cell death", "caspase activation", "programmed cell death"),
        ("annexin V staining", "cytochrome c release", "loss of viability"),
    ),
    "tumor promoting inflammation": (
        ("inflammation", "inflammatory infiltrates", "inflammatory signaling"),
        ("cytokine release", "neutrophil recruitment", "oxidative burst"),
    ),
}
"""Hallmarks of cancer (Hanahan and Weinberg 2011): direct phrases, then indirect ones."""

NEUTRAL = (
    "body weight",
    "serum sodium",
    "plasma clearance",
    "tablet dissolution",
    "oral absorption",
    "renal excretion",
    "sleep duration",
    "bone length",
)
"""Outcomes that belong to no hallmark."""

COURSES = ("familial", "juvenile", "recurrent", "metastatic", "chronic")
"""Words before a disease that are part of its mention."""

DEGREES = ("suspected", "untreated", "severe", "previous", "confirmed")
"""Words before a disease that are not part of its mention."""
