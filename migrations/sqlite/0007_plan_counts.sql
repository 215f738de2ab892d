-- What else a plan counts.

ALTER TABLE terraform_plan ADD COLUMN resource_imports BIGINT NOT NULL DEFAULT 0;
ALTER TABLE terraform_plan ADD COLUMN resource_drift BIGINT NOT NULL DEFAULT 0;
ALTER TABLE terraform_plan ADD COLUMN output_additions BIGINT NOT NULL DEFAULT 0;
ALTER TABLE terraform_plan ADD COLUMN output_changes BIGINT NOT NULL DEFAULT 0;
ALTER TABLE terraform_plan ADD COLUMN output_destructions BIGINT NOT NULL DEFAULT 0;
