"""The catalogue of signs, and the lists an assessment ticks from (clinical.md §1.2, §1.3).

A released version of the catalogue is never edited: an assessment names the version it was made with.
"""

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from clients.stage import Stage

CATALOGUE_VERSION = 1
SEVERITIES = range(4)  # 0 absent, 1 mild, 2 moderate, 3 marked; not asked is None and never 0


@dataclass(frozen=True, slots=True)
class Sign:
    """One observable sign of one stage. A hard sign alone is enough for its stage."""

    code: str
    stage: Stage
    label_en: str
    label_es: str
    hard: bool = False

    @property
    def label(self) -> str:
        """The label in the language of the page."""
        return self.label_es if (get_language() or "en").startswith("es") else self.label_en


_E, _M, _P = Stage.EMOTIONAL, Stage.MENTAL, Stage.PHYSICAL

SIGNS: tuple[Sign, ...] = (
    Sign("E01", _E, "Anxious, tense or irritable", "Ansiedad, tensión o irritabilidad"),
    Sign("E02", _E, "Keeping feelings inside", "Se guarda lo que siente"),
    Sign("E03", _E, "Withdrawing from people who help", "Se aleja de quienes ayudan"),
    Sign("E04", _E, "Missing sessions or support meetings", "Falta a sesiones o reuniones de apoyo"),
    Sign("E05", _E, "Present but not taking part", "Asiste, pero no participa"),
    Sign("E06", _E, "Sleeping badly", "Duerme mal"),
    Sign("E07", _E, "Eating badly or neglecting own care", "Come mal o descuida su persona"),
    Sign("E08", _E, "Mood swings, anger or resentment", "Cambios de ánimo, enojo o resentimiento"),
    Sign(
        "E09", _E, "Caught up in others’ problems, defensive", "Pendiente de problemas ajenos, a la defensiva"
    ),
    Sign("E10", _E, "Not asking for help (“I’m fine”)", "No pide ayuda («estoy bien»)"),
    Sign("M01", _M, "Cravings or urges", "Ansias o impulsos de consumir"),
    Sign(
        "M02",
        _M,
        "Mind on people, places or things of past use",
        "Piensa en personas, lugares o cosas del consumo",
    ),
    Sign("M03", _M, "Forgetting or playing down what use led to", "Olvida o minimiza las consecuencias"),
    Sign("M04", _M, "Remembering past use as better than it was", "Idealiza el consumo pasado"),
    Sign(
        "M05",
        _M,
        "Bargaining (“just once”, “only on holidays”)",
        "Negocia («solo una», «solo en fiestas»)",
        hard=True,
    ),
    Sign("M06", _M, "Lying or hiding things about recovery", "Miente u oculta cosas de su recuperación"),
    Sign("M07", _M, "Planning when or how to use", "Planea cuándo o cómo consumir", hard=True),
    Sign(
        "M08",
        _M,
        "Reaching out to a source, seeking access",
        "Contacta a quien provee o busca acceso",
        hard=True,
    ),
    Sign("M09", _M, "Doubting recovery, little confidence", "Duda de su recuperación, poca confianza"),
    Sign("M10", _M, "Spending time again with people who use", "Otra vez con personas que consumen"),
    Sign("P01", _P, "Used once", "Consumió una vez"),
    Sign("P02", _P, "Used more than once", "Consumió más de una vez"),
    Sign(
        "P03",
        _P,
        "More than prescribed, or another’s medicine",
        "Más de lo recetado, o medicina de otra persona",
    ),
    Sign(
        "P04",
        _P,
        "Back to an earlier pattern, or lost control",
        "Volvió a un patrón anterior o perdió el control",
    ),
    Sign(
        "P05",
        _P,
        "Use with overdose, withdrawal or hospital",
        "Consumo con sobredosis, abstinencia u hospital",
    ),
    Sign("P06", _P, "Several substances together", "Varias sustancias a la vez"),
)
BY_CODE = {sign.code: sign for sign in SIGNS}
HARD = frozenset(sign.code for sign in SIGNS if sign.hard)
LOSS_OF_CONTROL = "P04"
USED_ONCE = "P01"


