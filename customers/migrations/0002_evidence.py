from django.db import migrations

from bankos.platform.immutable import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        AppendOnly("customers_sourcechunk"),
        AppendOnly("customers_partyfact"),
        AppendOnly("customers_transaction"),
        AppendOnly("customers_consent"),
        AppendOnly("customers_interaction"),
        AppendOnly("customers_signal"),
        AppendOnly("customers_searchlog"),
    ]
