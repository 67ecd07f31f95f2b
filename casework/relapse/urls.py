"""Addresses of assessments and of the prevention plan. Those of acts that change a stage are casework.followup's."""

from django.urls import path

from casework.relapse.views import assessment, care_plans, prevention, review

app_name = "relapse"

urlpatterns = [
    path("clients/<uuid:uid>/assess/suggest/", assessment.suggest, name="suggest"),
    path("clients/<uuid:uid>/assess/draft/", assessment.save_draft, name="draft"),
    path("assessments/<uuid:uid>/", assessment.assessment, name="assessment"),
    path("reports/<uuid:uid>/learning/draft/", review.save_draft, name="review_draft"),
    path("reviews/<uuid:uid>/", review.read, name="review"),
    path("clients/<uuid:uid>/learned/", review.learned, name="learned"),
    path("clients/<uuid:uid>/prevention-plan/", prevention.plan, name="prevention_plan"),
    path("clients/<uuid:uid>/prevention-plan/draft/", prevention.begin, name="prevention_begin"),
    path("clients/<uuid:uid>/care-plans/", care_plans.care_plans, name="care_plans"),
    path("prevention-plans/<uuid:uid>/", prevention.version, name="prevention_version"),
    path("prevention-plans/<uuid:uid>/edit/", prevention.edit, name="prevention_edit"),
    path("prevention-plans/<uuid:uid>/sign/", prevention.sign, name="prevention_sign"),
    path("prevention-plans/<uuid:uid>/set-aside/", prevention.set_aside, name="prevention_set_aside"),
    path("prevention-plans/<uuid:uid>/paper/<str:language>/", prevention.printed, name="prevention_paper"),
]
