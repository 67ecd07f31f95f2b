"""Every text a client can receive, per language (clinical.md §5.5). Nothing else is ever sent by itself.

A key is a purpose and, where a series would repeat itself, a number. Spanish is written with *usted* and without the
letters that would turn a text to UCS-2; a native speaker reviews it before a practice goes live.
"""

from collections.abc import Mapping

FALLBACK = "en"

SMS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "welcome": "Hi, this is {sender}. We send short check-ins you asked for. Not for emergencies: call {emergency} or {crisis_line}. "
        "Msg rates may apply. HELP for info, STOP to end.",
        "checkin.1": "Hi {first}, it's {counselor} from {sender}. Thinking of you. How is this week going? "
        "Reply 1 OK, 2 please call me. STOP to end.",
        "checkin.2": "Hi {first}, {counselor} at {sender}. You don't have to sort this out alone. "
        "Reply 1 OK, 2 call me today, or call {phone}. STOP to end.",
        "counts": "Hi {first}, {counselor} at {sender}. Glad you told us. The work you've done so far still counts. "
        "I'll call you soon, or call {phone}. STOP to end.",
        "today": "Hi {first}, {counselor} at {sender}. One day at a time. Would you like to talk today? Reply 1 OK, 2 call me. STOP to end.",
        "support": "Hi {first}, {counselor} at {sender}. Small steps add up, and I'm glad to hear how you are. "
        "Reply 1 OK, 2 call me. STOP to end.",
        "offer": "Hi {first}, {counselor} at {sender}. Would some extra time together be good just now? "
        "Reply 1 not now, 2 please call me. STOP to end.",
        "closing": "Hi {first}, {counselor} at {sender}. This is the last check-in for now. My door stays open: call {phone}. STOP to end.",
        "appt": "Hi {first}, {sender} reminder: you have a visit {day} at {time}. Reply C to confirm or R to change it. {phone}. STOP to end.",
        "help": "{sender}: check-in messages. Call {phone} for help. Not watched 24/7. In an emergency call {emergency}; "
        "for crisis support call or text {crisis_line}. STOP to end.",
        "start": "{sender}: you will get check-in messages again. HELP for info, STOP to end.",
        "stop": "You won't get more messages from {sender}. Your care doesn't change. Call {phone} any time. Reply START to get them again.",
        "crisis": "If you are in danger call {emergency} now. You can call or text {crisis_line} any time, day or night. "
        "This number is not watched 24/7. We'll try to reach you.",
    },
    "es": {
        "welcome": "Hola, somos {sender}. Recibe mensajes breves, como quiso. No son para emergencias: llame al {emergency} o al {crisis_line}. "
        "Puede haber cargos. AYUDA o STOP.",
        "checkin.1": "Hola {first}, soy {counselor} de {sender}. ¿Qué tal la semana? Responda 1 todo bien, 2 quiero una llamada. STOP para terminar.",
        "checkin.2": "Hola {first}, soy {counselor} de {sender}. No tiene que resolver todo a solas. "
        "Responda 1 todo bien, 2 quiero una llamada. STOP para terminar.",
        "counts": "Hola {first}, {counselor} de {sender}. Gracias por decirnos. Lo que ha logrado sigue contando. "
        "Le llamo pronto o llame al {phone}. STOP para salir.",
        "today": "Hola {first}, soy {counselor} de {sender}. Un paso a la vez. ¿Quiere hablar hoy? "
        "Responda 1 todo bien, 2 quiero una llamada. STOP para terminar.",
        "support": "Hola {first}, soy {counselor} de {sender}. Cada paso cuenta, y me alegra saber de usted. "
        "Responda 1 todo bien, 2 quiero una llamada. STOP para salir.",
        "offer": "Hola {first}, soy {counselor} de {sender}. ¿Quiere que hablemos con calma esta semana? "
        "Responda 1 ahora no, 2 quiero una llamada. STOP para salir.",
        "closing": "Hola {first}, soy {counselor} de {sender}. Con este terminan los mensajes por ahora. "
        "La puerta sigue abierta: llame al {phone}. STOP para salir.",
        "appt": "Hola {first}, de {sender}: tiene una cita {day} a las {time}. Responda C para confirmar o R para cambiarla. {phone}. STOP para salir.",
        "help": "{sender}: mensajes de apoyo. Llame al {phone}. No se atiende 24/7. Emergencia: {emergency}. "
        "Apoyo en crisis: {crisis_line}, marque 2. STOP para terminar.",
        "start": "{sender}: vuelve a recibir nuestros mensajes. AYUDA para saber de ellos, STOP para terminar.",
        "stop": "Listo: no le enviaremos mensajes de {sender}. Su cuidado no cambia. Llame al {phone} cuando quiera. START para volver a recibirlos.",
        "crisis": "Si hay peligro llame al {emergency} ya. Puede llamar al {crisis_line} y marcar 2, o enviar AYUDA al {crisis_line}, a toda hora. "
        "Esto no se atiende 24/7. Le vamos a llamar.",
    },
}

