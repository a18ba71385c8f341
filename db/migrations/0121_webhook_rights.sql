-- A webhook tells of nothing that its role has lost the right to read since it
-- was made (D3; domain.md 5.2): asked when a change is picked and again when
-- it is sent.

SET ROLE taizhang_owner;

ALTER TABLE webhook_state ADD groups jsonb NOT NULL DEFAULT '{}';
COMMENT ON COLUMN webhook_state.groups IS
  'Entity to the group that rights are given on, as the API has it.';

GRANT SELECT ON role_right TO taizhang_jobs;

CREATE FUNCTION role_reads(of_role text, of_group text) RETURNS boolean
LANGUAGE sql STABLE AS $$
  SELECT EXISTS (SELECT FROM role_right r WHERE r.role = of_role
    AND r.entity_group = of_group AND r.verbs @> '{read}') $$;
COMMENT ON FUNCTION role_reads(text, text) IS
  'Whether the role reads rows of that group of entities now.';

-- Webhooks that are there already: what their entities' rights are given on
-- where that is not the entity itself, as the model has it at this migration.
SELECT set_config('app.lo', '0', true),
  set_config('app.hi', '999999999999', true),
  set_config('app.line', '', true), set_config('app.clearance', '4', true);
UPDATE webhook_state s SET groups = (
  SELECT coalesce(jsonb_object_agg(e, coalesce(g.of, e)), '{}')
  FROM webhook w CROSS JOIN jsonb_array_elements_text(w.entities) e
  LEFT JOIN (VALUES
    ('accountability', 'accountability_case'),
    ('archive', 'archive_file'),
    ('asset', 'asset_custody asset_disposal asset_feedback
      asset_operation_year asset_right asset_transfer custody_inspection'),
    ('attachment', 'sign_off'),
    ('benefit', 'benefit_agreement benefit_mechanism benefit_record'),
    ('class', 'classification_case classification_opinion elimination_step
      idle_fact'),
    ('contact', 'expert org_member'),
    ('coverage', 'org_coverage'),
    ('document', 'policy_doc source_document source_document_basis'),
    ('evaluation', 'evaluation_expert'),
    ('filing', 'filing_review'),
    ('form', 'form_finding form_response'),
    ('fund', 'fund_adjustment fund_allocation fund_payment
      fund_progress_snapshot fund_replacement fund_replacement_target
      negative_list_item project_funding'),
    ('household', 'household_year_fact person_flag'),
    ('indicator', 'county_year_fact indicator_target ranking_item
      ranking_run'),
    ('library', 'library_entry'),
    ('operator', 'operator_feedback operator_indicator'),
    ('order', 'notice order_subject supervision_order'),
    ('patrol', 'patrol_subject patrol_visit'),
    ('plan', 'rectification_plan rectification_task'),
    ('project', 'project_bundle project_change project_location'),
    ('report', 'case_record indicator_value meeting_record
      report_obligation report_snapshot report_submission
      village_year_fact'),
    ('risk', 'downgrade_application risk_assessment risk_episode
      risk_milestone'),
    ('template', 'archive_catalog archive_item_def form_question
      form_template report_def')
  ) AS g (of, entities) ON e = ANY (regexp_split_to_array(g.entities, '\s+'))
  WHERE w.id = s.webhook_id);
