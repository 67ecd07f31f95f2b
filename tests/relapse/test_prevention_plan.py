"""Writing, signing and handing over the plan that the client carries."""

from dataclasses import replace
from datetime import timedelta

import pytest

from casework.relapse.models import PlanSignature, PreventionPlan
from casework.relapse.prevention import actions, queries
from casework.relapse.prevention.content import Content, Person
from clients.errors import Conflict, InvalidInput, InvalidTransition, NotAllowed
from clients.models import AuditEvent, Client, ClientLink

State = PreventionPlan.State
WORDS = Content(
    emotional=("I skip breakfast",),
    helps=("Call Rosa",),
    people=(Person("Rosa", "sister", "602-555-0188", printed=True),),
    reasons=("My daughter",),
)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def acts(dana, now):
    return {"by": dana, "now": now}


@pytest.fixture
def draft(alex, acts):
    plan = actions.begin_draft(client_id=alex.pk, **acts)
    return actions.save_draft(plan_id=plan.pk, revision=plan.revision, content=WORDS, **acts)


def sign(plan, acts, **client):
    actions.sign_as_counselor(plan_id=plan.pk, revision=plan.revision, **acts)
    told = {"way": "typed", "name": "Alex Moreno"} | client
    return actions.sign_for_client(plan_id=plan.pk, revision=plan.revision, **told, **acts)


@pytest.fixture
def signed(draft, acts):
    return sign(draft, acts)


def discharged(client):
    Client.objects.filter(pk=client.pk).update(state=Client.State.DISCHARGED)


