"""Every field of every model of ours says whether it identifies, is clinical, or only runs the system."""

import pytest
from django.apps import apps
from django.conf import settings

from clients.base import CLINICAL, IDENTIFYING, OPERATIONAL

MODELS = [
    model
    for config in apps.get_app_configs()
    if config.name in settings.ROOMS
    for model in config.get_models()
]
CIPHERTEXT = "EncryptedTextField"


def concrete(model):
    return {field.name for field in model._meta.concrete_fields}


def test_there_are_models_to_look_at():
    assert {"Client", "Session", "StageAssessment", "Message", "User"} <= {model.__name__ for model in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_every_field_is_classified_and_no_other(model):
    assert set(getattr(model, "CLASSES", {})) == concrete(model)
    assert set(model.CLASSES.values()) <= {IDENTIFYING, CLINICAL, OPERATIONAL}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_what_is_encrypted_is_never_called_operational(model):
    hidden = [field.name for field in model._meta.concrete_fields if type(field).__name__ == CIPHERTEXT]
    assert [name for name in hidden if model.CLASSES[name] == OPERATIONAL] == []
