"""The description of the API that other systems read."""

from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator


def test_the_description_is_complete_and_unambiguous(db: None) -> None:
    reset_generator_stats()
    described = SchemaGenerator().get_schema(request=None, public=True)

    assert len(described["paths"]) >= 12  # fewer would mean that a floor is missing
    assert not GENERATOR_STATS, "two components of one name, or a type that could not be told"
