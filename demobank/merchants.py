"""Who money goes to and comes from: shops by ISO 18245 category, utilities, employers, landlords, payers. All invented."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Category:
    """A kind of shop: its ISO 18245 code, the word staff read, how often a household and a teenager go there, usual amount in euros."""

    code: int
    word: str
    household: float
    personal: float
    teenager: float
    median: float
    sigma: float
    shops: tuple[str, ...]


CATEGORIES: tuple[Category, ...] = (
    Category(5411, "groceries", 46, 22, 6, 34, 0.6, ("Fairbasket", "Hollyoak Foods", "Tíortha Market", "Kingsway Grocers")),
    Category(5499, "groceries", 10, 8, 16, 8, 0.5, ("Corner & Quay", "Early Bird Stores", "Nightowl Shop", "Siopa Beag")),
    Category(5462, "bakery", 5, 6, 10, 7, 0.4, ("Crust & Crumb", "Bácús Bake House", "The Floury Hand")),
    Category(5814, "eating out", 3, 12, 26, 11, 0.4, ("Burger Harbour", "Noodle Lane", "Chipper Joe", "Piri Corner", "Bagel Yard")),
    Category(5812, "eating out", 4, 9, 4, 38, 0.5, ("Ristorante Nonna Pia", "The Salt Barge", "Saffron Court", "Café Meitheal")),
    Category(5813, "pub", 0, 6, 0, 24, 0.5, ("The Crooked Anchor", "Tigh Mháirtín", "The Brass Fiddle", "Mulligan's Rest")),
    Category(5921, "off-licence", 1, 2, 0, 22, 0.4, ("Vine & Barrel", "The Cellar Door")),
    Category(5541, "fuel", 8, 6, 0, 52, 0.3, ("Westway Fuels", "Corrib Oil Stop", "Axle Service Station")),
    Category(4111, "transport", 2, 8, 12, 4.2, 0.5, ("City Link Transit", "Coastline Rail", "Red Tram")),
    Category(4121, "taxi", 1, 3, 2, 14, 0.4, ("HopIn Cabs", "Claddagh Taxis")),
    Category(5912, "pharmacy", 5, 4, 2, 16, 0.6, ("Greencross Pharmacy", "Quay Chemist", "Haven Pharmacy")),
    Category(5311, "department store", 3, 2, 1, 48, 0.6, ("Harland & Finch", "Moore & Daughters")),
    Category(5651, "clothes", 2, 4, 8, 42, 0.6, ("Thread & Thimble", "Norwell", "Loomhouse", "Kiltra")),
    Category(5732, "electronics", 0.6, 1, 1, 120, 0.8, ("Voltworks", "Pixel & Plug")),
    Category(5942, "books", 0.6, 1.5, 2, 16, 0.4, ("Sceilg Books", "The Reading Room")),
    Category(5945, "toys and games", 1, 0.6, 4, 26, 0.6, ("Toybarge", "Dice & Dragons")),
    Category(5200, "home and garden", 2, 0.8, 0, 44, 0.8, ("Hammer & Hinge", "Gardenwise")),
    Category(5995, "pets", 1.2, 0.6, 0, 31, 0.5, ("Paws & Co", "Feather and Fin")),
    Category(7230, "hairdresser", 1, 2, 0.6, 38, 0.4, ("Studio Lomán", "The Blade Room", "Curl Up")),
    Category(7832, "cinema", 1, 1, 4, 19, 0.3, ("Lumen Cinema", "Picture Palace")),
    Category(7997, "sport", 0.4, 1, 2, 24, 0.5, ("Riverside Leisure", "Peak Climbing")),
    Category(5815, "digital media", 0.4, 2.5, 6, 8, 0.5, ("Playbox Games", "Tunestream Store")),
    Category(8011, "doctor", 1, 0.8, 0, 60, 0.1, ("Dr K. Hession", "Eastside Medical")),
    Category(8021, "dentist", 0.5, 0.4, 0, 95, 0.5, ("Bright Dental", "Dún Dental Care")),
    Category(4511, "flights", 0.2, 0.5, 0, 165, 0.5, ("Skellig Air", "Blue Heron Airways")),
    Category(7011, "hotel", 0.3, 0.5, 0, 140, 0.4, ("Hotel Marlin", "The Station House Hotel")),
    Category(5641, "baby things", 0.8, 0.1, 0, 36, 0.6, ("Tiny Toes", "Bábóg")),
    Category(5712, "furniture", 0.3, 0.2, 0, 210, 0.7, ("Oak & Otter Furniture", "Nesthouse")),
)

SUBSCRIPTION_SHOPS = ("Streamline TV", "Cinebox", "Fjord Music")
RECREATION = (7999, "recreation")
SUBSCRIPTION = (4899, "subscription")
FURNITURE = (5712, "furniture")
REMOVALS = (4214, "removals")
TRADE_SUPPLIES = (5046, "supplies")

ELECTRICITY = ("Brightwater Energy", "Solas Power", "Gale Electric")
GAS = ("Firmus Hearth Gas", "Emberline Gas")
BROADBAND = ("Fibrenet", "Lumen Broadband", "Beacon Telecom")
MOBILE = ("Talkwell Mobile", "Nine Mobile", "Glór Mobile")
INSURANCE = ("Harbour Mutual", "Shieldstone Insurance", "Cooper & Vale Insurance")
GYM = ("Ironworks Gym", "Pulse Fitness", "Swim Corrib")
CHARITIES = ("Sailors' Lifeboat Fund", "Open Hearth Housing", "Crann Tree Trust")

EMPLOYERS = (
    "Corrib Instruments",
    "Atlantic Data Systems",
    "St Enda's University Hospital",
    "Harland & Finch Retail",
    "Northquay Logistics",
    "Bluestone Construction",
    "Medelis Devices",
    "Fairbasket Stores",
    "County Education Board",
    "Tidewater Seafoods",
    "Lantern Software",
    "Kestrel Aviation Services",
    "Greenmantle Foods",
    "Ardmore Pharma",
    "Castlegate Hotels",
    "Rialto Facilities",
    "Orbit Payments",
    "Meadowvale Dairies",
    "Sentinel Print Works",
    "Dolmen Engineering",
    "Westway Transport",
    "City and County Council",
    "Halcyon Nursing Homes",
    "Brightwater Energy",
    "Quayside Legal",
    "Oakleaf Childcare",
    "Merrion Consulting",
    "Silverstrand Media",
    "Inis Biotech",
    "Ferry & Freight Lines",
    "Boreal Insurance Services",
    "Slate Creek Analytics",
)
PENSION_PAYERS = ("State Pension Office", "Public Service Pensions", "Harbour Mutual Pensions")
BENEFIT_PAYER = "Department of Social Support"
LANDLORDS = (
    "Keystone Lettings",
    "Harbour Homes",
    "Daly Property Management",
    "Eyre Residential",
    "Oakmount Estates",
    "Liberty Lettings",
    "P. Considine",
    "M. Hession",
    "Rowan Housing Association",
    "Quaynorth Rentals",
    "J. and B. Fahy",
    "Cityscape Living",
)
REMOVAL_FIRMS = ("Two Lads and a Van", "Swift Removals")
CLIENT_COMPANIES = (
    "Hollow Tree Studios",
    "Marlin Hotels Group",
    "Bluestone Construction",
    "Fitzgibbon Events",
    "Lantern Software",
    "Coastal Schools Trust",
    "Redbrick Brewing",
    "Ardán Arts Centre",
    "Northquay Logistics",
    "Otterburn Kitchens",
    "Dolmen Engineering",
    "Saffron Court Catering",
)
SUPPLIERS = (
    "Millrace Wholesale",
    "Atlantic Cash & Carry",
    "Beanworks Roasters",
    "Packaging Direct",
    "Northern Timber",
    "Desk & Drawer",
    "Glasán Foods",
)
CARD_SETTLEMENT = "Tapwell Card Services"
REVENUE_OFFICE = "Collector General"
LENDER = "Meridian Bank Lending"
BANK = "Meridian Bank"

# (first half, second half, kind of trade): shops are paid by card every day, trades by invoice.
COMPANY_FIRST = (
    "Quill",
    "Harbour",
    "Copper",
    "Willow",
    "Lantern",
    "Salt",
    "Granite",
    "Heron",
    "Clover",
    "Anvil",
    "Juniper",
    "Foxglove",
    "Beacon",
    "Tern",
    "Bramble",
    "Cobalt",
    "Féile",
    "Sliabh",
    "Marigold",
    "Driftwood",
    "Otter",
    "Pebble",
    "Rowan",
    "Thistle",
)
COMPANY_SHOPS = ("Kettle Café", "Deli", "Barbers", "Books", "Flowers", "Bakehouse", "Bikes", "Pharmacy", "Gift Shop", "Wine Bar")
COMPANY_TRADES = (
    "Joinery",
    "Design Studio",
    "Plumbing",
    "Electrical",
    "Translations",
    "Accountancy",
    "Landscaping",
    "Web Services",
    "Fit-outs",
    "Tutoring",
)
COMPANY_FORMS = ("Ltd", "Limited", "Teoranta", "& Sons Ltd")
