"""Addresses of assessments. Those of acts that change a stage are casework.followup's."""

from django.urls import path

from casework.relapse.views import assessment, review

app_name = "relapse"

urlpatterns = [
    path("clients/<uuid:uid>/assess/suggest/", assessment.suggest, name="suggest"),
    path("clients/<uuid:uid>/assess/draft/", assessment.save_draft, name="draft"),
    path("assessments/<uuid:uid>/", assessment.assessment, name="assessment"),
    path("reports/<uuid:uid>/learning/draft/", review.save_draft, name="review_draft"),
    path("reviews/<uuid:uid>/", review.read, name="review"),
    path("clients/<uuid:uid>/learned/", review.learned, name="learned"),
]
