"""Relationships with the days they hold for, deaths, mortgages, attorneys."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0014_facts"),
    ]

    operations = [
        migrations.AddField(
            model_name="party",
            name="deceased_date",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="partyrelationship",
            name="valid_from",
            field=models.DateField(help_text="The first day it is true on; null: not stated.", null=True),
        ),
        migrations.AddField(
            model_name="partyrelationship",
            name="valid_to",
            field=models.DateField(help_text="The last day it is true on; null: not stated, or not ended.", null=True),
        ),
        migrations.AlterField(
            model_name="arrangement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("current", "current account"),
                    ("savings", "savings account"),
                    ("card", "card"),
                    ("loan", "loan"),
                    ("mortgage", "mortgage"),
                    ("standing_order", "standing order"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="partyfact",
            name="attribute",
            field=models.CharField(
                choices=[
                    ("name", "name"),
                    ("birth_date", "date of birth"),
                    ("national_id", "national number"),
                    ("phone", "phone"),
                    ("email", "e-mail"),
                    ("address", "address"),
                    ("town", "town"),
                    ("language", "language"),
                    ("kind", "person or organisation"),
                    ("home_branch", "home branch"),
                    ("customer_since", "customer since"),
                    ("company_number", "company number"),
                    ("former_name", "former name"),
                    ("nationality", "nationality"),
                    ("tax_residence", "tax residence"),
                    ("occupation", "occupation"),
                    ("employer", "employer"),
                    ("legal_form", "legal form"),
                    ("phone_mobile", "mobile phone"),
                    ("phone_home", "phone at home"),
                    ("phone_work", "phone at work"),
                    ("email_home", "private e-mail"),
                    ("email_work", "e-mail at work"),
                    ("deceased", "died on"),
                ],
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="partyrelationship",
            name="kind",
            field=models.CharField(
                choices=[
                    ("guardian", "guardian of"),
                    ("owner", "owner of"),
                    ("director", "director of"),
                    ("employer", "employer of"),
                    ("guarantor", "guarantor of"),
                    ("household", "of one household with"),
                    ("joint_holder", "joint holder with"),
                    ("attorney", "attorney of"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="partyrelationship",
            index=models.Index(condition=models.Q(("valid_from__isnull", False)), fields=["valid_from"], name="relationship_by_beginning"),
        ),
        migrations.AddIndex(
            model_name="partyrelationship",
            index=models.Index(condition=models.Q(("valid_to__isnull", False)), fields=["valid_to"], name="relationship_by_end"),
        ),
        migrations.AddConstraint(
            model_name="partyrelationship",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_from__isnull", True), ("valid_to__isnull", True), ("valid_from__lte", models.F("valid_to")), _connector="OR"
                ),
                name="partyrelationship_begins_before_it_ends",
            ),
        ),
    ]
