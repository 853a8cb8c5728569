"""Clients of the interface, webhooks."""

import django.db.models.fields.json
from django.db import migrations, models
from django.conf import settings
import simple_history.models
import django.db.models.deletion
import django.contrib.postgres.fields
import bankos.platform.ids
from bankos.platform.immutable import AppendOnly

KINDS = {
    "loan_application_abandoned": "Loan application abandoned",
    "travel_notice": "Travel notice",
    "card_frozen": "Card frozen",
    "savings_goal_viewed": "Savings goal viewed",
    "statement_downloaded": "Statement downloaded",
    "help_searched": "Help searched",
}


def add_kinds(apps, schema_editor):
    kind = apps.get_model("customers", "EventKind")
    kind.objects.bulk_create(kind(code=code, title=title) for code, title in KINDS.items())


class Migration(migrations.Migration):
    dependencies = [("customers", "0008_sources"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name='ApiClient',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=80, unique=True)),
                ('kind', models.CharField(choices=[('channel', 'channel app'), ('system', 'other system'), ('agent', 'AI agent')], max_length=10)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('state.read', 'read a customer’s state'), ('state.unmasked', 'read masked fields whole'), ('timeline.read', 'read a customer’s timeline'), ('consents.read', 'read what customers agree to'), ('consents.write', 'pass on what a customer agrees to'), ('signals.write', 'record what a customer did in a channel'), ('events.write', 'send events of a channel'), ('webhooks.manage', 'be told of changes'), ('search', 'search for customers')], max_length=20), help_text='What it may do.', size=None)),
                ('reach', models.CharField(choices=[('spoken_for', 'the customer it speaks for'), ('listed', 'customers of some branches or portfolios'), ('everybody', 'every customer')], max_length=12, verbose_name='whom it may know of')),
                ('channel', models.CharField(choices=[('app', 'app'), ('web', 'web'), ('phone', 'phone'), ('branch', 'branch'), ('email', 'e-mail'), ('letter', 'letter'), ('console', 'staff console')], default='app', help_text='Where its customers are, if an event does not say so.', max_length=20)),
                ('per_minute', models.PositiveIntegerField(default=600, verbose_name='requests a minute')),
                ('created_at', models.DateTimeField(editable=False)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('branches', models.ManyToManyField(blank=True, related_name='clients', to='customers.branch')),
                ('owner', models.ForeignKey(blank=True, help_text='Who answers for it.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('portfolios', models.ManyToManyField(blank=True, related_name='clients', to='customers.portfolio')),
                ('system', models.ForeignKey(blank=True, help_text='The source its events belong to.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.sourcesystem')),
            ],
            options={
                'verbose_name': 'client of the interface',
                'verbose_name_plural': 'clients of the interface',
            },
        ),
        migrations.CreateModel(
            name='ClientMeter',
            fields=[
                ('client', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='meter', serialize=False, to='customers.apiclient')),
                ('idle_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ClientKey',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('sha256', models.CharField(max_length=64, unique=True)),
                ('ending', models.CharField(help_text='Its last characters, to tell it from others.', max_length=4)),
                ('created_at', models.DateTimeField()),
                ('created_by', models.CharField(max_length=120)),
                ('expires_at', models.DateTimeField()),
                ('revoked_at', models.DateTimeField(null=True)),
                ('last_used_at', models.DateTimeField(help_text='To the minute.', null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='customers.apiclient')),
            ],
        ),
        migrations.CreateModel(
            name='HistoricalApiClient',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(db_index=True, default=bankos.platform.ids.uuid7, editable=False)),
                ('name', models.CharField(db_index=True, max_length=80)),
                ('kind', models.CharField(choices=[('channel', 'channel app'), ('system', 'other system'), ('agent', 'AI agent')], max_length=10)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('state.read', 'read a customer’s state'), ('state.unmasked', 'read masked fields whole'), ('timeline.read', 'read a customer’s timeline'), ('consents.read', 'read what customers agree to'), ('consents.write', 'pass on what a customer agrees to'), ('signals.write', 'record what a customer did in a channel'), ('events.write', 'send events of a channel'), ('webhooks.manage', 'be told of changes'), ('search', 'search for customers')], max_length=20), help_text='What it may do.', size=None)),
                ('reach', models.CharField(choices=[('spoken_for', 'the customer it speaks for'), ('listed', 'customers of some branches or portfolios'), ('everybody', 'every customer')], max_length=12, verbose_name='whom it may know of')),
                ('channel', models.CharField(choices=[('app', 'app'), ('web', 'web'), ('phone', 'phone'), ('branch', 'branch'), ('email', 'e-mail'), ('letter', 'letter'), ('console', 'staff console')], default='app', help_text='Where its customers are, if an event does not say so.', max_length=20)),
                ('per_minute', models.PositiveIntegerField(default=600, verbose_name='requests a minute')),
                ('created_at', models.DateTimeField(editable=False)),
                ('revoked_at', models.DateTimeField(blank=True, editable=False, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, db_constraint=False, help_text='Who answers for it.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('system', models.ForeignKey(blank=True, db_constraint=False, help_text='The source its events belong to.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.sourcesystem')),
            ],
            options={
                'verbose_name': 'historical client of the interface',
                'verbose_name_plural': 'historical clients of the interface',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalApiClient_branches',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('apiclient', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.apiclient')),
                ('branch', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.branch')),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='customers.historicalapiclient')),
            ],
            options={
                'verbose_name': 'HistoricalApiClient_branches',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalApiClient_portfolios',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name='ID')),
                ('m2m_history_id', models.AutoField(primary_key=True, serialize=False)),
                ('apiclient', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.apiclient')),
                ('history', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, to='customers.historicalapiclient')),
                ('portfolio', models.ForeignKey(blank=True, db_constraint=False, db_tablespace='', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.portfolio')),
            ],
            options={
                'verbose_name': 'HistoricalApiClient_portfolios',
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddConstraint(
            model_name='apiclient',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reach', 'spoken_for'), _negated=True), ('kind', 'channel'), _connector='OR'), name='only_a_channel_speaks_for_customers'),
        ),
        migrations.AddConstraint(
            model_name='apiclient',
            constraint=models.CheckConstraint(condition=models.Q(('per_minute__gte', 1)), name='a_client_may_ask_at_all'),
        ),
        migrations.AddConstraint(
            model_name='clientkey',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('created_at'))), name='a_key_is_good_for_a_time'),
        ),
        migrations.CreateModel(
            name='EventArrival',
            fields=[
                ('number', models.BigAutoField(primary_key=True, serialize=False)),
                ('place', models.PositiveIntegerField(help_text='In the request, from 0.')),
                ('source', models.CharField(max_length=200)),
                ('event_id', models.CharField(max_length=200)),
                ('sha256', models.CharField(help_text="Of the event's canonical form.", max_length=64)),
                ('feed', models.CharField(help_text='What reads it.', max_length=60)),
                ('cells', models.JSONField(help_text='What it says, as column → text.')),
            ],
        ),
        migrations.CreateModel(
            name='EventKind',
            fields=[
                ('code', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('title', models.CharField(help_text='What staff read in the timeline.', max_length=80)),
            ],
        ),
        migrations.CreateModel(
            name='EventPost',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('content_type', models.CharField(max_length=80)),
                ('attributes', models.JSONField(default=dict, help_text='What a single event in binary mode says in headers.')),
                ('idempotency_key', models.CharField(blank=True, max_length=128)),
                ('sha256', models.CharField(help_text='Of the body.', max_length=64)),
                ('body', models.BinaryField()),
                ('answer', models.JSONField()),
                ('received_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='HistoricalEventKind',
            fields=[
                ('code', models.CharField(db_index=True, max_length=40)),
                ('title', models.CharField(help_text='What staff read in the timeline.', max_length=80)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical event kind',
                'verbose_name_plural': 'historical event kinds',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.AddField(
            model_name='signal',
            name='campaign',
            field=models.CharField(blank=True, db_default='', default='', max_length=100),
        ),
        migrations.AddField(
            model_name='signal',
            name='details',
            field=models.JSONField(db_default={}, default=dict, help_text='What else the channel said of it.'),
        ),
        migrations.AddIndex(
            model_name='rejectedrow',
            index=models.Index(django.db.models.fields.json.KeyTextTransform('email', 'raw'), condition=models.Q(('feed__startswith', 'channels.'), ('state', 'open')), name='waiting_by_email'),
        ),
        migrations.AddIndex(
            model_name='rejectedrow',
            index=models.Index(django.db.models.fields.json.KeyTextTransform('user_id', 'raw'), condition=models.Q(('feed__startswith', 'channels.'), ('state', 'open')), name='waiting_by_user_id'),
        ),
        migrations.AddIndex(
            model_name='rejectedrow',
            index=models.Index(django.db.models.fields.json.KeyTextTransform('anonymous_id', 'raw'), condition=models.Q(('feed__startswith', 'channels.'), ('state', 'open')), name='waiting_by_anonymous_id'),
        ),
        migrations.CreateModel(
            name='WaitingArrival',
            fields=[
                ('arrival', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='waiting', serialize=False, to='customers.eventarrival')),
            ],
        ),
        migrations.AddField(
            model_name='eventarrival',
            name='system',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.sourcesystem'),
        ),
        migrations.AddConstraint(
            model_name='eventkind',
            constraint=models.CheckConstraint(condition=models.Q(('code__regex', '^[a-z][a-z0-9_]*$')), name='a_kind_of_event_is_called_by_a_code'),
        ),
        migrations.AddField(
            model_name='eventpost',
            name='client',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.apiclient'),
        ),
        migrations.AddField(
            model_name='eventarrival',
            name='post',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='arrivals', to='customers.eventpost'),
        ),
        migrations.AddField(
            model_name='historicaleventkind',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='eventpost',
            constraint=models.UniqueConstraint(condition=models.Q(('idempotency_key', ''), _negated=True), fields=('client', 'idempotency_key'), name='a_key_means_one_request'),
        ),
        migrations.AddConstraint(
            model_name='eventarrival',
            constraint=models.UniqueConstraint(fields=('system', 'source', 'event_id'), name='an_event_arrives_once'),
        ),
        AppendOnly("customers_eventpost"),
        AppendOnly("customers_eventarrival"),
        migrations.RunPython(add_kinds, migrations.RunPython.noop),
        migrations.CreateModel(
            name='HistoricalWebhookSubscription',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(db_index=True, default=bankos.platform.ids.uuid7, editable=False)),
                ('url', models.CharField(max_length=500)),
                ('changes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, help_text='What of a customer; empty for everything.', size=None)),
                ('state', models.CharField(choices=[('active', 'active'), ('paused', 'paused'), ('disabled', 'disabled after failures'), ('removed', 'removed')], default='active', max_length=10)),
                ('note', models.CharField(blank=True, help_text='Why it is not active.', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('client', models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.apiclient')),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical webhook subscription',
                'verbose_name_plural': 'historical webhook subscriptions',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('message_id', models.UUIDField(help_text='Of the event it tells of: what a receiver knows a message by.')),
                ('body', models.TextField(help_text='Ids, what changed, version and links; no word about anybody.')),
                ('replay', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('delivered', 'received'), ('given_up', 'given up'), ('withheld', 'not sent: the program may not know of the customer')], default='waiting', max_length=10)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField()),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('party', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.party')),
            ],
            options={
                'verbose_name_plural': 'webhook deliveries',
            },
        ),
        migrations.CreateModel(
            name='WebhookAttempt',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('tried_at', models.DateTimeField()),
                ('status', models.PositiveSmallIntegerField(help_text='What was answered; null if nothing was.', null=True)),
                ('milliseconds', models.PositiveIntegerField()),
                ('problem', models.CharField(blank=True, max_length=120)),
                ('answer', models.CharField(blank=True, help_text='How the answer begins.', max_length=200)),
                ('delivery', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='tries', to='customers.webhookdelivery')),
            ],
        ),
        migrations.CreateModel(
            name='WebhookSubscription',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('url', models.CharField(max_length=500)),
                ('changes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=40), blank=True, default=list, help_text='What of a customer; empty for everything.', size=None)),
                ('state', models.CharField(choices=[('active', 'active'), ('paused', 'paused'), ('disabled', 'disabled after failures'), ('removed', 'removed')], default='active', max_length=10)),
                ('note', models.CharField(blank=True, help_text='Why it is not active.', max_length=200)),
                ('failing_since', models.DateTimeField(help_text='The first failure since anything was received.', null=True)),
                ('not_before', models.DateTimeField(help_text='After a failure nothing is sent there before this moment.', null=True)),
                ('created_at', models.DateTimeField()),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhooks', to='customers.apiclient')),
            ],
        ),
        migrations.CreateModel(
            name='WebhookSecret',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('wrapped', models.BinaryField()),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(null=True)),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='secrets', to='customers.webhooksubscription')),
            ],
        ),
        migrations.AddField(
            model_name='webhookdelivery',
            name='subscription',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='customers.webhooksubscription'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['due_at'], name='webhook_due'),
        ),
        migrations.AddIndex(
            model_name='webhookdelivery',
            index=models.Index(fields=['subscription', '-id'], name='webhook_by_subscription'),
        ),
        migrations.AddConstraint(
            model_name='webhookdelivery',
            constraint=models.UniqueConstraint(condition=models.Q(('replay', False)), fields=('subscription', 'message_id'), name='a_change_is_told_once'),
        ),
        AppendOnly("customers_webhookattempt"),
    ]
