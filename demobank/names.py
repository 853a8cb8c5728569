"""People's names in the traditions a city of today mixes, and how they are put together. All combinations are invented."""

from dataclasses import dataclass


def _words(text: str) -> tuple[str, ...]:
    """One word per name; an underscore is a space within one."""
    return tuple(word.replace("_", " ") for word in text.split())


@dataclass(frozen=True)
class Tradition:
    """`surnames` may be written `his|hers`; where people carry two, both parents' are joined by a space."""

    language: str
    women: tuple[str, ...]
    men: tuple[str, ...]
    surnames: tuple[str, ...]
    two_surnames: bool = False


TRADITIONS: dict[str, Tradition] = {
    "gaelic": Tradition(
        "ga",
        _words("Aoife Caoimhe Saoirse Róisín Siobhán Gráinne Niamh Áine Bríd Máire Sinéad Órla Éabha Sadhbh Muireann Clíodhna Deirdre"),
        _words(
            "Seán Pádraig Ciarán Oisín Cillian Darragh Fionn Ruairí Diarmuid Tomás Cathal Eoghan Micheál Séamus Colm Donncha Tadhg Naoise"
        ),
        _words(
            "Ó_Briain|Ní_Bhriain Ó_Súilleabháin|Ní_Shúilleabháin Ó_Conaill|Ní_Chonaill Mac_Giolla_Phádraig|Nic_Giolla_Phádraig "
            "Ó_Domhnaill|Ní_Dhomhnaill Ó_Murchú|Ní_Mhurchú "
            "Mac_Cárthaigh|Nic_Cárthaigh Ó_Flaithearta|Ní_Fhlaithearta Ó_hÉalaithe|Ní_Éalaithe "
            "Ó_Ceallaigh|Ní_Cheallaigh Mac_Mathúna|Nic_Mhathúna Ó_Cinnéide|Ní_Chinnéide Breathnach Ó_Dálaigh|Ní_Dhálaigh"
        ),
    ),
    "irish": Tradition(
        "en",
        _words(
            "Mary Aisling Ciara Emma Orla Nuala Fiona Grace Kate Laura Sarah Maeve Eimear Lucy Ellen Anna Rachel Bridget Catherine Una Jane"
        ),
        _words(
            "John Patrick Liam Declan Conor Brendan Michael James Cian Niall "
            "Kevin Daniel Eoin Mark Rory Gerard Peter Shane Barry Finbar Luke"
        ),
        _words(
            "Murphy Kelly O'Sullivan Walsh Byrne Ryan O'Brien O'Connor "
            "O'Neill O'Reilly Doyle McCarthy Gallagher O'Doherty Kennedy Lynch Murray "
            "Quinn McLoughlin Moore O'Carroll Connolly Daly Wilson Dunne "
            "Brennan Burke Collins Clarke McGettigan Fitzgerald Keane Keogh McGrath "
            "O'Rourke Hennessy Fahy Tierney Considine O'Malley McInerney Lally "
            "Hession Furey Mannion Kilbane Costello Prendergast MacNamara Joyce"
        ),
    ),
    "english": Tradition(
        "en",
        _words("Charlotte Olivia Hannah Rebecca Harriet Alice Eleanor Sophie Georgina Megan Victoria Joanna"),
        _words("George Thomas Oliver Edward Simon Andrew Martin Philip Stephen Robert Gareth Duncan"),
        _words(
            "Smith Hartley Thornton Whitfield Barker Ashworth Pembroke "
            "Llewellyn Sutherland Fairbairn Hughes-Morgan Atkinson Bradshaw Penrose"
        ),
    ),
    "polish": Tradition(
        "pl",
        _words("Zofia Katarzyna Małgorzata Agnieszka Łucja Joanna Magdalena Ewa Kinga Bożena Paulina Grażyna"),
        _words("Paweł Łukasz Krzysztof Tomasz Michał Wojciech Jakub Grzegorz Stanisław Rafał Mateusz Sławomir"),
        _words(
            "Wiśniewski|Wiśniewska Kowalski|Kowalska Zieliński|Zielińska Wójcik "
            "Kamiński|Kamińska Szymański|Szymańska Woźniak Dąbrowski|Dąbrowska "
            "Mazur Krawczyk Piotrowski|Piotrowska Grabowski|Grabowska Pawłowska Jabłoński|Jabłońska Żak Gołębiewski|Gołębiewska"
        ),
    ),
    "nigerian": Tradition(
        "en",
        _words("Chidinma Ngozi Folake Adaeze Yetunde Amaka Ifeoma Titilayo Oluchi Kehinde Zainab Bisola"),
        _words("Oluwaseun Emeka Chukwudi Tunde Babatunde Ikenna Femi Obinna Kelechi Musa Segun Uche"),
        _words("Adeyemi Okafor Okonkwo Balogun Nwosu Eze Adebayo Ogunleye Ibrahim Chukwu Olawale Nnamdi Afolabi Uzochukwu Danjuma"),
    ),
    "indian": Tradition(
        "en",
        _words("Priya Ananya Lakshmi Deepa Kavya Meera Sunita Aishwarya Divya Nisha Harpreet Fathima"),
        _words("Rajesh Arjun Vikram Sanjay Anil Suresh Karthik Rohan Jasdeep Manoj Thomas Imran"),
        _words("Subramaniam Patel Sharma Nair Reddy Iyer Kaur Singh Chatterjee Menon Krishnamurthy Desai Varghese Pillai Banerjee D'Souza"),
    ),
    "portuguese": Tradition(
        "pt",
        _words("Beatriz Inês Catarina Mariana Leonor Matilde Conceição Joana Luísa Graça Rita Lurdes"),
        _words("João Tiago Gonçalo Duarte Rui Nuno Henrique Simão Fábio Estêvão Luís Vasco"),
        _words(
            "Carvalho Nogueira Araújo Conceição Magalhães Simões Brandão Fonseca Guimarães Sá Tavares Queirós Falcão Leitão Pacheco Vilaça"
        ),
        two_surnames=True,
    ),
    "spanish": Tradition(
        "es",
        _words("Lucía Begoña Iñaki_María Rocío Carmen Nuria Ainhoa Pilar Inmaculada Elena Belén Maite"),
        _words("Íñigo Álvaro Jesús Andrés Joaquín Rubén Martín José_Luis Iker Adrián Raúl Gonzalo"),
        _words("García Muñoz Echeverría Núñez Ibáñez Peña Domínguez Zubizarreta Castaño Ordóñez Vázquez Larrañaga Quintero Sáez Beltrán"),
        two_surnames=True,
    ),
    "french": Tradition(
        "fr",
        _words("Amélie Chloé Hélène Zoé Élodie Françoise Anne-Laure Maëlle Noémie Thérèse Solène Agnès"),
        _words("Jean-Baptiste François Loïc Rémi Benoît Théo Étienne Jérôme Mathis Gaël Aurélien Pierre-Yves"),
        _words(
            "Lefèvre Moreau Desrosiers Bélanger Gauthier Besançon Crépin Lemaître Garçon Chevallier Rousseau L'Hermitte Delacroix Périgord"
        ),
    ),
    "flemish": Tradition(
        "nl",
        _words("Lotte Marijke Annelies Hilde Griet Femke Joke Saskia Liesbeth Noor Anouk Veerle"),
        _words("Pieter Jeroen Wouter Bram Koen Geert Maarten Joris Dries Thijs Luc Stijn"),
        _words(
            "Van_den_Berghe De_Smet Vandevelde Janssens Claeys D'Hondt Van_Damme Wouters De_Clercq Peeters Verhaeghe Goossens Maes Hermans"
        ),
    ),
    "italian": Tradition(
        "it",
        _words("Giulia Ines Chiara Beatrice Niccolina Francesca Donatella Elisa Ilaria Marta Serena Loredana"),
        _words("Matteo Niccolò Giosuè Lorenzo Davide Stefano Gabriele Emanuele Tommaso Vittorio Alessio Dario"),
        _words(
            "Marchetti Bianchi D'Angelo Cattaneo De_Santis Furlan Cossutta Bertolucci Lo_Presti Rinaldi Zanetti Pellegrini Vidali Morpurgo"
        ),
    ),
    "nordic": Tradition(
        "en",
        _words("Ingrid Astrid Sólveig Maj-Britt Kirsten Åsa Freja Päivi"),
        _words("Henrik Søren Bjørn Håkon Jürgen Åke Mikkel Jörg"),
        _words("Sørensen Ødegård Lindqvist Jónsdóttir Bjørnstad Håkansson Müller Weiß Østergaard Virtanen Grünewald Schäfer"),
    ),
    "arabic": Tradition(
        "en",
        _words("Fatima Layla Noura Yasmin Samira Hala Rania Amal"),
        _words("Omar Khalid Youssef Tariq Karim Hassan Mahmoud Bilal"),
        _words("Al-Rashid Haddad El-Masri Mansour Ben_Youssef Khoury Abdelrahman Saleh Al-Khatib Nasser Bouazizi"),
    ),
    "ukrainian": Tradition(
        "en",
        _words("Oksana Olena Kateryna Iryna Nataliia Svitlana Halyna Daryna"),
        _words("Andrii Dmytro Oleksandr Serhii Volodymyr Taras Mykola Bohdan"),
        _words("Shevchenko Kovalenko Bondarenko Tkachuk Melnyk Kravchenko Savchuk Hrytsenko Lysenko Marchenko Oliinyk"),
    ),
    "chinese": Tradition(
        "en",
        _words("Mei Xiaoling Yan Jing Hui-Min Lihua Wenjing Shu"),
        _words("Wei Jun Haoran Ming Jianhong Zhiyong Chen-Yu Tao"),
        _words("Wang Li Zhang Chen Liu Huang Zhao Wu Zhou Lin Ng Cheung"),
    ),
}

_IRELAND = {
    "irish": 46,
    "gaelic": 15,
    "english": 6,
    "polish": 8,
    "nigerian": 5,
    "indian": 6,
    "portuguese": 4,
    "ukrainian": 3,
    "spanish": 2,
    "arabic": 2,
    "chinese": 2,
    "nordic": 1,
}


def mix_of(home: str) -> dict[str, int]:
    """How many of a hundred customers of a branch come from each tradition."""
    if home == "irish":
        return _IRELAND
    others = {"italian": 4, "french": 4, "arabic": 6, "nigerian": 3, "polish": 3, "ukrainian": 4, "chinese": 2, "english": 2}
    return others | {home: 72}


def surname_for(written: str, *, woman: bool) -> str:
    """The form of a surname written `his|hers`."""
    forms = written.split("|")
    return forms[-1] if woman else forms[0]
