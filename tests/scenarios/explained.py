"""Whether an explanation of an instant says what the log says of it."""

from domain.effects import RecordDecision, Verdict
from engine.explain import Explanation


def agrees(picture: Explanation, said: RecordDecision) -> bool:
    """Whether the explanation says of that instant what the log says."""
    reasons = {topic.name: topic.reason for topic in picture.topics}
    match said.verdict, said.topic:
        case Verdict.SKIPPED, topic:
            return reasons[topic] == said.text
        case Verdict.APPROVED, _:
            return said.order_ref in [order.order_ref for order in picture.working]
        case Verdict.DENIED, topic:
            name = f"{topic}.{said.layer}" if "hedge" in topic else topic
            return said.denial is not None and said.denial in reasons[name]
        case _, "regime":
            return picture.regime == said.subject
        case _, "curve":
            return picture.curve == said.subject
        case _, "condor.opened":
            return f"condor.close:{said.subject}" in reasons
        case _:
            return f"hedge.roll.{said.subject}" in reasons
