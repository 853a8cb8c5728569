"""What keeps the authority from answering. Each is a no, and each is recorded."""

from uuid import UUID

from .rules import APPROVAL_NOT_VALID, NOT_DECIDED, NOT_UNDERSTOOD, UNKNOWN_ACTION, Rule


class AuthorityError(Exception):
    """No answer could be given, which is a no. `decision_id` names the recorded refusal, if one could be written."""

    rule: Rule = NOT_DECIDED
    decision_id: UUID | None = None


class Refused(AuthorityError):
    """The policies could not be asked. The action must not happen."""


class KeysMissing(AuthorityError):
    """The keys here do not open what the database holds; the message says what to restore. Nothing is decided, nor recorded."""


class BadRequest(AuthorityError):
    """The request is incomplete or wrongly written; the message says where."""

    rule = NOT_UNDERSTOOD


class UnknownAction(BadRequest):
    """No floor of the bank registered an action of this name."""

    rule = UNKNOWN_ACTION


class ApprovalNotValid(BadRequest):
    """The approval named does not cover this request; the message says why."""

    rule = APPROVAL_NOT_VALID
