"""Life events, needs, goals, preferences."""

import django.db.models.deletion
from django.db import migrations, models

import bankos.platform.ids
from bankos.platform.immutable import AppendOnly
from sentinel.redaction import Erasable


class Migration(migrations.Migration):
    dependencies = [("customers", "0010_rights")]

    operations = [
        migrations.CreateModel(
            name='Goal',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('app', 'app'), ('web', 'web'), ('phone', 'phone'), ('branch', 'branch'), ('email', 'e-mail'), ('letter', 'letter'), ('console', 'staff console')], max_length=20)),
                ('actor_kind', models.CharField(choices=[('customer', 'customer'), ('employee', 'employee'), ('agent', 'agent'), ('system', 'system')], max_length=12)),
                ('actor_name', models.CharField(help_text='Who wrote it down.', max_length=120)),
                ('occurred_at', models.DateTimeField(help_text='When it was said.')),
                ('recorded_at', models.DateTimeField()),
                ('decision_id', models.UUIDField(help_text='The decision that allowed it.')),
                ('goal_id', models.UUIDField(help_text='The same in every word about this goal.')),
                ('name', models.CharField(max_length=80)),
                ('amount', models.DecimalField(decimal_places=2, max_digits=18)),
                ('currency', models.CharField(max_length=3)),
                ('by_date', models.DateField(blank=True, null=True)),
                ('standing', models.CharField(choices=[('open', 'open'), ('reached', 'reached'), ('given_up', 'given up')], max_length=10)),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.party')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['party', '-occurred_at'], name='goal_by_party')],
                'constraints': [models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='a_goal_has_an_amount')],
            },
        ),
        migrations.CreateModel(
            name='LifeEvent',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('app', 'app'), ('web', 'web'), ('phone', 'phone'), ('branch', 'branch'), ('email', 'e-mail'), ('letter', 'letter'), ('console', 'staff console')], max_length=20)),
                ('actor_kind', models.CharField(choices=[('customer', 'customer'), ('employee', 'employee'), ('agent', 'agent'), ('system', 'system')], max_length=12)),
                ('actor_name', models.CharField(help_text='Who wrote it down.', max_length=120)),
                ('occurred_at', models.DateTimeField(help_text='When it was said.')),
                ('recorded_at', models.DateTimeField()),
                ('decision_id', models.UUIDField(help_text='The decision that allowed it.')),
                ('kind', models.CharField(choices=[('birth', 'birth of a child'), ('marriage', 'marriage'), ('separation', 'separation'), ('bereavement', 'death in the family'), ('new_job', 'new job'), ('job_loss', 'loss of a job'), ('retirement', 'retirement'), ('illness', 'serious illness'), ('moving_home', 'moving home'), ('home_purchase', 'buying a home'), ('studies', 'beginning of studies'), ('own_business', 'starting a business')], max_length=20)),
                ('happened_on', models.DateField()),
                ('standing', models.CharField(choices=[('asserted', 'not confirmed'), ('confirmed', 'confirmed'), ('wrong', 'did not happen')], max_length=10)),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.party')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['party', '-occurred_at'], name='lifeevent_by_party')],
            },
        ),
        migrations.CreateModel(
            name='Need',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('app', 'app'), ('web', 'web'), ('phone', 'phone'), ('branch', 'branch'), ('email', 'e-mail'), ('letter', 'letter'), ('console', 'staff console')], max_length=20)),
                ('actor_kind', models.CharField(choices=[('customer', 'customer'), ('employee', 'employee'), ('agent', 'agent'), ('system', 'system')], max_length=12)),
                ('actor_name', models.CharField(help_text='Who wrote it down.', max_length=120)),
                ('occurred_at', models.DateTimeField(help_text='When it was said.')),
                ('recorded_at', models.DateTimeField()),
                ('decision_id', models.UUIDField(help_text='The decision that allowed it.')),
                ('kind', models.CharField(choices=[('hearing', 'hard of hearing'), ('sight', 'sees little'), ('speech', 'speaks with difficulty'), ('mobility', 'moves with difficulty'), ('reading', 'reads with difficulty'), ('language', 'needs another language'), ('mental_health', 'mental health'), ('mental_capacity', 'needs help to decide'), ('memory', 'memory'), ('illness', 'serious illness'), ('bereavement', 'bereaved'), ('caring', 'cares for somebody'), ('low_resilience', 'little to fall back on'), ('financial_abuse_risk', 'somebody may misuse their money'), ('gambling_harm', 'harmed by gambling'), ('digital', 'does not use digital channels')], max_length=30)),
                ('present', models.BooleanField(help_text='False: no longer so.')),
                ('help', models.CharField(blank=True, help_text="What helps, in the customer's words.", max_length=200)),
                ('agreed', models.BooleanField(help_text='Whether the customer agreed that it is written down (GDPR Art. 9(2)(a) for health).')),
                ('review_on', models.DateField(blank=True, help_text='When to ask again.', null=True)),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.party')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['party', '-occurred_at'], name='need_by_party')],
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('channel', models.CharField(choices=[('app', 'app'), ('web', 'web'), ('phone', 'phone'), ('branch', 'branch'), ('email', 'e-mail'), ('letter', 'letter'), ('console', 'staff console')], max_length=20)),
                ('actor_kind', models.CharField(choices=[('customer', 'customer'), ('employee', 'employee'), ('agent', 'agent'), ('system', 'system')], max_length=12)),
                ('actor_name', models.CharField(help_text='Who wrote it down.', max_length=120)),
                ('occurred_at', models.DateTimeField(help_text='When it was said.')),
                ('recorded_at', models.DateTimeField()),
                ('decision_id', models.UUIDField(help_text='The decision that allowed it.')),
                ('kind', models.CharField(choices=[('contact_channel', 'prefers to be reached by'), ('contact_time', 'best time'), ('paper', 'statements'), ('format', 'format of letters'), ('greeting', 'is addressed as')], max_length=20)),
                ('value', models.CharField(blank=True, help_text='Empty: no preference any more.', max_length=80)),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.party')),
            ],
            options={
                'abstract': False,
                'indexes': [models.Index(fields=['party', '-occurred_at'], name='preference_by_party')],
            },
        ),
        AppendOnly("customers_goal"),
        AppendOnly("customers_lifeevent"),
        AppendOnly("customers_need"),
        AppendOnly("customers_preference"),
        Erasable("customers_goal", "name"),
        Erasable("customers_need", "help"),
        Erasable("customers_preference", "value"),
    ]
