"""Addresses of the second door."""

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from api.views import clients

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("clients", clients.ClientViewSet, basename="client")
router.register("substances", clients.SubstanceViewSet, basename="substance")

urlpatterns = [
    path("api/v1/", include(router.urls)),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
]
