"""Short and pet forms of given names, by the form they stand for."""

_FORMS = """
alexander: alex alec sandy sasha alexandre
alexandra: alex sandra sasha ola
andrew: andy drew
anthony: tony antony
benjamin: ben benny
bridget: bridie biddy bríd brid
catherine: kate katie cathy cate catharine katherine kathryn kathleen kitty
charles: charlie chuck
charlotte: lottie charlie
christina: chris tina christine kirsten
christopher: chris kit
daniel: dan danny
david: dave davy
deborah: debbie deb
donald: don donny
edward: ed eddie ted ned teddy
eleanor: ellie nell nora ellen
elizabeth: liz beth betty lizzie eliza lisa elspeth libby
frances: fran frankie
francis: frank
frederick: fred freddie
gerard: gerry ger
grzegorz: grzesiek
gregory: greg
harriet: hattie
henry: harry hank
jakub: kuba
james: jim jimmy jamie
jennifer: jen jenny
joanna: jo asia joanne
john: jack johnny jon
jonathan: jon johnny
joseph: joe joey
joshua: josh
katarzyna: kasia
krzysztof: krzysiek krzys
lawrence: larry
leonard: leo len
magdalena: magda
malgorzata: gosia
margaret: maggie meg peggy peg mags greta
maria: marysia mia
martin: marty
mary: molly maura
mateusz: mati
matthew: matt
megan: meg
michael: mike mick mickey micheal
nicholas: nick nicky
olivia: liv livvy
oliver: ollie
pamela: pam
patricia: pat trish patsy tricia
patrick: pat paddy padraig
pawel: pawelek
peter: pete
philip: phil pip
rachel: rach
rebecca: becky becca
richard: dick rick ricky rich
robert: bob bobby rob robbie bert
ronald: ron ronnie
samuel: sam sammy
samantha: sam
sarah: sally sadie
simon: si
stanislaw: staszek stan
stephen: steve steven stevie
susan: sue susie suzanne
terence: terry
theodore: ted theo
theresa: terry tess teresa
thomas: tom tommy
timothy: tim
tomasz: tomek
victoria: vicky tori
william: bill billy will willie liam
wojciech: wojtek
zachary: zach zack
zofia: zosia sophie
"""


def _read(forms: str) -> dict[str, str]:
    roots: dict[str, str] = {}
    for line in forms.strip().splitlines():
        root, short = line.split(":")
        for form in short.split():
            # A form of two names ("alex") stands for the first: both sides of a pair are read alike.
            roots.setdefault(form, root)
    return roots


_ROOTS = _read(_FORMS)


def root_of(given_name: str) -> str:
    """The full form of a folded given name; a name of its own is its own. Only the first word counts."""
    first = given_name.split(" ", 1)[0]
    return _ROOTS.get(first, first)


def short_forms(given_name: str) -> tuple[str, ...]:
    """How people shorten a folded given name."""
    return tuple(form for form, root in _ROOTS.items() if root == given_name)