class TestWriting:
    def test_the_first_draft_is_empty_and_version_one(self, alex, acts, dana):
        plan = actions.begin_draft(client_id=alex.pk, **acts)
        assert (plan.number, plan.state, plan.words) == (1, State.DRAFT, Content())
        assert (plan.begun_by, plan.saved_by) == (dana, dana)

    def test_beginning_again_gives_the_same_draft(self, draft, alex, acts):
        assert actions.begin_draft(client_id=alex.pk, **acts) == draft
        assert PreventionPlan.objects.count() == 1

    def test_words_are_kept_tidied_and_the_revision_grows(self, draft, acts):
        changed = replace(WORDS, helps=("  Call Rosa ", "", "Walk"))
        saved = actions.save_draft(plan_id=draft.pk, revision=draft.revision, content=changed, **acts)
        assert saved.words.helps == ("Call Rosa", "Walk")
        assert saved.revision == draft.revision + 1

    def test_an_answer_lost_on_the_way_is_no_conflict(self, draft, acts):
        again = actions.save_draft(plan_id=draft.pk, revision=draft.revision - 1, content=WORDS, **acts)
        assert again.revision == draft.revision

    def test_who_comes_later_is_told_and_overwrites_nothing(self, draft, acts):
        with pytest.raises(actions.StalePlan) as told:
            actions.save_draft(plan_id=draft.pk, revision=draft.revision - 1, content=Content(), **acts)
        assert told.value.stored.words == WORDS
        draft.refresh_from_db()
        assert draft.words == WORDS

    @pytest.mark.parametrize(
        ("content", "field"),
        [
            (Content(helps=("x" * 301,)), "helps"),
            (Content(reasons=("a\x00b",)), "reasons"),
            (Content(places=tuple(f"place {n}" for n in range(21))), "places"),
            (Content(people=(Person("", "sister"),)), "people"),
            (Content(people=(Person("x" * 81),)), "people"),
            (Content(people=(Person("Jo", phone="1" * 41),)), "people"),
            (Content(people=tuple(Person(f"P{n}") for n in range(7))), "people"),
        ],
    )
    def test_what_cannot_be_is_refused_and_nothing_is_half_saved(self, draft, acts, content, field):
        with pytest.raises(InvalidInput) as told:
            actions.save_draft(plan_id=draft.pk, revision=draft.revision, content=content, **acts)
        assert told.value.field == field
        draft.refresh_from_db()
        assert draft.words == WORDS

    def test_a_draft_set_aside_stays_in_the_table_and_leaves_its_number_free(self, draft, alex, acts, dana):
        aside = actions.set_aside(plan_id=draft.pk, **acts)
        assert (aside.state, aside.set_aside_by, aside.words) == (State.SET_ASIDE, dana, WORDS)
        assert actions.begin_draft(client_id=alex.pk, **acts).number == 1

    def test_what_was_set_aside_is_not_taken_up_again(self, draft, acts):
        actions.set_aside(plan_id=draft.pk, **acts)
        for act in (actions.set_aside, actions.sign_as_counselor):
            extra = {"revision": draft.revision} if act is actions.sign_as_counselor else {}
            with pytest.raises(InvalidTransition):
                act(plan_id=draft.pk, **extra, **acts)

    def test_a_client_who_is_not_in_care_has_a_plan_to_read_only(self, draft, alex, acts):
        discharged(alex)
        for act, told in (
            (actions.begin_draft, {"client_id": alex.pk}),
            (actions.save_draft, {"plan_id": draft.pk, "revision": draft.revision, "content": Content()}),
            (actions.set_aside, {"plan_id": draft.pk}),
            (actions.sign_as_counselor, {"plan_id": draft.pk, "revision": draft.revision}),
            (actions.apply_changes, {"client_id": alex.pk, "additions": {"helps": ["Walk"]}}),
        ):
            with pytest.raises(InvalidTransition, match="not in care"):
                act(**told, **acts)
        assert queries.open_draft(alex).words == WORDS

    def test_an_auditor_reads_and_writes_nothing(self, draft, alex, audrey, now):
        with pytest.raises(NotAllowed):
            actions.begin_draft(client_id=alex.pk, by=audrey, now=now)
        with pytest.raises(NotAllowed):
            actions.sign_as_counselor(plan_id=draft.pk, revision=draft.revision, by=audrey, now=now)

    def test_the_trail_tells_what_was_done_and_not_a_word_of_the_client(self, signed):
        rows = AuditEvent.objects.filter(verb__startswith="prevention_plan.")
        assert {row.verb for row in rows} >= {
            actions.BEGUN,
            actions.SAVED,
            actions.SIGNATURE,
            actions.SIGNED,
        }
        said = " ".join(str(row.detail) for row in rows)
        assert not {"Rosa", "breakfast", "daughter", "Alex"} & set(said.replace("'", " ").split())

    @pytest.mark.parametrize("act", ["begin", "save", "sign", "set_aside"])
    def test_without_its_row_in_the_trail_nothing_is_done(self, draft, alex, acts, act, monkeypatch):
        before = list(PreventionPlan.objects.values())

        def broken(*args, **kwargs):
            raise RuntimeError("the trail is full")

        monkeypatch.setattr(actions.audit, "record", broken)
        if act == "begin":
            PreventionPlan.objects.filter(pk=draft.pk).update(state=State.SET_ASIDE, set_aside_at=acts["now"])
            before = list(PreventionPlan.objects.values())
        doing = {
            "begin": lambda: actions.begin_draft(client_id=alex.pk, **acts),
            "save": lambda: actions.save_draft(
                plan_id=draft.pk, revision=draft.revision, content=Content(), **acts
            ),
            "sign": lambda: actions.sign_as_counselor(plan_id=draft.pk, revision=draft.revision, **acts),
            "set_aside": lambda: actions.set_aside(plan_id=draft.pk, **acts),
        }[act]
        with pytest.raises(RuntimeError):
            doing()
        assert list(PreventionPlan.objects.values()) == before
        assert not PlanSignature.objects.exists()


