"""Guards that believe only what the bank signed and what stands in the log, whatever a row says of itself."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import Q

from bankos.platform.immutable import AppendOnly
from bankos.platform.roles import CalledBy, WrittenBy
from sentinel.people.guards import FUNCTIONS as PEOPLES
from sentinel.redaction import ErasedWith

APPLICATION, LOG, ERASER = settings.APPLICATION_ROLE, settings.LOG_ROLE, settings.ERASER_ROLE

IN_ITS_SCHEMA = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION {function} SET search_path = %I, pg_temp', current_schema());
END $$;
"""
OWNED_BY_ERASER = """
DO $$
DECLARE
    may CONSTANT boolean := has_schema_privilege('{eraser}', current_schema(), 'CREATE');
BEGIN
    -- Who gets a function must be allowed to make one there, for as long as it takes.
    IF NOT may THEN EXECUTE format('GRANT CREATE ON SCHEMA %I TO "{eraser}"', current_schema()); END IF;
    ALTER FUNCTION {function} OWNER TO "{eraser}";
    IF NOT may THEN EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM "{eraser}"', current_schema()); END IF;
END $$;
"""

# The claims of one of the bank's own decisions, as they were signed. Its columns may say what they like.
CLAIMS = """
CREATE FUNCTION sentinel_claims(decision uuid) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
DECLARE
    place bigint;
    claims jsonb;
BEGIN
    SELECT leaf_index, platform_signed(token, 'decision+jwt') INTO place, claims FROM sentinel_decision WHERE id = decision;
    IF claims IS NULL THEN
        RAISE EXCEPTION 'decision % is not signed by the bank', decision USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF claims ->> 'jti' IS DISTINCT FROM decision::text OR (claims #>> '{log,index}')::bigint IS DISTINCT FROM place OR place < 0
       OR claims #>> '{policy,store}' IS DISTINCT FROM 'bank' OR coalesce(claims ->> 'aud', 'urn:bankos:bank') <> 'urn:bankos:bank' THEN
        RAISE EXCEPTION 'decision % is not the one that was signed', decision USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN claims;
END $$;
"""
NO_CLAIMS = "DROP FUNCTION sentinel_claims(uuid)"

# Who else a customer is: a floor above, which knows customers, says so in a function of its own instead of this one.
WHO_ELSE = """
CREATE FUNCTION sentinel_members(subject text) RETURNS text[] LANGUAGE sql STABLE AS $$ SELECT ARRAY[subject] $$;
"""
NO_WHO_ELSE = "DROP FUNCTION sentinel_members(text)"

# Every erasing begins here: once a transaction the signature is checked, then its row tells. A decision serves one transaction only.
BEGIN_ERASING = """
CREATE FUNCTION sentinel_begin_erasing(decision uuid) RETURNS sentinel_erasing LANGUAGE plpgsql AS $$
DECLARE
    begun sentinel_erasing%ROWTYPE;
    claims jsonb;
    asked jsonb;
BEGIN
    SELECT * INTO begun FROM sentinel_erasing e WHERE e.decision_id = decision;
    IF FOUND THEN
        IF begun.transaction <> pg_current_xact_id()::text::bigint THEN
            RAISE EXCEPTION 'decision % was used for another erasing', decision USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN begun;
    END IF;
    claims := sentinel_claims(decision);
    asked := claims #> '{authorization_details,0}';
    IF claims ->> 'outcome' IS DISTINCT FROM 'permit' OR asked ->> 'type' NOT IN ('customer.erase', 'customer.erase_due')
       OR asked #>> '{resource,type}' IS DISTINCT FROM 'Party' OR asked #>> '{resource,id}' IS NULL THEN
        RAISE EXCEPTION 'decision % permits no erasing', decision USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF to_timestamp((claims ->> 'exp')::bigint) <= clock_timestamp() OR to_timestamp((claims ->> 'iat')::bigint) > clock_timestamp() + interval '5 minutes'
       OR NOT EXISTS (SELECT FROM sentinel_consumption c WHERE c.decision_id = decision AND c.leaf_index >= 0) THEN
        RAISE EXCEPTION 'decision % permits no erasing now', decision USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO sentinel_erasing (decision_id, transaction, subject_id, members, began_at)
    VALUES (decision, pg_current_xact_id()::text::bigint, asked #>> '{resource,id}',
            sentinel_members(asked #>> '{resource,id}'), clock_timestamp())
    RETURNING * INTO begun;
    RETURN begun;
END $$;
"""
NO_BEGIN_ERASING = "DROP FUNCTION sentinel_begin_erasing(uuid)"

