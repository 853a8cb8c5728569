"""The verifier that anybody can run: what is whole passes, and whatever is wrong is found and named."""

import gzip
import json
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from sentinel import bundle, merkle, notes, verify
from sentinel.bundle import Kind
from sentinel.canonical import canonical

from .bundles import (
    BEGAN,
    HOLDS_FOR,
    KEY,
    OLD_KEY,
    ORIGIN,
    STRANGER,
    Log,
    agreement,
    answer,
    asked_for,
    base64url,
    claims,
    erasing,
    id_of,
    sample_log,
)
from .corruptions import corrupted

DECISIONS = 400
IN_TIME = BEGAN + timedelta(minutes=1)


@cache
def sample() -> Log:
    return sample_log(DECISIONS)


def said(lines: list[bytes], **asked: Any) -> str:
    """Everything that is wrong, each fault on a line."""
    return "\n".join(map(str, verify.verify(lines, **asked).faults))


# What is whole


def test_a_complete_bundle_passes_and_says_what_was_checked() -> None:
    log = sample()
    report = verify.verify(log.complete())
    kinds = [entry.kind for entry in log.entries]
    assert report.problem is None
    assert (report.decisions, report.consumptions, report.voids, report.quarantined) == tuple(kinds.count(kind) for kind in Kind)
    assert report.contexts == sum(entry.context is not None for entry in log.entries) > 0
    assert report.erased == sum(bool(entry.erased_by) for entry in log.entries) > 0
    assert (report.size, report.root, report.checkpoints) == (len(log.entries), log.root(len(log.entries)), len(log.notes))


def test_a_bundle_of_some_entries_passes_by_their_proofs() -> None:
    log = sample()
    for indices in ([], [7], range(0, len(log.entries), 3), range(len(log.entries))):
        chosen = with_erasing(log, indices)
        report = verify.verify(log.partial(chosen))
        assert report.problem is None
        assert report.decisions + report.consumptions + report.voids == len(chosen)


def with_erasing(log: Log, indices: Iterable[int]) -> list[int]:
    """These entries of the sample, and the decisions, with their uses, that erased what some of them rested on."""
    return sorted({*indices, *(index + behind for index in indices if log.entries[index].erased_by for behind in (1, 2))})


@pytest.mark.parametrize("size", range(1, 20))
def test_logs_of_every_small_size_pass_with_a_checkpoint_after_each_entry(size: int) -> None:
    log = Log()
    log.checkpoint()
    for _ in range(size):
        log.void()
        log.checkpoint()
    assert said(log.complete()) == ""
    assert said(log.partial(range(0, size, 2))) == ""


def test_an_empty_log_passes() -> None:
    log = Log()
    log.checkpoint()
    assert said(log.complete()) == ""
    assert said(log.partial([])) == ""


def test_entries_after_the_last_checkpoint_are_left_to_the_next_bundle() -> None:
    log = a_log(checkpoint=False)
    log.checkpoint()
    log.void()
    report = verify.verify(log.complete())
    assert (report.problem, report.size) == (None, len(log.entries) - 1)


def test_a_quarantined_place_is_a_warning_and_no_fault() -> None:
    log = a_log(checkpoint=False)
    log.quarantine("forged")
    log.void()
    log.checkpoint()
    report = verify.verify(log.complete())
    assert (report.problem, report.quarantined) == (None, 1)
    assert "1 quarantined" in verify.summary(report)
    assert said(log.partial([4])) == ""


def test_advice_to_other_systems_and_tokens_of_earlier_releases_pass() -> None:
    assert said(advised().complete()) == ""
    log, before = Log(), {name: value for name, value in claims(0).items() if name != "aud"}
    log.decide(before)
    advice = {name: value for name, value in ADVICE.items() if name != "aud"} | {"iss": "urn:bankos:sentinel"}
    log.decide({**before, **advice, "jti": id_of("decision", 1)})
    log.checkpoint()
    assert said(log.complete()) == ""


def test_a_permit_may_be_used_until_its_last_second_is_over() -> None:
    for at in (BEGAN, BEGAN + HOLDS_FOR, BEGAN + HOLDS_FOR + timedelta(microseconds=999_999)):
        assert said(used(at=at).complete()) == ""


# What a bank would have to sign itself: the tree is right, what stands in it is not


def a_log(*, checkpoint: bool = True) -> Log:
    """A permit, a refusal, a use of the permit and a void place."""
    log = Log()
    log.decide(claims(0))
    log.decide(claims(1, outcome="deny"), context="{}")
    log.use(id=id_of("use", 0), decision=id_of("decision", 0), at=IN_TIME)
    log.void()
    if checkpoint:
        log.checkpoint()
    return log


def used(**how: Any) -> Log:
    """A permit (0) and a refusal (1), and then a use."""
    log = Log()
    log.decide(claims(0))
    log.decide(claims(1, outcome="deny"))
    log.use(**{"id": id_of("use", 0), "decision": id_of("decision", 0), "at": IN_TIME, **how})
    log.checkpoint()
    return log


def used_twice(second: str) -> Log:
    log = a_log(checkpoint=False)
    log.decide(claims(5))
    log.use(id=second, decision=id_of("decision", 0 if second != id_of("use", 0) else 5), at=IN_TIME)
    log.checkpoint()
    return log


def decided(key: Any = KEY, header: dict[str, str] | None = None, **changed: Any) -> Log:
    """A decision whose token says something else."""
    log = Log()
    log.void()
    log.append(Kind.DECISION, key.token({**claims(0), "log": {"index": 1}, **changed}, **(header or {})))
    log.checkpoint()
    return log


# What the bank says when another system asked it, and the type of a token that says it.
ADVICE: dict[str, Any] = {
    "iss": "urn:bankos:sentinel:authzen",
    "aud": "urn:bankos:store:records",
    "exp": int(BEGAN.timestamp()),
    "policy": {"store": "records", "version": 1, "sha256": "", "determining": []},
}
ADVISING = {"typ": "authzen-decision+jwt"}


def advised(**changed: Any) -> Log:
    return decided(header=ADVISING, **{**ADVICE, **changed})


def advice_used(*, earlier: bool = False) -> Log:
    """A use of advice in its very second; `earlier`: as releases signed it that had no type for it."""
    log, said = Log(), {**claims(0), **ADVICE}
    if earlier:
        said = {name: value for name, value in said.items() if name != "aud"} | {"iss": "urn:bankos:sentinel"}
    log.void()
    log.append(Kind.DECISION, KEY.token({**said, "log": {"index": 1}}, **({} if earlier else ADVISING)))
    log.use(id=id_of("use", 0), decision=id_of("decision", 0), at=BEGAN)
    log.checkpoint()
    return log


def holding(kind: Kind, text: str, context: str | None = None) -> Log:
    log = a_log(checkpoint=False)
    log.append(kind, text, context)
    log.checkpoint()
    return log


def saying(payload: str) -> str:
    """A token of this content, properly signed."""
    signed = f"{KEY.token({}).partition('.')[0]}.{base64url(payload.encode())}"
    return f"{signed}.{base64url(KEY.sign(signed.encode()))}"


