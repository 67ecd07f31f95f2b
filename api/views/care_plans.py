"""Prevention plans and their versions; treatment plans, goals and what is done for them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from api.idempotency import write
from api.serializers import care_plans as shapes
from api.views.base import Listable, Readable, RecordViewSet
from casework.relapse.models import PreventionPlan
from casework.relapse.prevention import actions as prevention
from clients.access import Verb
from sessions.actions import treatment
from sessions.models import Goal, GoalStep, TreatmentPlan


class PreventionViewSet(Listable, Readable, RecordViewSet):
    """Versions of prevention plans. Lists say that a version exists; its words come one version at a time."""

    queryset = PreventionPlan.objects.select_related("client").prefetch_related("signatures__by")
    serializer_class = shapes.PreventionOut
    filterset_fields = {"client__uid": ["exact"], "state": ["exact"]}

    def get_serializer_class(self) -> Any:
        return shapes.PreventionRow if self.action == "list" else shapes.PreventionOut

    def _fresh(self, plan: PreventionPlan, *, status: int = 200) -> Response:
        return self.answer(self.visible().get(pk=plan.pk), status=status)

    @extend_schema(request=shapes.PreventionIn, responses={201: shapes.PreventionOut})
    @write(Verb.WRITE_PLANS)
    def create(self, request: Request) -> Response:
        """The draft that is open, or the next one with the words of the signed plan."""
        client = self.found_client(self.given(shapes.PreventionIn)["client"])
        return self._fresh(self.act(prevention.begin_draft, client_id=client.pk), status=201)

    @extend_schema(request=shapes.PreventionDraftIn, responses=shapes.PreventionOut)
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_PLANS)
    def save(self, request: Request, uid: Any) -> Response:
        """Keep the words of a draft; a revision other than the stored one is a conflict."""
        plan, facts = self.found(), self.given(shapes.PreventionDraftIn)
        content = shapes.ContentShape.content(facts.pop("content"))
        return self._fresh(self.act(prevention.save_draft, plan_id=plan.pk, content=content, **facts))

    @extend_schema(request=shapes.PreventionSignIn, responses=shapes.PreventionOut)
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_PLANS)
    def sign(self, request: Request, uid: Any) -> Response:
        """Your signature, the client's before you, or both."""
        plan, facts = self.found(), self.given(shapes.PreventionSignIn)
        return self._fresh(self.act(prevention.sign_together, plan_id=plan.pk, **facts))

    @extend_schema(request=None, responses=shapes.PreventionOut)
    @action(detail=True, methods=["post"], url_path="set-aside")
    @write(Verb.WRITE_PLANS)
    def set_aside(self, request: Request, uid: Any) -> Response:
        return self._fresh(self.act(prevention.set_aside, plan_id=self.found().pk))


class TreatmentPlanViewSet(Listable, Readable, RecordViewSet):
    """The frames of goals. `next_review_on` is the earliest day of anything in it; filter by it for what is due."""

    queryset = TreatmentPlan.objects.select_related("client")
    serializer_class = shapes.TreatmentPlanOut
    filterset_fields = {"client__uid": ["exact"], "state": ["exact"], "next_review_on": ["lte"]}

    @extend_schema(request=shapes.GoalReviewIn, responses=shapes.TreatmentPlanOut)
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_PLANS)
    def review(self, request: Request, uid: Any) -> Response:
        """The whole plan was gone through."""
        plan, facts = self.found(), self.given(shapes.GoalReviewIn)
        return self.answer(self.act(treatment.review_plan, plan=plan, **facts))

    @extend_schema(request=shapes.EndIn, responses=shapes.TreatmentPlanOut)
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_PLANS)
    def end(self, request: Request, uid: Any) -> Response:
        """What is still worked on is set aside."""
        return self.answer(self.act(treatment.end_plan, plan=self.found(), **self.given(shapes.EndIn)))


class Worked(Readable, RecordViewSet):
    """What goals and steps share: said differently, gone through, reached or set aside."""

    def _done(self, item: Any, *, status: int = 200) -> Response:
        return self.answer(self.visible().get(pk=item.pk), status=status)

    @extend_schema(request=shapes.RewordIn)
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_PLANS)
    def reword(self, request: Request, uid: Any) -> Response:
        """The words before stay in the history."""
        return self._done(self.act(treatment.reword, item=self.found(), **self.given(shapes.RewordIn)))

    @extend_schema(request=shapes.GoalReviewIn)
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_PLANS)
    def review(self, request: Request, uid: Any) -> Response:
        return self._done(self.act(treatment.review, item=self.found(), **self.given(shapes.GoalReviewIn)))

    @extend_schema(request=shapes.HowItStandsIn)
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_PLANS)
    def move(self, request: Request, uid: Any) -> Response:
        return self._done(self.act(treatment.move, item=self.found(), **self.given(shapes.HowItStandsIn)))


class GoalViewSet(Listable, Worked):
    """Goals with their objectives and interventions. The first goal of a client begins the treatment plan."""

    queryset = Goal.objects.select_related("client", "plan").prefetch_related("steps")
    serializer_class = shapes.GoalOut
    filterset_fields = {"client__uid": ["exact"], "state": ["exact"]}

    @extend_schema(request=shapes.GoalIn, responses={201: shapes.GoalOut})
    @write(Verb.WRITE_PLANS)
    def create(self, request: Request) -> Response:
        facts = self.given(shapes.GoalIn)
        client = self.found_client(facts.pop("client"))
        return self._done(self.act(treatment.add_goal, client_id=client.pk, **facts), status=201)

    @extend_schema(request=shapes.StepIn, responses={201: shapes.GoalOut})
    @action(detail=True, methods=["post"])
    @write(Verb.WRITE_PLANS)
    def steps(self, request: Request, uid: Any) -> Response:
        """Put an objective or an intervention under it."""
        goal = self.found()
        self.act(treatment.add_step, goal=goal, **self.given(shapes.StepIn))
        return self._done(goal, status=201)


class GoalStepViewSet(Worked):
    """Objectives and interventions."""

    queryset = GoalStep.objects.select_related("goal__client")
    serializer_class = shapes.GoalStepOut