# A column's comment says what stands for an erased value and, behind `of:`, which rows are a customer's: a condition on the row `r` and the
# customer's ids `members`. Where a row does not tell whose it is (a file's name, a run of raw lines) there is none, and the bank must have
# signed an order for exactly these rows.
ERASABLE = """
CREATE OR REPLACE FUNCTION sentinel_erasable(tbl text, col text, OUT blank text, OUT of text) LANGUAGE plpgsql STABLE AS $$
DECLARE comment text;
BEGIN
    SELECT col_description(a.attrelid, a.attnum) INTO comment FROM pg_attribute a
     WHERE a.attrelid = to_regclass(quote_ident(tbl)) AND a.attname = col AND NOT a.attisdropped;
    IF comment IS NULL OR comment NOT LIKE 'erasable:%' THEN
        RAISE EXCEPTION '% of % is not erasable', col, tbl USING ERRCODE = 'insufficient_privilege';
    END IF;
    blank := split_part(substr(comment, length('erasable:') + 1), E'\\nof:', 1);
    of := nullif(split_part(comment, E'\\nof:', 2), '');
END $$;

CREATE FUNCTION sentinel_check_order(signed text, asked jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
    IF platform_signed(signed, 'erasing-order+jwt') IS DISTINCT FROM asked THEN
        RAISE EXCEPTION 'the bank signed no order to erase this' USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;
"""
NO_ERASABLE = """
DROP FUNCTION sentinel_check_order(text, jsonb);
DROP FUNCTION sentinel_erasable(text, text);
"""

