"""What a note consists of, as data: its formats, their fields, and the risk statement (clinical.md §9.1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import get_language


@dataclass(frozen=True)
class Words:
    """The same words in the languages that staff pages speak."""

    en: str
    es: str

    def __str__(self) -> str:
        return self.es if (get_language() or "en").startswith("es") else self.en


@dataclass(frozen=True)
class Section:
    """One field of a note."""

    key: str
    label: Words
    help: Words


@dataclass(frozen=True)
class NoteFormat:
    """A format and its fields in reading order; every field is required at signing."""

    key: str
    label: Words
    sections: tuple[Section, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(section.key for section in self.sections)


DATA = Section(
    "data",
    Words("Data", "Datos"),
    Words(
        "What was said and seen today: topics, the client's own words, what you did.",
        "Lo que se dijo y se observó hoy: temas, palabras propias del cliente, lo que usted hizo.",
    ),
)
SUBJECTIVE = Section(
    "subjective",
    Words("Subjective", "Subjetivo"),
    Words(
        "How the client describes the time since the last session, in their words.",
        "Cómo describe el cliente el tiempo desde la última sesión, en sus palabras.",
    ),
)
OBJECTIVE = Section(
    "objective",
    Words("Objective", "Objetivo"),
    Words(
        "What you observed: mood, behaviour, results on record, what you did in the session.",
        "Lo que usted observó: ánimo, conducta, resultados registrados, lo que hizo en la sesión.",
    ),
)
ASSESSMENT = Section(
    "assessment",
    Words("Assessment", "Evaluación"),
    Words(
        "What it means: progress towards goals, strengths, warning signs, your judgement.",
        "Qué significa: avance hacia las metas, fortalezas, señales de alerta, su criterio.",
    ),
)
PLAN = Section(
    "plan",
    Words("Plan", "Plan"),
    Words(
        "What happens next, who does it and by when; the next session.",
        "Qué sigue, quién lo hace y para cuándo; la próxima sesión.",
    ),
)

BEHAVIOUR = Section(
    "behaviour",
    Words("Behaviour", "Conducta"),
    Words(
        "What you saw and heard: mood, what was said, how the client took part.",
        "Lo que usted vio y oyó: ánimo, lo que se dijo, cómo participó el cliente.",
    ),
)
GOAL = Section(
    "goal",
    Words("Goal", "Meta"),
    Words(
        "Which goal of the treatment plan the session worked on; tick it in the header too.",
        "En qué meta del plan de tratamiento se trabajó; márquela también en el encabezado.",
    ),
)
INTERVENTION = Section(
    "intervention",
    Words("Intervention", "Intervención"),
    Words(
        "What you did: methods, questions, exercises, referrals.",
        "Lo que usted hizo: métodos, preguntas, ejercicios, derivaciones.",
    ),
)
RESPONSE = Section(
    "response",
    Words("Response", "Respuesta"),
    Words(
        "How the client answered to it: words, mood, what changed.",
        "Cómo respondió el cliente: palabras, ánimo, qué cambió.",
    ),
)
NARRATIVE = Section(
    "narrative",
    Words("Narrative", "Relato"),
    Words(
        "The session told as it went, in plain words.",
        "La sesión contada como transcurrió, en palabras sencillas.",
    ),
)

DAP = NoteFormat("dap", Words("DAP", "DAP"), (DATA, ASSESSMENT, PLAN))
SOAP = NoteFormat("soap", Words("SOAP", "SOAP"), (SUBJECTIVE, OBJECTIVE, ASSESSMENT, PLAN))
# A group's note: what all did, in everybody's note with the same words, and a few about the one member.
SHARED, PART = "group", "part"
IN_COMMON = Section(
    SHARED,
    Words("What the group did", "Lo que hizo el grupo"),
    Words(
        "Topic, exercises, how the group went. It stands in the note of everybody who came: name no member.",
        "Tema, ejercicios, cómo le fue al grupo. Figura en la nota de todas las personas que asistieron: no nombre"
        " a ninguna.",
    ),
)
OWN_PART = Section(
    PART,
    Words("Own part", "Participación propia"),
    Words(
        "How this member took part, what they said and took away. Name no other member.",
        "Cómo participó esta persona, qué dijo y qué se lleva. No nombre a nadie más del grupo.",
    ),
)
BIRP = NoteFormat("birp", Words("BIRP", "BIRP"), (BEHAVIOUR, INTERVENTION, RESPONSE, PLAN))
GIRP = NoteFormat("girp", Words("GIRP", "GIRP"), (GOAL, INTERVENTION, RESPONSE, PLAN))
FREE = NoteFormat("narrative", Words("Narrative", "Relato"), (NARRATIVE, PLAN))
GROUP = NoteFormat("group", Words("Group", "Grupo"), (IN_COMMON, OWN_PART, PLAN))
FORMATS: Mapping[str, NoteFormat] = {each.key: each for each in (DAP, SOAP, BIRP, GIRP, FREE, GROUP)}

RISK, RISK_ACTION = "risk", "risk_action"
RISK_LEVELS: Mapping[str, Words] = {
    "none": Words("None voiced or seen", "Ninguno expresado ni observado"),
    "passive": Words("Passive thoughts of death or suicide", "Pensamientos pasivos de muerte o suicidio"),
    "active": Words(
        "Active thoughts of suicide or of harming others",
        "Pensamientos activos de suicidio o de dañar a otros",
    ),
}
RISK_LABEL = Words("Risk", "Riesgo")
RISK_ACTION_LABEL = Words("What was done about it", "Qué se hizo al respecto")

KNOWN_KEYS = frozenset({RISK, RISK_ACTION, *(key for each in FORMATS.values() for key in each.keys)})


def missing(note_format: str, sections: Mapping[str, str]) -> list[str]:
    """Keys that must still be filled before signing, in reading order."""
    empty = [key for key in FORMATS[note_format].keys if not sections.get(key, "").strip()]
    risk = sections.get(RISK, "")
    if risk not in RISK_LEVELS:
        empty.append(RISK)
    elif risk != "none" and not sections.get(RISK_ACTION, "").strip():
        empty.append(RISK_ACTION)
    return empty


def label_of(key: str) -> str:
    """The words above a field."""
    if key == RISK:
        return str(RISK_LABEL)
    if key == RISK_ACTION:
        return str(RISK_ACTION_LABEL)
    return next(str(s.label) for each in FORMATS.values() for s in each.sections if s.key == key)


def converted(sections: Mapping[str, str], *, to: str) -> dict[str, str]:
    """The same text under another format's fields; not one character is dropped."""
    kept = {
        key: text for key, text in sections.items() if key in FORMATS[to].keys or key in (RISK, RISK_ACTION)
    }
    homeless = [text for key, text in sections.items() if key not in kept and text.strip()]
    if homeless:
        first = FORMATS[to].keys[0]
        kept[first] = "\n\n".join([*homeless, *([kept[first]] if kept.get(first, "").strip() else [])])
    return kept
