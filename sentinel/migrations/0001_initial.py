import bankos.platform.ids
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.comparison
import django.db.models.functions.text
import simple_history.models
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ApprovalRequest',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('eligible_roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), help_text='Roles whose agreement the policies accept.', size=None)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('asked_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='ApprovalAnswer',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('approved', models.BooleanField()),
                ('approver_id', models.CharField(max_length=120)),
                ('approver_roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), size=None)),
                ('approver_branch', models.CharField(blank=True, max_length=20)),
                ('note', models.CharField(blank=True, max_length=500)),
                ('answered_at', models.DateTimeField()),
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='answer', to='sentinel.approvalrequest')),
            ],
        ),
        migrations.CreateModel(
            name='AutonomySetting',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('subject', models.CharField(blank=True, help_text='Name of the system, agent or model; empty for all.', max_length=120)),
                ('action', models.CharField(blank=True, help_text='Name of the action; empty for all.', max_length=80)),
                ('level', models.CharField(choices=[('off', 'Off'), ('watch', 'Watch'), ('suggest', 'Suggest'), ('act_with_approval', 'Act with approval'), ('act_alone', 'Act alone')], default='suggest', max_length=20)),
                ('reason', models.CharField(help_text='Why this level; asked for at each change.', max_length=200)),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('subject', 'action'), name='one_autonomy_level_per_action')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('outcome', models.CharField(choices=[('permit', 'permit'), ('needs_approval', 'needs_approval'), ('deny', 'deny')], max_length=16)),
                ('action', models.CharField(max_length=80)),
                ('resource_type', models.CharField(max_length=40)),
                ('resource_id', models.CharField(max_length=120)),
                ('parameters', models.JSONField()),
                ('parameters_hash', models.CharField(help_text='sha256 over the RFC 8785 text of the parameters.', max_length=64)),
                ('actor_kind', models.CharField(choices=[('customer', 'customer'), ('employee', 'employee'), ('agent', 'agent'), ('system', 'system')], max_length=10)),
                ('actor_id', models.CharField(max_length=120)),
                ('actor_roles', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), size=None)),
                ('rules', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), help_text='Ids of the rules that decided.', size=None)),
                ('obligations', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), size=None)),
                ('autonomy_level', models.CharField(blank=True, help_text='Empty for people.', max_length=20)),
                ('model', models.JSONField(help_text='Name, version and sha256 of the model that proposed it.', null=True)),
                ('purposes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), size=None)),
                ('consents', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), size=None)),
                ('context', models.JSONField(help_text='The request as the policies saw it: with it a decision can be made again.')),
                ('issued_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('token', models.TextField()),
                ('approval', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.approvalrequest')),
            ],
        ),
        migrations.CreateModel(
            name='Consumption',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('consumed_at', models.DateTimeField()),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='consumption', to='sentinel.decision')),
            ],
        ),
        migrations.CreateModel(
            name='ApprovalUse',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('answer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='use', to='sentinel.approvalanswer')),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.decision')),
            ],
        ),
        migrations.AddField(
            model_name='approvalrequest',
            name='decision',
            field=models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='approval_request', to='sentinel.decision'),
        ),
        migrations.CreateModel(
            name='HistoricalAutonomySetting',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(db_index=True, default=bankos.platform.ids.uuid7, editable=False)),
                ('subject', models.CharField(blank=True, help_text='Name of the system, agent or model; empty for all.', max_length=120)),
                ('action', models.CharField(blank=True, help_text='Name of the action; empty for all.', max_length=80)),
                ('level', models.CharField(choices=[('off', 'Off'), ('watch', 'Watch'), ('suggest', 'Suggest'), ('act_with_approval', 'Act with approval'), ('act_alone', 'Act alone')], default='suggest', max_length=20)),
                ('reason', models.CharField(help_text='Why this level; asked for at each change.', max_length=200)),
                ('changed_at', models.DateTimeField()),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical autonomy setting',
                'verbose_name_plural': 'historical autonomy settings',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='HistoricalPolicyVersion',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(db_index=True, default=bankos.platform.ids.uuid7, editable=False)),
                ('store', models.CharField(default='bank', max_length=40)),
                ('number', models.PositiveIntegerField()),
                ('sha256', models.CharField(help_text='Over the canonical JSON of policies and schema.', max_length=64)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('active', 'active'), ('retired', 'retired')], default='draft', max_length=10)),
                ('note', models.CharField(blank=True, help_text='What is new in this version, and why.', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('activated_at', models.DateTimeField(blank=True, null=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical policy version',
                'verbose_name_plural': 'historical policy versions',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('store', models.CharField(default='bank', max_length=40)),
                ('number', models.PositiveIntegerField()),
                ('policies', models.TextField(help_text='Cedar policies, each with @id, @sentence, @customer, @owner and @basis.')),
                ('schema', models.TextField(help_text='The Cedar schema the policies are checked against.')),
                ('sha256', models.CharField(help_text='Over the canonical JSON of policies and schema.', max_length=64)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('active', 'active'), ('retired', 'retired')], default='draft', max_length=10)),
                ('note', models.CharField(blank=True, help_text='What is new in this version, and why.', max_length=200)),
                ('created_at', models.DateTimeField()),
                ('activated_at', models.DateTimeField(blank=True, null=True)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['sha256'], name='policy_version_by_hash')],
                'constraints': [models.UniqueConstraint(fields=('store', 'number'), name='one_policy_text_per_number'), models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('store',), name='one_active_policy_version'), models.CheckConstraint(condition=models.Q(('state', 'draft'), ('activated_at__isnull', False), _connector='OR'), name='policy_version_has_its_moment')],
            },
        ),
        migrations.AddField(
            model_name='decision',
            name='policy_version',
            field=models.ForeignKey(help_text='Empty if no policy was asked.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='sentinel.policyversion'),
        ),
        migrations.AddIndex(
            model_name='approvalrequest',
            index=models.Index(fields=['expires_at'], name='approval_request_by_expiry'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['resource_type', 'resource_id', 'id'], name='decision_by_resource'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['actor_id', 'id'], name='decision_by_actor'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['action', 'id'], name='decision_by_action'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(django.db.models.functions.text.Right(django.db.models.functions.comparison.Cast('id', models.TextField()), 8), name='decision_by_short_id'),
        ),
    ]
