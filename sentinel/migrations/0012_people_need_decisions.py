from django.db import migrations

from sentinel.people.guards import FUNCTIONS, NO_GUARDS, TRIGGERS


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0011_rates_of_store_clients"), ("platform", "0007_roles_are_carried_over")]

    operations = [migrations.RunSQL(FUNCTIONS + TRIGGERS, NO_GUARDS)]