class TestSigning:
    def test_with_both_signatures_the_version_stands(self, signed, dana, now):
        signed.refresh_from_db()
        assert (signed.state, signed.signed_at) == (State.SIGNED, now)
        assert signed.is_intact
        counselor, client = signed.signatures.all()
        assert (counselor.party, counselor.way, counselor.name, counselor.credential) == (
            "counselor",
            "account",
            "Dana Reyes",
            "LADC",
        )
        assert (client.party, client.way, client.name, client.by) == ("client", "typed", "Alex Moreno", dana)
        assert counselor.content_hash == client.content_hash == signed.content_hash

    def test_the_client_may_sign_first(self, draft, acts):
        plan = actions.sign_for_client(plan_id=draft.pk, revision=draft.revision, way="aloud", **acts)
        assert plan.state == State.DRAFT
        assert queries.standing(plan.client).waits_for == "counselor"
        assert actions.sign_as_counselor(plan_id=draft.pk, revision=draft.revision, **acts).is_signed

    def test_agreeing_aloud_is_kept_under_the_clients_name_with_the_witness(self, draft, acts, dana):
        plan = sign(draft, acts, way="aloud", name="ignored")
        theirs = plan.signatures.get(party="client")
        assert (theirs.way, theirs.name, theirs.by) == ("aloud", "Alex Moreno", dana)

    def test_another_counselor_may_witness(self, draft, acts, sam, now):
        actions.sign_as_counselor(plan_id=draft.pk, revision=draft.revision, **acts)
        later = {"by": sam, "now": now + MINUTE}
        plan = actions.sign_for_client(plan_id=draft.pk, revision=draft.revision, way="aloud", **later)
        assert plan.signatures.get(party="client").by == sam
        assert plan.signed_at == now + MINUTE

    def test_signing_the_same_words_twice_is_one_signature(self, draft, acts):
        for _again in range(2):
            actions.sign_as_counselor(plan_id=draft.pk, revision=draft.revision, **acts)
        assert draft.signatures.count() == 1

    def test_an_edit_after_one_signature_makes_it_count_for_nothing(self, draft, acts):
        actions.sign_as_counselor(plan_id=draft.pk, revision=draft.revision, **acts)
        changed = replace(WORDS, helps=("Walk",))
        saved = actions.save_draft(plan_id=draft.pk, revision=draft.revision, content=changed, **acts)
        plan = actions.sign_for_client(plan_id=draft.pk, revision=saved.revision, way="aloud", **acts)
        assert plan.state == State.DRAFT
        assert queries.standing(plan.client).waits_for == "counselor"
        assert actions.sign_as_counselor(plan_id=draft.pk, revision=saved.revision, **acts).is_signed

    def test_nobody_signs_what_they_have_not_seen(self, draft, acts):
        with pytest.raises(actions.StalePlan):
            actions.sign_as_counselor(plan_id=draft.pk, revision=draft.revision - 1, **acts)

    def test_an_empty_plan_is_not_signed_and_says_what_is_missing(self, alex, acts):
        plan = actions.begin_draft(client_id=alex.pk, **acts)
        with pytest.raises(actions.Incomplete, match="warning sign, something that helps, somebody") as told:
            actions.sign_as_counselor(plan_id=plan.pk, revision=plan.revision, **acts)
        assert told.value.fields == ["emotional", "helps", "people"]

    def test_a_plan_too_long_for_its_page_is_not_signed_and_says_what_to_shorten(self, draft, acts):
        long = replace(WORDS, helps=tuple(f"{n} " + "walk and walk " * 20 for n in range(20)))
        saved = actions.save_draft(plan_id=draft.pk, revision=draft.revision, content=long, **acts)
        with pytest.raises(InvalidInput, match=r"What helps.*shorten it first") as told:
            actions.sign_as_counselor(plan_id=draft.pk, revision=saved.revision, **acts)
        assert told.value.field == "helps"

    @pytest.mark.parametrize(
        ("told", "field"),
        [({"way": "account"}, "way"), ({"way": ""}, "way"), ({"way": "typed", "name": "  "}, "name")],
    )
    def test_how_the_client_signed_has_to_be_said(self, draft, acts, told, field):
        with pytest.raises(InvalidInput) as refusal:
            actions.sign_for_client(plan_id=draft.pk, revision=draft.revision, **told, **acts)
        assert refusal.value.field == field

    def test_the_system_itself_signs_nothing(self, draft, now):
        with pytest.raises(InvalidInput):
            actions.sign_as_counselor(plan_id=draft.pk, revision=draft.revision, by=None, now=now)
        with pytest.raises(InvalidInput):
            actions.sign_for_client(plan_id=draft.pk, revision=draft.revision, way="aloud", by=None, now=now)

    def test_what_is_signed_is_not_saved_again(self, signed, acts):
        with pytest.raises(InvalidTransition, match="next version"):
            actions.save_draft(plan_id=signed.pk, revision=signed.revision, content=Content(), **acts)


class TestVersions:
    def test_an_edit_of_a_signed_plan_is_the_next_version_and_leaves_the_first_as_it_was(
        self, signed, alex, acts
    ):
        second = actions.begin_draft(client_id=alex.pk, **acts)
        assert (second.number, second.words) == (2, WORDS)
        changed = replace(WORDS, places=("The bar",))
        second = actions.save_draft(plan_id=second.pk, revision=second.revision, content=changed, **acts)
        assert queries.current_plan(alex) == signed
        sign(second, acts | {"now": acts["now"] + MINUTE})
        assert queries.current_plan(alex) == second
        assert [one.number for one in queries.versions(alex)] == [2, 1]
        signed.refresh_from_db()
        assert signed.words == WORDS

    def test_each_version_is_compared_with_the_one_signed_before_it(self, signed, alex, acts):
        second = actions.begin_draft(client_id=alex.pk, **acts)
        assert queries.version_before(second, alex) == signed
        assert queries.version_before(signed, alex) is None
        sign(second, acts | {"now": acts["now"] + MINUTE})
        second.refresh_from_db()
        assert queries.version_before(second, alex) == signed
        assert queries.version_before(signed, alex) is None


