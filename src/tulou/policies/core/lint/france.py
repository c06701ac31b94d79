"""Places of France as facts: the codes that a region may have in the neutral programmes, and the departments' regions.

From the official geographic code (regions since 2016, departments, overseas collectivities).
"""

from __future__ import annotations

from collections.abc import Mapping

DEPARTMENTS: Mapping[str, tuple[str, ...]] = {
    "Auvergne-Rhône-Alpes": (
        "Ain", "Allier", "Ardèche", "Cantal", "Drôme", "Isère", "Loire", "Haute-Loire", "Puy-de-Dôme", "Rhône",
        "Savoie", "Haute-Savoie",
    ),
    "Bourgogne-Franche-Comté": (
        "Côte-d'Or", "Doubs", "Jura", "Nièvre", "Haute-Saône", "Saône-et-Loire", "Yonne", "Territoire de Belfort",
    ),
    "Bretagne": ("Côtes-d'Armor", "Finistère", "Ille-et-Vilaine", "Morbihan"),
    "Centre-Val de Loire": ("Cher", "Eure-et-Loir", "Indre", "Indre-et-Loire", "Loir-et-Cher", "Loiret"),
    "Corse": ("Corse-du-Sud", "Haute-Corse"),
    "Grand Est": (
        "Ardennes", "Aube", "Marne", "Haute-Marne", "Meurthe-et-Moselle", "Meuse", "Moselle", "Bas-Rhin", "Haut-Rhin",
        "Vosges",
    ),
    "Hauts-de-France": ("Aisne", "Nord", "Oise", "Pas-de-Calais", "Somme"),
    "Île-de-France": (
        "Paris", "Seine-et-Marne", "Yvelines", "Essonne", "Hauts-de-Seine", "Seine-Saint-Denis", "Val-de-Marne",
        "Val-d'Oise",
    ),
    "Normandie": ("Calvados", "Eure", "Manche", "Orne", "Seine-Maritime"),
    "Nouvelle-Aquitaine": (
        "Charente", "Charente-Maritime", "Corrèze", "Creuse", "Dordogne", "Gironde", "Landes", "Lot-et-Garonne",
        "Pyrénées-Atlantiques", "Deux-Sèvres", "Vienne", "Haute-Vienne",
    ),
    "Occitanie": (
        "Ariège", "Aude", "Aveyron", "Gard", "Haute-Garonne", "Gers", "Hérault", "Lot", "Lozère", "Hautes-Pyrénées",
        "Pyrénées-Orientales", "Tarn", "Tarn-et-Garonne",
    ),
    "Pays de la Loire": ("Loire-Atlantique", "Maine-et-Loire", "Mayenne", "Sarthe", "Vendée"),
    "Provence-Alpes-Côte d'Azur": (
        "Alpes-de-Haute-Provence", "Hautes-Alpes", "Alpes-Maritimes", "Bouches-du-Rhône", "Var", "Vaucluse",
    ),
}  # fmt: skip

OVERSEAS = frozenset(
    {
        "Guadeloupe", "Martinique", "Guyane", "La Réunion", "Mayotte", "Nouvelle-Calédonie", "Polynésie française",
        "Saint-Barthélemy", "Saint-Martin", "Saint-Pierre-Et-Miquelon", "Wallis et Futuna",
        "Terres australes et antarctiques françaises",
    }
)  # fmt: skip

REGIONS = frozenset(DEPARTMENTS) | OVERSEAS
REGION_OF: Mapping[str, str] = {name: region for region, names in DEPARTMENTS.items() for name in names}

SECTIONS = frozenset("ABCDEFGHIJKLMNOPQRSTU")
"""NAF sections."""
WITHOUT_FIRMS = frozenset("OTU")
"""Public administration, households as employers, bodies abroad: a text for all firms may leave them out."""