REDACT = """
CREATE FUNCTION sentinel_redact(decision uuid, tbl text, col text, ids text[], signed_order text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    erasable CONSTANT record := sentinel_erasable(tbl, col);
    key CONSTANT record := sentinel_row_key(tbl);
    begun CONSTANT sentinel_erasing := sentinel_begin_erasing(decision);
    place text;
    whole text;
    foreign_rows bigint;
    hashed bigint;
    erased bigint := 0;
BEGIN
    IF erasable.of IS NULL THEN
        PERFORM sentinel_check_order(signed_order, jsonb_build_object(
            'decision', decision, 'table', tbl, 'column', col, 'rows', encode(sha256(convert_to(array_to_string(ids, ','), 'UTF8')), 'hex')));
    END IF;
    -- The table first: what an UPDATE takes out of it is kept in the past (bankos.platform.history), and goes from there with all before.
    FOREACH place IN ARRAY ARRAY[quote_ident(tbl), 'past.' || quote_ident(tbl)] LOOP
        CONTINUE WHEN to_regclass(place) IS NULL;
        IF erasable.of IS NOT NULL THEN
            EXECUTE format('SELECT count(*) FROM (SELECT $1::text[] AS members) them, %s r WHERE r.%I = ANY ($2::%s[]) AND (%s) IS NOT TRUE',
                           place, key.name, key.type, erasable.of) INTO foreign_rows USING begun.members, ids;
            IF foreign_rows > 0 THEN
                RAISE EXCEPTION '% rows of % are not of the customer that decision % names', foreign_rows, place, decision
                    USING ERRCODE = 'insufficient_privilege';
            END IF;
        END IF;
        whole := format('%1$I = ANY ($1::%2$s[]) AND %3$I IS NOT NULL AND %3$I IS DISTINCT FROM %4$s', key.name, key.type, col, erasable.blank);
        EXECUTE format(
            'INSERT INTO sentinel_redaction (id, decision_id, table_name, column_name, row_id, salt, sha256, redacted_at)
             SELECT gen_random_uuid(), $2, $3, $4, key, salt, encode(sha256(convert_to(salt || old, ''UTF8'')), ''hex''), clock_timestamp()
               FROM (SELECT %1$I::text AS key, %2$I::text AS old, gen_random_uuid()::text AS salt FROM %3$s WHERE %4$s OFFSET 0) AS going',
            key.name, col, place, whole) USING ids, decision, place, col;
        GET DIAGNOSTICS hashed = ROW_COUNT;
        erased := erased + hashed;
        EXECUTE format('UPDATE %s SET %I = %s WHERE %s', place, col, erasable.blank, whole) USING ids;
    END LOOP;
    RETURN erased;
END $$;

CREATE OR REPLACE FUNCTION sentinel_before(decision uuid, tbl text, ids text[]) RETURNS SETOF jsonb
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    key CONSTANT record := sentinel_row_key(tbl);
    begun CONSTANT sentinel_erasing := sentinel_begin_erasing(decision);
    condition text;
BEGIN
    SELECT split_part(col_description(a.attrelid, a.attnum), E'\\nof:', 2) INTO condition FROM pg_attribute a
     WHERE a.attrelid = to_regclass(quote_ident(tbl)) AND col_description(a.attrelid, a.attnum) LIKE E'erasable:%\\nof:%' LIMIT 1;
    IF condition IS NULL OR to_regclass('past.' || quote_ident(tbl)) IS NULL THEN RETURN; END IF;
    RETURN QUERY EXECUTE format(
        'SELECT to_jsonb(r) FROM (SELECT $1::text[] AS members) them, past.%I r WHERE r.%I = ANY ($2::%s[]) AND (%s)',
        tbl, key.name, key.type, condition) USING begun.members, ids;
END $$;

CREATE FUNCTION sentinel_replace(decision uuid, tbl text, col text, row_id text, content bytea, signed_order text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    erasable CONSTANT record := sentinel_erasable(tbl, col);
    key CONSTANT record := sentinel_row_key(tbl);
    begun CONSTANT sentinel_erasing := sentinel_begin_erasing(decision);
BEGIN
    IF erasable.blank <> 'given' THEN
        RAISE EXCEPTION '% of % is erased as a whole', col, tbl USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM sentinel_check_order(signed_order, jsonb_build_object(
        'decision', decision, 'table', tbl, 'column', col, 'row', row_id, 'content', encode(sha256(content), 'hex')));
    EXECUTE format(
        'INSERT INTO sentinel_redaction (id, decision_id, table_name, column_name, row_id, salt, sha256, redacted_at)
         SELECT gen_random_uuid(), $1, $2, $3, $4, salt, encode(sha256(convert_to(salt, ''UTF8'') || %1$I), ''hex''), clock_timestamp()
           FROM (SELECT %1$I, gen_random_uuid()::text AS salt FROM %2$I WHERE %3$I = $4::%4$s OFFSET 0) AS going',
        col, tbl, key.name, key.type) USING decision, tbl, col, row_id;
    EXECUTE format('UPDATE %2$I SET %1$I = $1 WHERE %3$I = $2::%4$s', col, tbl, key.name, key.type) USING content, row_id;
END $$;

-- Destroys the keys of what decisions about the customer rested on. Returns how many.
CREATE FUNCTION sentinel_erase_keys(decision uuid, subjects text[]) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    begun CONSTANT sentinel_erasing := sentinel_begin_erasing(decision);
    gone bigint;
BEGIN
    IF NOT subjects <@ begun.members::text[] THEN
        RAISE EXCEPTION 'decision % names another customer', decision USING ERRCODE = 'insufficient_privilege';
    END IF;
    UPDATE sentinel_contextkey SET wrapped = NULL, erased_at = clock_timestamp(), erased_by = decision
     WHERE subject_type = 'Party' AND subject_id = ANY (subjects) AND erased_at IS NULL;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
"""
NO_REDACT = """
DROP FUNCTION sentinel_erase_keys(uuid, text[]);
DROP FUNCTION sentinel_replace(uuid, text, text, text, bytea, text);
DROP FUNCTION sentinel_redact(uuid, text, text, text[], text);
"""
# As they were while a row was believed for what it says, if they are there.
FIRST_GO = """
DROP FUNCTION IF EXISTS sentinel_redact(uuid, text, text, text[]);
DROP FUNCTION IF EXISTS sentinel_replace(uuid, text, text, text, bytea);
DROP FUNCTION IF EXISTS sentinel_check_erasing(uuid);
DROP FUNCTION IF EXISTS sentinel_erasable(text, text);
DROP FUNCTION IF EXISTS sentinel_before(uuid, text, text[]);
"""
# The first column of a table's primary key, and its type.
ROW_KEY = """
CREATE OR REPLACE FUNCTION sentinel_row_key(tbl text, OUT name text, OUT type text) LANGUAGE sql STABLE AS $$
    SELECT a.attname, format_type(a.atttypid, NULL) FROM pg_index i
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
     WHERE i.indrelid = to_regclass(quote_ident(tbl)) AND i.indisprimary
$$;
"""

