"""What customers may ask for: consent receipts, exports, corrections, erasure."""

from datetime import UTC, datetime
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import simple_history.models
from django.conf import settings
from django.db import migrations, models

import bankos.platform.ids
from bankos.platform.immutable import AppendOnly
from sentinel.redaction import Erasable

# What the bank asks customers for from its first day on. Administrators write the next versions.
PURPOSES = (
    ("payment_insight", "Use payments to suggest help", False),
    ("marketing", "Send offers", True),
)
WORDINGS = {
    "payment_insight": (
        "We would like to look at the payments on your accounts to see in good time when money may get short, and to suggest what could help. "
        "Only we see this; nothing is given to others. You can say no, and you can change your mind at any time: tell us in the app, by phone "
        "or at any branch. If you say no, your accounts and prices stay as they are.",
        ["booked payments", "account balances", "regular payments"],
        "What we work out is kept for 12 months, in the European Union.",
    ),
    "marketing": (
        "We would like to tell you about our own offers that may suit you. You choose how: in the app, by e-mail, by phone or by letter. "
        "Each offer says how to stop them. You can say no, and you can change your mind at any time. If you say no, nothing else changes.",
        ["name", "contact details", "products held"],
        "Which offers you got is kept for 24 months, in the European Union.",
    ),
}


def ask_for_the_first_purposes(apps, schema_editor):
    purpose_model = apps.get_model("customers", "ConsentPurpose")
    notice_model = apps.get_model("customers", "ConsentNotice")
    for place, (code, label, by_channel) in enumerate(PURPOSES):
        purpose_model.objects.create(code=code, label=label, by_channel=by_channel, place=place)
        wording, personal_data, storage = WORDINGS[code]
        notice_model.objects.create(
            purpose_id=code,
            language="en",
            version=1,
            wording=wording,
            lawful_basis="consent",
            personal_data=personal_data,
            storage=storage,
            recipients=[],
            jurisdictions=["European Union"],
            controller=settings.BANK_NAME,
            in_force_from=datetime(2018, 5, 25, tzinfo=UTC),
            made_by="bankos",
        )


# How long what is kept, by Irish law as it stands; administrators change it.
RETENTION = (
    ("identity", 5, "last_business", "Criminal Justice (Money Laundering and Terrorist Financing) Act 2010, s. 55: 5 years after the last business"),
    ("transactions", 6, "last_business", "Taxes Consolidation Act 1997, s. 886: books and records, 6 years"),
    ("contacts", 6, "last_business", "Statute of Limitations 1957, s. 11: claims from a contract, 6 years"),
    ("consents", 6, "erasure", "GDPR Art. 5(2) and 7(1): the bank has to show what was agreed to, as long as it can be asked"),
    ("behaviour", 0, "erasure", "Nothing keeps it."),
    ("decisions", 0, "erasure", "Nothing keeps it: signatures and log stay verifiable without it."),
)


def keep_by_law(apps, schema_editor):
    rule_model = apps.get_model("customers", "RetentionRule")
    for category, years, counted_from, legal_ground in RETENTION:
        rule_model.objects.create(category=category, years=years, counted_from=counted_from, legal_ground=legal_ground)


# Which values can be erased out of rows that otherwise never change.
ERASABLE = (
    ("partyfact", "value"),
    ("partyfact", "normalised"),
    ("transaction", "counterparty"),
    ("transaction", "counterparty_account"),
    ("transaction", "purpose"),
    ("interaction", "summary"),
    ("consent", "evidence"),
    ("signal", "detail"),
)

