"""The whole house and the page of its parts, which only exists while developing."""

from django.urls import include, path

from casework.urls import urlpatterns as house

urlpatterns = [*house, path("style/", include("casework.desk.views.style"))]