class TestLearning:
    def test_what_was_learned_begins_the_next_version(self, signed, alex, acts):
        change = actions.apply_changes(
            client_id=alex.pk, additions={"mental": ["One would not matter"], "people": ["Mike"]}, **acts
        )
        assert change.before == WORDS
        assert change.plan.number == 2
        assert change.plan.words == change.after
        assert [one.part for one in change.differences if one.changed] == ["mental", "people"]
        signed.refresh_from_db()
        assert signed.words == WORDS

    def test_it_goes_into_the_draft_that_is_open(self, draft, alex, acts):
        change = actions.apply_changes(client_id=alex.pk, additions={"helps": ["Walk"]}, **acts)
        assert change.plan == draft
        assert change.plan.revision == draft.revision + 1
        with pytest.raises(actions.StalePlan):
            actions.save_draft(plan_id=draft.pk, revision=draft.revision, content=Content(), **acts)

    def test_a_client_without_a_plan_gets_the_first_draft(self, alex, acts):
        change = actions.apply_changes(client_id=alex.pk, additions={"helps": ["Walk"]}, **acts)
        assert (change.before, change.plan.number, change.plan.words.helps) == (Content(), 1, ("Walk",))

    def test_where_nothing_is_new_no_version_begins(self, signed, alex, acts):
        change = actions.apply_changes(client_id=alex.pk, additions={"helps": ["call rosa "]}, **acts)
        assert (change.plan, change.before) == (signed, change.after)
        assert PreventionPlan.objects.count() == 1

    def test_nothing_added_to_nothing_is_nothing(self, alex, acts):
        assert actions.apply_changes(client_id=alex.pk, additions={}, **acts).plan is None

    def test_entries_can_be_taken_out(self, signed, alex, acts):
        change = actions.apply_changes(
            client_id=alex.pk, additions={}, removals={"reasons": ["My daughter"]}, **acts
        )
        assert change.after.reasons == ()


class TestMergedRecords:
    def test_the_survivor_reads_both_and_goes_on_from_the_latest(
        self, signed, alex, dana, sam, team, acts, now
    ):
        from casework.followup.actions.merging import merge_clients
        from tests import factories

        twin = factories.client_of(dana, team=team)
        other = actions.begin_draft(client_id=twin.pk, **acts)
        actions.save_draft(
            plan_id=other.pk, revision=other.revision, content=Content(helps=("Swim",)), **acts
        )
        merge_clients(survivor_id=alex.pk, merged_id=twin.pk, reason="Same person", by=sam, now=now + MINUTE)
        alex.refresh_from_db()
        assert queries.current_plan(alex) == signed
        assert queries.open_draft(alex) == other
        assert actions.begin_draft(client_id=twin.pk, **acts) == other
        later = actions.apply_changes(client_id=alex.pk, additions={"helps": ["Walk"]}, **acts)
        assert later.plan == other
        assert later.after.helps == ("Swim", "Walk")


class TestHandingOver:
    def test_the_link_leads_to_the_signed_plan_only(self, draft, alex, acts):
        with pytest.raises(InvalidInput, match="no signed plan"):
            actions.link_for(client_id=alex.pk, **acts)
        sign(draft, acts)
        issued = actions.link_for(client_id=alex.pk, **acts)
        assert issued.link.purpose == ClientLink.Purpose.PLAN
        assert str(issued.link.uid) not in issued.address

    def test_nothing_is_sent_to_somebody_who_left(self, signed, alex, acts):
        discharged(alex)
        with pytest.raises(Conflict):
            actions.link_for(client_id=alex.pk, **acts)

    def test_printing_is_noted_in_the_trail(self, signed, dana, now, audrey):
        assert actions.printed(plan_id=signed.pk, language="es", by=dana, now=now).startswith(b"%PDF")
        row = AuditEvent.objects.get(verb=actions.PRINTED)
        assert row.detail == {"number": 1, "language": "es"}