def respelled(base64: str) -> str:
    """The same bytes, with a bit that no byte has set in the last letter (which stands for two bits, or four)."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    rest, end = (base64[:-1], "=") if base64.endswith("=") else (base64, "")
    return rest[:-1] + letters[letters.index(rest[-1]) + 1] + end


def decided_again() -> Log:
    log = a_log(checkpoint=False)
    log.decide(claims(0))
    log.checkpoint()
    return log


def used_before() -> Log:
    log = Log()
    log.use(id=id_of("use", 0), decision=id_of("decision", 0), at=IN_TIME)
    log.decide(claims(0))
    log.checkpoint()
    return log


GOOD = KEY.token({**claims(9), "log": {"index": 4}})
USE = bundle.consumption_text(id=id_of("use", 8), decision=id_of("decision", 0), consumed_at="2026-11-24T10:01:00.000000Z")

FAULTS_OF_A_BANK: dict[str, tuple[Callable[[], Log], str]] = {
    "a decision twice": (decided_again, "entry 4: there is a decision"),
    "a refusal used": (lambda: used(decision=id_of("decision", 1)), "entry 2: it uses the decision {1}, which was no permit"),
    "a use too late": (lambda: used(at=BEGAN + HOLDS_FOR + timedelta(seconds=1)), "entry 2: it uses the decision {0} outside the time"),
    "a use too early": (lambda: used(at=BEGAN - timedelta(microseconds=1)), "entry 2: it uses the decision {0} outside the time"),
    "a use of nothing": (lambda: used(decision=id_of("decision", 7)), "entry 2: it uses the decision {7}, which is not in the log"),
    "a second use": (lambda: used_twice(id_of("use", 1)), "entry 5: it uses the decision {0} a second time"),
    "a use's id twice": (lambda: used_twice(id_of("use", 0)), "entry 5: there is a consumption"),
    "a use before": (used_before, "entry 0: it uses the decision {0}, which is not in the log before it"),
    "a key unknown": (lambda: decided(STRANGER), "entry 1: its token names a key that is not in the bundle"),
    "a stranger's token": (lambda: decided(STRANGER, {"kid": KEY.kid}), "entry 1: its token is not signed by the key it names"),
    "the other key's token": (lambda: decided(OLD_KEY, {"kid": KEY.kid}), "entry 1: its token is not signed by the key it names"),
    "a token of another type": (lambda: decided(header={"typ": "JWT"}), "entry 1: its token's header is not that of a decision"),
    "a token of no algorithm": (lambda: decided(header={"alg": "none"}), "entry 1: its token's header is not that of a decision"),
    "a header with more": (lambda: decided(header={"crit": "b64"}), "entry 1: its token's header is not that of a decision"),
    "another issuer": (lambda: decided(iss="urn:bankos:desk"), "entry 1: its token was not issued as a decision"),
    "another audience": (
        lambda: decided(aud="urn:bankos:store:bank"),
        "entry 1: its token is a decision of the bank, but not for the bank",
    ),
    "advice for the bank": (lambda: advised(aud="urn:bankos:bank"), "entry 1: its token is advice, but not for those who ask its store"),
    "advice of another store": (
        lambda: advised(policy={"store": "x"}),
        "entry 1: its token is advice, but not for those who ask its store",
    ),
    "advice that lives": (lambda: advised(exp=2**40), "entry 1: its token is advice, but holds as long as a permit"),
    "advice of the bank's type": (lambda: decided(**ADVICE), "entry 1: its token was not issued as a decision"),
    "a decision of the type of advice": (lambda: decided(header=ADVISING), "entry 1: its token was not issued as a decision"),
    "advice used": (advice_used, "entry 2: it uses the decision {0}, which was no permit"),
    "advice of an earlier release used": (lambda: advice_used(earlier=True), "entry 2: it uses the decision {0}, which was no permit"),
    "no id": (lambda: decided(jti=id_of("decision", 0).upper()), "entry 1: its token has no id"),
    "an outcome unknown": (lambda: decided(outcome="maybe"), "entry 1: its token's outcome is none"),
    "an end before the start": (lambda: decided(exp=0), "entry 1: its token does not say from when until when"),
    "a time that is none": (lambda: decided(iat=True), "entry 1: its token does not say from when until when"),
    "nothing asked": (lambda: decided(authorization_details=[]), "entry 1: its token does not say what was asked"),
    "no context hash": (lambda: decided(context_hash="ab"), "entry 1: its token has no hash of its context"),
    "another place": (lambda: decided(log={"index": 0}), "entry 1: its token was made for another place"),
    "another place's name": (lambda: decided(log={"index": True}), "entry 1: its token was made for another place"),
    "no place": (lambda: decided(log=None), "entry 1: its token was made for another place"),
    "a member twice": (
        lambda: holding(Kind.DECISION, saying('{"iss":"a","iss":"b"}')),
        "entry 4: its token's content is not JSON with each",
    ),
    "a number that is none": (lambda: holding(Kind.DECISION, saying('{"iat":NaN}')), "entry 4: its token's content is not JSON with each"),
    "content that is a list": (lambda: holding(Kind.DECISION, saying("[]")), "entry 4: its token's content is not a JSON object"),
    "a signature cut": (lambda: holding(Kind.DECISION, GOOD[:-2]), "entry 4: its token's signature does not have 64 bytes"),
    "a signature respelled": (lambda: holding(Kind.DECISION, respelled(GOOD)), "entry 4: its token's signature is not spelled the one way"),
    "a letter no base64url": (lambda: holding(Kind.DECISION, GOOD + "*"), "entry 4: its token's signature is not"),
    "no token": (lambda: holding(Kind.DECISION, "permit"), "entry 4: its token is not three parts"),
    "another void": (lambda: holding(Kind.VOID, bundle.void_text(3)), "entry 4: as a void entry it does not say its own index"),
    "another quarantined": (
        lambda: holding(Kind.QUARANTINED, bundle.quarantined_text(3, "ab" * 32)),
        "entry 4: as a quarantined entry it does not say its own index",
    ),
    "a quarantined of nothing": (
        lambda: holding(Kind.QUARANTINED, bundle.quarantined_text(4, "forged")),
        "entry 4: as a quarantined entry it does not hold the hash",
    ),
    "a use spelled otherwise": (lambda: holding(Kind.CONSUMPTION, USE + " "), "entry 4: its entry is not spelled the one canonical way"),
    "a use that says more": (lambda: holding(Kind.CONSUMPTION, USE[:-1] + ',"x":1}'), "entry 4: it is not the use of a decision"),
    "a use at a time spelled otherwise": (
        lambda: holding(Kind.CONSUMPTION, USE.replace("T10:01:00.000000Z", " 10:01:00.000000Z")),
        "entry 4: it does not say when",
    ),
    "a use at no time": (lambda: holding(Kind.CONSUMPTION, USE.replace("11-24", "02-30")), "entry 4: it does not say when"),
    "another context": (
        lambda: holding(Kind.DECISION, KEY.token({**claims(9), "log": {"index": 4}}), '{"hour":3}'),
        "entry 4: its context is not the one its token holds the hash of",
    ),
}


@pytest.mark.parametrize("fault", FAULTS_OF_A_BANK)
def test_what_no_bank_may_put_into_its_log_is_named(fault: str) -> None:
    make, sentence = FAULTS_OF_A_BANK[fault]
    for number in (0, 1, 7):
        sentence = sentence.replace(f"{{{number}}}", id_of("decision", number))
    assert sentence in said(make().complete())


def test_where_not_all_entries_are_there_a_use_of_a_decision_left_out_is_no_fault() -> None:
    assert said(a_log().partial([2, 3])) == ""
    assert "entry 1: the decision was used before it was made" in said(used_before().partial([0, 1]))
    assert "entry 2: it uses the decision" in said(used(decision=id_of("decision", 1)).partial([1, 2]))


# A second person's word


def approved(
    *,
    asked: dict[str, Any] | None = None,
    given: dict[str, Any] | None = None,
    named: dict[str, Any] | None = None,
    is_used: bool = True,
    late: bool = False,
) -> Log:
    """0 asks, 1 answers, 2 is the permit; each may be otherwise."""
    log = Log()
    log.decide({**claims(0, outcome="needs_approval"), **(asked or {})})
    log.decide({**answer(1, to=0), **(given or {})})
    use: dict[str, Any] = {"id": id_of("use", 1), "decision": id_of("decision", 1), "at": IN_TIME}
    if is_used and not late:
        log.use(**use)
    # The same question by the same person: another decision.
    log.decide({**claims(0), "jti": id_of("decision", 2), "approvals": [{**agreement(1, to=0), **(named or {})}]})
    if late:
        log.use(**use)
    log.checkpoint()
    return log


def approved_twice() -> Log:
    log = approved()
    log.decide({**claims(0), "jti": id_of("decision", 3), "approvals": [agreement(1, to=0)]})
    log.checkpoint()
    return log


ANSWERED = "it rests on the agreement {1}"
WORDS: dict[str, tuple[Callable[[], Log], str]] = {
    "by nobody": (lambda: approved(named={"decision": id_of("decision", 9)}), "it rests on the agreement {9}, which is not in the log"),
    "by a decision about something else": (lambda: approved(given=claims(1)), ANSWERED + ", which is not a second person's answer"),
    "by an answer that was refused": (
        lambda: approved(given={**answer(1, to=0), "outcome": "deny"}),
        ANSWERED + ", which is not a second person's answer",
    ),
    "by a no": (lambda: approved(given=answer(1, to=0, word="refuse")), ANSWERED + ", in which the second person did not agree"),
    "by the one who asked": (
        lambda: approved(given=answer(1, to=0, by=0), named={"by": id_of("employee", 0)}),
        ANSWERED + ", which the one who asked gave themselves",
    ),
    "by somebody else than it says": (
        lambda: approved(named={"by": id_of("employee", 78)}),
        ANSWERED + ", which was given by somebody else",
    ),
    "to another request": (lambda: approved(named={"id": id_of("request", 9)}), ANSWERED + ", which was given by somebody else, or to"),
    "to no question": (
        lambda: approved(given=answer(1, to=9), named={"id": id_of("request", 9)}),
        ANSWERED + " to the decision {9}, which is not in the log before it",
    ),
    "to a refusal": (lambda: approved(asked={"outcome": "deny"}), ANSWERED + " to the decision {0}, which did not ask for one"),
    "to somebody else's question": (
        lambda: approved(asked={"act": {"kind": "employee", "sub": id_of("employee", 5), "roles": []}}),
        ANSWERED + " to the decision {0}, in which somebody else asked",
    ),
    "to other parameters": (
        lambda: approved(asked={"authorization_details": claims(1)["authorization_details"]}),
        ANSWERED + " to the decision {0}, in which somebody else asked, or for something else",
    ),
    "not used": (lambda: approved(is_used=False), ANSWERED + ", which was not used before it"),
    "used afterwards": (lambda: approved(late=True), ANSWERED + ", which was not used before it"),
    "for a second permit": (approved_twice, ANSWERED + ", on which another permit rests already"),
    "named by no id": (lambda: approved(named={"decision": "x"}), "its token names an agreement that is no decision"),
}


def test_a_second_person_s_word_is_followed_to_the_request() -> None:
    report = verify.verify(approved().complete())
    assert (report.faults, report.approved, report.approved_unsigned, report.approved_outside) == ([], 1, 0, 0)
    assert "agreements   1, each signed" in verify.summary(report)


@pytest.mark.parametrize("word", WORDS)
def test_a_permit_that_rests_on_no_second_person_s_word_is_named(word: str) -> None:
    make, sentence = WORDS[word]
    for number in (0, 1, 9):
        sentence = sentence.replace(f"{{{number}}}", id_of("decision", number))
    assert sentence in said(make().complete())


def test_agreements_from_before_answers_were_signed_are_counted_and_no_fault() -> None:
    for named in ({"decision": None}, {}):
        log, before = Log(), {name: value for name, value in agreement(1, to=0).items() if name != "decision"}
        log.decide({**claims(0), "approvals": [{**before, **named}]})
        log.checkpoint()
        report = verify.verify(log.complete())
        assert (report.faults, report.approved_unsigned) == ([], 1)
        assert "1 agreements are from before answers were signed" in verify.summary(report)


# What is gone


def members(by: int, *parties: int, key: Any = KEY, **changed: Any) -> str:
    """Whom an erasing reached, as a bank signs it."""
    said = {"decision": id_of("decision", by), "members": [id_of("party", one) for one in parties], **changed}
    return key.token(said, typ="erased-members+jwt")


def gone(of: int = 0, *, by: dict[str, Any] | None = None, used: bool = True, named: int = 2, **how: str) -> Log:
    """A decision (0) whose context is gone, another customer's (1), and the decision (2) to erase the customer of the decision `of`."""
    log = Log()
    log.decide(claims(0), erased_by=id_of("decision", named), **how)
    log.decide(claims(1))
    said = by or erasing(2, of=of)
    log.append(
        Kind.DECISION, KEY.token({**said, "log": {"index": 2}}, typ="authzen-decision+jwt" if "authzen" in said["iss"] else "decision+jwt")
    )
    if used:
        log.use(id=id_of("use", 2), decision=id_of("decision", 2), at=IN_TIME)
    log.checkpoint()
    return log


