from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0019_accounts_at_hand")]

    operations = [migrations.DeleteModel(name="ClientMeter")]