EMAIL_SUBJECT: Mapping[str, str] = {"en": "Hello from {sender}", "es": "Saludos de {sender}"}
EMAIL_FOOT: Mapping[str, str] = {
    "en": "Nobody reads replies to this e-mail. To talk, or to stop these e-mails, call {phone}.",
    "es": "Nadie lee las respuestas a este correo. Para hablar, o para no recibir estos correos, llame al {phone}.",
}
EMAIL: Mapping[str, Mapping[str, str]] = {
    "en": {
        "welcome": "Hello, this is {sender}. We send the short check-ins you asked for. "
        "They are not for emergencies: call {emergency} or {crisis_line}.",
        "checkin.1": "Hi {first}, it's {counselor} from {sender}. Thinking of you. I hope this week is going well.",
        "checkin.2": "Hi {first}, {counselor} at {sender}. You don't have to sort this out alone. I am glad to talk.",
        "counts": "Hi {first}, {counselor} at {sender}. Glad you told us. The work you've done so far still counts. I'll call you soon.",
        "today": "Hi {first}, {counselor} at {sender}. One day at a time. If you would like to talk today, please call.",
        "support": "Hi {first}, {counselor} at {sender}. Small steps add up. I'd be glad to hear how you are.",
        "offer": "Hi {first}, {counselor} at {sender}. Would some extra time together be good just now? Please call, and we find an hour.",
        "closing": "Hi {first}, {counselor} at {sender}. This is the last check-in for now. My door stays open.",
        "appt": "Hi {first}, a reminder from {sender}: you have a visit {day} at {time}. To change it, please call.",
    },
    "es": {
        "welcome": "Hola, somos {sender}. Le enviamos los mensajes breves que pidió. "
        "No son para emergencias: llame al {emergency} o al {crisis_line}.",
        "checkin.1": "Hola {first}, soy {counselor} de {sender}. Espero que la semana vaya bien.",
        "checkin.2": "Hola {first}, soy {counselor} de {sender}. No tiene que resolver todo a solas. Podemos hablar cuando quiera.",
        "counts": "Hola {first}, soy {counselor} de {sender}. Gracias por decirnos. Lo que ha logrado sigue contando. Le llamo pronto.",
        "today": "Hola {first}, soy {counselor} de {sender}. Un paso a la vez. Si quiere hablar hoy, llámenos.",
        "support": "Hola {first}, soy {counselor} de {sender}. Cada paso cuenta, y me alegrará saber de usted.",
        "offer": "Hola {first}, soy {counselor} de {sender}. Si quiere que hablemos con calma esta semana, llámenos.",
        "closing": "Hola {first}, soy {counselor} de {sender}. Con este terminan los mensajes por ahora. La puerta sigue abierta.",
        "appt": "Hola {first}, de {sender}: tiene una cita {day} a las {time}. Si necesita cambiarla, llámenos.",
    },
}


def language_for(language: str) -> str:
    """The client's language where we have texts in it, else English."""
    short = (language or FALLBACK).split("-")[0].lower()
    return short if short in SMS else FALLBACK


def sms(key: str, language: str) -> str:
    """The template of a text message. Raises KeyError for a key that does not exist."""
    return SMS[language_for(language)][key]


def email(key: str, language: str) -> tuple[str, str]:
    """Subject and body templates of an e-mail; the foot says that replies are not read and whom to call."""
    spoken = language_for(language)
    return EMAIL_SUBJECT[spoken], f"{EMAIL[spoken][key]}\n\n{EMAIL_FOOT[spoken]}"