@pytest.mark.parametrize(
    "log",
    [gone(), gone(by=erasing(2, of=0, action="customer.erase_due")), gone(of=1, members=members(2, 0, 1))],
    ids=["named", "due", "joined"],
)
def test_what_was_erased_by_a_decision_about_just_this_customer_is_no_fault(log: Log) -> None:
    for lines in (log.complete(), log.partial([0, 2, 3])):
        report = verify.verify(lines)
        assert (report.faults, report.erased) == ([], 1)


ERASED_WRONGLY: dict[str, tuple[Log, str]] = {
    "no such decision": (gone(named=9), "is not in the log"),
    "another customer's": (gone(of=1), "is about another customer"),
    "no erasing": (gone(named=1), "permits no erasing"),
    "refused": (gone(by={**erasing(2, of=0), "outcome": "deny"}, used=False), "permits no erasing"),
    "waiting": (gone(by={**erasing(2, of=0), "outcome": "needs_approval"}, used=False), "permits no erasing"),
    "not used": (gone(used=False), "was not used"),
    "another's store": (gone(by={**erasing(2, of=0), **ADVICE}, used=False), "permits no erasing"),
    "of no customer": (
        gone(by=asked_for(claims(2), "customer.erase", {"type": "Account", "id": "1"}, {}), used=True),
        "permits no erasing",
    ),
    "members signed by a stranger": (gone(of=1, members=members(2, 0, 1, key=STRANGER)), "is about another customer"),
    "members of another erasing": (gone(of=1, members=members(5, 0, 1)), "is about another customer"),
    "members of another type": (gone(of=1, members=KEY.token({"decision": id_of("decision", 2)})), "is about another customer"),
    "odd members": (gone(of=1, members=members(2, members={"0": 1})), "is about another customer"),
    "no token": (gone(of=1, members="..."), "is about another customer"),
}


