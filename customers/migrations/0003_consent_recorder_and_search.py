
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0002_evidence'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='arrangement',
            name='arrangement_by_number',
        ),
        migrations.AddField(
            model_name='consent',
            name='recorded_by',
            field=models.CharField(blank=True, db_default='', default='', help_text='Who wrote down, in bankos, what the customer said.', max_length=120),
        ),
        migrations.AddField(
            model_name='searchlog',
            name='kind',
            field=models.CharField(blank=True, default='', help_text='What was found by: phone, name …; empty if nothing was.', max_length=20),
        ),
        migrations.AddIndex(
            model_name='arrangement',
            index=models.Index(django.db.models.functions.text.Upper(django.db.models.functions.text.Replace(django.db.models.functions.text.Replace('number', models.Value(' '), models.Value('')), models.Value('-'), models.Value(''))), name='arrangement_by_number'),
        ),
    ]
