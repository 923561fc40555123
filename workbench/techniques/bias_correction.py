"""Adam without bias correction, as BertAdam and ELECTRA's optimizer leave it out."""

from dataclasses import dataclass, replace
from math import sqrt
from typing import ClassVar

from workbench.techniques.technique import AdamStep, Technique


@dataclass(frozen=True)
class Uncorrected(Technique):
    """Use Adam's raw moments; the baseline corrects them.

    Kingma and Ba (2015) divide the moments m and v by ``1 - beta1**t`` and ``1 - beta2**t``.
    Devlin et al.'s (2019) BertAdam does not, which makes early steps larger by
    ``(1 - beta1**t) / sqrt(1 - beta2**t)``: 3.16 at t = 1 and 6.57 at its peak, t = 12. Zhang et
    al. (2021, section 4) show that this destabilizes fine-tuning on small data.
    """

    name: ClassVar[str] = "uncorrected"
    summary: ClassVar[str] = "Adam without bias correction (BertAdam), for comparison"
    source: ClassVar[str] = "Zhang et al. 2021, arXiv:2006.05987, section 4"

    def adam(self, call: AdamStep, count: int) -> AdamStep:
        """Rescale a corrected call so that it makes the uncorrected step exactly.

        With ``c1 = 1 - beta1**t`` and ``c2 = 1 - beta2**t`` the corrected kernel is given
        ``rate * c1 / sqrt(c2)``, ``epsilon / sqrt(c2)`` and ``weight_decay * sqrt(c2) / c1``.
        """
        first, second = 1 - call.beta1**count, sqrt(1 - call.beta2**count)
        return replace(
            call,
            rate=call.rate * first / second,
            epsilon=call.epsilon / second,
            weight_decay=call.weight_decay * second / first,
        )