@pytest.mark.parametrize(("log", "sentence"), ERASED_WRONGLY.values(), ids=ERASED_WRONGLY)
def test_what_is_gone_without_a_decision_to_erase_just_this_is_named(log: Log, sentence: str) -> None:
    assert sentence in said(log.complete())
    whole = log.partial(range(len(log.entries)))
    assert sentence.replace("in the log", "in this bundle") in said(whole)


def test_a_context_that_is_called_erased_and_says_no_more_is_a_fault() -> None:
    for word in (
        None,
        {},
        {"erased_by": None},
        {"erased_by": id_of("decision", 2), "more": ""},
        {"erased_by": id_of("decision", 2), "members": 1},
    ):
        lines = with_line(4, context=word)(gone().complete()) if word is not None else with_null(gone().complete())
        assert "entry 0: its context" in said(lines)


def with_null(lines: list[bytes]) -> list[bytes]:
    """What is erased, as earlier formats say it."""
    read = [json.loads(line) for line in lines]
    return [canonical({**one, "context": None} if isinstance(one.get("context"), dict) else one).encode() + b"\n" for one in read]


def test_answers_are_erased_with_the_customer_they_are_about() -> None:
    log = Log()
    log.decide(claims(0, outcome="needs_approval"))
    log.decide(answer(1, to=0), erased_by=id_of("decision", 2))
    log.use(id=id_of("use", 1), decision=id_of("decision", 1), at=IN_TIME)
    log.decide(erasing(2, of=0))
    log.use(id=id_of("use", 2), decision=id_of("decision", 2), at=IN_TIME)
    log.checkpoint()
    assert said(log.complete()) == ""
    alone = verify.verify(log.partial([1, 2, 3, 4]))
    assert (alone.faults, alone.erased_outside) == ([], 1)
    log.decide(answer(3, to=0), erased_by=id_of("decision", 4))
    log.decide(erasing(4, of=1))
    log.use(id=id_of("use", 4), decision=id_of("decision", 4), at=IN_TIME)
    log.checkpoint()
    assert "is about another customer" in said(log.complete())


def test_where_not_all_entries_are_there_an_agreement_left_out_is_counted() -> None:
    for indices in ([3], [1, 3], [0, 1, 3], [1, 2, 3]):
        report = verify.verify(approved().partial(indices))
        assert (report.faults, report.approved, report.approved_outside) == ([], 0, 1)
    assert verify.verify(approved().partial([0, 1, 2, 3])).approved == 1
    assert "did not agree" in said(approved(given=answer(1, to=0, word="refuse")).partial([1, 3]))
    report = verify.verify(a_log().partial([2, 3]))
    assert report.consumptions_outside == 1


# What somebody did to the file


def with_line(at: int, **members: Any) -> Callable[[list[bytes]], list[bytes]]:
    """The line with these members otherwise; None takes one away."""

    def change(lines: list[bytes]) -> list[bytes]:
        line = {name: value for name, value in {**json.loads(lines[at]), **members}.items() if value is not None}
        return [*lines[:at], canonical(line).encode() + b"\n", *lines[at + 1 :]]

    return change


def with_text(old: bytes, new: bytes) -> Callable[[list[bytes]], list[bytes]]:
    """The first such piece of the file otherwise."""

    def change(lines: list[bytes]) -> list[bytes]:
        at = next(at for at, line in enumerate(lines) if old in line)
        return [*lines[:at], lines[at].replace(old, new, 1), *lines[at + 1 :]]

    return change


def with_respelled_hash(lines: list[bytes]) -> list[bytes]:
    return with_line(5, leaf_hash=respelled(json.loads(lines[5])["leaf_hash"]))(lines)


def with_entry(at: int, text: str) -> Callable[[list[bytes]], list[bytes]]:
    """Another entry, with the hash beside it made to fit."""
    return with_line(at, entry=text, leaf_hash=b64encode(merkle.leaf_hash(text.encode())).decode())


# The lines of `a_log`: 0 the header, 1 and 2 the keys, 3 the checkpoint, 4 to 7 the entries.
OTHER_TOKEN = KEY.token({**claims(1), "log": {"index": 1}})
FORGED_TOKEN = STRANGER.token({**claims(1), "log": {"index": 1}}, kid=KEY.kid)
FOREIGN_NOTE = STRANGER.note(4, bytes(32))
SHORT_KEY = {"alg": "Ed25519", "crv": "Ed25519", "kid": "", "kty": "OKP", "use": "sig", "x": base64url(KEY.public[:31])}
SHORT_NOTE = notes.sign_note(notes.checkpoint_text(ORIGIN, 4, bytes(32)), ORIGIN, lambda text: KEY.sign(text)[:63], KEY.public)
OTHER_LOG_NOTE = KEY.note(4, bytes(32), "other.example/log")

