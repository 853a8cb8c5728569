"""Signatures checked inside the database, so that its guards need not believe a row for what it says of itself."""

from django.db import migrations, models

from bankos.platform.roles import CalledBy, WrittenBy

IN_ITS_SCHEMA = """
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION {function} SET search_path = %I, pg_temp', current_schema());
END $$;
"""

# Ed25519 as RFC 8032, section 5.1.7, has it: the strict reading, without the cofactor, which refuses an S that is not reduced and a
# point that is not written canonically. Extended coordinates; formulas add-2008-hwcd-3 and dbl-2008-hwcd for a = -1 of
# https://hyperelliptic.org/EFD/g1p/auto-twisted-extended-1.html; S B - h A with both scalars in one pass (Straus). It handles public
# values only, so it may take as long as it takes: about 15 ms.
ED25519 = r"""
CREATE FUNCTION platform_ed25519_point(encoded bytea, OUT x numeric, OUT y numeric) LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    p CONSTANT numeric := 57896044618658097711785492504343953926634992332820282019728792003956564819949;
    d CONSTANT numeric := 37095705934669439343138083508754565189542113879843219016388785533085940283555;
    root CONSTANT numeric := 19681161376707505956807079304988542015446066515923890162744021073123829784752;
    negative CONSTANT integer := get_bit(encoded, 255);
    u numeric; v numeric; power numeric; base numeric; e numeric;
BEGIN
    y := 0;
    FOR i IN REVERSE 31..0 LOOP
        y := y * 256 + CASE WHEN i = 31 THEN get_byte(encoded, i) & 127 ELSE get_byte(encoded, i) END;
    END LOOP;
    IF y >= p THEN
        y := NULL;
        RETURN;
    END IF;
    u := mod(y * y - 1 + p, p);
    v := mod(d * mod(y * y, p) + 1, p);
    -- x = u v^3 (u v^7)^((p-5)/8)
    base := mod(u * mod(mod(v * v, p) * mod(mod(v * v, p) * mod(v * v, p), p), p), p);
    base := mod(base * v, p);
    power := 1;
    e := div(p - 5, 8);
    WHILE e > 0 LOOP
        IF mod(e, 2) = 1 THEN power := mod(power * base, p); END IF;
        base := mod(base * base, p);
        e := div(e, 2);
    END LOOP;
    x := mod(mod(u * mod(mod(v * v, p) * v, p), p) * power, p);
    IF mod(v * mod(x * x, p), p) <> u THEN
        x := mod(x * root, p);
        IF mod(v * mod(x * x, p), p) <> u THEN
            x := NULL; y := NULL;
            RETURN;
        END IF;
    END IF;
    IF x = 0 AND negative = 1 THEN
        x := NULL; y := NULL;
        RETURN;
    END IF;
    IF mod(x, 2) <> negative THEN x := p - x; END IF;
END $$;

CREATE FUNCTION platform_ed25519_verify(public_key bytea, message bytea, signature bytea) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    p CONSTANT numeric := 57896044618658097711785492504343953926634992332820282019728792003956564819949;
    l CONSTANT numeric := 7237005577332262213973186563042994240857116359379907606001950938285454250989;
    k2 CONSTANT numeric := 16295367250680780974490674513165176452449235426866156013048779062215315747161;
    base_x CONSTANT numeric := 15112221349535400772501151409588531511454012693041857206046113283949847762202;
    base_y CONSTANT numeric := 46316835694926478169428394003475163141307993866256225615783033603165251855960;
    r CONSTANT bytea := substr(signature, 1, 32);
    scalar CONSTANT bytea := substr(signature, 33, 32);
    digest bytea; s numeric := 0; h numeric := 0; key record;
    ax numeric; ay numeric;
    -- points to add, as (Y-X, Y+X, 2dT, 2Z): base, minus key, both
    picked integer[] := '{}';
    m numeric[]; n numeric[]; c numeric[]; z2 numeric[];
    x numeric := 0; y numeric := 1; z numeric := 1; t numeric := 0;
    a numeric; b numeric; cc numeric; dd numeric; e numeric; f numeric; g numeric; hh numeric;
    which integer; zi numeric; power numeric; base numeric; encoded bytea := '\x';
BEGIN
    IF length(public_key) <> 32 OR length(signature) <> 64 THEN RETURN false; END IF;
    FOR i IN REVERSE 31..0 LOOP s := s * 256 + get_byte(scalar, i); END LOOP;
    IF s >= l THEN RETURN false; END IF;
    key := platform_ed25519_point(public_key);
    IF key.x IS NULL THEN RETURN false; END IF;
    digest := sha512(r || public_key || message);
    FOR i IN REVERSE 63..0 LOOP h := h * 256 + get_byte(digest, i); END LOOP;
    h := mod(h, l);
    FOR i IN 0..252 LOOP
        picked := picked || (mod(h, 2)::integer * 2 + get_bit(scalar, i));
        h := div(h, 2);
    END LOOP;
    ax := p - key.x; ay := key.y;
    -- base + minus key, in extended coordinates
    a := mod((base_y - base_x) * (ay - ax + p), p); b := mod((base_y + base_x) * (ay + ax), p);
    cc := mod(mod(mod(base_x * base_y, p) * k2, p) * mod(ax * ay, p), p); dd := 2;
    e := b - a; f := dd - cc; g := dd + cc; hh := b + a;
    x := mod(e * f, p); y := mod(g * hh, p); t := mod(e * hh, p); z := mod(f * g, p);
    m := ARRAY[base_y - base_x, ay - ax, y - x];
    n := ARRAY[base_y + base_x, ay + ax, y + x];
    c := ARRAY[mod(mod(base_x * base_y, p) * k2, p), mod(mod(ax * ay, p) * k2, p), mod(t * k2, p)];
    z2 := ARRAY[2, 2, 2 * z];
    x := 0; y := 1; z := 1; t := 0;
    FOR i IN REVERSE 252..0 LOOP
        a := mod(x * x, p); b := mod(y * y, p); cc := 2 * z * z;
        e := (x + y) * (x + y) - a - b; g := b - a; f := mod(g - cc, p); hh := -a - b; e := mod(e, p);
        x := mod(e * f, p); y := mod(g * hh, p); z := mod(f * g, p);
        which := picked[i + 1];
        IF which > 0 THEN
            t := mod(e * hh, p);
            a := mod((y - x) * m[which], p); b := mod((y + x) * n[which], p);
            cc := mod(t * c[which], p); dd := mod(z * z2[which], p);
            e := b - a; f := dd - cc; g := dd + cc; hh := b + a;
            x := mod(e * f, p); y := mod(g * hh, p); z := mod(f * g, p);
        END IF;
    END LOOP;
    -- 1/z = z^(p-2)
    power := 1; base := z; e := p - 2;
    WHILE e > 0 LOOP
        IF mod(e, 2) = 1 THEN power := mod(power * base, p); END IF;
        base := mod(base * base, p);
        e := div(e, 2);
    END LOOP;
    x := mod(mod(x * power, p) + p, p); y := mod(mod(y * power, p) + p, p);
    y := y + mod(x, 2) * 57896044618658097711785492504343953926634992332820282019728792003956564819968;
    FOR i IN 0..31 LOOP
        encoded := encoded || set_byte('\x00', 0, mod(y, 256)::integer);
        y := div(y, 256);
    END LOOP;
    RETURN encoded = r;
END $$;
"""
NO_ED25519 = """
DROP FUNCTION platform_ed25519_verify(bytea, bytea, bytea);
DROP FUNCTION platform_ed25519_point(bytea);
"""

