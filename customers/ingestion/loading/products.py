"""What the bank sells, as the systems of record name it."""

from ..staging import Stage

_LOAD = """
INSERT INTO customers_product AS known (code, name)
SELECT DISTINCT ON (product_code) product_code, product_name FROM {table} ORDER BY product_code, line DESC
    ON CONFLICT (code) DO UPDATE SET name = excluded.name WHERE known.name <> excluded.name
"""


def load_products(stage: Stage) -> None:
    """From the columns `product_code` and `product_name` of a stage."""
    stage.run(_LOAD.format(table=stage.table))
