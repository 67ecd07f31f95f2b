"""Addresses of assessments. Those of acts that change a stage are casework.followup's."""

from django.urls import path

from casework.relapse.views import assessment

app_name = "relapse"

urlpatterns = [
    path("clients/<uuid:uid>/assess/suggest/", assessment.suggest, name="suggest"),
    path("clients/<uuid:uid>/assess/draft/", assessment.save_draft, name="draft"),
    path("assessments/<uuid:uid>/", assessment.assessment, name="assessment"),
]
