"""Sources, mappings, corrections; what a file of several kinds of rows needs."""

import datetime

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
import simple_history.models

import bankos.platform.ids
from bankos.platform.immutable import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("customers", "0007_care"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            model_name='historicalsourcesystem',
            name='owner',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='Who answers for this source at the bank: gets the task when a customer says that something it tells is wrong.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalsourcesystem',
            name='rank',
            field=models.PositiveSmallIntegerField(default=50, help_text='Whose word is shown first where sources disagree and no rule of its own says otherwise: 1 before 2.'),
        ),
        migrations.AddField(
            model_name='sourcesystem',
            name='owner',
            field=models.ForeignKey(blank=True, help_text='Who answers for this source at the bank: gets the task when a customer says that something it tells is wrong.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='sourcesystem',
            name='rank',
            field=models.PositiveSmallIntegerField(default=50, help_text='Whose word is shown first where sources disagree and no rule of its own says otherwise: 1 before 2.'),
        ),
        migrations.AddConstraint(
            model_name='sourcesystem',
            constraint=models.CheckConstraint(condition=models.Q(('code__regex', '^[a-z][a-z0-9_]{1,19}$')), name='a_source_is_called_by_a_code'),
        ),
        migrations.AddConstraint(
            model_name='sourcesystem',
            constraint=models.CheckConstraint(condition=models.Q(('freshness_promise__gt', datetime.timedelta(0))), name='a_promise_is_a_time'),
        ),
        migrations.AddField(
            model_name="rejectedrow",
            name="feed",
            field=models.CharField(default="", help_text="What reads the row: a file may hold rows of several kinds.", max_length=60),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="sourcefile",
            name="changes",
            field=models.JSONField(default=list, help_text="What it has changed of customers so far, in the words of the event."),
        ),
        migrations.AlterField(
            model_name="sourcefile",
            name="feed",
            field=models.CharField(blank=True, help_text="What it holds; empty if nobody could tell.", max_length=60),
        ),
        migrations.CreateModel(
            name="SourcePosition",
            fields=[
                ("source_line", models.PositiveBigIntegerField()),
                ("recorded_at", models.DateTimeField(help_text="When bankos came to know it.")),
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "system", "feed", "key", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("feed", models.CharField(max_length=60)),
                ("key", models.CharField(max_length=200)),
                (
                    "position",
                    models.BigIntegerField(help_text="Where the change stands in the source's log of changes."),
                ),
                ("gone", models.BooleanField(default=False, help_text="The source deleted the row.")),
                (
                    "source_file",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.sourcefile"
                    ),
                ),
                (
                    "system",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="customers.sourcesystem"
                    ),
                ),
            ],
            options={"abstract": False},
        ),
        migrations.CreateModel(
            name='SourceJob',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('rerun', 'Trying rows again')], max_length=10)),
                ('state', models.CharField(choices=[('waiting', 'waits for a worker'), ('running', 'under way'), ('done', 'done'), ('failed', 'failed')], default='waiting', max_length=10)),
                ('rows', models.PositiveBigIntegerField(default=0, help_text='Rows worked on so far.')),
                ('accepted', models.PositiveBigIntegerField(default=0, help_text='Of them, rows that are in, or would be.')),
                ('rejected', models.PositiveBigIntegerField(default=0)),
                ('fraction', models.FloatField(default=0, help_text='How much of it is done, 0 to 1.')),
                ('problem', models.CharField(blank=True, help_text='Why it failed.', max_length=300)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('asked_by', models.UUIDField()),
                ('asked_by_name', models.CharField(max_length=120)),
                ('decision_id', models.UUIDField(null=True)),
                ('asked_at', models.DateTimeField()),
                ('alive_at', models.DateTimeField(help_text='When it was last asked for or worked on; a silent job is given to another worker.')),
                ('finished_at', models.DateTimeField(null=True)),
                ('file', models.ForeignKey(help_text='Empty: all of the source.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='customers.sourcefile')),
                ('system', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='customers.sourcesystem')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['alive_at'], name='jobs_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('fraction__gte', 0), ('fraction__lte', 1)), name='progress_is_a_fraction')],
            },
        ),
        migrations.CreateModel(
            name='SourceLook',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('looked_by', models.UUIDField(help_text='The employee.')),
                ('looked_by_name', models.CharField(max_length=120)),
                ('reason', models.CharField(max_length=300)),
                ('looked_at', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('decision_id', models.UUIDField()),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.sourcefile')),
            ],
            options={
                'indexes': [models.Index(fields=['looked_by', 'until'], name='looks_in_force')],
                'constraints': [models.CheckConstraint(condition=models.Q(('until__gt', models.F('looked_at'))), name='a_look_ends_after_it_began')],
            },
        ),
        AppendOnly("customers_sourcelook"),
        migrations.CreateModel(
            name='HeldPart',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('data', models.BinaryField()),
                ('file', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='held', to='customers.sourcefile')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('file', 'number'), name='a_part_is_held_once')],
            },
        ),
        migrations.CreateModel(
            name='HistoricalSourceMapping',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(db_index=True, default=bankos.platform.ids.uuid7, editable=False)),
                ('code', models.CharField(help_text='What its versions, and the files they read, are called by.', max_length=30)),
                ('kind', models.CharField(help_text='The kind of record.', max_length=30)),
                ('header', models.JSONField(help_text='The columns of the sample.')),
                ('definition', models.JSONField(default=dict)),
                ('in_force', models.BooleanField(default=False, help_text='Whether its newest version reads files.')),
                ('changed_at', models.DateTimeField()),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical source mapping',
                'verbose_name_plural': 'historical source mappings',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='MappingVersion',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('feed', models.CharField(help_text='What files read by it say they hold.', max_length=60, unique=True)),
                ('kind', models.CharField(max_length=30)),
                ('header', models.JSONField()),
                ('definition', models.JSONField()),
                ('sha256', models.CharField(max_length=64)),
                ('activated_at', models.DateTimeField()),
                ('activated_by', models.UUIDField()),
                ('activated_by_name', models.CharField(max_length=120)),
                ('decision_id', models.UUIDField()),
            ],
        ),
        migrations.CreateModel(
            name='SourceMapping',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(help_text='What its versions, and the files they read, are called by.', max_length=30)),
                ('kind', models.CharField(help_text='The kind of record.', max_length=30)),
                ('header', models.JSONField(help_text='The columns of the sample.')),
                ('definition', models.JSONField(default=dict)),
                ('in_force', models.BooleanField(default=False, help_text='Whether its newest version reads files.')),
                ('changed_at', models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name='sourcejob',
            name='reasons',
            field=models.JSONField(default=dict, help_text='Of a dry run: code → how many rows, and the first lines they stand in.'),
        ),
        migrations.AddField(
            model_name='sourcejob',
            name='sha256',
            field=models.CharField(blank=True, help_text='What the mapping said when its dry run was asked for.', max_length=64),
        ),
        migrations.AlterField(
            model_name='sourcefile',
            name='state',
            field=models.CharField(choices=[('loading', 'loading'), ('waiting', 'waits for a mapping'), ('stopped', 'stopped by an error'), ('done', 'done')], default='loading', max_length=10),
        ),
        migrations.AlterField(
            model_name='sourcejob',
            name='kind',
            field=models.CharField(choices=[('rerun', 'Trying rows again'), ('dry_run', 'Dry run of a mapping'), ('read', 'Reading a file')], max_length=10),
        ),
        migrations.AddField(
            model_name='historicalsourcemapping',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='historicalsourcemapping',
            name='sample',
            field=models.ForeignKey(blank=True, db_constraint=False, help_text='The file it is tried on.', null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.sourcefile'),
        ),
        migrations.AddField(
            model_name='historicalsourcemapping',
            name='system',
            field=models.ForeignKey(blank=True, db_constraint=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='customers.sourcesystem'),
        ),
        migrations.AddField(
            model_name='sourcemapping',
            name='sample',
            field=models.ForeignKey(help_text='The file it is tried on.', on_delete=django.db.models.deletion.PROTECT, related_name='mappings', to='customers.sourcefile'),
        ),
        migrations.AddField(
            model_name='sourcemapping',
            name='system',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mappings', to='customers.sourcesystem'),
        ),
        migrations.AddField(
            model_name='mappingversion',
            name='mapping',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='customers.sourcemapping'),
        ),
        migrations.AddField(
            model_name='sourcejob',
            name='mapping',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='jobs', to='customers.sourcemapping'),
        ),
        migrations.AddConstraint(
            model_name='sourcejob',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'running'])), fields=('system', 'file', 'mapping', 'sha256', 'kind'), name='the_same_work_is_asked_for_once', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='sourcemapping',
            constraint=models.UniqueConstraint(fields=('system', 'code'), name='a_source_calls_a_mapping_once'),
        ),
        migrations.AddConstraint(
            model_name='sourcemapping',
            constraint=models.CheckConstraint(condition=models.Q(('code__regex', '^[a-z][a-z0-9_]{1,29}$')), name='a_mapping_is_called_by_a_code'),
        ),
        migrations.AddConstraint(
            model_name='mappingversion',
            constraint=models.UniqueConstraint(fields=('mapping', 'number'), name='a_mapping_counts_its_versions'),
        ),
        AppendOnly("customers_mappingversion"),
        migrations.AddField(
            model_name='sourcejob',
            name='added',
            field=models.PositiveBigIntegerField(default=0, help_text='Rows that would bring something new.'),
        ),
        migrations.AddField(
            model_name='sourcejob',
            name='lines',
            field=models.PositiveBigIntegerField(default=0, help_text='Lines of the file behind which the next piece goes on.'),
        ),
        migrations.CreateModel(
            name='FileProfile',
            fields=[
                ('pk', models.CompositePrimaryKey('file', 'feed', blank=True, editable=False, primary_key=True, serialize=False)),
                ('feed', models.CharField(max_length=60)),
                ('columns', models.JSONField(default=dict, help_text='Column → rows looked at, how many were empty, look → how many.')),
                ('file', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='profiles', to='customers.sourcefile')),
            ],
        ),
        migrations.CreateModel(
            name='Watermark',
            fields=[
                ('pk', models.CompositePrimaryKey('system', 'feed', blank=True, editable=False, primary_key=True, serialize=False)),
                ('feed', models.CharField(help_text='The kind of file; all versions of a mapping are one.', max_length=60)),
                ('newest', models.DateTimeField(help_text='The newest business moment seen; empty where rows tell none.', null=True)),
                ('before', models.DateTimeField(help_text='The newest seen before the last file: what its rows are late against.', null=True)),
                ('late_rows', models.PositiveBigIntegerField(default=0, help_text='New rows of a moment before one that had been seen in an earlier file.')),
                ('deleted_rows', models.PositiveBigIntegerField(default=0, help_text='Rows the source said it no longer has.')),
                ('moved_at', models.DateTimeField(help_text='When it was last looked at.')),
                ('file', models.ForeignKey(db_index=False, help_text='The last file.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.sourcefile')),
                ('system', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='watermarks', to='customers.sourcesystem')),
            ],
        ),
        migrations.CreateModel(
            name='SchemaDrift',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('feed', models.CharField(max_length=60)),
                ('kind', models.CharField(choices=[('added', 'column added'), ('missing', 'column missing'), ('renamed', 'column renamed'), ('look', 'written differently'), ('empty', 'empty more or less often')], max_length=10)),
                ('column', models.CharField(max_length=200)),
                ('was', models.CharField(blank=True, max_length=200)),
                ('now', models.CharField(blank=True, max_length=200)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('files', models.PositiveIntegerField(default=1, help_text='Files it was seen in.')),
                ('first_file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.sourcefile')),
                ('last_file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.sourcefile')),
                ('system', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='drifts', to='customers.sourcesystem')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('system', 'feed', 'kind', 'column', 'now'), name='the_same_drift_is_one_record'), models.CheckConstraint(condition=models.Q(('last_seen_at__gte', models.F('first_seen_at'))), name='last_seen_after_first')],
            },
        ),
    ]
