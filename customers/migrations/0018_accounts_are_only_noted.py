from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("customers", "0017_acknowledged_drifts")]

    operations = [
        migrations.RemoveField("touchedarrangement", "balance_after"),
        migrations.RemoveField("touchedarrangement", "booking_date"),
        migrations.RemoveField("touchedarrangement", "sequence"),
        # Its rows no longer change.
        migrations.RunSQL("ALTER TABLE customers_touchedarrangement RESET (fillfactor)", migrations.RunSQL.noop),
    ]
