-- Searching texts by an index, behind row-level security: q= and name_has= of
-- the tables that grow (P6 of sync-and-security.md).
--
-- position(), LIKE and their like are not leakproof, so no index serves them
-- before the policy has been asked row by row. search_<table>() asks the index
-- in a role that the policies do not bind, within the caller's own range, line
-- and clearance, and gives nothing but ids, for the caller's statement to read
-- under every wall and with its own condition. It gives none (NULL) when there
-- are too many: then the list finds its page soon without them.
--
-- A trigram has three characters; people search for two, and for one. The
-- index has the text with a mark between all characters: A|B is a pair, |A| a
-- character. The mark is the county's own, so that a search reads the entries
-- of the caller's counties and of no other, and takes no longer for what
-- stands elsewhere (I22).

CREATE EXTENSION IF NOT EXISTS pg_trgm;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'taizhang_search') THEN
    BEGIN
      CREATE ROLE taizhang_search NOLOGIN BYPASSRLS;
    EXCEPTION WHEN insufficient_privilege THEN
      CREATE ROLE taizhang_search NOLOGIN;
      RAISE WARNING 'searches are slow until a superuser says: %',
        'ALTER ROLE taizhang_search BYPASSRLS';
    END;
  END IF;
  EXECUTE format('GRANT taizhang_search TO %I', current_user);
END $$;
GRANT USAGE ON SCHEMA public TO taizhang_search;

SET ROLE taizhang_owner;
-- A Hangul syllable: a letter to the index, and nothing that is written here.
CREATE FUNCTION search_mark(division bigint) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT chr((44032 + division / 1000000 % 10000)::int) $$;
COMMENT ON FUNCTION search_mark IS 'What parts the characters in the index.';
CREATE FUNCTION search_text(mark text, VARIADIC texts text[]) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT mark || array_to_string(string_to_array(lower(array_to_string(texts,
    E'\n') COLLATE "C"), NULL), mark) || mark $$;
COMMENT ON FUNCTION search_text IS 'Texts as the index has them.';
CREATE FUNCTION search_like(mark text, term text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT '%' || replace(replace(replace(search_text(mark, term), '\', '\\'),
    '%', '\%'), '_', '\_') || '%' $$;
COMMENT ON FUNCTION search_like IS 'The pattern of what is searched for.';

-- cols are those that q= looks through (tests/unit/tool_model.c --search).
CREATE PROCEDURE business_search(t text, VARIADIC cols text[])
LANGUAGE plpgsql AS $$
DECLARE
  words text := format('search_text(search_mark(division_code), %s)',
    (SELECT string_agg(quote_ident(c), ', ') FROM unnest(cols) c));
BEGIN
  EXECUTE format('CREATE INDEX %I ON %I USING gin (%s gin_trgm_ops)',
    t || '_search', t, words);
  EXECUTE format('GRANT SELECT (id, division_code, competent_line,
    sensitivity, %s) ON %I TO taizhang_search', (SELECT string_agg(
    quote_ident(c), ', ') FROM unnest(cols) c), t);
  EXECUTE format($f$
    CREATE FUNCTION %I(term text, lo bigint, hi bigint, most int)
    RETURNS uuid[] LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public AS $body$
    DECLARE
      first bigint := greatest(lo, coalesce(app_lo(), hi + 1));
      last bigint := least(hi, app_hi());
      found uuid[] := '{}';
      place bigint;
    BEGIN
      IF term !~ '[[:alnum:]]' THEN
        RETURN NULL;
      END IF;
      FOR place IN SELECT code FROM division WHERE code BETWEEN first AND last
          AND code %% 1000000 = 0 UNION SELECT first - first %% 1000000 LOOP
        found := found || ARRAY(SELECT id FROM %I
          WHERE %s LIKE search_like(search_mark(place), term)
          AND division_code BETWEEN greatest(first, place)
            AND least(last, place + 999999)
          AND division_code BETWEEN app_lo() AND app_hi()
          AND (app_line() = '' OR competent_line = app_line())
          AND sensitivity <= app_clearance()
          LIMIT most + 1 - cardinality(found));
        IF cardinality(found) > most THEN
          RETURN NULL;
        END IF;
      END LOOP;
      RETURN found;
    END $body$ $f$, 'search_' || t, t, words);
  EXECUTE format('COMMENT ON FUNCTION %I IS %L', 'search_' || t,
    'Ids of the rows within the caller''s walls that hold the term; NULL: '
    'too many, or not to be found by the index.');
  EXECUTE format('REVOKE ALL ON FUNCTION %I FROM PUBLIC', 'search_' || t);
  EXECUTE format('GRANT EXECUTE ON FUNCTION %I TO taizhang_api',
    'search_' || t);
END $$;
COMMENT ON PROCEDURE business_search IS
  'The index and the function of searches in a table; the function is then '
  'given to taizhang_search (0101).';
GRANT SELECT ON division TO taizhang_search;

CALL business_search('issue', 'description');
CALL business_search('project', 'project_no', 'external_ref', 'name',
  'location_text', 'industry_product', 'content', 'remark');
CALL business_search('fund_payment', 'voucher_no');
CALL business_search('asset', 'name', 'location_text');
CALL business_search('asset_right', 'holder_name');
CALL business_search('household', 'head_name');
CALL business_search('benefit_agreement', 'agreement_no');
CALL business_search('attachment', 'name', 'note');
RESET ROLE;
DO $$
DECLARE
  t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['issue', 'project', 'fund_payment', 'asset',
      'asset_right', 'household', 'benefit_agreement', 'attachment'] LOOP
    EXECUTE format('ALTER FUNCTION %I OWNER TO taizhang_search',
      'search_' || t);
  END LOOP;
END $$;