# What is written takes a place that was given out and where nothing stands yet. Once a statement: asked once a row it costs more than the
# row.
A_PLACE_WAS_GIVEN_OUT = """
CREATE FUNCTION sentinel_check_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added, sentinel_log_place p WHERE leaf_index > p.last_value)
       OR EXISTS (SELECT FROM added JOIN sentinel_logentry e ON e.index = added.leaf_index) THEN
        RAISE EXCEPTION 'this place in the log was not given out' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER a_place_was_given_out AFTER INSERT ON sentinel_decision
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sentinel_check_places();
CREATE TRIGGER a_place_was_given_out AFTER INSERT ON sentinel_consumption
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION sentinel_check_places();
"""
NO_PLACES = """
DROP TRIGGER a_place_was_given_out ON sentinel_consumption;
DROP TRIGGER a_place_was_given_out ON sentinel_decision;
DROP FUNCTION sentinel_check_places();
"""

# The owner wraps anew (rotate_master_key), the eraser erases; the application only adds keys that are in use.
A_CONTEXT_KEY_IS_ONLY_ERASED = """
CREATE OR REPLACE FUNCTION sentinel_keep_context_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.wrapped IS NULL OR NEW.erased_by IS NOT NULL THEN
            RAISE EXCEPTION 'a context key begins in use' USING ERRCODE = 'insufficient_privilege';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.wrapped IS NULL OR (NEW.wrapped IS NULL AND NEW.erased_by IS NULL) OR
       (OLD.id, OLD.subject_type, OLD.subject_id, OLD.made_at) IS DISTINCT FROM (NEW.id, NEW.subject_type, NEW.subject_id, NEW.made_at) THEN
        RAISE EXCEPTION 'a context key can only be wrapped anew or erased' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER context_key_begins_in_use BEFORE INSERT ON sentinel_contextkey
    FOR EACH ROW EXECUTE FUNCTION sentinel_keep_context_key();
"""
NO_KEY_INSERT = "DROP TRIGGER context_key_begins_in_use ON sentinel_contextkey"

# A second person's word is the decision they made: signed, of this request, of what was asked, used, and not of who asked.
AN_ANSWER_IS_A_DECISION = """
CREATE FUNCTION sentinel_check_answer() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    answer CONSTANT jsonb := sentinel_claims(NEW.decision_id);
    told CONSTANT jsonb := answer #> '{authorization_details,0}';
    asked jsonb;
BEGIN
    SELECT sentinel_claims(q.decision_id) INTO asked FROM sentinel_approvalrequest q WHERE q.id = NEW.request_id;
    IF NEW.decision_id IS NULL
       OR asked ->> 'outcome' IS DISTINCT FROM 'needs_approval'
       OR answer ->> 'outcome' IS DISTINCT FROM 'permit'
       OR told ->> 'type' IS DISTINCT FROM 'approval.answer'
       OR told -> 'resource' IS DISTINCT FROM jsonb_build_object('type', 'ApprovalRequest', 'id', NEW.request_id)
       OR told #>> '{parameters,answer}' IS DISTINCT FROM (CASE WHEN NEW.approved THEN 'approve' ELSE 'refuse' END)
       OR told #>> '{parameters,decision}' IS DISTINCT FROM asked ->> 'jti'
       OR told #>> '{parameters,parameters_hash}' IS DISTINCT FROM asked #>> '{authorization_details,0,parameters_hash}'
       OR answer #>> '{act,kind}' IS DISTINCT FROM 'employee'
       OR answer #>> '{act,sub}' IS DISTINCT FROM NEW.approver_id
       OR (NEW.approved AND answer #>> '{act,sub}' IS NOT DISTINCT FROM asked #>> '{act,sub}')
       OR to_timestamp((answer ->> 'exp')::bigint) <= clock_timestamp()
       OR NOT EXISTS (SELECT FROM sentinel_consumption c WHERE c.decision_id = NEW.decision_id AND c.leaf_index >= 0) THEN
        RAISE EXCEPTION 'this is not what the second person decided' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER an_answer_is_a_decision BEFORE INSERT ON sentinel_approvalanswer
    FOR EACH ROW EXECUTE FUNCTION sentinel_check_answer();
"""
NO_ANSWER_CHECK = """
DROP TRIGGER an_answer_is_a_decision ON sentinel_approvalanswer;
DROP FUNCTION sentinel_check_answer();
"""

