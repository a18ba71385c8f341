-- What was evaluated is what is decided on: the results of a self-evaluation
-- until the application is returned (B28, R-04), the opinions a village asked
-- for once it has given its own (T24), the facts of an idle project once the
-- department has verified them, but for the day its farmland was restored (T27,
-- T41, R-15).

SET ROLE taizhang_owner;

CREATE TRIGGER evaluated BEFORE UPDATE ON risk_episode FOR EACH ROW
  WHEN (OLD.state IN ('self_evaluated', 'applied', 'doc_reviewed',
      'site_evaluated', 'downgraded')
    AND (OLD.standard_version, OLD.line_results) IS DISTINCT FROM
      (NEW.standard_version, NEW.line_results))
  EXECUTE FUNCTION refused_as('risk_episode_evaluated');
CREATE TRIGGER consulted BEFORE UPDATE ON classification_case FOR EACH ROW
  WHEN (OLD.state <> 'draft'
    AND OLD.consultations IS DISTINCT FROM NEW.consultations)
  EXECUTE FUNCTION refused_as('classification_case_consulted');

CREATE FUNCTION idle_fact_verified() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (SELECT state FROM classification_case WHERE id = OLD.case_id) NOT IN
      ('draft', 'village_prelim', 'township_determined', 'self_checked') THEN
    RAISE check_violation USING CONSTRAINT = 'idle_fact_verified',
      TABLE = 'idle_fact', MESSAGE = 'verified as they stand';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER verified BEFORE UPDATE ON idle_fact FOR EACH ROW
  WHEN ((OLD.causes, OLD.fund_amount_fen, OLD.existing_assets,
    OLD.title_status, OLD.claims_fen, OLD.claims_text, OLD.debts_fen,
    OLD.debts_text, OLD.disputes, OLD.stakeholder_claims, OLD.farmland_flag,
    OLD.farmland_area_mu, OLD.voided_at) IS DISTINCT FROM (NEW.causes,
    NEW.fund_amount_fen, NEW.existing_assets, NEW.title_status,
    NEW.claims_fen, NEW.claims_text, NEW.debts_fen, NEW.debts_text,
    NEW.disputes, NEW.stakeholder_claims, NEW.farmland_flag,
    NEW.farmland_area_mu, NEW.voided_at))
  EXECUTE FUNCTION idle_fact_verified();

RESET ROLE;