DONE_TO_THE_FILE: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "nothing there": (lambda lines: [], "line 1: the file is empty."),
    "no header": (lambda lines: lines[1:], "line 1: here should be the bundle's header"),
    "another format": (with_line(0, format="bankos-log-bundle/4"), "line 1: this is not a bundle of the format"),
    "another start": (with_line(0, first=1), "line 1: this is not a bundle of the format"),
    "another log": (with_line(0, origin="other.example/log"), "line 4: the checkpoint is of another log"),
    "a larger size": (with_line(0, size=5, entries=5), "line 4: the last checkpoint is of size 4, the header speaks of 5"),
    "fewer entries": (with_line(0, entries=3), "line 1: the header speaks of a number of entries that does not fit"),
    "no longer complete": (with_line(0, complete=False), "line 4: the checkpoint shows its consistency in a complete bundle"),
    "no keys": (with_line(0, keys=0), "line 1: the header speaks of no key"),
    "a size that is no number": (with_line(0, size="4"), "line 1: the header's origin or one of its numbers"),
    "a member more": (with_line(5, note="x"), "line 6, entry 1: the line has other members"),
    "a member less": (with_line(5, leaf_hash=None), "line 6, entry 1: the line has other members"),
    "a context with a use": (with_line(6, context="{}"), "line 7, entry 2: the line has other members"),
    "a proof in a complete bundle": (with_line(6, proof=[]), "line 7, entry 2: it carries a proof"),
    "an entry deleted": (lambda lines: [*lines[:5], *lines[6:]], "line 6, entry 1: here stands entry 2"),
    "an entry doubled": (lambda lines: [*lines[:5], lines[4], *lines[5:]], "line 6, entry 1: here stands entry 0"),
    "entries swapped": (lambda lines: [*lines[:4], lines[5], lines[4], *lines[6:]], "line 5, entry 0: here stands entry 1"),
    "the tail deleted": (lambda lines: lines[:-1], "line 7, entry 2: the file ends here, before the last line"),
    "more at the end": (lambda lines: [*lines, lines[-1]], "line 9, entry 4: the file goes on after the last line"),
    "an empty line": (lambda lines: [*lines[:5], b"\n", *lines[5:]], "line 6, entry 1: the line is not JSON"),
    "cut off": (lambda lines: [*lines[:-1], lines[-1][:-1]], "line 8, entry 3: the file ends in the middle of this line"),
    "too long": (lambda lines: [*lines[:-1], b" " * (verify.LONGEST_LINE + 1)], "line 8, entry 3: the line is too long"),
    "not UTF-8": (with_text(b"void", b"v\xffid"), "line 8, entry 3: the line is not UTF-8"),
    "a space more": (with_text(b'"index":1', b'"index": 1'), "line 6, entry 1: the line is not spelled the one canonical way"),
    "a number respelled": (with_text(b'"index":1', b'"index":1e0'), "line 6, entry 1: the line is not JSON of a bundle"),
    "a letter escaped": (with_text(b"void", b"\\u0076oid"), "line 8, entry 3: the line is not spelled the one canonical way"),
    "a member twice": (with_text(b'"index":1', b'"index":1,"index":1'), "line 6, entry 1: the line is not spelled"),
    "nested without end": (lambda lines: [*lines[:-1], b"[" * 200_000 + b"\n"], "line 8, entry 3: the line is not JSON of a bundle"),
    "a list": (lambda lines: [*lines[:5], b"[]\n", *lines[6:]], "line 6, entry 1: the line is not a JSON object"),
    "another kind": (with_line(7, kind="decision"), "line 8, entry 3: its token is not three parts"),
    "no kind": (with_line(7, kind="nothing"), "line 8, entry 3: it is neither"),
    "the hash beside it": (with_line(5, leaf_hash=b64encode(bytes(32)).decode()), "line 6, entry 1: its hash is not the one the log holds"),
    "the hash's spelling": (with_respelled_hash, "line 6, entry 1: the entry's hash is not spelled the one way of its base64"),
    "a hash cut": (with_line(5, leaf_hash=b64encode(bytes(31)).decode()), "line 6, entry 1: the entry's hash is not a hash of 32 bytes"),
    "a hash that is none": (with_line(5, leaf_hash=0), "line 6, entry 1: the entry's hash is not a hash of 32 bytes"),
    "the entry": (with_line(5, entry=OTHER_TOKEN), "line 6, entry 1: its hash is not the one the log holds"),
    "entry and hash": (with_entry(5, OTHER_TOKEN), "line 4: the entries 0 to 3 do not give the root this checkpoint signs"),
    "entry and hash, unsigned": (with_entry(5, FORGED_TOKEN), "line 6, entry 1: its token is not signed by the key it names"),
    "the context": (with_line(5, context='{"hour":3}'), "line 6, entry 1: its context is not the one"),
    "the context no text": (with_line(5, context=3), "line 6, entry 1: its context is not a text"),
    "a key's bytes": (
        lambda lines: with_line(1, jwk={**json.loads(lines[1])["jwk"], "x": base64url(STRANGER.public)})(lines),
        "line 2: the key's id is not its thumbprint",
    ),
    "a key cut": (with_line(1, jwk=SHORT_KEY), "line 2: the key does not have 32 bytes"),
    "a checkpoint's signature cut": (with_line(3, checkpoint=SHORT_NOTE), "line 4: the checkpoint's signature is not a key id"),
    "a key for something else": (
        lambda lines: with_line(1, jwk={**json.loads(lines[1])["jwk"], "use": "enc"})(lines),
        "line 2: the key is not an Ed25519 key for signatures",
    ),
    "keys swapped": (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "line 3: the keys are not in the order"),
    "a key deleted": (lambda lines: [lines[0], *lines[2:]], "line 3: here should be a key"),
    "a checkpoint by a stranger": (with_line(3, checkpoint=FOREIGN_NOTE), "line 4: the checkpoint of size 4 is not signed by a key"),
    "a checkpoint of another log": (with_line(3, checkpoint=OTHER_LOG_NOTE), "line 4: the checkpoint is of another log"),
    "a checkpoint's root": (
        lambda lines: with_line(3, checkpoint=json.loads(lines[3])["checkpoint"].replace("\n4\n", "\n5\n"))(lines),
        "line 4: the checkpoint of size 5 is not signed by a key",
    ),
    "a second signature": (
        lambda lines: with_line(3, checkpoint=json.loads(lines[3])["checkpoint"] + "— other.example AAAAAAAA\n")(lines),
        "line 4: the checkpoint is not a note",
    ),
}


@pytest.mark.parametrize("deed", DONE_TO_THE_FILE)
def test_what_somebody_did_to_the_file_is_named_with_its_place(deed: str) -> None:
    change, sentence = DONE_TO_THE_FILE[deed]
    lines = a_log().complete()
    assert said(lines) == ""
    assert sentence in said(change(lines))


def with_old_key_for_something_else(lines: list[bytes]) -> list[bytes]:
    at = next(at for at, line in enumerate(lines) if OLD_KEY.kid.encode() in line)
    return with_line(at, jwk={**json.loads(lines[at])["jwk"], "use": "enc"})(lines)


# The lines of `hundred`: 0 the header, 1 and 2 the keys, 3 and 4 the checkpoints, from 5 on the entries.
PLANTED: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "a key for something else": (with_old_key_for_something_else, "the key is not an Ed25519 key for signatures"),
    "a checkpoint by a stranger": (
        with_line(3, checkpoint=STRANGER.note(50, bytes(32))),
        "line 4: the checkpoint of size 50 is not signed",
    ),
    "a forged token": (
        with_entry(20, STRANGER.token({**claims(15), "log": {"index": 15}}, kid=KEY.kid)),
        "line 21, entry 15: its token is not signed",
    ),
    "a context": (with_line(31, context='{"hour":3}'), "line 32, entry 26: its context is not the one"),
    "a record": (with_line(40, entry=KEY.token({**claims(35), "log": {"index": 35}, "iss": "x"})), "line 41, entry 35: its hash is not"),
    "a line that is none": (lambda lines: [*lines[:50], b"forged\n", *lines[51:]], "line 51, entry 45: the line is not JSON"),
    "a line deleted": (lambda lines: [*lines[:60], *lines[61:]], "entry 55: here stands entry 56, and entry 55 is missing"),
    "a line moved": (lambda lines: [*lines[:70], lines[90], *lines[70:90], *lines[91:]], "entry 65: here stands entry 85"),
    "the last lines": (
        lambda lines: lines[:-2],
        "the file ends here, before the last line its header speaks of: the entries 98 and 99 are",
    ),
}


def hundred() -> Log:
    log = Log()
    for number in range(100):
        log.decide(claims(number), context="{}" if number % 2 == 0 else None)
        if number in (49, 99):
            log.checkpoint()
    return log


