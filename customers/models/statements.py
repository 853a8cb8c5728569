"""Facts a customer stated themselves: the fact lies with all others (`PartyFact`), here is how it came to be."""

from django.db import models

from .life import Word
from .parties import PartyFact
from .rights import RightsRequest


class Statement(Word):
    """That a customer stated or confirmed a fact, what showed it, and how it was made sure that it is them. Append-only."""

    SUBJECT = ("fact",)

    class Evidence(models.TextChoices):
        WORD = "word", "their word"
        IDENTITY_DOCUMENT = "identity_document", "identity document"
        PROOF_OF_ADDRESS = "proof_of_address", "proof of address"
        CIVIL_RECORD = "civil_record", "civil status record"
        REGISTER = "register", "extract of a register"
        OTHER_DOCUMENT = "other_document", "another document"

    fact = models.OneToOneField(PartyFact, on_delete=models.PROTECT, related_name="statement")
    evidence = models.CharField(max_length=20, choices=Evidence)
    identity_check = models.CharField(max_length=20, choices=RightsRequest.IdentityCheck)
