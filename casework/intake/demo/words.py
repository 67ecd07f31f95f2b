"""Notes of invented sessions, put together from sentences. Person-first, short, and never a dose."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from clients.stage import Stage

ARRIVED = {
    Stage.NONE: (
        "{name} came on time and in good spirits.",
        "{name} arrived early, with a list of things to talk about.",
        "{name} looked rested and said the week had been ordinary, “in a good way”.",
        "{name} was open and at ease from the start.",
        "{name} came straight from work and had eaten on the way.",
        "{name} spoke freely and made plans for the coming month.",
        "{name} brought the notebook we started and had filled several pages.",
    ),
    Stage.EMOTIONAL: (
        "{name} was on time and quieter than usual.",
        "{name} looked tired and took a while to settle.",
        "{name} said everything was fine; it took time to get past that.",
        "{name} came tense from an argument at home.",
        "{name} apologised for missing the group and seemed on edge.",
        "{name} spoke mostly about other people's troubles at first.",
        "{name} has slept about five hours a night this week.",
    ),
    Stage.MENTAL: (
        "{name} came in restless and asked to keep the session short; we stayed the full time.",
        "{name} was candid about a hard week.",
        "{name} looked worn and avoided eye contact until halfway through.",
        "{name} called this morning to ask whether we could still meet, and came.",
        "{name} started with: “I need to tell you something before I talk myself out of it.”",
        "{name} came ten minutes late and said the waiting room had felt far away.",
    ),
    Stage.PHYSICAL: (
        "{name} came to tell me about use since we last met, which took courage.",
        "{name} asked for this session after a return to use and was on time.",
        "{name} was tearful at first and relieved once it had been said.",
        "{name} came with a sister for the first minutes, then alone.",
        "{name} said on the way in: “I almost did not come.” We noted that coming is the opposite of giving up.",
    ),
}
TOPICS = {
    Stage.NONE: (
        "We looked back at the goals set in spring; two of three are met.",
        "Work has been steady and the new shift leaves the evenings free.",
        "The children stayed over the weekend and it went well.",
        "A first full month of going to the support meeting every week.",
        "A cousin's wedding went by without difficulty; the plan to leave early was used.",
        "Sleep and appetite are good; walking every morning has become a habit.",
        "We talked about what has changed in friendships and which ones to keep tending.",
        "Rent is paid on time for the third month, which means a lot.",
        "The anniversary in two weeks came up; we planned the day hour by hour.",
    ),
    Stage.EMOTIONAL: (
        "Two support meetings missed; “too tired” was the reason given, and then “nobody notices anyway”.",
        "Money worries and a letter from the landlord have filled the week.",
        "Tension with a brother who moved back in; feelings were swallowed rather than said.",
        "A change of supervisor at work brings back an old sense of being watched.",
        "Meals have been skipped and evenings are spent alone with the phone.",
        "Grief for a friend came up; it had not been spoken of before.",
        "Pain in the back keeps the nights short and the temper with it.",
        "We went through hungry, angry, lonely and tired: three of four most days.",
        "Old resentment towards an ex-partner takes up a lot of room.",
    ),
    Stage.MENTAL: (
        "Urges most evenings, strongest on payday; the old street was on the way home twice.",
        "Thoughts about “just one, when it's quiet at home” came up, and how they usually end.",
        "An old contact wrote; the number was not deleted yet. We deleted it together.",
        "Good memories of earlier use come easily now, the bad ones less; we wrote both down.",
        "Some evenings were spent with people who use, “only to talk”.",
        "Confidence to get through the month is lower than in the last three sessions.",
        "Doubt whether any of this works; we looked at what has worked since the start.",
    ),
    Stage.PHYSICAL: (
        "We went through the day step by step: what came before, the moment itself, and what stopped it.",
        "It happened after an evening with old friends and a fourth night without sleep.",
        "It followed a row on the phone; nobody was called beforehand, a friend was afterwards.",
        "The use was alone and at home, which we talked about openly because it is the riskier way.",
        "Shame was the strongest feeling; we named what months of work still give.",
        "Used on one day, told me within two; the time between has become much shorter than last year.",
    ),
}
QUOTES = {
    Stage.NONE: (
        "“I notice that I laugh again.”",
        "“I didn't need the plan, but I liked having it in my pocket.”",
        "“Boring weeks are the best weeks.”",
        "“My daughter said I'm easier to be around.”",
        "",
        "",
    ),
    Stage.EMOTIONAL: (
        "“I'm fine, just busy.”",
        "“Everybody needs something from me.”",
        "“I can't switch off at night.”",
        "“It's easier not to answer the phone.”",
        "",
    ),
    Stage.MENTAL: (
        "“It's like a radio in the next room.”",
        "“I know how it ends, and I still argue with myself.”",
        "“I keep thinking nobody would know.”",
        "“I want to want to stay with it.”",
    ),
    Stage.PHYSICAL: (
        "“I thought I'd lost everything. I hadn't.”",
        "“I stopped sooner than I ever have.”",
        "“I don't want to hide it this time.”",
        "“It wasn't even what I remembered.”",
    ),
}
DID = {
    Stage.NONE: (
        "Reviewed the prevention plan; no change needed.",
        "Practised saying no to an invitation without explaining.",
        "Went over early signs so that {name} can spot them first.",
        "Reinforced what works: mornings, meetings, one honest call a week.",
        "Looked at values and one small step towards the course {name} wants to take.",
    ),
    Stage.EMOTIONAL: (
        "Practised naming a feeling before acting on it.",
        "Used a thought record on “nobody notices”.",
        "Planned three meals and a bedtime for the week, on paper.",
        "Role-played asking the brother for quiet after ten.",
        "Did a short grounding exercise; tension went from 7 to 4.",
        "Talked about what self-care meant in the best months, and which part to take up first.",
    ),
    Stage.MENTAL: (
        "Practised urge surfing for ten minutes; the wave passed.",
        "Wrote a card with what use led to, in {name}'s own words, to carry along.",
        "Changed the way home and the day wages are paid out.",
        "Made a list of three people to call, and called the first from the office.",
        "Played the tape to the end: what the morning after would be like.",
    ),
    Stage.PHYSICAL: (
        "Went through the safety questions; {name} is safe at home and not alone tonight.",
        "Talked about lower tolerance after a break and what to do in an emergency.",
        "Started the learning review; chain of events up to the first link done.",
        "Agreed who is told and who helps this week.",
    ),
}
MEANS = {
    Stage.NONE: (
        "Stable. No warning signs beyond ordinary tiredness; strengths are routine and openness.",
        "Doing well. Confidence is high and well founded.",
        "Recovery is holding; attention goes to the anniversary.",
        "Good progress towards goals; protective factors are growing.",
        "Steady. Cravings are rare and short, and are spoken about.",
    ),
    Stage.EMOTIONAL: (
        "Early warning signs: poor sleep, isolation and bottled-up anger. No thoughts of using voiced.",
        "Emotional strain is rising while self-care slips; insight returned in the course of the session.",
        "Tension and withdrawal for the second time in a row; worth watching closely.",
        "Stress is about housing and money rather than recovery itself, and still wears it down.",
        "Grief is surfacing. Painful, and a step forward.",
    ),
    Stage.MENTAL: (
        "Cravings with bargaining; honesty about them is a strength. Risk of use is raised this week.",
        "Part of {name} wants to use and part does not; the second part came to the session.",
        "Minimising and contact with people who use; motivation is mixed but present.",
        "Mental stage by my judgement. Coping skills are known, and need company to be used.",
    ),
    Stage.PHYSICAL: (
        "Return to use, limited and told early. Motivation to go on is clear.",
        "A setback within a course that is otherwise going forward; skills were used to stop.",
        "Use after weeks of rising strain. The earlier work is not lost: help was sought within two days.",
        "Shame is high and could lead to withdrawal; closer contact is needed for some weeks.",
    ),
}
NEXT = {
    Stage.NONE: (
        "Continue as before. Next session in two weeks.",
        "Next session in two weeks; {name} brings the updated plan for the holidays.",
        "Keep meeting and morning walk. Review of goals next time.",
        "Space sessions to every three weeks if the month stays like this.",
    ),
    Stage.EMOTIONAL: (
        "One meal with company and one call a day. Next session next week.",
        "{name} talks to the brother by Sunday and writes down how it went. Next session next week.",
        "Back to the Thursday meeting with a friend. Sleep diary until we meet.",
        "Letter to the landlord drafted together; call on Wednesday to hear the answer.",
    ),
    Stage.MENTAL: (
        "Daily check-in by text for a week; session again in four days.",
        "No cash on payday; sister keeps the card until Monday. Next session this week.",
        "Evening meeting today with a friend. I call tomorrow at noon.",
        "Meet twice next week. Emergency card and numbers are in the wallet.",
    ),
    Stage.PHYSICAL: (
        "Follow-up plan started. Call within a day, session within three.",
        "Session again within the week; learning review to be finished then.",
        "{name} has agreed to see the prescriber this week; I make the appointment today.",
        "Naloxone kit handed over and use explained. Call tomorrow morning.",
    ),
}
IN_SPANISH = ("The session was held in Spanish.", "We spoke Spanish throughout.", "")
OVERRIDES = (
    "Signs are mild on paper, but the change since last month and the missed calls weigh more.",
    "Ticked signs go back to a bereavement; the person is well supported and using the plan.",
    "I have seen this pattern before the last setback and would rather be early.",
)


@dataclass
class NoteWriter:
    """Writes the notes of one client's sessions, without saying the same sentence twice in a row."""

    name: str
    language: str
    rng: random.Random
    said: set[str] = field(default_factory=set)

    def note(self, stage: Stage) -> dict[str, str]:
        """The sections of a DAP note for a session at this stage, the risk statement included."""
        arrived = [self._say(ARRIVED[stage]), self._language()]
        told = [self._say(TOPICS[stage]), self._say(QUOTES[stage]), self._say(DID[stage])]
        return {
            "data": " ".join(filter(None, [*arrived, *told])),
            "assessment": self._say(MEANS[stage]),
            "plan": self._say(NEXT[stage]),
            "risk": "none",
        }

    def _language(self) -> str:
        return self._say(IN_SPANISH) if self.language == "es" else ""

    def _say(self, choices: Sequence[str]) -> str:
        fresh = [one for one in choices if one not in self.said] or list(choices)
        self.said.difference_update(choices if len(fresh) == len(choices) else ())
        chosen = self.rng.choice(fresh)
        self.said.add(chosen)
        return chosen.format(name=self.name)