def test_several_faults_in_one_bundle_are_all_named() -> None:
    whole, chance = hundred().complete(), Random(13)
    assert said(whole) == ""
    for count in (3, 3, 3, 5, len(PLANTED)):
        picked = chance.sample(sorted(PLANTED), count)
        chosen = [name for name in PLANTED if name in picked]
        lines = whole
        # From the end to the beginning, so that the lines are still where the table says.
        for name in reversed(chosen):
            lines = PLANTED[name][0](lines)
        report = verify.verify(lines)
        words = "\n".join(map(str, report.faults))
        assert [name for name in chosen if PLANTED[name][1] not in words] == [], words
        assert report.faults_total <= 3 * count


def test_of_very_many_faults_the_first_are_listed_and_all_are_counted(tmp_path: Path) -> None:
    log = Log()
    for number in range(verify.MOST_FAULTS + 300):
        log.append(Kind.DECISION, STRANGER.token({**claims(number), "log": {"index": number}}, kid=KEY.kid))
    log.checkpoint()
    bundle.write(tmp_path / "log.jsonl", log.complete())
    status, text = run(tmp_path / "log.jsonl")
    assert status == 1
    assert text.count("WRONG: ") == verify.MOST_FAULTS
    assert "... and 300 faults more\n" in text
    assert "1,300 faults in 1,300 decisions" in text


def test_one_missing_line_is_not_told_again_for_each_line_after_it() -> None:
    log, lines = sample(), sample().complete()
    first = 3 + len(log.notes)
    for gone in (1, 5, 100):
        report = verify.verify([*lines[: first + 50], *lines[first + 50 + gone :]])
        assert "missing" in str(report.faults[0])
        assert report.faults_total <= 1 + gone  # the uses of the decisions that are missing
        assert "cannot be rebuilt" in report.unchecked[0]


def test_a_key_that_is_missing_is_named_once_not_for_each_of_its_decisions() -> None:
    lines = sample().complete(keys=[KEY])
    report = verify.verify(lines)
    assert report.faults_total == 2  # its checkpoints, its tokens
    assert "more for the same reason" in said(lines)


def test_a_key_that_cannot_be_read_is_taken_from_the_key_file() -> None:
    lines = hundred().complete()
    at = next(at for at, line in enumerate(lines) if KEY.kid.encode() in line)
    lines[at] = b"{}\n"
    lines = with_entry(20, STRANGER.token({**claims(15), "log": {"index": 15}}, kid=KEY.kid))(lines)
    assert "entry 15" not in said(lines)
    assert "line 21, entry 15: its token is not signed by the key it names" in said(lines, trusted=frozenset({KEY.public, OLD_KEY.public}))


def test_a_file_that_is_no_bundle_is_refused_without_reading_all_of_it() -> None:
    assert verify.verify([b"a word\n"] * 5_000).faults_total == 100


def test_the_result_can_be_had_as_json(tmp_path: Path) -> None:
    bundle.write(tmp_path / "log.jsonl", with_line(5, context='{"hour":3}')(a_log().complete()))
    status, text = run(tmp_path / "log.jsonl", "--json")
    result = json.loads(text)
    assert (status, result["holds"], result["faults_total"]) == (1, False, 1)
    assert result["faults"][0]["line"] == 6
    assert result["faults"][0]["entry"] == 1
    bundle.write(tmp_path / "log.jsonl", a_log().complete())
    status, text = run(tmp_path / "log.jsonl", "--json")
    assert (status, json.loads(text)["holds"], json.loads(text)["decisions"]) == (0, True, 2)


def test_bundles_of_the_first_format_are_still_read() -> None:
    for lines in (sample().complete(), sample().partial([1, 2, 3])):
        old = with_line(0, format="bankos-log-bundle/1", since=None)(with_null(lines))
        assert said(old) == ""
        assert "line 1: the line has other members" in said(with_line(0, format="bankos-log-bundle/1")(lines))
        assert "line 1: the line has other members" in said(with_line(0, since=None)(lines))


def test_a_bank_that_signs_another_past_is_found_out() -> None:
    log = a_log()
    log.void()
    log.notes.append(KEY.note(5, bytes(32)))
    assert said(log.complete()).startswith("line 5: entry 4 does not give the root this checkpoint signs")
    assert said(log.partial([0])).startswith("line 5: the checkpoint of size 5 is not shown to continue the one before")


def test_checkpoints_out_of_order_are_refused() -> None:
    log = a_log()
    log.checkpoint()
    assert said(log.complete()).startswith("line 5: the checkpoints are not in the order of their sizes")


def test_a_proof_that_does_not_reach_the_root_is_refused() -> None:
    lines = a_log().partial([1, 3])
    proof = json.loads(lines[4])["proof"]
    for other in (None, [], proof[:-1], [*proof, proof[0]], proof[::-1]):
        assert said(with_line(4, proof=other)(lines)).startswith("line 5, entry 1: it is not shown to be in the log")
    assert said(with_line(4, proof="".join(proof))(lines)).startswith("line 5, entry 1: the entry's proof is not a list")
    assert said([*lines[:4], lines[5], lines[4]]).startswith("line 6, entry 1: the entries are not in the order of their indices")
    assert said(lines[:-1]).startswith("line 5: the file ends here")


def test_keys_and_the_log_are_compared_with_what_is_known_from_elsewhere() -> None:
    lines = a_log().complete()
    assert said(lines, trusted=frozenset({KEY.public, OLD_KEY.public, STRANGER.public}), origin=ORIGIN) == ""
    assert f"the key {OLD_KEY.kid} is not among those of the key file" in said(lines, trusted=frozenset({KEY.public}))
    assert "line 1: this bundle is of the log" in said(lines, origin="other.example/log")


def test_a_stranger_s_whole_log_passes_until_the_keys_are_compared() -> None:
    log = Log()
    log.decide(claims(0), key=STRANGER)
    log.checkpoint(STRANGER)
    lines = log.complete(keys=[STRANGER])
    assert said(lines) == ""
    assert "is not among those of the key file" in said(lines, trusted=frozenset({KEY.public, OLD_KEY.public}))


@pytest.mark.parametrize("is_complete", [True, False], ids=["complete", "by proofs"])
def test_of_a_thousand_random_corruptions_each_is_found(is_complete: bool) -> None:
    log, chance = sample(), Random(20261124)
    lines = log.complete() if is_complete else log.partial(range(len(log.entries)))
    # Both functions depend on nothing but what they are given: the same bytes need not be looked at a thousand times.
    parse, holds = cache(verify.parse), cache(verify.signature_holds)
    assert said(lines, parse=parse, holds=holds) == ""
    missed, longest = [], 0
    for trial in range(1000 if is_complete else 300):
        name, changed = corrupted(chance, lines)
        found = verify.verify(changed, parse=parse, holds=holds).faults_total
        longest = max(longest, found)
        if not found:
            missed.append((trial, name))
    assert not missed
    assert longest <= 8, "what follows from one corruption is not told line by line"


# What was kept elsewhere


def grown(entries: int, *, different_from: int | None = None, every: int = 3) -> Log:
    """A log with a checkpoint every few entries; from one place on another one than without."""
    log = Log()
    for number in range(entries):
        other = different_from is not None and number >= different_from
        log.decide(claims(number + (1000 if other else 0)))
        if (number + 1) % every == 0 or number + 1 == entries:
            log.checkpoint()
    return log


def kept(*notes: str) -> list[verify.KeptCheckpoint]:
    return verify.kept_checkpoints("".join(notes), "kept")


