"""A province of places and as many issues as one likes, put in by SQL, and
readers for every level of scope."""

COUNTY = 430981000000
TOWN = 430981107000
VILLAGE = 430981107201
PREFECTURE = 430900000000
PROVINCE = 430000000000
LEVELS = {"village": (VILLAGE, "village_admin"),
          "township": (TOWN, "township_clerk"),
          "county": (COUNTY, "lead_bureau"),
          "prefecture": (PREFECTURE, "pref_task_force"),
          "province": (PROVINCE, "province")}
# As a bulk load does: no triggers, no row-level security.
LOAD = "SET session_replication_role = replica; "


def places(stack):
    """Three prefectures of four counties, ten townships, ten villages each;
    the demonstration county and its townships are among them."""
    stack.psql(LOAD + """
    WITH c AS (
      SELECT p, CASE WHEN p = 9 AND k = 1 THEN 81 ELSE 20 + k END AS k
      FROM unnest(ARRAY[7, 8, 9]) p, generate_series(1, 4) k),
    t AS (
      SELECT 430000000000 + p * 100000000 + k * 1000000 AS county, n,
        430000000000 + p * 100000000 + k * 1000000 + (100 + n) * 1000 AS town
      FROM c, generate_series(1, 10) n),
    v AS (SELECT town, town + 200 + m AS village, m
      FROM t, generate_series(1, 10) m)
    INSERT INTO division (code, name, level, parent_code)
    SELECT DISTINCT 430000000000 + p * 100000000, '市' || p, 2, 430000000000
      FROM c
    UNION SELECT DISTINCT county, '县' || county / 1000000, 3,
      county / 100000000 * 100000000 FROM t
    UNION SELECT town, '乡' || n, 4, county FROM t
    UNION SELECT village, '村' || m, 5, town FROM v
    ON CONFLICT DO NOTHING""")


def issues(stack, n, marker="普通"):
    """n issues spread evenly over the villages; ids in order of creation."""
    stack.psql(LOAD + f"""
    WITH a AS (SELECT id FROM action LIMIT 1),
    v AS (SELECT array_agg(code ORDER BY code) AS codes FROM division
      WHERE level = 5 AND code BETWEEN 430700000000 AND 430999999999)
    INSERT INTO issue (id, seq_no, category, description, source, source_year,
      found_on, leader_name, leader_phone, person_name, person_contact, goal,
      measures, due_on, progress_text, is_completed, state, division_code,
      action_id, filing_level, competent_line, sensitivity, created_at,
      updated_at)
    SELECT (lpad(to_hex(1700000000000 + g), 12, '0') || '7000' ||
      '8000' || lpad(to_hex(g), 12, '0'))::uuid, g, 'Y-1',
      '{marker}第' || g || '号问题：合作社未按期公示', 'self_check',
      2018 + g % 8, '2023-01-01'::date + g % 400, '张三', '13800000001',
      '李四', '13800000002', '补办公示' || g, '公示七天，报镇政府备案',
      CASE WHEN g % 10 > 0 THEN '2024-01-01'::date + g % 500 END,
      '正在公示', g % 3 = 0,
      (ARRAY['found', 'assigned', 'rectifying'])[1 + g % 3],
      v.codes[1 + (g * 7919::bigint) % cardinality(v.codes)], a.id, 4,
      CASE WHEN g % 5 = 0 THEN '水利' ELSE '' END, 1,
      timestamptz '2023-01-01' + g * interval '1 minute',
      timestamptz '2024-01-01' + (g * 7 % 100000) * interval '1 minute'
    FROM generate_series(1, {n}) g, v, a""")
    stack.psql("ANALYZE issue")


def reader(stack, login, role, division, line="", clearance=1):
    """Somebody of that role there, signed in with the demonstration's
    password."""
    stack.psql(LOAD + f"""
    WITH u AS (INSERT INTO app_user (id, login, name, division_code, password)
      SELECT gen_random_uuid(), '{login}', '读者', {division}, password
      FROM app_user WHERE login = 'shenji' RETURNING id)
    INSERT INTO role_grant (id, user_id, role, division_code, line_code,
      clearance) SELECT gen_random_uuid(), id, '{role}', {division}, '{line}',
      {clearance} FROM u""")
    return stack.login(login)


def readers(stack):
    return {level: reader(stack, "r-" + level, role, division)
            for level, (division, role) in LEVELS.items()}
