"""What the database itself asks before somebody gets a role, another place in the bank, or a way in again: a permit for exactly that.

Neither page nor program code is trusted with it: whoever writes with the application's rights needs a used permit of the right action, for
this person and this role. A permit serves once. A role is never deleted, it ends.
"""

FUNCTIONS = """
CREATE OR REPLACE FUNCTION sentinel_permits_for_person(decision uuid, person uuid, actions text[], given_role text) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
DECLARE
    -- What the bank signed, whatever the decision's row says of itself.
    claims CONSTANT jsonb := CASE WHEN decision IS NOT NULL THEN sentinel_claims(decision) END;
    told CONSTANT jsonb := claims #> '{authorization_details,0}';
BEGIN
    RETURN coalesce(
        claims ->> 'outcome' = 'permit' AND told ->> 'type' = ANY (actions)
        AND told -> 'resource' = jsonb_build_object('type', 'Staff', 'id', person)
        AND (given_role IS NULL OR told #>> '{parameters,role}' = given_role)
        AND to_timestamp((claims ->> 'exp')::bigint) > clock_timestamp()
        AND EXISTS (SELECT FROM sentinel_consumption c WHERE c.decision_id = decision AND c.leaf_index >= 0), false);
END $$;

CREATE OR REPLACE FUNCTION sentinel_guard_membership() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.withdrawn_at IS NULL AND sentinel_permits_for_person(
            NEW.granted_by, NEW.user_id, ARRAY['role.grant', 'person.join', 'person.first_administrator'], NEW.role) THEN
            RETURN NEW;
        END IF;
        RAISE EXCEPTION 'no decision gives % to %', NEW.role, NEW.user_id USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND NEW.withdrawn_at IS NOT NULL
       AND (NEW.id, NEW.user_id, NEW.role, NEW.granted_at) = (OLD.id, OLD.user_id, OLD.role, OLD.granted_at)
       AND NEW.granted_by IS NOT DISTINCT FROM OLD.granted_by
       AND (sentinel_permits_for_person(NEW.withdrawn_by, NEW.user_id, ARRAY['role.withdraw'], NEW.role)
            OR sentinel_permits_for_person(NEW.withdrawn_by, NEW.user_id, ARRAY['person.leave'], NULL)) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a role is given once and ends once, each by a decision' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE OR REPLACE FUNCTION sentinel_guard_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'a person keeps their id' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.placed_by IS NULL OR NEW.placed_by IS NOT DISTINCT FROM OLD.placed_by OR NOT sentinel_permits_for_person(
        NEW.placed_by, NEW.id, ARRAY['person.move', 'person.leave'], NULL) THEN
        RAISE EXCEPTION 'no decision moves %', NEW.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['sentinel_permits_for_person(uuid, uuid, text[], text)', 'sentinel_guard_membership()',
                                'sentinel_guard_place()'] LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', name, current_schema());
    END LOOP;
END $$;
"""

TRIGGERS = """
CREATE TRIGGER a_role_needs_a_decision BEFORE INSERT OR UPDATE OR DELETE ON platform_rolemembership
    FOR EACH ROW EXECUTE FUNCTION sentinel_guard_membership();
CREATE TRIGGER a_place_needs_a_decision BEFORE UPDATE OF id, branch_code, manager_id, is_active, placed_by ON platform_user
    FOR EACH ROW WHEN (OLD.id <> NEW.id OR OLD.branch_code <> NEW.branch_code OR OLD.manager_id IS DISTINCT FROM NEW.manager_id
                       OR (NEW.is_active AND NOT OLD.is_active) OR OLD.placed_by IS DISTINCT FROM NEW.placed_by)
    EXECUTE FUNCTION sentinel_guard_place();
"""
NO_GUARDS = """
DROP TRIGGER a_place_needs_a_decision ON platform_user;
DROP TRIGGER a_role_needs_a_decision ON platform_rolemembership;
DROP FUNCTION sentinel_guard_place();
DROP FUNCTION sentinel_guard_membership();
DROP FUNCTION sentinel_permits_for_person(uuid, uuid, text[], text);
"""