def note_of(log: Log, size: int, key: Any = KEY, origin: str = ORIGIN) -> str:
    return str(key.note(size, log.root(size), origin))


@pytest.mark.parametrize("size", [0, 1, 2, 7, 9, 16, 20])
def test_a_log_that_went_on_continues_whatever_was_kept_of_it(size: int) -> None:
    log = grown(20)
    note = note_of(log, size) if size else KEY.note(0, merkle.EMPTY_ROOT)
    report = verify.verify(log.complete(), kept=kept(note))
    assert (report.faults, report.kept) == ([], 1)
    assert "kept ones    1, all continued by this log" in verify.summary(report)
    some = verify.verify(log.partial([3, 17], since=size), kept=kept(note))
    assert (some.faults, some.kept) == ([], 1)


@pytest.mark.parametrize("size", [8, 9, 10, 16])
def test_a_log_that_was_rolled_back_and_went_on_otherwise_is_found(size: int) -> None:
    """It is whole in itself, and signed by the bank: only who kept something can know."""
    before, fork = grown(20), grown(24, different_from=7)
    assert said(fork.complete()) == ""
    note = note_of(before, size)
    for lines in (fork.complete(), fork.complete(since=20), fork.partial([1], since=size), fork.partial([1])):
        assert f"the kept checkpoint of size {size} (kept, note 1)" in said(lines, kept=kept(note))
    assert said(fork.complete(), kept=kept(note_of(before, 7))) == ""


def test_a_log_that_was_shortened_is_found() -> None:
    before, after = grown(20), grown(15)
    for lines in (after.complete(), after.partial([1, 2])):
        assert "counts more entries than this log has, 15" in said(lines, kept=kept(note_of(before, 20)))


def test_a_checkpoint_that_a_partial_bundle_says_nothing_of_is_not_passed_over() -> None:
    log = grown(20)
    assert "has no proof from there; ask for one since 4" in said(log.partial([1]), kept=kept(note_of(log, 4)))
    assert "says that it holds every checkpoint from size 3 on" in said(log.partial([1], since=3), kept=kept(note_of(log, 4)))
    assert said(log.partial([1], since=4), kept=kept(note_of(log, 4))) == ""


def test_a_kept_checkpoint_of_somebody_else_is_refused() -> None:
    log = grown(20)
    for size in (7, 20, 30):
        forged = STRANGER.note(size, bytes(32))
        assert f"size {size} (kept, note 1) is not signed by a key of the bundle" in said(log.complete(), kept=kept(forged))
    other = note_of(log, 7, origin="other.example/log")
    assert "is of the log 'other.example/log'" in said(log.complete(), kept=kept(other))


def test_each_of_many_kept_checkpoints_is_compared() -> None:
    before, fork = grown(20), grown(24, different_from=7)
    notes = "\n".join(note_of(before, size) for size in (3, 6, 9, 12))
    report = verify.verify(fork.complete(), kept=kept(notes))
    assert (report.faults_total, report.kept) == (2, 2)
    assert [fault.line for fault in report.faults] == [None, None]


def test_the_command_compares_kept_checkpoints_and_older_bundles(alone: Path, tmp_path: Path) -> None:
    before, after, fork = grown(20), grown(30), grown(30, different_from=7)
    for name, log in (("before", before), ("after", after), ("fork", fork)):
        bundle.write(tmp_path / f"{name}.jsonl.gz", log.complete())
    (tmp_path / "kept.txt").write_text(note_of(before, 6) + note_of(before, 20) + "\n" + note_of(before, 7))
    good, bad = tmp_path / "after.jsonl.gz", tmp_path / "fork.jsonl.gz"
    for arguments in (
        ["--checkpoint", tmp_path / "kept.txt"],
        ["--since", tmp_path / "before.jsonl.gz"],
        ["--since", tmp_path / "before.jsonl.gz", "--checkpoint", tmp_path / "kept.txt"],
    ):
        status, text = run(good, *arguments, script=alone)
        assert (status, text.splitlines()[0]) == (0, "Everything in this bundle holds."), text
        status, text = run(bad, *arguments, script=alone)
        assert (status, "the kept checkpoint of size 20" in text) == (1, True), text
    status, text = run(tmp_path / "before.jsonl.gz", "--since", good)
    assert (status, "counts more entries than this log has, 20" in text) == (1, True)
    piped = [sys.executable, str(alone), str(bad), "--checkpoint", "-"]
    done = subprocess.run(piped, input=note_of(before, 20), capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "(standard input, note 1)" in done.stdout) == (1, True)


NOTE = KEY.note(4, bytes(32))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "a word",
        NOTE[:-1],
        NOTE.replace("\n4\n", "\n04\n"),
        NOTE.replace("\n\n", "\n"),
        NOTE + "more",
        NOTE + NOTE.partition("\n")[2],
        NOTE.replace("\n4\n", "\n4\nAAAA\n"),
        NOTE[:-3] + "\n",
        NOTE.replace("=", "", 1),
    ],
)
def test_what_is_no_checkpoint_cannot_be_compared_and_is_not_passed_over(text: str) -> None:
    with pytest.raises(ValueError, match="in it"):
        verify.kept_checkpoints(text, "kept")


def test_a_file_of_no_checkpoints_is_not_read(tmp_path: Path) -> None:
    bundle.write(tmp_path / "log.jsonl", a_log().complete())
    (tmp_path / "kept.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "entries.jsonl").write_bytes(b"".join(a_log().complete()[4:]))
    for arguments in (
        ["--checkpoint", tmp_path / "kept.txt"],
        ["--checkpoint", tmp_path / "nothing.txt"],
        ["--since", tmp_path / "kept.txt"],
        ["--since", tmp_path / "entries.jsonl"],
        ["--since", tmp_path],
    ):
        status, text = run(tmp_path / "log.jsonl", *arguments)
        assert (status, text.startswith("Cannot read")) == (2, True), text


def test_a_checkpoint_that_a_witness_signed_too_is_read() -> None:
    log = grown(20)
    cosigned = note_of(log, 7) + f"— witness.example {b64encode(bytes(80)).decode()}\n"
    assert said(log.complete(), kept=kept(cosigned, note_of(log, 9))) == ""


# The file, and the command


def run(*arguments: object, script: Path | None = None) -> tuple[int, str]:
    """The command as an auditor runs it: alone, away from this project."""
    command = [sys.executable, *(["-I"] if script else []), str(script or verify.__file__), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout or done.stderr


@pytest.fixture
def alone(tmp_path: Path) -> Path:
    return Path(shutil.copy(str(verify.__file__), tmp_path / "verify.py"))


def jwks(*keys: bytes) -> str:
    entries = [{"kty": "OKP", "crv": "Ed25519", "x": base64url(key), "iat": 1} for key in keys]
    return json.dumps({"keys": [{"kty": "RSA", "crv": "", "n": "AQAB"}, *entries]}, indent=2)


def test_the_command_needs_nothing_but_its_own_file(alone: Path, tmp_path: Path) -> None:
    bundle.write(tmp_path / "log.jsonl", sample().complete())
    (tmp_path / "keys.json").write_text(jwks(KEY.public, OLD_KEY.public))
    status, text = run(tmp_path / "log.jsonl", "--jwks", tmp_path / "keys.json", "--origin", ORIGIN, "--processes", 2, script=alone)
    assert (status, text.splitlines()[0]) == (0, "Everything in this bundle holds.")
    decisions = DECISIONS + sum(bool(entry.erased_by) for entry in sample().entries)
    assert f"decisions    {decisions}, all signed, each once" in text
    assert "each is in the key file" in text


def test_the_command_runs_from_its_place_too_and_reads_gzip(tmp_path: Path) -> None:
    bundle.write(tmp_path / "log.jsonl.gz", a_log().complete())
    assert gzip.decompress((tmp_path / "log.jsonl.gz").read_bytes()) == b"".join(a_log().complete())
    status, text = run(tmp_path / "log.jsonl.gz")
    assert status == 0
    assert "NOT compared with any obtained elsewhere" in text


BOMBS: dict[str, Callable[[], bytes]] = {
    "zeros": lambda: b"\0" * 200_000_000,
    "lines": lambda: b"\n" * 20_000_000,
    "deep and long": lambda: b'{"index":' + b"[" * 20_000_000,
    "as deep as can be read": lambda: b'{"index":' + b"[" * 970 + b"]" * 970 + b"}\n",
    "a number": lambda: b"9" * 7_000_000 + b"\n",
}
BOUNDED = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000))
sys.argv.pop(0)
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.parametrize("name", BOMBS)
def test_a_bundle_made_to_fill_its_reader_is_refused_in_little_memory(alone: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "log.jsonl.gz").write_bytes(gzip.compress(BOMBS[name](), compresslevel=1))
    command = [sys.executable, "-I", "-c", BOUNDED, str(alone), str(tmp_path / "log.jsonl.gz")]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (1, "")
    assert "WRONG: line 1: " in done.stdout


