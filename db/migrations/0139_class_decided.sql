-- What lies idle or is given up is so by the whole way (T29, R-15): its own
-- check, the county government's decision, and no other class than that one.

SET ROLE taizhang_owner;

-- Not looked for in rows that are there: they were decided on before.
ALTER TABLE classification_case
  ADD CONSTRAINT classification_case_checked CHECK (self_checked_on IS NOT NULL
    OR dept_class4 NOT IN ('C3', 'C4')) NOT VALID,
  ADD CONSTRAINT classification_case_minutes CHECK (determined_on IS NOT NULL
    OR effective_on IS NULL OR final_class4 NOT IN ('C3', 'C4')) NOT VALID,
  ADD CONSTRAINT classification_case_decided CHECK (county_class4 =
    final_class4) NOT VALID;

RESET ROLE;
