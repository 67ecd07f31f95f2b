"""The starter catalogue of substances (clinical.md §3.7), loaded by a migration; a practice may edit its copy.

Street names are for search only. `lint_block` is false where a name is also an everyday word.
"""

from typing import Any

S, A, O, T, C, H, I, N, X = "sedative", "alcohol", "opioid", "stimulant", "cannabis", "hallucinogen", "inhalant", "nicotine", "other"

# key, English, Spanish, brands, class, subclass, ICD-10-CM, ATC, RxCUI, street names
_ROWS: list[tuple[str, str, str, str, str, str, str, str, str, str]] = [
    ("clonazepam", "Clonazepam", "Clonazepam", "Klonopin, Rivotril, Ravotril", S, "benzo", "F13", "N03AE01", "2598", "k-pin, kpin, pins"),
    ("alprazolam", "Alprazolam", "Alprazolam", "Xanax", S, "benzo", "F13", "N05BA12", "596", "bars, xans, zannies"),
    ("diazepam", "Diazepam", "Diazepam", "Valium", S, "benzo", "F13", "N05BA01", "3322", "vals, blues"),
    ("lorazepam", "Lorazepam", "Lorazepam", "Ativan", S, "benzo", "F13", "N05BA06", "6470", "ativans, vans"),
    ("temazepam", "Temazepam", "Temazepam", "Restoril", S, "benzo", "F13", "N05CD07", "10355", "jellies, tems"),
    ("chlordiazepoxide", "Chlordiazepoxide", "Clordiazepóxido", "Librium", S, "benzo", "F13", "N05BA02", "2356", "libs"),
    ("triazolam", "Triazolam", "Triazolam", "Halcion", S, "benzo", "F13", "N05CD05", "10767", ""),
    ("etizolam", "Designer benzodiazepines", "Benzodiacepinas de diseño", "", S, "benzo", "F13", "N05BA19", "", "street bars, fake xanax"),
    ("zolpidem", "Zolpidem", "Zolpidem", "Ambien", S, "z-drug", "F13", "N05CF02", "39993", "a-minus, zombie pills"),
    ("barbiturate", "Barbiturates", "Barbitúricos", "", S, "barb", "F13", "N03AA02", "8134", "barbs, downers"),
    ("carisoprodol", "Carisoprodol", "Carisoprodol", "Soma", S, "other", "F13", "M03BA02", "2101", "somas"),
    ("ghb", "GHB", "GHB", "", S, "other", "F13", "N07XX04", "", "liquid x"),
    ("alcohol", "Alcohol", "Alcohol", "", A, "", "F10", "", "448", "booze, drink"),
    ("heroin", "Heroin", "Heroína", "", O, "", "F11", "N07BC06", "", "dope, smack"),
    ("fentanyl", "Fentanyl", "Fentanilo", "", O, "", "F11", "N02AB03", "4337", "fenty, fetty"),
    ("oxycodone", "Oxycodone", "Oxicodona", "OxyContin, Percocet", O, "", "F11", "N02AA05", "7804", "oxy, percs, 30s"),
    ("hydrocodone", "Hydrocodone", "Hidrocodona", "Vicodin, Norco", O, "", "F11", "R05DA03", "5489", "vikes, hydros"),
    ("morphine", "Morphine", "Morfina", "", O, "", "F11", "N02AA01", "7052", "morph"),
    ("tramadol", "Tramadol", "Tramadol", "Ultram", O, "", "F11", "N02AX02", "10689", "trammies"),
    ("methadone", "Methadone", "Metadona", "", O, "", "F11", "N07BC02", "6813", "done, juice"),
    ("buprenorphine", "Buprenorphine", "Buprenorfina", "Suboxone, Subutex", O, "", "F11", "N07BC01", "1819", "subs, bupe"),
    ("cocaine", "Cocaine or crack", "Cocaína o crack", "", T, "cocaine", "F14", "N01BC01", "2653", "coke, blow, rock"),
    ("methamphetamine", "Methamphetamine", "Metanfetamina", "", T, "", "F15", "N06BA03", "6816", "meth, ice, crystal"),
    ("amphetamine", "Amphetamine or methylphenidate", "Anfetamina o metilfenidato", "Adderall", T, "", "F15", "N06BA01", "725", "addys, speed"),
    ("mdma", "MDMA", "MDMA", "", T, "", "F15", "", "", "molly, ecstasy"),
    ("cannabis", "Cannabis", "Cannabis", "", C, "", "F12", "N02BG10", "", "weed, k2, spice"),
    ("gabapentinoid", "Gabapentin or pregabalin", "Gabapentina o pregabalina", "", X, "", "F19", "N02BF02", "187832", "gabbies, johnnies"),
    ("ketamine", "Ketamine, PCP or other", "Ketamina, PCP u otros", "", H, "", "F16", "N01AX03", "6130", "special k, ket"),
    ("inhalant", "Solvents or nitrous oxide", "Solventes u óxido nitroso", "", I, "", "F18", "", "", "whippets, poppers"),
    ("nicotine", "Nicotine", "Nicotina", "", N, "", "F17", "N07BA01", "", ""),
    ("kratom", "Kratom", "Kratom", "", X, "", "F19", "", "", ""),
    ("xylazine", "Xylazine or medetomidine (adulterant)", "Xilacina o medetomidina (adulterante)", "", X, "adulterant", "F19", "", "", "tranq"),
    ("other", "Other or not known", "Otra o desconocida", "", X, "", "F19", "", "", ""),
]

EVERYDAY_WORDS = frozenset(
    {"bars", "pins", "blues", "vans", "vals", "drink", "done", "juice", "subs", "blow", "rock", "ice", "crystal", "speed", "30s", "libs",
     "molly", "spice", "k2", "weed", "johnnies", "poppers", "downers", "jellies", "hydros", "morph", "barbs"}
)  # fmt: skip


def starter_catalogue() -> list[dict[str, Any]]:
    """Field values of each entry, ready for `Substance(**row)`."""
    return [_entry(*row) for row in _ROWS]


def _entry(key: str, en: str, es: str, brands: str, klass: str, sub: str, icd: str, atc: str, rxcui: str, street: str) -> dict[str, Any]:
    return {
        "key": key,
        "name_en": en,
        "name_es": es,
        "brands": _words(brands),
        "klass": klass,
        "subclass": sub,
        "icd_prefix": icd,
        "atc": atc,
        "rxcui": rxcui,
        "street_names": _words(street),
        "is_controlled": klass in {S, O, T} or key in {"ketamine", "cannabis"},
        "counts_as_moud": key in {"methadone", "buprenorphine"},
        "sudden_stop_danger": klass in {S, A},
        "tolerance_loss_danger": klass in {O, S, A},
        "lint_block": key != "other",
    }


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