ANSWERS = {
    "en": (
        "1",
        "Doing ok today, thanks for asking",
        "Thank you. Slept better",
        "all good here",
        "Better than last week",
        "Busy but fine. See you Thursday",
    ),
    "es": ("1", "Todo bien hoy, gracias", "Mejor que la semana pasada", "Gracias por escribir, aqui vamos"),
}
UNREAD = {
    "en": (
        "Can we move Thursday to the afternoon?",
        "Rough night but I'm ok",
        "Thanks for yesterday. It helped to talk",
        "I got the job!! Start Monday",
        "Is the group still at 6?",
        "My son is sick, might be late tomorrow",
        "Slept 7 hours. First time in weeks",
        "Can you call when you have a minute?",
    ),
    "es": (
        "Podemos cambiar la cita para la tarde?",
        "Gracias por lo de ayer, me hizo bien hablar",
        "Hoy un poco mejor, dormi bien",
        "El grupo sigue a las 6?",
    ),
}
NARRATIVES = (
    "Told me in session. One evening, alone at home, after a week of little sleep. Called a friend the next morning.",
    "Said it on the phone, unprompted. Happened at a birthday; left when it was noticed and came to us.",
    "Two evenings in a row after the move. Wants to go on with the plan and asked for more contact.",
    "Spoke about it in the first minutes of the session. Relieved to have said it.",
)
EARLY_NARRATIVES = (
    "Told me about strong urges for several days and an old contact who wrote again.",
    "Has stopped going to meetings and answers late. Says the evenings are the hardest.",
    "Asked for help before anything happened: plans to use on Friday were spoken about and dropped.",
)