RULES = [
    AppendOnly("customers_consentnotice"),
    migrations.RunPython(keep_by_law, migrations.RunPython.noop),
    *(Erasable(f"customers_{table}", column) for table, column in ERASABLE),
    Erasable("customers_sourcechunk", "raw", "given"),
    migrations.RunPython(ask_for_the_first_purposes, migrations.RunPython.noop),
    # Codes are plain text in consents, as systems of record and policies speak; the database holds them to those there are.
    migrations.RunSQL(
        "ALTER TABLE customers_consent ADD CONSTRAINT a_consent_has_a_purpose FOREIGN KEY (purpose) REFERENCES customers_consentpurpose (code)",
        "ALTER TABLE customers_consent DROP CONSTRAINT a_consent_has_a_purpose",
    ),
]


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0009_channels"),
        ("sentinel", "0006_redaction"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ConsentNotice',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('language', models.CharField(help_text='ISO 639-1, such as en or ga.', max_length=2)),
                ('version', models.PositiveSmallIntegerField(editable=False)),
                ('wording', models.TextField(help_text='What the customer hears or reads, word for word.', max_length=2000)),
                ('lawful_basis', models.CharField(choices=[('consent', 'consent (GDPR Art. 6(1)(a))'), ('contract', 'contract (GDPR Art. 6(1)(b))'), ('legal_obligation', 'legal obligation (GDPR Art. 6(1)(c))'), ('legitimate_interest', 'legitimate interest (GDPR Art. 6(1)(f))')], default='consent', max_length=20)),
                ('personal_data', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), help_text='Categories of personal data, separated by commas.', size=None)),
                ('storage', models.CharField(help_text='How long and where what is made of it is kept.', max_length=200)),
                ('recipients', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=80), blank=True, default=list, help_text='Who else gets it; empty: nobody.', size=None)),
                ('jurisdictions', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), help_text='Where it is processed.', size=None)),
                ('controller', models.CharField(help_text='Who is responsible for it (the PII controller).', max_length=120)),
                ('valid_days', models.PositiveSmallIntegerField(blank=True, help_text='A yes ends after so many days; empty: until withdrawn.', null=True)),
                ('in_force_from', models.DateTimeField()),
                ('made_by', models.CharField(editable=False, max_length=120)),
            ],
        ),
        migrations.CreateModel(
            name='ConsentPurpose',
            fields=[
                ('code', models.CharField(max_length=40, primary_key=True, serialize=False, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]{0,39}$', 'Lower-case letters, digits and underscores, beginning with a letter.')])),
                ('label', models.CharField(max_length=80)),
                ('by_channel', models.BooleanField(default=False, help_text='The customer may agree to some ways of being contacted and not to others.')),
                ('offered', models.BooleanField(default=True, help_text='Customers are still asked; what they said before counts all the same.')),
                ('place', models.PositiveSmallIntegerField(default=0, help_text='Its place in lists.')),
            ],
        ),
        migrations.CreateModel(
            name='HistoricalConsentPurpose',
            fields=[
                ('code', models.CharField(db_index=True, max_length=40, validators=[django.core.validators.RegexValidator('^[a-z][a-z0-9_]{0,39}$', 'Lower-case letters, digits and underscores, beginning with a letter.')])),
                ('label', models.CharField(max_length=80)),
                ('by_channel', models.BooleanField(default=False, help_text='The customer may agree to some ways of being contacted and not to others.')),
                ('offered', models.BooleanField(default=True, help_text='Customers are still asked; what they said before counts all the same.')),
                ('place', models.PositiveSmallIntegerField(default=0, help_text='Its place in lists.')),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
            ],
            options={
                'verbose_name': 'historical consent purpose',
                'verbose_name_plural': 'historical consent purposes',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.RemoveConstraint(
            model_name='consent',
            name='one_consent_per_moment',
        ),
        migrations.AddField(
            model_name='consent',
            name='contact_channel',
            field=models.CharField(blank=True, choices=[('app', 'app'), ('email', 'e-mail'), ('phone', 'phone'), ('letter', 'letter')], db_default='', default='', help_text='The way of contact it is about; empty: none in particular.', max_length=20),
        ),
        migrations.AddField(
            model_name='consent',
            name='evidence',
            field=models.CharField(blank=True, db_default='', default='', help_text="Where it can be found again: a call's number, a letter's.", max_length=120),
        ),
        migrations.AddField(
            model_name='consent',
            name='valid_until',
            field=models.DateTimeField(help_text='When a yes ends by itself.', null=True),
        ),
        migrations.AlterField(
            model_name='consent',
            name='channel',
            field=models.CharField(choices=[('app', 'app'), ('web', 'web'), ('phone', 'phone'), ('branch', 'branch'), ('email', 'e-mail'), ('letter', 'letter'), ('console', 'staff console')], help_text='Where the customer said so.', max_length=20),
        ),
        migrations.AlterField(
            model_name='consent',
            name='purpose',
            field=models.CharField(max_length=40),
        ),
        migrations.AddField(
            model_name='consent',
            name='notice',
            field=models.ForeignKey(help_text='What the customer was told, if that is known.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.consentnotice'),
        ),
        migrations.AddConstraint(
            model_name='consent',
            constraint=models.UniqueConstraint(fields=('party', 'purpose', 'contact_channel', 'occurred_at'), name='one_consent_per_moment'),
        ),
        migrations.AddField(
            model_name='consentnotice',
            name='purpose',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='customers.consentpurpose'),
        ),
        migrations.AddField(
            model_name='historicalconsentpurpose',
            name='history_user',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='consentnotice',
            constraint=models.UniqueConstraint(fields=('purpose', 'language', 'version'), name='one_wording_per_version'),
        ),
        migrations.CreateModel(
            name='RightsRequest',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('access', 'a copy of the data'), ('correction', 'a correction'), ('erasure', 'erasure')], max_length=12)),
                ('state', models.CharField(choices=[('open', 'open'), ('done', 'done'), ('refused', 'refused')], default='open', max_length=8)),
                ('heard_on', models.CharField(choices=[('app', 'app'), ('web', 'web'), ('phone', 'phone'), ('branch', 'branch'), ('email', 'e-mail'), ('letter', 'letter'), ('console', 'staff console')], max_length=20)),
                ('identity_check', models.CharField(blank=True, choices=[('document', 'Saw an identity document'), ('signed_in', 'Signed in to the app'), ('call_back', 'Called back on a known number'), ('letter', 'Signed letter, signature compared')], help_text='Empty: nobody asked, the bank acts by itself.', max_length=12)),
                ('asked_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('recorded_by', models.CharField(max_length=120)),
                ('decision_id', models.UUIDField(help_text='The decision that allowed to record it.')),
                ('answer', models.CharField(blank=True, help_text='What the customer is told.', max_length=300)),
                ('closed_at', models.DateTimeField(null=True)),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rights_requests', to='customers.party')),
            ],
        ),
        migrations.CreateModel(
            name='RetentionRule',
            fields=[
                ('category', models.CharField(choices=[('identity', 'Who the customer is'), ('transactions', 'Accounts, payments and cards'), ('contacts', 'Contacts and acts'), ('consents', 'Consents'), ('behaviour', 'Behaviour in the app, wishes and needs'), ('decisions', 'What decisions rested on')], max_length=16, primary_key=True, serialize=False)),
                ('years', models.PositiveSmallIntegerField(help_text='0: erased as soon as the customer asks.')),
                ('counted_from', models.CharField(choices=[('erasure', 'the request for erasure'), ('last_business', 'the last booking')], max_length=16)),
                ('legal_ground', models.CharField(help_text='Which law asks for it; shown to the customer.', max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='AccessExport',
            fields=[
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='export', serialize=False, to='customers.rightsrequest')),
                ('state', models.CharField(choices=[('making', 'being made'), ('ready', 'ready'), ('gone', 'deleted')], default='making', max_length=8)),
                ('key', models.BinaryField(help_text='Wrapped by the master key; empty once the export is deleted.', null=True)),
                ('section', models.PositiveSmallIntegerField(default=0, help_text='Sections that are complete.')),
                ('sections', models.PositiveSmallIntegerField()),
                ('cursor', models.CharField(blank=True, help_text='Behind which row of the section at hand to go on.', max_length=60)),
                ('parts', models.PositiveIntegerField(default=0)),
                ('records', models.PositiveBigIntegerField(default=0)),
                ('alive_at', models.DateTimeField(help_text='When somebody last worked on it.')),
                ('ready_at', models.DateTimeField(null=True)),
                ('gone_at', models.DateTimeField(help_text='When it is, or was, deleted.', null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Correction',
            fields=[
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='correction', serialize=False, to='customers.rightsrequest')),
                ('attribute', models.CharField(help_text='One of PartyFact.Attribute.', max_length=20)),
                ('stated', models.CharField(help_text='What the source states.', max_length=300)),
                ('said', models.CharField(help_text='What the customer says is right.', max_length=300)),
                ('evidence', models.CharField(help_text='What it rests on: a document, a register.', max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='ErasurePiece',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('category', models.CharField(choices=[('identity', 'Who the customer is'), ('transactions', 'Accounts, payments and cards'), ('contacts', 'Contacts and acts'), ('consents', 'Consents'), ('behaviour', 'Behaviour in the app, wishes and needs'), ('decisions', 'What decisions rested on')], max_length=16)),
                ('due_date', models.DateField(help_text='From this day on it may be erased.')),
                ('legal_ground', models.CharField(blank=True, help_text='Why it stays until then.', max_length=200)),
                ('erased_at', models.DateTimeField(null=True)),
                ('values', models.PositiveBigIntegerField(default=0, help_text='How many values and source lines were erased.')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pieces', to='customers.rightsrequest')),
            ],
        ),
        migrations.CreateModel(
            name='HistoricalRetentionRule',
            fields=[
                ('category', models.CharField(choices=[('identity', 'Who the customer is'), ('transactions', 'Accounts, payments and cards'), ('contacts', 'Contacts and acts'), ('consents', 'Consents'), ('behaviour', 'Behaviour in the app, wishes and needs'), ('decisions', 'What decisions rested on')], db_index=True, max_length=16)),
                ('years', models.PositiveSmallIntegerField(help_text='0: erased as soon as the customer asks.')),
                ('counted_from', models.CharField(choices=[('erasure', 'the request for erasure'), ('last_business', 'the last booking')], max_length=16)),
                ('legal_ground', models.CharField(help_text='Which law asks for it; shown to the customer.', max_length=200)),
                ('history_id', models.AutoField(primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField(db_index=True)),
                ('history_change_reason', models.CharField(max_length=100, null=True)),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('history_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'historical retention rule',
                'verbose_name_plural': 'historical retention rules',
                'ordering': ('-history_date', '-history_id'),
                'get_latest_by': ('history_date', 'history_id'),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name='LegalHold',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=300)),
                ('until', models.DateField(help_text='It ends by itself after this day.')),
                ('placed_by', models.CharField(max_length=120)),
                ('placed_at', models.DateTimeField()),
                ('decision_id', models.UUIDField(help_text='The decision that allowed to place it.')),
                ('lifted_at', models.DateTimeField(null=True)),
                ('lifted_by', models.UUIDField(help_text='The decision, of two people, that lifted it.', null=True)),
                ('party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='holds', to='customers.party')),
            ],
        ),
        migrations.CreateModel(
            name='AccessExportPart',
            fields=[
                ('id', bankos.platform.ids.UUIDv7Field(default=bankos.platform.ids.uuid7, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('section', models.CharField(max_length=60)),
                ('cipher', models.BinaryField()),
                ('export', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pieces', to='customers.accessexport')),
            ],
        ),
        migrations.AddConstraint(
            model_name='accessexport',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'gone'), _negated=True), ('key__isnull', True), _connector='OR'), name='a_deleted_export_has_no_key'),
        ),
        migrations.AddField(
            model_name='correction',
            name='corrected_by',
            field=models.ForeignKey(help_text='The fact by which the source put it right.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.partyfact'),
        ),
        migrations.AddField(
            model_name='correction',
            name='system',
            field=models.ForeignKey(help_text='Whose owner is asked.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.sourcesystem'),
        ),
        migrations.AddIndex(
            model_name='rightsrequest',
            index=models.Index(fields=['party', '-id'], name='rights_request_by_party'),
        ),
        migrations.AddIndex(
            model_name='rightsrequest',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['due_at'], name='rights_request_by_deadline'),
        ),
        migrations.AddConstraint(
            model_name='rightsrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('closed_at__isnull', False)), _connector='OR'), name='a_closed_request_has_its_moment'),
        ),
        migrations.AddIndex(
            model_name='erasurepiece',
            index=models.Index(condition=models.Q(('erased_at__isnull', True)), fields=['due_date'], name='erasure_due'),
        ),
        migrations.AddConstraint(
            model_name='erasurepiece',
            constraint=models.UniqueConstraint(fields=('request', 'category'), name='one_piece_per_category'),
        ),
        migrations.AddIndex(
            model_name='legalhold',
            index=models.Index(condition=models.Q(('lifted_at__isnull', True)), fields=['party'], name='hold_in_force'),
        ),
        migrations.AddConstraint(
            model_name='legalhold',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('lifted_at__isnull', True), ('lifted_by__isnull', True)), models.Q(('lifted_at__isnull', False), ('lifted_by__isnull', False)), _connector='OR'), name='a_lifted_hold_has_its_decision'),
        ),
        migrations.AddConstraint(
            model_name='accessexportpart',
            constraint=models.UniqueConstraint(fields=('export', 'number'), name='one_export_part_per_number'),
        ),
        migrations.AddField(
            model_name='party',
            name='restricted_at',
            field=models.DateTimeField(help_text='Erased on request; what the law keeps is neither used nor shown (GDPR Art. 18), except to compliance.', null=True),
        ),
        *RULES,
    ]