# The payload of a JWS in compact form (RFC 7515), or NULL if no key the owner published signed exactly this text as this type. A token has
# one spelling: bits that base64 would ignore must be zero.
SIGNED = r"""
CREATE FUNCTION platform_signed(token text, type text) RETURNS jsonb LANGUAGE plpgsql STABLE STRICT AS $$
DECLARE
    parts text[];
    header jsonb;
    signature bytea;
    key bytea;
BEGIN
    IF length(token) > 100000 OR token !~ '^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]{86}$' THEN RETURN NULL; END IF;
    parts := string_to_array(token, '.');
    BEGIN
        header := convert_from(platform_base64url(parts[1]), 'UTF8')::jsonb;
        signature := platform_base64url(parts[3]);
    EXCEPTION WHEN data_exception OR character_not_in_repertoire OR untranslatable_character OR invalid_text_representation THEN
        RETURN NULL;
    END;
    IF jsonb_typeof(header) <> 'object' OR header - 'kid' <> jsonb_build_object('alg', 'Ed25519', 'typ', type)
       OR translate(rtrim(replace(encode(signature, 'base64'), E'\n', ''), '='), '+/', '-_') <> parts[3] THEN
        RETURN NULL;
    END IF;
    SELECT k.public INTO key FROM platform_publishedkey k WHERE k.kid = header ->> 'kid';
    IF key IS NULL OR NOT platform_ed25519_verify(key, convert_to(parts[1] || '.' || parts[2], 'UTF8'), signature) THEN
        RETURN NULL;
    END IF;
    RETURN convert_from(platform_base64url(parts[2]), 'UTF8')::jsonb;
END $$;
CREATE FUNCTION platform_base64url(text text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT decode(rpad(translate(text, '-_', '+/'), (length(text) + 3) / 4 * 4, '='), 'base64')
$$;
"""
NO_SIGNED = """
DROP FUNCTION platform_signed(text, text);
DROP FUNCTION platform_base64url(text);
"""
GUARDS = ("platform_ed25519_point(bytea)", "platform_ed25519_verify(bytea, bytea, bytea)", "platform_base64url(text)", "platform_signed(text, text)")


class Migration(migrations.Migration):
    dependencies = [("platform", "0008_what_became_of_requests")]

    operations = [
        migrations.CreateModel(
            name="PublishedKey",
            fields=[
                ("kid", models.CharField(help_text="The key's thumbprint (RFC 7638).", max_length=43, primary_key=True, serialize=False)),
                ("public", models.BinaryField(help_text="The 32 bytes of its public half.", max_length=32)),
                ("published_at", models.DateTimeField()),
            ],
        ),
        WrittenBy("platform_publishedkey", {}),
        migrations.RunSQL(ED25519, NO_ED25519),
        migrations.RunSQL(SIGNED, NO_SIGNED),
        *(migrations.RunSQL(IN_ITS_SCHEMA.format(function=guard), migrations.RunSQL.noop) for guard in GUARDS),
        *(CalledBy(guard, "bankos_app", "bankos_eraser") for guard in GUARDS),
    ]
