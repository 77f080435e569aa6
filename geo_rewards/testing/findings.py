"""`Finding`: a hole in a reward, with a constant name, and what a model would learn from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTRACT_LESSONS = {
    "raises": "A model learns that it can end its own training by writing something odd.",
    "out_of_range": "A model learns that the one term outside its range outweighs all the others.",
    "not_finite": "A model no longer learns anything: one such value silences its entire group.",
    "invalid_value": "A model learns nothing: the run stops at this value.",
    "paid_without_label": "A model learns from rows without a label that it is wrong whatever it writes.",
    "abstains_on_bad_answers": "A model learns to be unreadable: abstaining spares it the lowest value.",
    "always_abstains": "A model learns nothing from a reward that never gives a value.",
    "depends_on_batch": "A model learns from its neighbours in the batch instead of from its answer.",
    "depends_on_order": "A model learns from its place in the batch instead of from its answer.",
    "not_deterministic": "A model learns from noise: the same answer is rewarded here and punished there.",
    "not_thread_safe": "A model learns from the answers of other rows that were scored at the same time.",
    "not_picklable": "A model learns nothing: workers and asynchronous trainers cannot pickle this reward.",
    "changes_inputs": "A model learns from data that this reward has changed for all rewards after it.",
    "swallowed_exception": "A model learns that it is wrong whatever it writes, and nobody sees the fault.",
    "superlinear_time": "A model learns to stall the run: one long completion holds up every rank.",
    "ignores_the_answer": "A model learns to write anything: the ideal answer pays no more than giving up.",
    "refuses_honest_writing": "A model learns to avoid its own script: a right answer in it earns less.",
    "refuses_notation": "A model learns the one notation that is read, and loses by all others.",
}
SIGNAL_LESSONS = {
    "constant_answer": "A model learns one answer for every picture: it pays most of what looking does.",
    "no_spread": "A model learns nothing: answers near and far are worth the same.",
    "flat_groups": "A model learns nothing from most groups at this distance: they earn one value.",
    "one_weight_dominates": "A model learns this term alone: what the others pay is lost in its noise.",
    "form_outweighs_answer": "A model learns to look right instead of being right: the form pays more.",
    "answer_in_prompt": "A model learns to read the answer from its prompt instead of from the picture.",
}
ANSWER_LESSONS = {
    "several_pairs": "A model learns to list many coordinates instead of deciding on one.",
    "several_answers": "A model learns to list many answers instead of deciding on one.",
    "list_of_places": "A model learns to list every likely place instead of deciding on one.",
    "truth_inside_other_text": "A model learns to write long texts that contain the truth somewhere.",
    "answer_only_in_think": "A model learns to guess at length in its reasoning and commit to nothing.",
    "several_answer_blocks": "A model learns to answer again and again until one answer is right.",
    "nested_answer_blocks": "A model learns to play with tags instead of answering once.",
    "wrapped_degrees": "A model learns coordinates that are not on the globe: they wrap onto a real place.",
    "key_given_twice": "A model learns to give two values for one key, of which the better counts.",
    "empty_answer": "A model learns to write nothing.",
    "echoed_example": "A model learns to copy the example from its prompt.",
    "echoed_prompt": "A model learns to copy its prompt instead of answering.",
    "flattery": "A model learns to praise its own answer, or to tell the grader what to do.",
    "denied_answer": "A model learns to name many places as wrong: the right one among them is paid.",
    "long_junk": "A model learns to fill its maximum length with junk.",
}
FORMAT_LESSONS = {
    "text_before": "A model learns to chat before it thinks.",
    "text_between": "A model learns to write between its blocks.",
    "text_after": "A model learns to run on after its answer, up to the length limit.",
    "nested_blocks": "A model learns to nest blocks, so that nobody can tell which one counts.",
    "repeated_blocks": "A model learns to repeat its blocks, and so to guess several times.",
    "unclosed_block": "A model learns that being cut off by the length limit is as good as finishing.",
    "altered_tags": "A model learns tags that no downstream parser will find.",
    "empty_block": "A model learns to skip thinking or answering, and to leave empty tags.",
    "wrong_order": "A model learns to answer first and to make up its reasons afterwards.",
    "no_tags": "A model learns that tags are not needed.",
    "echoed_blocks": "A model learns to copy the example's blocks from its prompt, before its own.",
}
LESSONS = CONTRACT_LESSONS | SIGNAL_LESSONS | ANSWER_LESSONS | FORMAT_LESSONS


@dataclass(frozen=True, slots=True)
class Finding:
    """A hole in a reward.

    Attributes:
        name: Its kind, one of the keys of `LESSONS`.
        detail: What happened, on which completion.
    """

    name: str
    detail: str

    @property
    def lesson(self) -> str:
        """What a model would learn from this hole."""
        return LESSONS[self.name]

    def __str__(self) -> str:
        """Return name, detail and lesson on two lines."""
        return f"{self.name}: {self.detail}\n    {self.lesson}"


class HolesFoundError(AssertionError):
    """A reward or recipe that breaks its contract or can be cheated.

    Attributes:
        name: What was checked, as ``reward 'x'``.
        findings: The holes, the first of each kind.
    """

    def __init__(self, name: str, findings: Sequence[Finding]) -> None:
        self.name = name
        self.findings = tuple(findings)
        super().__init__(name, self.findings)

    @property
    def names(self) -> list[str]:
        """The kinds of holes, in the order they were found."""
        return [finding.name for finding in self.findings]

    def __str__(self) -> str:
        """Return a report of all findings."""
        count = len(self.findings)
        head = f"{self.name} has {count} hole{'s' if count > 1 else ''}"
        return "\n".join(
            [head, *(f"  {line}" for finding in self.findings for line in str(finding).split("\n"))]
        )


def shown(completion: str, *, length: int = 160) -> str:
    """Return a completion as quoted in a finding: on one line, without its middle if it is long."""
    text = repr(completion)
    return text if len(text) <= length else f"{text[: length // 2]} ... {text[-length // 4 :]}"