OF_ERASER = (
    "sentinel_redact(uuid, text, text, text[], text)",
    "sentinel_before(uuid, text, text[])",
    "sentinel_replace(uuid, text, text, text, bytea, text)",
    "sentinel_erase_keys(uuid, text[])",
)
BY_ERASER = (
    "sentinel_claims(uuid)",
    "sentinel_members(text)",
    "sentinel_begin_erasing(uuid)",
    "sentinel_erasable(text, text)",
    "sentinel_row_key(text)",
    "sentinel_check_order(text, jsonb)",
)
BY_APPLICATION = ("sentinel_next_leaf()", "sentinel_record(jsonb)", "sentinel_standing(text, timestamp with time zone, jsonb)", "sentinel_permits_for_person(uuid, uuid, text[], text)")

ASKED = "sentinel_approvalrequest q JOIN sentinel_decision d ON d.id = q.decision_id WHERE q.id = r.request_id"


class Migration(migrations.Migration):
    dependencies = [("sentinel", "0012_people_need_decisions"), ("platform", "0009_published_keys")]

    operations = [
        migrations.CreateModel(
            name="Erasing",
            fields=[
                (
                    "decision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name="+", serialize=False, to="sentinel.decision"
                    ),
                ),
                ("transaction", models.BigIntegerField(help_text="The transaction it was used in.")),
                ("subject_id", models.CharField(help_text="The customer it names.", max_length=200)),
                ("members", ArrayField(models.CharField(max_length=200), help_text="Everybody that customer is, by id.")),
                ("began_at", models.DateTimeField()),
            ],
        ),
        AppendOnly("sentinel_erasing"),
        *(
            migrations.AddConstraint(model, models.CheckConstraint(condition=Q(leaf_index__gte=0), name=f"{model}_has_a_place"))
            for model in ("decision", "consumption")
        ),
        migrations.RunSQL(FIRST_GO, migrations.RunSQL.noop),
        migrations.RunSQL(CLAIMS, NO_CLAIMS),
        migrations.RunSQL(WHO_ELSE, NO_WHO_ELSE),
        migrations.RunSQL(BEGIN_ERASING, NO_BEGIN_ERASING),
        migrations.RunSQL(ROW_KEY, migrations.RunSQL.noop),
        migrations.RunSQL(ERASABLE, NO_ERASABLE),
        migrations.RunSQL(REDACT, NO_REDACT),
        migrations.RunSQL(A_PLACE_WAS_GIVEN_OUT, NO_PLACES),
        migrations.RunSQL(A_CONTEXT_KEY_IS_ONLY_ERASED, NO_KEY_INSERT),
        migrations.RunSQL(AN_ANSWER_IS_A_DECISION, NO_ANSWER_CHECK),
        migrations.RunSQL(PEOPLES, migrations.RunSQL.noop),  # which believed rows before
        *(
            migrations.RunSQL(IN_ITS_SCHEMA.format(function=guard), migrations.RunSQL.noop)
            for guard in (*OF_ERASER, *BY_ERASER, "sentinel_check_places()", "sentinel_check_answer()", "sentinel_keep_context_key()")
        ),
        *(migrations.RunSQL(OWNED_BY_ERASER.format(function=function, eraser=ERASER), migrations.RunSQL.noop) for function in OF_ERASER),
        *(CalledBy(function, APPLICATION) for function in (*OF_ERASER, *BY_APPLICATION)),
        *(CalledBy(function, ERASER) for function in BY_ERASER),
        WrittenBy("sentinel_erasing", {ERASER: "INSERT"}),
        WrittenBy("sentinel_redaction", {ERASER: "INSERT"}),
        WrittenBy("sentinel_contextkey", {APPLICATION: "INSERT", ERASER: "UPDATE"}),
        WrittenBy("sentinel_logentry", {LOG: "INSERT"}),
        WrittenBy("sentinel_lognode", {LOG: "INSERT"}),
        WrittenBy("sentinel_checkpoint", {LOG: "INSERT"}),
        WrittenBy("sentinel_loghorizon", {LOG: "INSERT, UPDATE"}),
        *(
            ErasedWith(table, f"EXISTS (SELECT FROM {path} AND d.resource_type = 'Party' AND d.resource_id = ANY (members))")
            for table, path in (
                ("sentinel_approvalrequest", "sentinel_decision d WHERE d.id = r.decision_id"),
                ("sentinel_approvalanswer", ASKED),
                ("sentinel_approvalmessage", ASKED),
            )
        ),
    ]
