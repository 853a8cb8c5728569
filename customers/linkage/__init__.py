"""Which records are about the same person: blocked, scored, joined, or laid before somebody who decides.

`descriptions` makes records comparable, `blocking` says which of them are compared at all, `comparisons` what is compared and how well
it may agree, `model` what each agreement is worth, `scoring` adds it up, `clusters` draws the conclusion.
"""
