-- The job runner takes away files that no attachment refers to.

SET ROLE taizhang_owner;

GRANT SELECT ON attachment TO taizhang_jobs;