def test_the_command_names_what_is_wrong_and_fails(alone: Path, tmp_path: Path) -> None:
    lines = with_entry(5, FORGED_TOKEN)(a_log().complete())
    bundle.write(tmp_path / "log.jsonl", lines)
    for processes in (1, 2):
        status, text = run(tmp_path / "log.jsonl", "--processes", processes, script=alone)
        assert status == 1
        assert text.splitlines() == [
            "WRONG: line 4: the entries 0 to 3 do not give the root this checkpoint signs, so what the log holds there is something else.",
            "WRONG: line 6, entry 1: its token is not signed by the key it names.",
            "2 faults in 2 decisions, 1 uses, 1 signed checkpoints.",
        ]


def test_signatures_are_found_wrong_by_many_processes_as_by_one() -> None:
    log = Log()
    for number in range(2500):
        log.decide(claims(number))
    for number in (2500, 2501):
        log.append(Kind.DECISION, STRANGER.token({**claims(number), "log": {"index": number}}, kid=KEY.kid))
    log.checkpoint()
    expected = [f"line {number + 5}, entry {number}: its token is not signed by the key it names." for number in (2500, 2501)]
    assert said(log.complete()).splitlines() == said(log.complete(), processes=2).splitlines() == expected


def test_what_cannot_be_read_is_told_apart_from_what_is_wrong(tmp_path: Path) -> None:
    bundle.write(tmp_path / "log.jsonl.gz", a_log().complete())
    packed = (tmp_path / "log.jsonl.gz").read_bytes()
    (tmp_path / "cut.jsonl.gz").write_bytes(packed[:-20])
    (tmp_path / "plain.jsonl.gz").write_bytes(b"{}\n")
    (tmp_path / "keys.json").write_text("[]")
    for arguments in (
        [],
        [tmp_path / "nothing.jsonl"],
        [tmp_path],
        [tmp_path / "cut.jsonl.gz"],
        [tmp_path / "plain.jsonl.gz"],
        [tmp_path / "log.jsonl.gz", "--jwks", tmp_path / "keys.json"],
        [tmp_path / "log.jsonl.gz", "--jwks", tmp_path / "nothing.json"],
        [tmp_path / "log.jsonl.gz", "--processes", "0"],
    ):
        status, text = run(*arguments)
        assert status == 2
        assert "Cannot read" in text or "usage:" in text


class ChangingFile:
    """Another content each time it is read."""

    def __init__(self, *contents: list[bytes]) -> None:
        self._contents = list(contents)

    def __iter__(self) -> Any:
        return iter(self._contents.pop(0))


def test_a_file_that_changes_while_it_is_read_is_not_believed() -> None:
    lines = a_log().complete()
    for second in (lines[:-1], with_entry(5, OTHER_TOKEN)(lines), [*lines[:6], b"{}\n", *lines[7:]]):
        assert "changed while the file was read" in str(verify.verify(ChangingFile(lines, second)).problem)


# Writing


def test_what_makes_no_bundle_is_not_written(tmp_path: Path) -> None:
    log = a_log()
    keys, entries, one = [KEY.public], [(entry, list[bytes]()) for entry in log.entries], log.checkpoints()
    none = bundle.Checkpoints([], log.notes[-1], 0)
    for lines in (
        bundle.complete(keys=keys, checkpoints=one, entries=log.entries[:-1]),
        bundle.complete(keys=keys, checkpoints=one, entries=[*log.entries, log.entries[0]]),
        bundle.complete(keys=keys, checkpoints=one, entries=log.entries[::-1]),
        bundle.complete(keys=keys, checkpoints=none, entries=[]),
        bundle.complete(keys=keys, checkpoints=replace(none, count=1), entries=log.entries),
        bundle.partial(keys=keys, checkpoints=one, entries=entries[:2], count=3),
        bundle.partial(keys=keys, checkpoints=one, entries=entries[:2][::-1], count=2),
        bundle.partial(keys=keys, checkpoints=none, entries=[], count=0),
    ):
        with pytest.raises(bundle.BundleInconsistent):
            bundle.write(tmp_path / "log.jsonl", lines)
    assert list(tmp_path.iterdir()) == []


def test_the_same_bundle_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.jsonl.gz", "two.jsonl.gz"):
        bundle.write(tmp_path / name, sample().complete())
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()


def test_the_verifier_s_own_tree_and_proofs_agree_with_the_log_s() -> None:
    """Written twice on purpose; here they meet."""
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(70)]
    none: dict[merkle.Node, bytes] = {}
    rows = dict(merkle.new_nodes(0, leaves, none.__getitem__))
    tree = verify.Tree()
    for size in range(1, len(leaves) + 1):
        tree.append(leaves[size - 1])
        root = merkle.root(leaves[:size])
        assert tree.root() == root
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, rows.__getitem__)
            assert verify.inclusion_holds(leaves[index], index, size, proof, root)
            assert not verify.inclusion_holds(leaves[index - 1], index, size, proof, root) or size == 1
        for first in range(1, size):
            proof, before = merkle.consistency_proof(first, size, rows.__getitem__), merkle.root(leaves[:first])
            assert verify.consistency_holds(first, size, before, root, proof)
            assert not verify.consistency_holds(first, size, before, root, proof[:-1])
            assert not verify.consistency_holds(first, size, root, root, proof)
    assert verify.FORMATS[-1] == bundle.FORMAT
    assert verify.LARGEST_NUMBER == notes.LARGEST_SIZE
