"""The bank's branches and the streets its customers live in."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Branch:
    """`weight` is its share of customers in percent; `postcode` a pattern: # is a digit, ? a letter no real code uses there."""

    code: str
    name: str
    town: str
    weight: int
    tradition: str
    language: str
    postcode: str
    sort_code: str


_IRISH_STREETS = (
    "Salthill Road Lower",
    "Abbey Street",
    "Main Street",
    "St Brendan's Avenue",
    "Cathedral View",
    "Lough Atalia Grove",
    "Station Road",
    "The Glebe",
    "Woodquay",
    "Oakfield Drive",
    "Seaview Terrace",
    "Griffin's Lane",
    "Parnell Road",
    "Beech Park",
    "Quarry Hill",
    "Old Mill Court",
    "Cluain Árd",
    "Bóthar na Trá",
    "Priory Walk",
    "Chapel Lane",
    "Harbour Row",
    "Marian Park",
    "Riverside",
    "Ashgrove",
    "Bridge End",
    "Slí na Coille",
)
STREETS: dict[str, tuple[str, ...]] = {
    "irish": _IRISH_STREETS,
    "french": (
        "rue des Tables Claudiennes",
        "montée de la Grande-Côte",
        "rue d'Austerlitz",
        "place des Tapis",
        "rue Dumenge",
        "quai Saint-Vincent",
    ),
    "flemish": ("Burgstraat", "Sint-Pietersnieuwstraat", "Coupure Links", "Kortrijksesteenweg", "Visserij", "Brabantdam"),
    "portuguese": ("Rua das Flores", "Rua do Almada", "Travessa da Bainharia", "Rua de São João", "Rua da Alegria", "Largo do Colégio"),
    "italian": ("via Cavana", "via San Nicolò", "via del Lazzaretto Vecchio", "largo Barriera Vecchia", "via Commerciale", "riva Grumula"),
}

BRANCHES: tuple[Branch, ...] = (
    Branch("GAL1", "Galway Eyre Square", "Galway", 14, "irish", "en", "H91 ?##?", "900101"),
    Branch("GAL2", "Galway Salthill", "Galway", 7, "irish", "en", "H91 ?##?", "900102"),
    Branch("DUB1", "Dublin Camden Street", "Dublin", 15, "irish", "en", "D02 ?##?", "900201"),
    Branch("DUB2", "Dublin Smithfield", "Dublin", 11, "irish", "en", "D07 ?##?", "900202"),
    Branch("DUB3", "Dublin Clontarf", "Dublin", 9, "irish", "en", "D03 ?##?", "900203"),
    Branch("COR1", "Cork Lavitt's Quay", "Cork", 11, "irish", "en", "T12 ?##?", "900301"),
    Branch("LIM1", "Limerick O'Connell Street", "Limerick", 8, "irish", "en", "V94 ?##?", "900401"),
    Branch("WAT1", "Waterford The Quay", "Waterford", 5, "irish", "en", "X91 ?##?", "900501"),
    Branch("LYO1", "Lyon Croix-Rousse", "Lyon", 6, "french", "fr", "6900#", "900601"),
    Branch("GHE1", "Ghent Korenmarkt", "Ghent", 5, "flemish", "nl", "90#0", "900701"),
    Branch("POR1", "Porto Ribeira", "Porto", 5, "portuguese", "pt", "4050-###", "900801"),
    Branch("TRI1", "Trieste Borgo Teresiano", "Trieste", 4, "italian", "it", "341##", "900901"),
)
BRANCH_BY_CODE = {branch.code: number for number, branch in enumerate(BRANCHES)}