def of_stage(stage: Stage) -> tuple[Sign, ...]:
    """The signs of one stage, in the catalogue's order."""
    return tuple(sign for sign in SIGNS if sign.stage == stage)


class Source(TextChoices):
    """How we know of a sign; several may hold."""

    SELF_REPORT = "self_report", _("Client said so")
    COUNSELOR_OBSERVED = "counselor_observed", _("I saw it")
    COLLATERAL = "collateral", _("Someone close said so")
    TOXICOLOGY = "toxicology", _("Toxicology")
    RECORD = "record", _("From the record")


class Halt(TextChoices):
    """Four states of the body and the day that weaken anybody."""

    HUNGRY = "hungry", _("Hungry")
    ANGRY = "angry", _("Angry")
    LONELY = "lonely", _("Lonely")
    TIRED = "tired", _("Tired")


class Trigger(TextChoices):
    """What came before, in the client's life."""

    NEGATIVE_MOOD = "negative_mood", _("Low or bad mood")
    POSITIVE_MOOD = "positive_mood", _("Good mood, celebrating")
    PAIN = "pain", _("Pain or discomfort")
    TESTING_CONTROL = "testing_control", _("Testing own control")
    URGES = "urges", _("Urges")
    CONFLICT = "conflict", _("Conflict with others")
    SOCIAL_PRESSURE = "social_pressure", _("Social pressure")
    OTHERS_USING = "others_using", _("Being with people who use")
    MONEY = "money", _("Money or payday")
    BOREDOM = "boredom", _("Boredom")
    GRIEF = "grief", _("Grief or an anniversary")
    PLACE = "place", _("A place")
    MEDICATION_CHANGE = "medication_change", _("Change of medication")
    SLEEP_LOSS = "sleep_loss", _("Loss of sleep")
    OTHER = "other", _("Other")


class Protective(TextChoices):
    """What holds the client."""

    SUPPORTIVE_PERSON = "supportive_person", _("Supportive family or friend")
    PEER = "peer", _("Peer or sponsor")
    MEETINGS = "meetings", _("Goes to meetings")
    WORK = "work", _("Work or school")
    HOUSING = "housing", _("Stable housing")
    MEDICATION = "medication", _("Medication as prescribed")
    COPING_PLAN = "coping_plan", _("Used the coping plan")
    SPIRITUALITY = "spirituality", _("Faith or spirituality")
    SELF_CARE = "self_care", _("Exercise or self-care")
    CHILDREN = "children", _("Children")
    TOLD_SOMEONE = "told_someone", _("Told someone")
    OTHER = "other", _("Other")


class RedFlag(TextChoices):
    """Signs of an emergency: a person acts now (clinical.md §3.4)."""

    SEIZURE = "seizure", _("Seizure now or in the last 24 hours")
    UNRESPONSIVE = "unresponsive", _("Cannot be woken, slow or no breathing, blue or grey lips")
    OVERDOSE = "overdose", _("Overdose or took too much, meant or not")
    CONFUSION = "confusion", _("Confusion, delusions, hallucinations, or fever with agitation or stiffness")
    CHEST_PAIN = "chest_pain", _("Chest pain or fainting")
    SUICIDAL = "suicidal", _("Suicidal intent or plan")
    THREAT = "threat", _("Threat to kill or harm an identifiable person")
    SUDDEN_STOP = (
        "sudden_stop",
        _("Daily sedatives or alcohol stopped suddenly, with tremor, sweating or vomiting"),
    )
    PREGNANT_WITHDRAWAL = "pregnant_withdrawal", _("Pregnant and in withdrawal")
    CHILD_IN_DANGER = "child_in_danger", _("A child in immediate danger")
    SEPSIS = "sepsis", _("Infected injection site or signs of sepsis")
