-- Stands for: {"migrations": {"admin.0001_initial": "f4716989d9815b62", "admin.0002_logentry_remove_auto_add": "2c127e659a2236ed", "admin.0003_logentry_add_action_flag_choices": "02700a827190720e", "auth.0001_initial": "845cff319606332f", "auth.0002_alter_permission_name_max_length": "feaf97e0e8f7d148", "auth.0003_alter_user_email_max_length": "9d5657b4db9872dc", "auth.0004_alter_user_username_opts": "9538db342c9a9bec", "auth.0005_alter_user_last_login_null": "79f60a35dc000fdd", "auth.0006_require_contenttypes_0002": "00cb16e3405f14b6", "auth.0007_alter_validators_add_error_messages": "115db87dc327530f", "auth.0008_alter_user_username_max_length": "02857f65f7d64814", "auth.0009_alter_user_last_name_max_length": "19a89500e7f108a7", "auth.0010_alter_group_name_max_length": "0963ed6498ac0b3a", "auth.0011_update_proxy_permissions": "85a5dde708dc4b61", "auth.0012_alter_user_first_name_max_length": "6cefbc9f80903763", "contenttypes.0001_initial": "35ed8489a147e0b4", "contenttypes.0002_remove_content_type_name": "7d36494075750f0e", "fingerprint.0001_audio_and_fingerprints": "5821ed6dab0f89a2", "fingerprint.0002_index_in_files": "cf4e4a3e54bfe379", "fingerprint.0003_melodies_and_embeddings": "62e5d4ebba50b852", "fingerprint.0004_traces": "89a2da701e240d4f", "fingerprint.0005_fingerprints_added_later": "c90fb7a4d0145bc6", "ledger.0001_log_and_queue": "a9fd3248d30a602c", "ledger.0002_guards": "b22e995c89c7bf6d", "ledger.0003_rights_in_depth": "eb58716ae2ee9c09", "ledger.0004_guards_of_rights_in_depth": "9d21870edcb9234e", "ledger.0005_campaigns": "6a72f9b5661d4f7f", "ledger.0006_imports": "ea085bcff0a22ba3", "ledger.0007_voice_enrollments": "a0841f3df93c0b21", "ledger.0008_index_snapshots": "84d33a4af071f249", "ledger.0009_reviews": "1617070e7b886b2b", "ledger.0010_guards_of_reviews": "11a11721b819668c", "ledger.0011_enrollments": "2aa9bfb5af80d554", "ledger.0012_output_watch": "e7639fc8288351c9", "ledger.0013_guards_of_melodies": "9f78657d5a93658e", "ledger.0014_traces": "5c60c8192e5e8441", "ledger.0015_certificates": "b38a227bf4a0bfd9", "ledger.0016_soft_bindings": "0f3a585fbe0efdda", "ledger.0017_guards_of_foreign_manifests": "71e3ed22f9034106", "ledger.0018_signed_copies": "68485bdd1592201e", "ledger.0019_contributions_and_disclosures": "85a2d3877ce84d4f", "ledger.0020_shard_questions": "fa254369bec0f0ed", "ledger.0021_timestamps_and_signers": "11bc0c0e3aee9dfc", "ledger.0022_books": "bdf2b0b2309670f2", "ledger.0023_payments": "fd48013b4ae48d4f", "ledger.0024_usage": "f0cd74bb006a1837", "ledger.0025_plans_and_divisions": "47edc253d13a7365", "ledger.0026_answers_to_disclosures": "ccc2245bb90d21ef", "ledger.0027_training": "5f409e6d7486d067", "ledger.0028_operations": "5f947c556223b97c", "ledger.0029_payee_links": "af74ac70b99d34c2", "ledger.0030_replays_and_packs": "89c63373049a88f5", "ledger.0031_witnesses_and_log_keys": "8de1f81b994869e2", "ledger.0032_leaves_are_found_by_hash": "bc85846ed043b0bc", "ledger.0033_audits": "1bf5241570394a14", "ledger.0034_terms_booked": "d5222ddf1d06d850", "ledger.0035_entries_are_asked_for_quickly": "73ad017f4fed196b", "ledger.0036_entries_are_taken_in": "69c2832d3b55adf7", "ledger.0037_leaves_are_asked_for_once": "f9f6b70af6f1e31c", "ledger.0038_entries_name_their_fact": "cc6b83872da01f78", "oauth2_provider.0001_initial": "e94081f5ebe0e4e7", "oauth2_provider.0002_auto_20190406_1805": "5f410f5788726f0b", "oauth2_provider.0003_auto_20201211_1314": "6b0036bea4e086af", "oauth2_provider.0004_auto_20200902_2022": "db5ce7798b511e37", "oauth2_provider.0005_auto_20211222_2352": "e11fbec64cca63df", "oauth2_provider.0006_alter_application_client_secret": "e188e786a6eb19ce", "oauth2_provider.0007_application_post_logout_redirect_uris": "fd40c19a1d55b1f4", "oauth2_provider.0008_alter_accesstoken_token": "dc185583a7b98f93", "oauth2_provider.0009_add_hash_client_secret": "06c37bff71399f68", "oauth2_provider.0010_application_allowed_origins": "414213631b43f23b", "oauth2_provider.0011_refreshtoken_token_family": "b2d83f87680ebef1", "oauth2_provider.0012_add_token_checksum": "c235bb0ac86f47b9", "oauth2_provider.0013_alter_application_authorization_grant_type_device": "8b26274a23588ca9", "oauth2_provider.0014_alter_help_text": "98089577a6daefb2", "oauth2_provider.0015_refreshtoken_token_checksum": "8bff17c0e4b39167", "oauth2_provider.0016_alter_devicegrant_scope": "d3829517abfc4bea", "oauth2_provider.0017_application_dcr_created": "ac99ba0b6a74f273", "oauth2_provider.0018_resource_indicators": "ba2adac9466069c9", "oauth2_provider.0019_application_registration_source": "b45dd81d89ebf535", "oauth2_provider.0020_cimd_application_fields": "f98636915773d34b", "oauth2_provider.0021_translatable_field_labels": "b7798ca7f6b78117", "oauth2_provider.0022_refreshtoken_token_family_index": "a0f8c91c1ad9acd6", "provenance.0001_manifests_of_cleared_outputs": "e6875db150db4d3f", "provenance.0002_certificates_and_statuses": "f5d64b34160bef18", "provenance.0003_soft_bindings": "ce3efac9b7e6ca84", "provenance.0004_foreign_manifests": "168cc07f59b7bee1", "provenance.0005_signed_copies": "c41aa457aa117865", "provenance.0006_disclosures": "888e3a10dce6dfa0", "provenance.0007_timestamps_and_signers": "bd14484cd09a6945", "provenance.0008_certificates_count_facts": "b7f8ff3e77c8bb90", "provenance.0009_stamps_of_copies": "668a0fe3fe55aec5", "provenance.0010_answers_to_disclosures": "5a67e064969e8cf1", "rights.0001_rights_enough_for_the_path": "d41ee31d5d369e02", "rights.0002_rights_in_depth": "86af3613a32e9aa1", "rights.0003_decisions_are_found_by_license": "b03f68f3fd9a2576", "rights.0004_voice_enrollments": "43aba985a8d9e736", "rights.0005_outputs_name_model_and_purposes": "9da1c1ba7e836f7b", "rights.0006_reviews": "adf02b0c303633ed", "rights.0007_recording_audio": "98fa5b7434c5a3a3", "rights.0008_assets_are_known_since": "9ef316d6f49bbe68", "rights.0009_contribution_records": "2157cd5faf949399", "rights.0010_outputs_have_tags": "89050fc8ab00804b", "rights.0011_prompt_commitments": "78d73f4f8a5cc22b", "rights.0012_training_descriptions_and_statements": "f410f657034ba97c", "royalties.0001_plans_and_splits": "bbc106db0acab030", "royalties.0002_runs_and_books": "a73ab02246dc6267", "royalties.0003_payments": "f0b11bb606370a82", "royalties.0004_usage": "47df26b66a8ae9a5", "royalties.0005_plans_in_versions": "2a236d5f35e6907c", "royalties.0006_payee_links": "3c9ac220ea4233b2", "royalties.0007_terms_booked": "86030562dbdfad64", "sessions.0001_initial": "2aa438e2393ee513"}, "release": 18}
CREATE TYPE public.uuidrange AS RANGE (
    subtype = uuid,
    multirange_type_name = public.uuidmultirange
);
CREATE FUNCTION public.end_knowledge_only() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NOT upper_inf(OLD.known) OR (upper_inf(NEW.known) AND NOT isempty(NEW.known))
       OR NOT (isempty(NEW.known) OR lower(NEW.known) = lower(OLD.known))
       OR to_jsonb(OLD) - 'known' IS DISTINCT FROM to_jsonb(NEW) - 'known' THEN
        RAISE EXCEPTION 'what stood is not rewritten: end its knowledge and add what stands now'
              USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION public.keep_appeals_apart() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM rights_review AS r
                 JOIN rights_decision AS reviewed ON reviewed.id = r.decision_id
                 JOIN rights_decision AS appealed ON appealed.submission_id = reviewed.submission_id
                 JOIN rights_appeal AS a ON a.decision_id = appealed.id
                WHERE a.id = NEW.appeal_id AND r.reviewer_id = NEW.reviewer_id) THEN
        RAISE EXCEPTION 'an appeal goes to somebody who did not review the output before'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'appeal_goes_to_another_reviewer';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION public.keep_consent_course() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    before record;
    allowed text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('consent ' || NEW.consent_id::text, 0));
    SELECT act, position INTO before FROM rights_consentevent
     WHERE consent_id = NEW.consent_id ORDER BY position DESC NULLS LAST LIMIT 1;
    allowed := CASE before.act
        WHEN 'offered' THEN ARRAY['viewed', 'granted', 'declined', 'expired']
        WHEN 'viewed' THEN ARRAY['viewed', 'granted', 'declined', 'expired']
        WHEN 'declined' THEN ARRAY['granted', 'expired']
        WHEN 'granted' THEN ARRAY['amended', 'withdrawn', 'annulled']
        WHEN 'amended' THEN ARRAY['withdrawn', 'annulled']
        WHEN 'withdrawn' THEN ARRAY['annulled']
        WHEN 'expired' THEN ARRAY[]::text[]
        WHEN 'annulled' THEN ARRAY[]::text[]
        ELSE ARRAY['offered', 'granted']
    END;
    IF NOT NEW.act = ANY (allowed) THEN
        RAISE EXCEPTION 'a consent that was % cannot be %', coalesce(before.act, 'neither offered nor granted'), NEW.act
              USING ERRCODE = 'check_violation', CONSTRAINT = 'consent_follows_its_course';
    END IF;
    IF NEW.position IS DISTINCT FROM coalesce(before.position + 1, 0) THEN
        RAISE EXCEPTION 'the course of this consent went on meanwhile'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'consent_event_has_its_own_position';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION public.keep_decisions_in_a_row() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE before record;
BEGIN
    IF NEW.supersedes_id IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT submission_id, outcome INTO before FROM rights_decision WHERE id = NEW.supersedes_id;
    IF before.submission_id IS DISTINCT FROM NEW.submission_id THEN
        RAISE EXCEPTION 'a decision is superseded by one about the same output'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'decision_is_superseded_by_its_own_kind';
    END IF;
    IF before.outcome = 'cleared' THEN
        RAISE EXCEPTION 'an output that was cleared is not decided again: it is flagged'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'cleared_decision_stands';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION public.keep_license_course() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    before record;
    allowed text[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('license ' || NEW.license_id::text, 0));
    SELECT act, position INTO before FROM rights_licenseevent
     WHERE license_id = NEW.license_id ORDER BY position DESC LIMIT 1;
    allowed := CASE before.act
        WHEN 'suspended' THEN ARRAY['resumed', 'terminated']
        WHEN 'terminated' THEN ARRAY[]::text[]
        WHEN 'amended' THEN ARRAY[]::text[]
        ELSE ARRAY['suspended', 'terminated', 'amended']
    END;
    IF NOT NEW.act = ANY (allowed) THEN
        RAISE EXCEPTION 'a license that was % cannot be %', coalesce(before.act, 'signed'), NEW.act
              USING ERRCODE = 'check_violation', CONSTRAINT = 'license_follows_its_course';
    END IF;
    IF NEW.position IS DISTINCT FROM coalesce(before.position + 1, 0) THEN
        RAISE EXCEPTION 'the course of this license went on meanwhile'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'license_event_has_its_own_position';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION public.keep_merges_flat() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('merge of parties', 0));
    IF EXISTS (SELECT 1 FROM rights_partymerge AS m WHERE m.duplicate_id = NEW.duplicate_id
                AND NOT EXISTS (SELECT 1 FROM rights_partymergeundo AS u WHERE u.merge_id = m.id)) THEN
        RAISE EXCEPTION 'the duplicate is merged already'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'party_is_merged_once';
    END IF;
    IF EXISTS (SELECT 1 FROM rights_partymerge AS m WHERE (m.duplicate_id = NEW.survivor_id
                                                           OR m.survivor_id = NEW.duplicate_id)
                AND NOT EXISTS (SELECT 1 FROM rights_partymergeundo AS u WHERE u.merge_id = m.id)) THEN
        RAISE EXCEPTION 'the survivor is itself merged, or others were merged into the duplicate'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'merges_are_flat';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION public.keep_records_together() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF NEW.record_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM rights_contributionrecord WHERE id = NEW.record_id AND submission_id = NEW.submission_id
    ) THEN
        RAISE EXCEPTION 'a record and what is in it are about the same output'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'record_is_of_its_own_output';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION public.ledger_approval_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'approval' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_auditengagement_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'membership' AND fact = NEW.membership_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_auditexception_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'audit_exception' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_auditnote_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'audit_note' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_auditsample_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'audit_sample' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_auditsampleitem_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'audit_sample' AND fact = NEW.sample_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_bandsactivation_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'bands_activation' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_bandsversion_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'bands' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_erasure_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'erasure' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_erasurerequest_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'erasure_request' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_importbatch_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'import_batch' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_importoutcome_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'import_outcome' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_importreversal_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'import_reversal' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_logkeychange_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'log_key_change' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_membership_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'membership' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_membershipend_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'membership_end' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.ledger_proposal_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'proposal' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.provenance_certificate_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'certificate' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.provenance_disclosure_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'disclosure' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.provenance_disclosureanswer_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'disclosure_answer' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.provenance_foreignmanifest_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'decision' AND fact = NEW.decision_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.provenance_manifest_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'decision' AND fact = NEW.decision_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.provenance_manifeststatus_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'manifest_status' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.provenance_signedcopy_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'signed_copy' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.provenance_signerchange_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'signer_change' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.provenance_timestamp_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'timestamp' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION public.refuse_early_forgetting() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.read_at < now() - interval '2 years' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'kept for two years: % on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE FUNCTION public.refuse_second_audio() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM rights_recording WHERE id = NEW.recording_id AND reference_id IS NOT NULL) THEN
        RAISE EXCEPTION 'the recording has audio already'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'recording_has_one_audio';
    END IF;
    IF EXISTS (SELECT 1 FROM rights_recording WHERE reference_id = NEW.reference_id) THEN
        RAISE EXCEPTION 'the reference is the audio of another recording'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'one_delivery_per_reference';
    END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION public.refuse_template_of_the_ended() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$ BEGIN IF EXISTS (SELECT 1 FROM rights_voiceenrollmentend WHERE enrollment_id = NEW.enrollment_id) THEN RAISE EXCEPTION 'the enrollment has ended: its template is gone for good' USING ERRCODE = 'check_violation', CONSTRAINT = 'ended_enrollment_has_no_template'; END IF; RETURN NEW; END $$;
CREATE FUNCTION public.require_balance() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    found record;
BEGIN
    -- Once a transaction, not once a posting: the one with the last id is asked.
    IF EXISTS (SELECT 1 FROM royalties_posting WHERE transaction_id = NEW.transaction_id AND id > NEW.id) THEN
        RETURN NULL;
    END IF;
    FOR found IN SELECT a.currency, sum(p.units::numeric) AS units
                   FROM royalties_posting AS p JOIN royalties_account AS a ON a.id = p.account_id
                  WHERE p.transaction_id = NEW.transaction_id
                  GROUP BY a.currency HAVING sum(p.units::numeric) <> 0 LOOP
        RAISE EXCEPTION 'the postings of transaction % add up to % in %, not to nothing',
              NEW.transaction_id, found.units, found.currency
              USING ERRCODE = 'check_violation', CONSTRAINT = 'transaction_adds_up_to_nothing';
    END LOOP;
    RETURN NULL;
END $$;
CREATE FUNCTION public.require_either_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $_$
DECLARE found boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM ledger_entry WHERE subject = %L AND fact = ($1).%I'
                   ' AND xmin = pg_current_xact_id()::xid)'
                   ' OR EXISTS (SELECT 1 FROM ledger_entry WHERE subject = %L AND fact = ($1).%I'
                   ' AND xmin = pg_current_xact_id()::xid)',
                   TG_ARGV[0], TG_ARGV[1], TG_ARGV[2], TG_ARGV[3])
       INTO found USING NEW;
    IF NOT found THEN
        RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
              USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
    END IF;
    RETURN NULL;
END $_$;
CREATE FUNCTION public.require_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $_$
DECLARE found boolean;
BEGIN
    -- Of this very transaction: nothing is added later to a fact that is in the log. (The entry is written in the
    -- outermost transaction; inside a savepoint it would have another number.)
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM ledger_entry WHERE subject = %L AND fact = ($1).%I'
                   ' AND xmin = pg_current_xact_id()::xid)',
                   TG_ARGV[0], TG_ARGV[1])
       INTO found USING NEW;
    IF NOT found THEN
        RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
              USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
    END IF;
    RETURN NULL;
END $_$;
CREATE FUNCTION public.require_whole_sides() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    part record;
    n numeric := 0;
    d numeric := 1;
    common numeric;
    of_side integer;
BEGIN
    of_side := CASE WHEN num_nonnulls(NEW.recording_id, NEW.stem_id) > 0 THEN 1
                    WHEN num_nonnulls(NEW.work_id, NEW.lyrics_id) > 0 THEN 2 ELSE 3 END;
    -- Exact: fractions are added in numeric, never in floating point.
    FOR part IN SELECT numerator::numeric AS n, denominator::numeric AS d FROM rights_influenceweight AS w
                 WHERE w.influence_id = NEW.influence_id
                   AND CASE WHEN num_nonnulls(w.recording_id, w.stem_id) > 0 THEN 1
                            WHEN num_nonnulls(w.work_id, w.lyrics_id) > 0 THEN 2 ELSE 3 END = of_side LOOP
        n := n * part.d + part.n * d;
        d := d * part.d;
        common := gcd(n, d);
        n := div(n, common);
        d := div(d, common);
    END LOOP;
    IF n <> d THEN
        RAISE EXCEPTION 'the weights of a side add up to %/%, not to the whole', n, d
              USING ERRCODE = 'check_violation', CONSTRAINT = 'side_is_weighed_whole';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.require_whole_zone() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
DECLARE
    part record;
    n numeric := 0;
    d numeric := 1;
    common numeric;
BEGIN
    -- Once a zone, not once a row: of the rows of this transaction the one with the last leaf is asked.
    IF EXISTS (SELECT 1 FROM royalties_split
                WHERE decision_id = NEW.decision_id AND division_id IS NOT DISTINCT FROM NEW.division_id AND zone = NEW.zone AND leaf > NEW.leaf
                  AND xmin = pg_current_xact_id()::xid) THEN
        RETURN NULL;
    END IF;
    -- Exact: fractions are added in numeric, never in floating point.
    FOR part IN SELECT numerator::numeric AS n, denominator::numeric AS d FROM royalties_split
                 WHERE decision_id = NEW.decision_id AND division_id IS NOT DISTINCT FROM NEW.division_id AND zone = NEW.zone LOOP
        n := n * part.d + part.n * d;
        d := d * part.d;
        common := gcd(n, d);
        n := div(n, common);
        d := div(d, common);
    END LOOP;
    IF n <> d THEN
        RAISE EXCEPTION 'the splits of zone % add up to %/%, not to the whole', NEW.zone, n, d
              USING ERRCODE = 'check_violation', CONSTRAINT = 'zone_is_split_whole';
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION public.rights_allowance_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'appeal_answer' AND fact = NEW.answer_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_appeal_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'appeal' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_appealanswer_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'appeal_answer' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_appealevidence_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'appeal' AND fact = NEW.appeal_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_campaign_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'campaign' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_campaigninvitation_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'consent' AND fact = NEW.consent_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_clearance_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'clearance' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_clearanceanswers_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'clearance' AND fact = NEW.clearance_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_conflict_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'conflict' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_conflictclaim_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'conflict' AND fact = NEW.conflict_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_conflictevent_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'conflict_event' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_consent_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'consent' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_consentasset_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'consent' AND fact = NEW.consent_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_consentoverride_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'consent' AND fact = NEW.consent_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_contributionrecord_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'contribution_record' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_dataset_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'dataset' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_datasetexclusion_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'dataset' AND fact = NEW.dataset_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_datasetmember_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'dataset' AND fact = NEW.dataset_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_decision_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'decision' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_finding_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'decision' AND fact = NEW.decision_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_identifier_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'identifier' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_identifierfinding_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'identifier_finding' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_influence_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'influence' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_influenceobjection_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'influence_objection' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_influenceweight_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'influence' AND fact = NEW.influence_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_ingredient_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'submission' AND fact = NEW.submission_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_license_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'license' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_licenseasset_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'license' AND fact = NEW.license_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_licenseevent_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'license_event' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_licensemodelversion_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'license' AND fact = NEW.license_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_lyrics_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'lyrics' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_mfnclause_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'license' AND fact = NEW.license_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_model_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'model' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_modelversion_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'model_version' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_modelversionretirement_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'model_version_retirement' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_party_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'party' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_partyinrole_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'party_in_role' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_partymerge_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'party_merge' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_partymergeundo_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'party_merge_undo' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_partyname_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'party_name' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_protection_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'protection' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_recheck_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'recheck' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_recheckfinding_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'recheck' AND fact = NEW.recheck_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_recording_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'recording' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_recordingaudio_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'recording_audio' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_recordingdescription_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'recording_description' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_recordingvoice_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'recording_voice' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_release_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'release' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_releaserecording_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'release' AND fact = NEW.release_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_representation_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'representation' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_representationend_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'representation_end' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_reservation_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'reservation' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_reservationend_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'reservation_end' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_review_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'review' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_share_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'share' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_shareevent_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'share_event' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_stem_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'stem' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_submission_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'submission' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_termsversion_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'terms' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_traininglicense_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'model_version' AND fact = NEW.model_version_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_trainingstatement_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'training_statement' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_voice_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'voice' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_voiceenrollment_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'voice_enrollment' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_voiceenrollmentend_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'voice_enrollment_end' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_withdrawaltask_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'consent_event' AND fact = NEW.event_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_withdrawaltaskdone_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'withdrawal_task_done' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.rights_work_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'work' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_advance_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'advance' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_declaration_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'declaration' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_division_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'division' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_exchangerate_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'exchange_rate' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_objectionanswer_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'objection_answer' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_payeelink_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'payee_link' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_payeelinkend_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'payee_link_end' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_payeeterms_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'payee_terms' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_payment_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'payment' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_paymentfile_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'payment_file' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_paymentorder_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'payment_file' AND fact = NEW.file_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_planmodel_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'plan' AND fact = NEW.plan_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_planquantity_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'plan' AND fact = NEW.plan_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_planterm_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'plan' AND fact = NEW.plan_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_posting_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'transaction' AND fact = NEW.transaction_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_royaltyrun_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'royalty_run' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_runevent_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'run_event' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_statement_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'statement' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_statementobjection_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'statement_objection' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_taxcertificate_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'tax_certificate' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_transaction_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'transaction' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_usagefile_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'usage_report' AND fact = NEW.report_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_usagematch_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'usage_matching' AND fact = NEW.matching_id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_usagematching_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'usage_matching' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_usageoutcome_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'usage_outcome' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_usagereport_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'usage_report' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.royalties_usagesupersession_has_its_entry() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
            BEGIN
                -- Of this very transaction: nothing is added later to a fact that is in the log.
                IF NOT EXISTS (SELECT 1 FROM ledger_entry
                               WHERE subject = 'usage_supersession' AND fact = NEW.id AND xmin = pg_current_xact_id()::xid) THEN
                    RAISE EXCEPTION '% without an entry: a fact commits with its entry or not at all', TG_TABLE_NAME
                          USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'fact_has_its_entry';
                END IF;
                RETURN NULL;
            END $$;
CREATE FUNCTION public.take_entries() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    about record;
    missing uuid;
BEGIN
    FOR about IN SELECT DISTINCT subject FROM added LOOP
        CASE about.subject
            WHEN 'party' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'party' AND (SELECT id FROM rights_party WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'work' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'work' AND (SELECT id FROM rights_work WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'recording' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'recording' AND (SELECT id FROM rights_recording WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'share' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'share' AND (SELECT id FROM rights_share WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'consent' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'consent' AND (SELECT id FROM rights_consent WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'consent_event' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'consent_event' AND (SELECT id FROM rights_consentevent WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'license' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'license' AND (SELECT id FROM rights_license WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'submission' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'submission' AND (SELECT id FROM rights_submission WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'decision' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'decision' AND (SELECT id FROM rights_decision WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'party_name' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'party_name' AND (SELECT id FROM rights_partyname WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'party_in_role' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'party_in_role' AND (SELECT id FROM rights_partyinrole WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'representation' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'representation' AND (SELECT id FROM rights_representation WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'representation_end' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'representation_end' AND (SELECT id FROM rights_representationend WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'party_merge' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'party_merge' AND (SELECT id FROM rights_partymerge WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'party_merge_undo' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'party_merge_undo' AND (SELECT id FROM rights_partymergeundo WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'protection' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'protection' AND (SELECT id FROM rights_protection WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'identifier' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'identifier' AND (SELECT id FROM rights_identifier WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'identifier_finding' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'identifier_finding' AND (SELECT id FROM rights_identifierfinding WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'recording_work' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'recording_work' AND (SELECT id FROM rights_recordingwork WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'release' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'release' AND (SELECT id FROM rights_release WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'voice' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'voice' AND (SELECT id FROM rights_voice WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'recording_voice' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'recording_voice' AND (SELECT id FROM rights_recordingvoice WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'recording_audio' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'recording_audio' AND (SELECT id FROM rights_recordingaudio WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'stem' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'stem' AND (SELECT id FROM rights_stem WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'lyrics' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'lyrics' AND (SELECT id FROM rights_lyrics WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'model' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'model' AND (SELECT id FROM rights_model WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'dataset' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'dataset' AND (SELECT id FROM rights_dataset WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'model_version' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'model_version' AND (SELECT id FROM rights_modelversion WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'model_version_retirement' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'model_version_retirement' AND (SELECT id FROM rights_modelversionretirement WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'share_event' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'share_event' AND (SELECT id FROM rights_shareevent WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'conflict' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'conflict' AND (SELECT id FROM rights_conflict WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'conflict_event' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'conflict_event' AND (SELECT id FROM rights_conflictevent WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'terms' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'terms' AND (SELECT id FROM rights_termsversion WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'reservation' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'reservation' AND (SELECT id FROM rights_reservation WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'reservation_end' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'reservation_end' AND (SELECT id FROM rights_reservationend WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'withdrawal_task_done' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'withdrawal_task_done' AND (SELECT id FROM rights_withdrawaltaskdone WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'campaign' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'campaign' AND (SELECT id FROM rights_campaign WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'license_event' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'license_event' AND (SELECT id FROM rights_licenseevent WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'clearance' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'clearance' AND (SELECT id FROM rights_clearance WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'voice_enrollment' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'voice_enrollment' AND (SELECT id FROM rights_voiceenrollment WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'voice_enrollment_end' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'voice_enrollment_end' AND (SELECT id FROM rights_voiceenrollmentend WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'membership' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'membership' AND (SELECT id FROM ledger_membership WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'membership_end' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'membership_end' AND (SELECT id FROM ledger_membershipend WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'import_batch' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'import_batch' AND (SELECT id FROM ledger_importbatch WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'import_outcome' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'import_outcome' AND (SELECT id FROM ledger_importoutcome WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'import_reversal' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'import_reversal' AND (SELECT id FROM ledger_importreversal WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'erasure_request' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'erasure_request' AND (SELECT id FROM ledger_erasurerequest WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'erasure' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'erasure' AND (SELECT id FROM ledger_erasure WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'proposal' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'proposal' AND (SELECT id FROM ledger_proposal WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'approval' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'approval' AND (SELECT id FROM ledger_approval WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'bands' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'bands' AND (SELECT id FROM ledger_bandsversion WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'bands_activation' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'bands_activation' AND (SELECT id FROM ledger_bandsactivation WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'review' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'review' AND (SELECT id FROM rights_review WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'appeal' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'appeal' AND (SELECT id FROM rights_appeal WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'appeal_answer' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'appeal_answer' AND (SELECT id FROM rights_appealanswer WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'recheck' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'recheck' AND (SELECT id FROM rights_recheck WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'influence' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'influence' AND (SELECT id FROM rights_influence WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'influence_objection' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'influence_objection' AND (SELECT id FROM rights_influenceobjection WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'certificate' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'certificate' AND (SELECT id FROM provenance_certificate WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'manifest_status' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'manifest_status' AND (SELECT id FROM provenance_manifeststatus WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'soft_binding' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'soft_binding' AND (SELECT id FROM provenance_softbinding WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'signed_copy' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'signed_copy' AND (SELECT id FROM provenance_signedcopy WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'contribution_record' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'contribution_record' AND (SELECT id FROM rights_contributionrecord WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'disclosure' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'disclosure' AND (SELECT id FROM provenance_disclosure WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'disclosure_answer' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'disclosure_answer' AND (SELECT id FROM provenance_disclosureanswer WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'timestamp' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'timestamp' AND (SELECT id FROM provenance_timestamp WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'signer_change' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'signer_change' AND (SELECT id FROM provenance_signerchange WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'royalty_run' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'royalty_run' AND (SELECT id FROM royalties_royaltyrun WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'run_event' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'run_event' AND (SELECT id FROM royalties_runevent WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'exchange_rate' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'exchange_rate' AND (SELECT id FROM royalties_exchangerate WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'payee_terms' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'payee_terms' AND (SELECT id FROM royalties_payeeterms WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'tax_certificate' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'tax_certificate' AND (SELECT id FROM royalties_taxcertificate WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'advance' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'advance' AND (SELECT id FROM royalties_advance WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'transaction' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'transaction' AND (SELECT id FROM royalties_transaction WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'statement' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'statement' AND (SELECT id FROM royalties_statement WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'statement_objection' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'statement_objection' AND (SELECT id FROM royalties_statementobjection WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'objection_answer' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'objection_answer' AND (SELECT id FROM royalties_objectionanswer WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'payee_link' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'payee_link' AND (SELECT id FROM royalties_payeelink WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'payee_link_end' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'payee_link_end' AND (SELECT id FROM royalties_payeelinkend WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'payment_file' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'payment_file' AND (SELECT id FROM royalties_paymentfile WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'payment' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'payment' AND (SELECT id FROM royalties_payment WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'usage_report' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'usage_report' AND (SELECT id FROM royalties_usagereport WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'usage_outcome' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'usage_outcome' AND (SELECT id FROM royalties_usageoutcome WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'usage_matching' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'usage_matching' AND (SELECT id FROM royalties_usagematching WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'usage_supersession' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'usage_supersession' AND (SELECT id FROM royalties_usagesupersession WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'plan' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'plan' AND (SELECT id FROM royalties_plan WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'division' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'division' AND (SELECT id FROM royalties_division WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'recording_description' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'recording_description' AND (SELECT id FROM rights_recordingdescription WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'training_statement' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'training_statement' AND (SELECT id FROM rights_trainingstatement WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'log_key_change' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'log_key_change' AND (SELECT id FROM ledger_logkeychange WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'audit_note' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'audit_note' AND (SELECT id FROM ledger_auditnote WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'audit_sample' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'audit_sample' AND (SELECT id FROM ledger_auditsample WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'audit_exception' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'audit_exception' AND (SELECT id FROM ledger_auditexception WHERE id = added.fact) IS NULL
                 LIMIT 1;
            WHEN 'declaration' THEN
                SELECT fact INTO missing FROM added
                 WHERE subject = 'declaration' AND (SELECT id FROM royalties_declaration WHERE id = added.fact) IS NULL
                 LIMIT 1;
            ELSE
                RAISE EXCEPTION 'an entry about %, which is no kind of fact', about.subject
                      USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_is_about_a_kind_of_fact';
        END CASE;
        IF missing IS NOT NULL THEN
            RAISE EXCEPTION 'an entry about % %, which is not there', about.subject, missing
                  USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'entry_is_about_what_is_there';
        END IF;
    END LOOP;
    INSERT INTO ledger_pendingentry (entry_id) SELECT id FROM added;
    RETURN NULL;
END $$;
CREATE TABLE public.auth_group (
    id integer NOT NULL,
    name character varying(150) NOT NULL
);
ALTER TABLE public.auth_group ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_group_permissions (
    id bigint NOT NULL,
    group_id integer NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.auth_group_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_group_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_permission (
    id integer NOT NULL,
    name character varying(255) NOT NULL,
    content_type_id integer NOT NULL,
    codename character varying(100) NOT NULL
);
ALTER TABLE public.auth_permission ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_permission_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_user (
    id integer NOT NULL,
    password character varying(128) NOT NULL,
    last_login timestamp with time zone,
    is_superuser boolean NOT NULL,
    username character varying(150) NOT NULL,
    first_name character varying(150) NOT NULL,
    last_name character varying(150) NOT NULL,
    email character varying(254) NOT NULL,
    is_staff boolean NOT NULL,
    is_active boolean NOT NULL,
    date_joined timestamp with time zone NOT NULL
);
CREATE TABLE public.auth_user_groups (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    group_id integer NOT NULL
);
ALTER TABLE public.auth_user_groups ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE public.auth_user ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.auth_user_user_permissions (
    id bigint NOT NULL,
    user_id integer NOT NULL,
    permission_id integer NOT NULL
);
ALTER TABLE public.auth_user_user_permissions ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.auth_user_user_permissions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_admin_log (
    id integer NOT NULL,
    action_time timestamp with time zone NOT NULL,
    object_id text,
    object_repr character varying(200) NOT NULL,
    action_flag smallint NOT NULL,
    change_message text NOT NULL,
    content_type_id integer,
    user_id integer NOT NULL,
    CONSTRAINT django_admin_log_action_flag_check CHECK ((action_flag >= 0))
);
ALTER TABLE public.django_admin_log ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_admin_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_content_type (
    id integer NOT NULL,
    app_label character varying(100) NOT NULL,
    model character varying(100) NOT NULL
);
ALTER TABLE public.django_content_type ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_content_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_migrations (
    id bigint NOT NULL,
    app character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    applied timestamp with time zone NOT NULL
);
ALTER TABLE public.django_migrations ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.django_migrations_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.django_session (
    session_key character varying(40) NOT NULL,
    session_data text NOT NULL,
    expire_date timestamp with time zone NOT NULL
);
CREATE TABLE public.fingerprint_audio (
    digest character varying(64) NOT NULL,
    media_type character varying(32) NOT NULL,
    codec character varying(32) NOT NULL,
    size_bytes bigint NOT NULL,
    duration_ms bigint NOT NULL,
    sample_rate_hz integer NOT NULL,
    channels smallint NOT NULL,
    received_at timestamp with time zone NOT NULL,
    CONSTRAINT audio_digest_is_sha256_hex CHECK (((digest)::text ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT fingerprint_audio_channels_check CHECK ((channels >= 0)),
    CONSTRAINT fingerprint_audio_sample_rate_hz_check CHECK ((sample_rate_hz >= 0))
);
CREATE TABLE public.fingerprint_embedding (
    id bigint NOT NULL,
    algorithm character varying(48) NOT NULL,
    start_ms bigint NOT NULL,
    end_ms bigint NOT NULL,
    vector public.halfvec(128) NOT NULL,
    reference_id uuid NOT NULL
);
ALTER TABLE public.fingerprint_embedding ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.fingerprint_embedding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.fingerprint_examination (
    id uuid NOT NULL,
    document bytea NOT NULL,
    digest character varying(64) NOT NULL,
    measured_at timestamp with time zone NOT NULL,
    audio_id character varying(64) NOT NULL
);
CREATE TABLE public.fingerprint_fingerprint (
    id bigint NOT NULL,
    algorithm character varying(48) NOT NULL,
    data bytea NOT NULL,
    reference_id uuid NOT NULL,
    added_at timestamp with time zone
);
ALTER TABLE public.fingerprint_fingerprint ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.fingerprint_fingerprint_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.fingerprint_indexsnapshot (
    id bigint NOT NULL,
    snapshot character varying(64) NOT NULL,
    family character varying(48) NOT NULL,
    size integer NOT NULL,
    last_row bigint NOT NULL,
    absent_rows bigint[] NOT NULL,
    CONSTRAINT fingerprint_indexsnapshot_size_check CHECK ((size >= 0))
);
ALTER TABLE public.fingerprint_indexsnapshot ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.fingerprint_indexsnapshot_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.fingerprint_melody (
    id bigint NOT NULL,
    algorithm character varying(48) NOT NULL,
    data bytea NOT NULL,
    reference_id uuid NOT NULL
);
ALTER TABLE public.fingerprint_melody ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.fingerprint_melody_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.fingerprint_reference (
    id uuid NOT NULL,
    enrolled_at timestamp with time zone NOT NULL,
    audio_id character varying(64) NOT NULL
);
CREATE TABLE public.fingerprint_trace (
    id bigint NOT NULL,
    audio_digest character varying(64) NOT NULL,
    algorithm character varying(48) NOT NULL,
    data bytea NOT NULL
);
ALTER TABLE public.fingerprint_trace ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.fingerprint_trace_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_apiclient (
    id bigint NOT NULL,
    scopes character varying(40)[] NOT NULL,
    application_id bigint NOT NULL,
    party_id uuid NOT NULL
);
ALTER TABLE public.ledger_apiclient ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_apiclient_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_approval (
    id uuid NOT NULL,
    is_agreed boolean NOT NULL,
    reason character varying(300) NOT NULL,
    approved_at timestamp with time zone NOT NULL,
    approved_by_id integer NOT NULL,
    proposed_by_id integer NOT NULL,
    proposal_id uuid NOT NULL,
    CONSTRAINT approval_takes_a_second_person CHECK ((NOT (proposed_by_id = approved_by_id)))
);
CREATE TABLE public.ledger_auditengagement (
    id uuid NOT NULL,
    purpose character varying(300) NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    parties uuid[] NOT NULL,
    period_from date,
    period_to date,
    membership_id uuid NOT NULL,
    CONSTRAINT engagement_is_for_a_period CHECK (((period_from IS NULL) OR (period_to IS NULL) OR (period_to > period_from)))
);
CREATE TABLE public.ledger_auditexception (
    id uuid NOT NULL,
    "position" smallint NOT NULL,
    root_cause character varying(12) NOT NULL,
    audited_units bigint NOT NULL,
    status character varying(12) NOT NULL,
    note character varying(600) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    owner_id integer NOT NULL,
    recorded_by_id integer NOT NULL,
    item_id uuid NOT NULL,
    CONSTRAINT exception_begins_open CHECK ((("position" > 0) OR ((status)::text = 'open'::text))),
    CONSTRAINT ledger_auditexception_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.ledger_auditnote (
    id uuid NOT NULL,
    text character varying(1000) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    engagement_id uuid,
    entry_id uuid,
    noted_by_id integer NOT NULL,
    organization_id uuid,
    statement_id uuid,
    submission_id uuid,
    CONSTRAINT note_is_beside_one_thing CHECK ((num_nonnulls(entry_id, submission_id, statement_id) = 1))
);
CREATE TABLE public.ledger_auditsample (
    id uuid NOT NULL,
    method character varying(16) NOT NULL,
    seed character varying(64) NOT NULL,
    currency character varying(3) NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    known_at timestamp with time zone NOT NULL,
    document text NOT NULL,
    digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    drawn_by_id integer NOT NULL,
    engagement_id uuid,
    organization_id uuid,
    payee_id uuid
);
CREATE TABLE public.ledger_auditsampleitem (
    id uuid NOT NULL,
    "position" integer NOT NULL,
    partition integer NOT NULL,
    line bigint NOT NULL,
    units bigint NOT NULL,
    stratum smallint NOT NULL,
    hits integer NOT NULL,
    sample_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    CONSTRAINT ledger_auditsampleitem_hits_check CHECK ((hits >= 0)),
    CONSTRAINT ledger_auditsampleitem_partition_check CHECK ((partition >= 0)),
    CONSTRAINT ledger_auditsampleitem_position_check CHECK (("position" >= 0)),
    CONSTRAINT ledger_auditsampleitem_stratum_check CHECK ((stratum >= 0))
);
CREATE TABLE public.ledger_bandsactivation (
    id uuid NOT NULL,
    effective_from timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    approval_id uuid NOT NULL,
    bands_id uuid NOT NULL,
    CONSTRAINT bands_are_not_activated_backwards CHECK ((effective_from >= recorded_at))
);
CREATE TABLE public.ledger_bandsversion (
    id uuid NOT NULL,
    number integer NOT NULL,
    document text NOT NULL,
    digest character varying(64) NOT NULL,
    note character varying(300) NOT NULL,
    drafted_at timestamp with time zone NOT NULL,
    drafted_by_id integer NOT NULL,
    CONSTRAINT ledger_bandsversion_number_check CHECK ((number >= 0))
);
CREATE TABLE public.ledger_campaignmailing (
    id uuid NOT NULL,
    kind character varying(16) NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    campaign_id uuid NOT NULL,
    requested_by_id integer
);
CREATE TABLE public.ledger_campaignnotice (
    id uuid NOT NULL,
    channel character varying(16) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    invitation_id uuid NOT NULL,
    mailing_id uuid,
    shown_to_id integer
);
CREATE TABLE public.ledger_campaignplan (
    campaign_id uuid NOT NULL,
    document text NOT NULL,
    asked integer NOT NULL,
    offered integer NOT NULL,
    left_out integer NOT NULL,
    problem character varying(600) NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    CONSTRAINT ledger_campaignplan_asked_check CHECK ((asked >= 0)),
    CONSTRAINT ledger_campaignplan_left_out_check CHECK ((left_out >= 0)),
    CONSTRAINT ledger_campaignplan_offered_check CHECK ((offered >= 0))
);
CREATE TABLE public.ledger_checkpoint (
    size bigint NOT NULL,
    root bytea NOT NULL,
    note text NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.ledger_copyorder (
    id uuid NOT NULL,
    media_type character varying(32) NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    decision_id uuid NOT NULL
);
CREATE TABLE public.ledger_cosignature (
    id bigint NOT NULL,
    witness text NOT NULL,
    key_id character varying(8) NOT NULL,
    line text NOT NULL,
    cosigned_at timestamp with time zone NOT NULL,
    received_at timestamp with time zone NOT NULL,
    checkpoint_id bigint NOT NULL
);
ALTER TABLE public.ledger_cosignature ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_cosignature_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_divisionwatch (
    decision_id uuid NOT NULL,
    looked_at timestamp with time zone NOT NULL
);
CREATE TABLE public.ledger_dossierread (
    id uuid NOT NULL,
    "table" character varying(40) NOT NULL,
    fact_id uuid NOT NULL,
    door character varying(60) NOT NULL,
    why character varying(300) NOT NULL,
    read_at timestamp with time zone NOT NULL,
    client_id bigint,
    engagement_id uuid,
    user_id integer,
    CONSTRAINT dossier_is_read_by_somebody CHECK ((num_nonnulls(user_id, client_id) = 1))
);
CREATE TABLE public.ledger_edge (
    level smallint NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT ledger_edge_level_check CHECK ((level >= 0))
);
CREATE TABLE public.ledger_enrollment (
    id uuid NOT NULL,
    store character varying(48) NOT NULL,
    folder character varying(1000) NOT NULL,
    mapping_digest character varying(64) NOT NULL,
    is_only_named boolean NOT NULL,
    received_at timestamp with time zone NOT NULL,
    organization_id uuid
);
CREATE TABLE public.ledger_enrollmentfile (
    id bigint NOT NULL,
    name character varying(1000) NOT NULL,
    is_found boolean NOT NULL,
    part uuid,
    wanted_recording uuid,
    wanted_isrc character varying(12) NOT NULL,
    wanted_title character varying(300) NOT NULL,
    is_new boolean NOT NULL,
    tries smallint NOT NULL,
    result character varying(12) NOT NULL,
    audio_digest character varying(64) NOT NULL,
    field character varying(24) NOT NULL,
    code character varying(48) NOT NULL,
    sentence character varying(600) NOT NULL,
    enrollment_id uuid NOT NULL,
    recording_id uuid,
    CONSTRAINT ledger_enrollmentfile_tries_check CHECK ((tries >= 0))
);
ALTER TABLE public.ledger_enrollmentfile ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_enrollmentfile_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_enrollmentprogress (
    enrollment_id uuid NOT NULL,
    is_listed boolean NOT NULL,
    passed_over bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.ledger_entry (
    id uuid NOT NULL,
    kind character varying(32) NOT NULL,
    body bytea NOT NULL,
    at timestamp with time zone NOT NULL,
    subject character varying(32) NOT NULL,
    fact uuid NOT NULL
);
CREATE TABLE public.ledger_erasure (
    id uuid NOT NULL,
    document text NOT NULL,
    erased_at timestamp with time zone NOT NULL,
    approval_id uuid NOT NULL,
    request_id uuid NOT NULL
);
CREATE TABLE public.ledger_erasurerequest (
    id uuid NOT NULL,
    channel character varying(24) NOT NULL,
    answer_by date NOT NULL,
    requested_at timestamp with time zone NOT NULL,
    party_id uuid NOT NULL
);
CREATE TABLE public.ledger_importbatch (
    id uuid NOT NULL,
    format character varying(16) NOT NULL,
    file_digest character varying(64) NOT NULL,
    size_bytes bigint NOT NULL,
    mapping text NOT NULL,
    is_partial boolean NOT NULL,
    received_at timestamp with time zone NOT NULL,
    organization_id uuid
);
CREATE TABLE public.ledger_importedfact (
    id bigint NOT NULL,
    line bigint NOT NULL,
    "table" character varying(40) NOT NULL,
    fact_id uuid NOT NULL,
    is_new boolean NOT NULL,
    batch_id uuid NOT NULL
);
ALTER TABLE public.ledger_importedfact ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_importedfact_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_importnote (
    id bigint NOT NULL,
    line bigint NOT NULL,
    kind character varying(24) NOT NULL,
    "table" character varying(40) NOT NULL,
    fact_id uuid NOT NULL,
    text character varying(300) NOT NULL,
    batch_id uuid NOT NULL
);
ALTER TABLE public.ledger_importnote ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_importnote_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_importoutcome (
    id uuid NOT NULL,
    is_taken boolean NOT NULL,
    lines bigint NOT NULL,
    facts bigint NOT NULL,
    known_before bigint NOT NULL,
    problems bigint NOT NULL,
    facts_digest character varying(64) NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    batch_id uuid NOT NULL
);
CREATE TABLE public.ledger_importproblem (
    id bigint NOT NULL,
    line bigint NOT NULL,
    field character varying(80) NOT NULL,
    code character varying(48) NOT NULL,
    sentence character varying(600) NOT NULL,
    raw character varying(200) NOT NULL,
    batch_id uuid NOT NULL
);
ALTER TABLE public.ledger_importproblem ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_importproblem_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_importprogress (
    batch_id uuid NOT NULL,
    lines_read bigint NOT NULL,
    bytes_read bigint NOT NULL,
    facts bigint NOT NULL,
    problems bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    stage character varying(12) DEFAULT 'waiting'::character varying NOT NULL
);
CREATE TABLE public.ledger_importrehearsal (
    batch_id uuid NOT NULL,
    document jsonb NOT NULL,
    rehearsed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.ledger_importreversal (
    id uuid NOT NULL,
    reason character varying(300) NOT NULL,
    reversed_at timestamp with time zone NOT NULL,
    batch_id uuid NOT NULL
);
CREATE TABLE public.ledger_job (
    id bigint NOT NULL,
    kind character varying(16) NOT NULL,
    subject_id uuid NOT NULL,
    attempts smallint NOT NULL,
    run_at timestamp with time zone NOT NULL,
    lease_until timestamp with time zone,
    rung_at timestamp with time zone NOT NULL,
    done_at timestamp with time zone,
    given_up_at timestamp with time zone,
    error character varying(300) NOT NULL,
    CONSTRAINT ledger_job_attempts_check CHECK ((attempts >= 0))
);
ALTER TABLE public.ledger_job ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_job_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_keptanswer (
    id uuid NOT NULL,
    due_at timestamp with time zone NOT NULL,
    made_at timestamp with time zone,
    document jsonb,
    answer_digest character varying(64) NOT NULL,
    file_digest character varying(64) NOT NULL,
    problem character varying(300) NOT NULL,
    keep_until date NOT NULL,
    saved_id uuid NOT NULL
);
CREATE TABLE public.ledger_leaf (
    index bigint NOT NULL,
    hash bytea NOT NULL,
    entry_id uuid NOT NULL
);
CREATE TABLE public.ledger_logkeychange (
    id uuid NOT NULL,
    act character varying(16) NOT NULL,
    verifier text NOT NULL,
    replaces text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT log_key_changes_to_another CHECK ((NOT (verifier = replaces)))
);
CREATE TABLE public.ledger_membership (
    id uuid NOT NULL,
    role character varying(16) NOT NULL,
    active_from date NOT NULL,
    active_to date,
    recorded_at timestamp with time zone NOT NULL,
    organization_id uuid NOT NULL,
    user_id integer NOT NULL,
    CONSTRAINT membership_ends_after_it_begins CHECK (((active_to IS NULL) OR (active_to > active_from)))
);
CREATE TABLE public.ledger_membershipend (
    id uuid NOT NULL,
    effective_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    membership_id uuid NOT NULL
);
CREATE TABLE public.ledger_operation (
    id uuid NOT NULL,
    kind character varying(12) NOT NULL,
    has_passed boolean NOT NULL,
    document text NOT NULL,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone NOT NULL
);
CREATE TABLE public.ledger_outputwatch (
    decision_id uuid NOT NULL,
    looked_at timestamp with time zone NOT NULL,
    snapshots jsonb NOT NULL
);
CREATE TABLE public.ledger_packorder (
    id uuid NOT NULL,
    about character varying(12) NOT NULL,
    active_from date,
    active_to date,
    is_whole boolean NOT NULL,
    sees uuid[] NOT NULL,
    against text NOT NULL,
    ordered_at timestamp with time zone NOT NULL,
    ordered_by_id integer,
    party_id uuid,
    run_id uuid,
    submission_id uuid,
    CONSTRAINT pack_is_about_one_thing CHECK (((((about)::text = 'output'::text) AND (active_from IS NULL) AND (active_to IS NULL) AND (party_id IS NULL) AND (run_id IS NULL) AND (submission_id IS NOT NULL)) OR (((about)::text = 'party'::text) AND (active_from IS NULL) AND (active_to IS NULL) AND (party_id IS NOT NULL) AND (run_id IS NULL) AND (submission_id IS NULL)) OR (((about)::text = 'run'::text) AND (active_from IS NULL) AND (active_to IS NULL) AND (party_id IS NULL) AND (run_id IS NOT NULL) AND (submission_id IS NULL)) OR (((about)::text = 'period'::text) AND (active_to > active_from) AND (party_id IS NULL) AND (run_id IS NULL) AND (submission_id IS NULL))))
);
CREATE TABLE public.ledger_packpart (
    id uuid NOT NULL,
    number integer NOT NULL,
    digest character varying(64) NOT NULL,
    size_bytes bigint NOT NULL,
    entries integer NOT NULL,
    made_at timestamp with time zone NOT NULL,
    order_id uuid NOT NULL,
    CONSTRAINT ledger_packpart_entries_check CHECK ((entries >= 0)),
    CONSTRAINT ledger_packpart_number_check CHECK ((number >= 0))
);
CREATE TABLE public.ledger_packprogress (
    order_id uuid NOT NULL,
    entries bigint NOT NULL,
    done bigint NOT NULL,
    size_bytes bigint NOT NULL,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.ledger_pendingentry (
    id bigint NOT NULL,
    entry_id uuid NOT NULL
);
ALTER TABLE public.ledger_pendingentry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_pendingentry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_proposal (
    id uuid NOT NULL,
    act character varying(16) NOT NULL,
    reason character varying(300) NOT NULL,
    proposed_at timestamp with time zone NOT NULL,
    conflict_id uuid,
    consent_id uuid,
    other_party_id uuid,
    party_id uuid,
    proposed_by_id integer NOT NULL,
    bands_id uuid
);
CREATE TABLE public.ledger_rehearsedproblem (
    id bigint NOT NULL,
    line bigint NOT NULL,
    field character varying(80) NOT NULL,
    code character varying(48) NOT NULL,
    sentence character varying(600) NOT NULL,
    raw character varying(200) NOT NULL,
    batch_id uuid NOT NULL
);
ALTER TABLE public.ledger_rehearsedproblem ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_rehearsedproblem_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_replayedentry (
    id bigint NOT NULL,
    result character varying(12) NOT NULL,
    differences jsonb NOT NULL,
    entry_id uuid NOT NULL,
    round_id uuid NOT NULL
);
ALTER TABLE public.ledger_replayedentry ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_replayedentry_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_replayround (
    id uuid NOT NULL,
    size bigint NOT NULL,
    root character varying(64) NOT NULL,
    drawn integer NOT NULL,
    same integer NOT NULL,
    different integer NOT NULL,
    lost integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    CONSTRAINT ledger_replayround_different_check CHECK ((different >= 0)),
    CONSTRAINT ledger_replayround_drawn_check CHECK ((drawn >= 0)),
    CONSTRAINT ledger_replayround_lost_check CHECK ((lost >= 0)),
    CONSTRAINT ledger_replayround_same_check CHECK ((same >= 0))
);
CREATE TABLE public.ledger_reviewclaim (
    decision_id uuid NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    until timestamp with time zone NOT NULL,
    assigned_by_id integer,
    reviewer_id integer NOT NULL
);
CREATE TABLE public.ledger_savedmapping (
    id uuid NOT NULL,
    name character varying(120) NOT NULL,
    format character varying(16) NOT NULL,
    document jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    organization_id uuid
);
CREATE TABLE public.ledger_savedquestion (
    id uuid NOT NULL,
    question character varying(40) NOT NULL,
    name character varying(120) NOT NULL,
    parameters jsonb NOT NULL,
    every character varying(8) NOT NULL,
    keep_days integer NOT NULL,
    saved_at timestamp with time zone NOT NULL,
    next_at timestamp with time zone,
    ended_at timestamp with time zone,
    asked_by_id integer NOT NULL,
    engagement_id uuid,
    organization_id uuid,
    CONSTRAINT ledger_savedquestion_keep_days_check CHECK ((keep_days >= 0))
);
CREATE TABLE public.ledger_shardquestion (
    id uuid NOT NULL,
    shard character varying(20) NOT NULL,
    question bytea NOT NULL,
    answer bytea,
    asked_at timestamp with time zone NOT NULL
);
CREATE TABLE public.ledger_societyanswer (
    id bigint NOT NULL,
    line bigint NOT NULL,
    society character varying(20) NOT NULL,
    status character varying(2) NOT NULL,
    is_accepted boolean NOT NULL,
    work_number character varying(20) NOT NULL,
    recipient_number character varying(20) NOT NULL,
    answered_file character varying(20) NOT NULL,
    answered_group integer NOT NULL,
    answered_transaction integer NOT NULL,
    processed_on date,
    messages character varying(2000) NOT NULL,
    batch_id uuid NOT NULL,
    work_id uuid NOT NULL,
    CONSTRAINT ledger_societyanswer_answered_group_check CHECK ((answered_group >= 0)),
    CONSTRAINT ledger_societyanswer_answered_transaction_check CHECK ((answered_transaction >= 0))
);
ALTER TABLE public.ledger_societyanswer ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_societyanswer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_tile (
    id bigint NOT NULL,
    level smallint NOT NULL,
    number bigint NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT ledger_tile_level_check CHECK ((level >= 0))
);
ALTER TABLE public.ledger_tile ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.ledger_tile_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.ledger_witnessstate (
    verifier text NOT NULL,
    size bigint NOT NULL,
    asked_at timestamp with time zone,
    cosigned_at timestamp with time zone,
    failing_since timestamp with time zone,
    problem text NOT NULL
);
CREATE TABLE public.oauth2_provider_accesstoken (
    id bigint NOT NULL,
    token text NOT NULL,
    expires timestamp with time zone NOT NULL,
    scope text NOT NULL,
    application_id bigint,
    user_id integer,
    created timestamp with time zone NOT NULL,
    updated timestamp with time zone NOT NULL,
    source_refresh_token_id bigint,
    id_token_id bigint,
    token_checksum character varying(64) NOT NULL,
    resource jsonb NOT NULL
);
ALTER TABLE public.oauth2_provider_accesstoken ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.oauth2_provider_accesstoken_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.oauth2_provider_application (
    id bigint NOT NULL,
    client_id character varying(255) NOT NULL,
    redirect_uris text NOT NULL,
    client_type character varying(32) NOT NULL,
    authorization_grant_type character varying(44) NOT NULL,
    client_secret character varying(255) NOT NULL,
    name character varying(255) NOT NULL,
    user_id integer,
    skip_authorization boolean NOT NULL,
    created timestamp with time zone NOT NULL,
    updated timestamp with time zone NOT NULL,
    algorithm character varying(5) NOT NULL,
    post_logout_redirect_uris text NOT NULL,
    hash_client_secret boolean NOT NULL,
    allowed_origins text NOT NULL,
    registration_source character varying(32) NOT NULL,
    cimd_expires_at timestamp with time zone
);
ALTER TABLE public.oauth2_provider_application ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.oauth2_provider_application_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.oauth2_provider_devicegrant (
    id bigint NOT NULL,
    device_code character varying(100) NOT NULL,
    user_code character varying(100) NOT NULL,
    scope text NOT NULL,
    "interval" integer NOT NULL,
    expires timestamp with time zone NOT NULL,
    status character varying(64) NOT NULL,
    client_id character varying(100) NOT NULL,
    last_checked timestamp with time zone NOT NULL,
    user_id integer
);
ALTER TABLE public.oauth2_provider_devicegrant ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.oauth2_provider_devicegrant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.oauth2_provider_grant (
    id bigint NOT NULL,
    code character varying(255) NOT NULL,
    expires timestamp with time zone NOT NULL,
    redirect_uri text NOT NULL,
    scope text NOT NULL,
    application_id bigint NOT NULL,
    user_id integer NOT NULL,
    created timestamp with time zone NOT NULL,
    updated timestamp with time zone NOT NULL,
    code_challenge character varying(128) NOT NULL,
    code_challenge_method character varying(10) NOT NULL,
    nonce character varying(255) NOT NULL,
    claims text NOT NULL,
    resource jsonb NOT NULL
);
ALTER TABLE public.oauth2_provider_grant ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.oauth2_provider_grant_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.oauth2_provider_idtoken (
    id bigint NOT NULL,
    jti uuid NOT NULL,
    expires timestamp with time zone NOT NULL,
    scope text NOT NULL,
    created timestamp with time zone NOT NULL,
    updated timestamp with time zone NOT NULL,
    application_id bigint,
    user_id integer
);
ALTER TABLE public.oauth2_provider_idtoken ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.oauth2_provider_idtoken_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.oauth2_provider_refreshtoken (
    id bigint NOT NULL,
    token text NOT NULL,
    access_token_id bigint,
    application_id bigint NOT NULL,
    user_id integer NOT NULL,
    created timestamp with time zone NOT NULL,
    updated timestamp with time zone NOT NULL,
    revoked timestamp with time zone,
    token_family uuid,
    token_checksum character varying(64) NOT NULL,
    resource jsonb NOT NULL
);
ALTER TABLE public.oauth2_provider_refreshtoken ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.oauth2_provider_refreshtoken_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.provenance_certificate (
    id uuid NOT NULL,
    number smallint NOT NULL,
    token text NOT NULL,
    digest character varying(64) NOT NULL,
    signer_digest character varying(64) NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    manifest_id uuid NOT NULL,
    rests_on integer DEFAULT 0 NOT NULL,
    CONSTRAINT certificate_holds_for_a_while CHECK ((expires_at > issued_at)),
    CONSTRAINT provenance_certificate_number_check CHECK ((number >= 0)),
    CONSTRAINT provenance_certificate_rests_on_check CHECK ((rests_on >= 0))
);
CREATE TABLE public.provenance_disclosure (
    id uuid NOT NULL,
    recipient character varying(60) NOT NULL,
    profile character varying(40) NOT NULL,
    profile_version character varying(32) NOT NULL,
    statement bytea NOT NULL,
    statement_digest character varying(64) NOT NULL,
    message character varying(120) NOT NULL,
    sent_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    record_id uuid,
    sender_id uuid NOT NULL,
    submission_id uuid NOT NULL,
    CONSTRAINT disclosure_is_recorded_once_it_is_sent CHECK ((sent_at <= recorded_at))
);
CREATE TABLE public.provenance_disclosureanswer (
    id uuid NOT NULL,
    answer character varying(16) NOT NULL,
    code character varying(60) NOT NULL,
    document_digest character varying(64) NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    disclosure_id uuid NOT NULL,
    CONSTRAINT answer_is_one_of_three CHECK (((answer)::text = ANY ((ARRAY['accepted'::character varying, 'rejected'::character varying, 'changed'::character varying])::text[]))),
    CONSTRAINT answer_is_recorded_once_it_is_given CHECK ((answered_at <= recorded_at))
);
CREATE TABLE public.provenance_foreignmanifest (
    id uuid NOT NULL,
    state character varying(12) NOT NULL,
    store_digest character varying(64) NOT NULL,
    document bytea NOT NULL,
    digest character varying(64) NOT NULL,
    read_at timestamp with time zone NOT NULL,
    decision_id uuid NOT NULL
);
CREATE TABLE public.provenance_manifest (
    id uuid NOT NULL,
    label character varying(45) NOT NULL,
    media_type character varying(32) NOT NULL,
    is_embedded boolean NOT NULL,
    output_digest character varying(64) NOT NULL,
    manifest_digest character varying(64) NOT NULL,
    certificate_digest character varying(64) NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    decision_id uuid NOT NULL
);
CREATE TABLE public.provenance_manifeststatus (
    id uuid NOT NULL,
    number smallint NOT NULL,
    status character varying(16) NOT NULL,
    reason character varying(24) NOT NULL,
    evidence_digest character varying(64) NOT NULL,
    note character varying(600) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    manifest_id uuid NOT NULL,
    party_id uuid,
    stated_by_id integer,
    successor_id uuid,
    CONSTRAINT nothing_is_its_own_successor CHECK ((NOT ((successor_id = manifest_id) AND (successor_id IS NOT NULL)))),
    CONSTRAINT only_what_is_superseded_has_a_successor CHECK (((((status)::text = 'superseded'::text) AND (successor_id IS NOT NULL)) OR ((NOT ((status)::text = 'superseded'::text)) AND (successor_id IS NULL)))),
    CONSTRAINT provenance_manifeststatus_number_check CHECK ((number >= 0)),
    CONSTRAINT status_is_stated_by_somebody CHECK (((stated_by_id IS NOT NULL) OR (party_id IS NOT NULL)))
);
CREATE TABLE public.provenance_outputfingerprint (
    id bigint NOT NULL,
    items bytea NOT NULL,
    audio_code bit(256) NOT NULL,
    instance_code bytea NOT NULL,
    bound_at timestamp with time zone NOT NULL,
    decision_id uuid NOT NULL
);
ALTER TABLE public.provenance_outputfingerprint ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.provenance_outputfingerprint_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.provenance_signedcopy (
    id uuid NOT NULL,
    label character varying(45) NOT NULL,
    media_type character varying(32) NOT NULL,
    is_embedded boolean NOT NULL,
    output_digest character varying(64) NOT NULL,
    manifest_digest character varying(64) NOT NULL,
    certificate_digest character varying(64) NOT NULL,
    signed_at timestamp with time zone NOT NULL,
    decision_id uuid NOT NULL
);
CREATE TABLE public.provenance_signerchange (
    id uuid NOT NULL,
    certificate_digest character varying(64) NOT NULL,
    replaces character varying(64) NOT NULL,
    is_development boolean NOT NULL,
    active_from timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    CONSTRAINT signer_changes_to_one_in_force CHECK ((active_from < expires_at))
);
CREATE TABLE public.provenance_softbinding (
    id uuid NOT NULL,
    algorithm character varying(48) NOT NULL,
    value bytea NOT NULL,
    is_stated boolean NOT NULL,
    bound_at timestamp with time zone NOT NULL,
    decision_id uuid NOT NULL,
    CONSTRAINT soft_binding_has_a_value CHECK ((NOT (value = '\x'::bytea)))
);
CREATE TABLE public.provenance_timestamp (
    id uuid NOT NULL,
    token_digest character varying(64) NOT NULL,
    authority_digest character varying(64) NOT NULL,
    policy character varying(100) NOT NULL,
    stamped_at timestamp with time zone NOT NULL,
    output_digest character varying(64) NOT NULL,
    manifest_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    manifest_id uuid,
    copy_id uuid,
    CONSTRAINT timestamp_is_of_one_file CHECK ((((manifest_id IS NULL) OR (copy_id IS NULL)) AND (1 = (
CASE
    WHEN (manifest_id IS NULL) THEN 1
    ELSE 0
END +
CASE
    WHEN (copy_id IS NULL) THEN 1
    ELSE 0
END))))
);
CREATE TABLE public.rights_allowance (
    id uuid NOT NULL,
    expires_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    reference_id uuid NOT NULL,
    submitter_id uuid NOT NULL,
    answer_id uuid NOT NULL
);
CREATE TABLE public.rights_appeal (
    id uuid NOT NULL,
    ground character varying(24) NOT NULL,
    statement character varying(1000) NOT NULL,
    appealed_at timestamp with time zone NOT NULL,
    appellant_id uuid NOT NULL,
    decision_id uuid NOT NULL
);
CREATE TABLE public.rights_appealanswer (
    id uuid NOT NULL,
    is_upheld boolean NOT NULL,
    reason character varying(24) NOT NULL,
    note character varying(600) NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    appeal_id uuid NOT NULL,
    reviewer_id integer NOT NULL
);
CREATE TABLE public.rights_appealevidence (
    id uuid NOT NULL,
    kind character varying(16) NOT NULL,
    digest character varying(64) NOT NULL,
    isrc character varying(12) NOT NULL,
    appeal_id uuid NOT NULL,
    CONSTRAINT appeal_evidence_is_a_document_or_an_isrc CHECK (((((isrc)::text ~ '^[A-Z]{2}[A-Z0-9]{3}[0-9]{7}$'::text) AND ((kind)::text = 'prior_isrc'::text)) OR ((NOT ((kind)::text = 'prior_isrc'::text)) AND ((digest)::text ~ '^[0-9a-f]{64}$'::text) AND ((isrc)::text = ''::text))))
);
CREATE TABLE public.rights_campaign (
    id uuid NOT NULL,
    name character varying(200) NOT NULL,
    closes_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    organization_id uuid NOT NULL,
    terms_id uuid NOT NULL
);
CREATE TABLE public.rights_campaigninvitation (
    id uuid NOT NULL,
    token_digest character varying(64) NOT NULL,
    campaign_id uuid NOT NULL,
    consent_id uuid NOT NULL,
    party_id uuid NOT NULL
);
CREATE TABLE public.rights_clearance (
    id uuid NOT NULL,
    uses character varying(24)[] NOT NULL,
    purposes character varying(24)[] NOT NULL,
    territories character varying(6)[] NOT NULL,
    valid_at date NOT NULL,
    known_at timestamp with time zone NOT NULL,
    policy_version character varying(32) NOT NULL,
    assets integer NOT NULL,
    allowed integer NOT NULL,
    denied integer NOT NULL,
    needing_approval integer NOT NULL,
    unknown integer NOT NULL,
    valid_until date,
    answers_digest character varying(64) NOT NULL,
    answered_at timestamp with time zone NOT NULL,
    asker_id uuid,
    licensee_id uuid NOT NULL,
    model_version_id uuid,
    CONSTRAINT rights_clearance_allowed_check CHECK ((allowed >= 0)),
    CONSTRAINT rights_clearance_assets_check CHECK ((assets >= 0)),
    CONSTRAINT rights_clearance_denied_check CHECK ((denied >= 0)),
    CONSTRAINT rights_clearance_needing_approval_check CHECK ((needing_approval >= 0)),
    CONSTRAINT rights_clearance_unknown_check CHECK ((unknown >= 0))
);
CREATE TABLE public.rights_clearanceanswers (
    clearance_id uuid NOT NULL,
    body bytea NOT NULL
);
CREATE TABLE public.rights_conflict (
    id uuid NOT NULL,
    right_type character varying(24) NOT NULL,
    basis character varying(12) NOT NULL,
    territories character varying(6)[] NOT NULL,
    active_from date NOT NULL,
    active_to date,
    answer_by date NOT NULL,
    escalate_on date NOT NULL,
    close_by date NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    recording_id uuid,
    work_id uuid,
    lyrics_id uuid,
    stem_id uuid,
    voice_id uuid,
    asset_id uuid GENERATED ALWAYS AS (COALESCE(recording_id, work_id, voice_id, stem_id, lyrics_id)) STORED,
    CONSTRAINT conflict_is_about_one_asset CHECK ((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 1))
);
CREATE TABLE public.rights_conflictclaim (
    id uuid NOT NULL,
    conflict_id uuid NOT NULL,
    share_id uuid NOT NULL
);
CREATE TABLE public.rights_conflictevent (
    id uuid NOT NULL,
    "position" integer NOT NULL,
    act character varying(16) NOT NULL,
    sealed bytea,
    commitment bytea,
    evidence_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    author_id uuid NOT NULL,
    conflict_id uuid NOT NULL,
    CONSTRAINT rights_conflictevent_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.rights_consent (
    id uuid NOT NULL,
    uses character varying(24)[] NOT NULL,
    territories character varying(6)[] NOT NULL,
    active_from date NOT NULL,
    active_to date,
    document_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    grantor_id uuid NOT NULL,
    licensee_id uuid,
    recording_id uuid,
    work_id uuid,
    approval_mode character varying(8) DEFAULT 'blanket'::character varying NOT NULL,
    registrar_id uuid,
    barred character varying(24)[] DEFAULT '{}'::character varying(24)[] NOT NULL,
    compensation character varying(300) DEFAULT ''::character varying NOT NULL,
    covers_future boolean DEFAULT false NOT NULL,
    description character varying(2000) DEFAULT ''::character varying NOT NULL,
    influence_denominator bigint,
    influence_numerator bigint,
    is_list boolean DEFAULT false NOT NULL,
    language character varying(35) DEFAULT ''::character varying NOT NULL,
    licensee_role character varying(16) DEFAULT ''::character varying NOT NULL,
    notice_days smallint DEFAULT 0 NOT NULL,
    query character varying(300) DEFAULT ''::character varying NOT NULL,
    lyrics_id uuid,
    model_id uuid,
    model_version_id uuid,
    authority_id uuid,
    stem_id uuid,
    terms_id uuid,
    voice_id uuid,
    asset_id uuid GENERATED ALWAYS AS (COALESCE(recording_id, work_id, voice_id, stem_id, lyrics_id)) STORED,
    CONSTRAINT consent_ends_after_it_begins CHECK (((active_to IS NULL) OR (active_to > active_from))),
    CONSTRAINT consent_is_of_one_asset CHECK ((((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 1) AND (NOT is_list)) OR ((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 0) AND is_list))),
    CONSTRAINT consent_is_to_one_or_to_a_role CHECK (((licensee_id IS NULL) OR ((licensee_role)::text = ''::text))),
    CONSTRAINT influence_is_a_part_of_an_output CHECK ((((influence_denominator IS NULL) AND (influence_numerator IS NULL)) OR ((influence_denominator > 0) AND (influence_numerator > 0) AND (influence_numerator <= influence_denominator)))),
    CONSTRAINT rights_consent_notice_days_check CHECK ((notice_days >= 0))
);
CREATE TABLE public.rights_consentasset (
    id uuid NOT NULL,
    consent_id uuid NOT NULL,
    recording_id uuid,
    work_id uuid,
    lyrics_id uuid,
    stem_id uuid,
    voice_id uuid,
    asset_id uuid GENERATED ALWAYS AS (COALESCE(recording_id, work_id, voice_id, stem_id, lyrics_id)) STORED,
    CONSTRAINT consent_line_is_of_one_asset CHECK ((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 1))
);
CREATE TABLE public.rights_consentevent (
    id uuid NOT NULL,
    act character varying(16) NOT NULL,
    effective_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    consent_id uuid NOT NULL,
    actor_id uuid NOT NULL,
    successor_id uuid,
    channel character varying(16) DEFAULT ''::character varying NOT NULL,
    "position" integer,
    reason character varying(300) DEFAULT ''::character varying NOT NULL,
    authority_id uuid,
    CONSTRAINT rights_consentevent_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.rights_consentevidence (
    id uuid NOT NULL,
    kind character varying(24) NOT NULL,
    digest character varying(64) NOT NULL,
    consent_id uuid NOT NULL,
    event_id uuid NOT NULL
);
CREATE TABLE public.rights_consentoverride (
    id uuid NOT NULL,
    consent_id uuid NOT NULL,
    reservation_id uuid NOT NULL
);
CREATE TABLE public.rights_contribution (
    id uuid NOT NULL,
    "position" smallint NOT NULL,
    component character varying(24) NOT NULL,
    ai_level character varying(8) NOT NULL,
    tool character varying(120) NOT NULL,
    actor_id uuid,
    submission_id uuid NOT NULL,
    is_generative boolean,
    tool_version character varying(60) DEFAULT ''::character varying NOT NULL,
    record_id uuid,
    CONSTRAINT machine_contribution_names_its_tool CHECK ((((ai_level)::text = 'none'::text) OR (NOT ((tool)::text = ''::text)))),
    CONSTRAINT rights_contribution_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.rights_contributionact (
    id uuid NOT NULL,
    component character varying(24) NOT NULL,
    act character varying(32) NOT NULL,
    party_id uuid NOT NULL,
    submission_id uuid NOT NULL,
    record_id uuid
);
CREATE TABLE public.rights_contributionevidence (
    id uuid NOT NULL,
    component character varying(24) NOT NULL,
    kind character varying(16) NOT NULL,
    digest character varying(64) NOT NULL,
    submission_id uuid NOT NULL,
    record_id uuid
);
CREATE TABLE public.rights_contributionrecord (
    id uuid NOT NULL,
    "position" smallint NOT NULL,
    reason character varying(600) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    author_id uuid NOT NULL,
    submission_id uuid NOT NULL,
    CONSTRAINT rights_contributionrecord_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.rights_dataset (
    id uuid NOT NULL,
    name character varying(200) NOT NULL,
    members_digest character varying(64) NOT NULL,
    member_count integer NOT NULL,
    frozen_at timestamp with time zone NOT NULL,
    keeper_id uuid NOT NULL,
    despite character varying(300) DEFAULT ''::character varying NOT NULL,
    CONSTRAINT rights_dataset_member_count_check CHECK ((member_count >= 0))
);
CREATE TABLE public.rights_datasetexclusion (
    id uuid NOT NULL,
    quantity integer NOT NULL,
    reason character varying(16) NOT NULL,
    note character varying(300) NOT NULL,
    asset_id uuid GENERATED ALWAYS AS (COALESCE(recording_id, work_id, voice_id, stem_id, lyrics_id)) STORED,
    dataset_id uuid NOT NULL,
    event_id uuid,
    lyrics_id uuid,
    recording_id uuid,
    reservation_id uuid,
    stem_id uuid,
    voice_id uuid,
    work_id uuid,
    CONSTRAINT exclusion_is_of_an_asset_or_in_words CHECK ((((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 1) AND (quantity = 1)) OR ((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 0) AND (NOT ((note)::text = ''::text)) AND (quantity > 0)))),
    CONSTRAINT rights_datasetexclusion_quantity_check CHECK ((quantity >= 0))
);
CREATE TABLE public.rights_datasetmember (
    id uuid NOT NULL,
    dataset_id uuid NOT NULL,
    license_id uuid,
    recording_id uuid,
    work_id uuid,
    lyrics_id uuid,
    stem_id uuid,
    voice_id uuid,
    asset_id uuid GENERATED ALWAYS AS (COALESCE(recording_id, work_id, voice_id, stem_id, lyrics_id)) STORED,
    CONSTRAINT dataset_member_is_of_one_asset CHECK ((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 1))
);
CREATE TABLE public.rights_decision (
    id uuid NOT NULL,
    outcome character varying(8) NOT NULL,
    policy_version character varying(32) NOT NULL,
    licenses uuid[] NOT NULL,
    known_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone NOT NULL,
    examination_id uuid,
    submission_id uuid NOT NULL,
    bands_id uuid,
    supersedes_id uuid,
    CONSTRAINT only_a_refusal_is_without_evidence CHECK (((examination_id IS NOT NULL) OR ((outcome)::text = 'refused'::text)))
);
CREATE TABLE public.rights_exclusiveright (
    id bigint NOT NULL,
    asset public.uuidrange NOT NULL,
    use integer NOT NULL,
    countries int4multirange NOT NULL,
    valid daterange NOT NULL,
    license_id uuid NOT NULL
);
ALTER TABLE public.rights_exclusiveright ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.rights_exclusiveright_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.rights_finding (
    id uuid NOT NULL,
    "position" smallint NOT NULL,
    rule character varying(48) NOT NULL,
    effect character varying(8) NOT NULL,
    sentence character varying(600) NOT NULL,
    rests_on uuid[] NOT NULL,
    matches smallint[] NOT NULL,
    decision_id uuid NOT NULL,
    CONSTRAINT rights_finding_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.rights_identifier (
    id uuid NOT NULL,
    scheme character varying(16) NOT NULL,
    namespace character varying(80) NOT NULL,
    value character varying(120) NOT NULL,
    raw character varying(200) NOT NULL,
    checked character varying(16) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    party_id uuid,
    recording_id uuid,
    work_id uuid,
    release_id uuid,
    CONSTRAINT identifier_is_of_one_thing CHECK ((((party_id IS NOT NULL) AND (recording_id IS NULL) AND (release_id IS NULL) AND (work_id IS NULL)) OR ((party_id IS NULL) AND (recording_id IS NULL) AND (release_id IS NULL) AND (work_id IS NOT NULL)) OR ((party_id IS NULL) AND (recording_id IS NOT NULL) AND (release_id IS NULL) AND (work_id IS NULL)) OR ((party_id IS NULL) AND (recording_id IS NULL) AND (release_id IS NOT NULL) AND (work_id IS NULL))))
);
CREATE TABLE public.rights_identifierfinding (
    id uuid NOT NULL,
    result character varying(16) NOT NULL,
    source character varying(200) NOT NULL,
    evidence_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    identifier_id uuid NOT NULL
);
CREATE TABLE public.rights_influence (
    id uuid NOT NULL,
    method character varying(120) NOT NULL,
    version character varying(60) NOT NULL,
    confidence_numerator bigint NOT NULL,
    confidence_denominator bigint NOT NULL,
    report_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    provider_id uuid NOT NULL,
    stated_by_id uuid NOT NULL,
    submission_id uuid NOT NULL,
    CONSTRAINT confidence_is_a_part_of_the_whole CHECK (((confidence_denominator > 0) AND (confidence_numerator >= 0) AND (confidence_numerator <= confidence_denominator)))
);
CREATE TABLE public.rights_influenceobjection (
    id uuid NOT NULL,
    reason character varying(600) NOT NULL,
    evidence_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    influence_id uuid NOT NULL,
    party_id uuid NOT NULL
);
CREATE TABLE public.rights_influenceweight (
    id uuid NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    influence_id uuid NOT NULL,
    lyrics_id uuid,
    recording_id uuid,
    stem_id uuid,
    voice_id uuid,
    work_id uuid,
    CONSTRAINT influence_weight_is_a_part_of_its_side CHECK (((denominator > 0) AND (numerator > 0) AND (numerator <= denominator))),
    CONSTRAINT influence_weight_is_of_one_asset CHECK ((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 1))
);
CREATE TABLE public.rights_ingredient (
    id uuid NOT NULL,
    recording_id uuid NOT NULL,
    submission_id uuid NOT NULL
);
CREATE TABLE public.rights_license (
    id uuid NOT NULL,
    uses character varying(24)[] NOT NULL,
    territories character varying(6)[] NOT NULL,
    active_from date NOT NULL,
    active_to date,
    document_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    licensee_id uuid NOT NULL,
    licensor_id uuid NOT NULL,
    registrar_id uuid,
    barred character varying(24)[] DEFAULT '{}'::character varying(24)[] NOT NULL,
    influence_denominator bigint,
    influence_numerator bigint,
    is_exclusive boolean DEFAULT false NOT NULL,
    max_outputs integer,
    release_from date,
    release_to date,
    terms_id uuid,
    CONSTRAINT license_ends_after_it_begins CHECK (((active_to IS NULL) OR (active_to > active_from))),
    CONSTRAINT licensed_influence_is_a_part_of_an_output CHECK ((((influence_denominator IS NULL) AND (influence_numerator IS NULL)) OR ((influence_denominator > 0) AND (influence_numerator > 0) AND (influence_numerator <= influence_denominator)))),
    CONSTRAINT release_window_ends_after_it_begins CHECK (((release_from IS NULL) OR (release_to IS NULL) OR (release_to > release_from))),
    CONSTRAINT rights_license_max_outputs_check CHECK ((max_outputs >= 0))
);
CREATE TABLE public.rights_licenseasset (
    id uuid NOT NULL,
    license_id uuid NOT NULL,
    recording_id uuid,
    work_id uuid,
    lyrics_id uuid,
    stem_id uuid,
    voice_id uuid,
    asset_id uuid GENERATED ALWAYS AS (COALESCE(recording_id, work_id, voice_id, stem_id, lyrics_id)) STORED,
    CONSTRAINT schedule_line_is_of_one_asset CHECK ((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 1))
);
CREATE TABLE public.rights_licenseevent (
    id uuid NOT NULL,
    "position" integer NOT NULL,
    act character varying(12) NOT NULL,
    effective_on date NOT NULL,
    reason character varying(300) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    actor_id uuid NOT NULL,
    license_id uuid NOT NULL,
    successor_id uuid,
    CONSTRAINT rights_licenseevent_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.rights_licensemodelversion (
    id uuid NOT NULL,
    license_id uuid NOT NULL,
    model_version_id uuid NOT NULL
);
CREATE TABLE public.rights_licensestanding (
    id bigint NOT NULL,
    stance smallint NOT NULL,
    uses integer NOT NULL,
    barred integer DEFAULT 0 NOT NULL,
    model_versions uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    countries int4multirange NOT NULL,
    valid daterange NOT NULL,
    known tstzrange NOT NULL,
    license_id uuid NOT NULL,
    licensee_id uuid NOT NULL
);
ALTER TABLE public.rights_licensestanding ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.rights_licensestanding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.rights_lyrics (
    id uuid NOT NULL,
    language character varying(35) NOT NULL,
    text_digest character varying(64) NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    registrar_id uuid,
    work_id uuid NOT NULL
);
CREATE TABLE public.rights_mfnclause (
    id uuid NOT NULL,
    reference_class character varying(80) NOT NULL,
    measure character varying(24) NOT NULL,
    looks_back_to date NOT NULL,
    license_id uuid NOT NULL
);
CREATE TABLE public.rights_model (
    id uuid NOT NULL,
    name character varying(200) NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    provider_id uuid NOT NULL,
    registrar_id uuid
);
CREATE TABLE public.rights_modelversion (
    id uuid NOT NULL,
    label character varying(80) NOT NULL,
    code_digest character varying(64) NOT NULL,
    weights_digest character varying(64) NOT NULL,
    trained_from date,
    trained_to date,
    has_identity_features boolean NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    dataset_id uuid,
    model_id uuid NOT NULL
);
CREATE TABLE public.rights_modelversionretirement (
    id uuid NOT NULL,
    effective_on date NOT NULL,
    reason character varying(300) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    model_version_id uuid NOT NULL
);
CREATE TABLE public.rights_nametoken (
    id bigint NOT NULL,
    token bytea NOT NULL,
    party_id uuid NOT NULL
);
ALTER TABLE public.rights_nametoken ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.rights_nametoken_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.rights_outputflag (
    id uuid NOT NULL,
    kind character varying(24) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    event_id uuid,
    submission_id uuid NOT NULL,
    recheck_id uuid,
    CONSTRAINT output_is_flagged_for_one_reason CHECK ((num_nonnulls(event_id, recheck_id) = 1))
);
CREATE TABLE public.rights_party (
    id uuid NOT NULL,
    kind character varying(16) NOT NULL,
    commitment bytea NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    registrar_id uuid
);
CREATE TABLE public.rights_partycontact (
    id uuid NOT NULL,
    kind character varying(16) NOT NULL,
    sealed bytea NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    party_id uuid NOT NULL
);
CREATE TABLE public.rights_partyidentity (
    party_id uuid NOT NULL,
    name character varying(300),
    salt bytea,
    sealed bytea,
    wrapped bytea
);
CREATE TABLE public.rights_partyinrole (
    id uuid NOT NULL,
    role character varying(16) NOT NULL,
    active_from date NOT NULL,
    active_to date,
    recorded_at timestamp with time zone NOT NULL,
    party_id uuid NOT NULL,
    CONSTRAINT role_ends_after_it_begins CHECK (((active_to IS NULL) OR (active_to > active_from)))
);
CREATE TABLE public.rights_partymerge (
    id uuid NOT NULL,
    reason character varying(300) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    duplicate_id uuid NOT NULL,
    survivor_id uuid NOT NULL,
    CONSTRAINT party_is_not_merged_into_itself CHECK ((NOT (duplicate_id = survivor_id)))
);
CREATE TABLE public.rights_partymergeundo (
    id uuid NOT NULL,
    reason character varying(300) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    merge_id uuid NOT NULL
);
CREATE TABLE public.rights_partyname (
    id uuid NOT NULL,
    kind character varying(16) NOT NULL,
    sealed bytea NOT NULL,
    commitment bytea NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    party_id uuid NOT NULL
);
CREATE TABLE public.rights_permissionstanding (
    id bigint NOT NULL,
    stance smallint NOT NULL,
    asset_id uuid,
    assets_from timestamp with time zone,
    licensee_role character varying(16) DEFAULT ''::character varying NOT NULL,
    model_id uuid,
    model_version_id uuid,
    uses integer NOT NULL,
    barred integer DEFAULT 0 NOT NULL,
    approval boolean DEFAULT false NOT NULL,
    overrides uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    countries int4multirange NOT NULL,
    valid daterange NOT NULL,
    known tstzrange NOT NULL,
    consent_id uuid,
    holder_id uuid NOT NULL,
    licensee_id uuid,
    reservation_id uuid
);
ALTER TABLE public.rights_permissionstanding ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.rights_permissionstanding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.rights_protection (
    id uuid NOT NULL,
    kind character varying(16) NOT NULL,
    jurisdiction character varying(6) NOT NULL,
    active_from date NOT NULL,
    active_to date,
    evidence_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    party_id uuid NOT NULL,
    CONSTRAINT protection_ends_after_it_begins CHECK (((active_to IS NULL) OR (active_to > active_from)))
);
CREATE TABLE public.rights_recheck (
    id uuid NOT NULL,
    cause character varying(16) NOT NULL,
    outcome character varying(8) NOT NULL,
    policy_version character varying(32) NOT NULL,
    bands_id uuid NOT NULL,
    known_at timestamp with time zone NOT NULL,
    rechecked_at timestamp with time zone NOT NULL,
    decision_id uuid NOT NULL,
    event_id uuid,
    examination_id uuid,
    CONSTRAINT recheck_names_what_ended CHECK (((((cause)::text = 'consent_ended'::text) AND (event_id IS NOT NULL)) OR (((cause)::text = 'index_grew'::text) AND (event_id IS NULL))))
);
CREATE TABLE public.rights_recheckfinding (
    id uuid NOT NULL,
    "position" smallint NOT NULL,
    rule character varying(48) NOT NULL,
    effect character varying(8) NOT NULL,
    sentence character varying(600) NOT NULL,
    rests_on uuid[] NOT NULL,
    matches smallint[] NOT NULL,
    recheck_id uuid NOT NULL,
    CONSTRAINT rights_recheckfinding_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.rights_recording (
    id uuid NOT NULL,
    title character varying(300) NOT NULL,
    isrc character varying(12),
    registered_at timestamp with time zone NOT NULL,
    reference_id uuid,
    registrar_id uuid
);
CREATE TABLE public.rights_recordingaudio (
    id uuid NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recording_id uuid NOT NULL,
    reference_id uuid NOT NULL
);
CREATE TABLE public.rights_recordingdescription (
    id uuid NOT NULL,
    genres character varying(60)[] NOT NULL,
    languages character varying(35)[] NOT NULL,
    regions character varying(6)[] NOT NULL,
    recorded_year smallint,
    lead_voice character varying(8) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    describer_id uuid NOT NULL,
    recording_id uuid NOT NULL,
    registrar_id uuid,
    CONSTRAINT recording_was_made_since_1857 CHECK (((recorded_year IS NULL) OR ((recorded_year >= 1857) AND (recorded_year <= 2199)))),
    CONSTRAINT rights_recordingdescription_recorded_year_check CHECK ((recorded_year >= 0))
);
CREATE TABLE public.rights_recordingvoice (
    id uuid NOT NULL,
    component character varying(24) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    recording_id uuid NOT NULL,
    voice_id uuid NOT NULL
);
CREATE TABLE public.rights_recordingwork (
    id uuid NOT NULL,
    recording_id uuid NOT NULL,
    work_id uuid NOT NULL,
    end_ms integer,
    portion_denominator bigint,
    portion_numerator bigint,
    recorded_at timestamp with time zone DEFAULT statement_timestamp() NOT NULL,
    start_ms integer,
    CONSTRAINT portion_ends_after_it_begins CHECK ((((end_ms IS NULL) AND (start_ms IS NULL)) OR (end_ms > start_ms))),
    CONSTRAINT portion_is_a_part_of_the_recording CHECK ((((portion_denominator IS NULL) AND (portion_numerator IS NULL)) OR ((portion_denominator > 0) AND (portion_numerator > 0) AND (portion_numerator <= portion_denominator)))),
    CONSTRAINT rights_recordingwork_end_ms_check CHECK ((end_ms >= 0)),
    CONSTRAINT rights_recordingwork_start_ms_check CHECK ((start_ms >= 0))
);
CREATE TABLE public.rights_release (
    id uuid NOT NULL,
    title character varying(300) NOT NULL,
    icpn character varying(14),
    grid character varying(18),
    registered_at timestamp with time zone NOT NULL,
    registrar_id uuid
);
CREATE TABLE public.rights_releaserecording (
    id uuid NOT NULL,
    "position" integer NOT NULL,
    recording_id uuid NOT NULL,
    release_id uuid NOT NULL,
    CONSTRAINT rights_releaserecording_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.rights_representation (
    id uuid NOT NULL,
    authority character varying(24) NOT NULL,
    uses character varying(24)[] NOT NULL,
    territories character varying(6)[] NOT NULL,
    active_from date NOT NULL,
    active_to date,
    document_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    agent_id uuid NOT NULL,
    principal_id uuid NOT NULL,
    registrar_id uuid,
    CONSTRAINT nobody_represents_themselves CHECK ((NOT (principal_id = agent_id))),
    CONSTRAINT representation_ends_after_it_begins CHECK (((active_to IS NULL) OR (active_to > active_from)))
);
CREATE TABLE public.rights_representationend (
    id uuid NOT NULL,
    effective_on date NOT NULL,
    reason character varying(300) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    representation_id uuid NOT NULL
);
CREATE TABLE public.rights_reservation (
    id uuid NOT NULL,
    uses character varying(24)[] NOT NULL,
    territories character varying(6)[] NOT NULL,
    active_from date NOT NULL,
    active_to date,
    channel character varying(24) NOT NULL,
    wording character varying(500) NOT NULL,
    snapshot_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    holder_id uuid NOT NULL,
    lyrics_id uuid,
    recording_id uuid,
    registrar_id uuid,
    work_id uuid,
    stem_id uuid,
    voice_id uuid,
    asset_id uuid GENERATED ALWAYS AS (COALESCE(recording_id, work_id, voice_id, stem_id, lyrics_id)) STORED,
    CONSTRAINT reservation_ends_after_it_begins CHECK (((active_to IS NULL) OR (active_to > active_from))),
    CONSTRAINT reservation_is_of_one_asset_or_of_all CHECK (((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 1) OR (num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 0)))
);
CREATE TABLE public.rights_reservationend (
    id uuid NOT NULL,
    effective_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    reservation_id uuid NOT NULL
);
CREATE TABLE public.rights_review (
    id uuid NOT NULL,
    "position" smallint NOT NULL,
    outcome character varying(8) NOT NULL,
    reason character varying(24) NOT NULL,
    note character varying(600) NOT NULL,
    evidence_digest character varying(64) NOT NULL,
    reviewed_at timestamp with time zone NOT NULL,
    decision_id uuid NOT NULL,
    reviewer_id integer NOT NULL,
    CONSTRAINT review_comes_to_an_outcome CHECK ((NOT ((outcome)::text = 'review'::text))),
    CONSTRAINT rights_review_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.rights_share (
    id uuid NOT NULL,
    right_type character varying(24) NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    territories character varying(6)[] NOT NULL,
    active_from date NOT NULL,
    active_to date,
    recorded_at timestamp with time zone NOT NULL,
    party_id uuid NOT NULL,
    recording_id uuid,
    work_id uuid,
    registrar_id uuid,
    basis character varying(12) DEFAULT 'ownership'::character varying NOT NULL,
    role character varying(8) DEFAULT ''::character varying NOT NULL,
    written character varying(40) DEFAULT ''::character varying NOT NULL,
    lyrics_id uuid,
    stem_id uuid,
    voice_id uuid,
    asset_id uuid GENERATED ALWAYS AS (COALESCE(recording_id, work_id, voice_id, stem_id, lyrics_id)) STORED,
    CONSTRAINT share_ends_after_it_begins CHECK (((active_to IS NULL) OR (active_to > active_from))),
    CONSTRAINT share_is_a_part_of_the_whole CHECK (((denominator > 0) AND (numerator > 0) AND (numerator <= denominator))),
    CONSTRAINT share_is_of_one_asset CHECK ((num_nonnulls(recording_id, work_id, voice_id, stem_id, lyrics_id) = 1))
);
CREATE TABLE public.rights_shareevent (
    id uuid NOT NULL,
    act character varying(12) NOT NULL,
    effective_on date,
    reason character varying(300) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    share_id uuid NOT NULL,
    successor_id uuid,
    CONSTRAINT end_of_share_has_its_day CHECK (((((act)::text = 'ended'::text) AND (effective_on IS NOT NULL)) OR (((act)::text = 'retracted'::text) AND (effective_on IS NULL))))
);
CREATE TABLE public.rights_sharestanding (
    id bigint NOT NULL,
    asset_id uuid NOT NULL,
    right_type character varying(24) NOT NULL,
    basis character varying(12) NOT NULL,
    units bigint,
    countries int4multirange NOT NULL,
    valid daterange NOT NULL,
    known tstzrange NOT NULL,
    holder_id uuid NOT NULL,
    share_id uuid NOT NULL
);
ALTER TABLE public.rights_sharestanding ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.rights_sharestanding_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.rights_stem (
    id uuid NOT NULL,
    title character varying(300) NOT NULL,
    component character varying(24) NOT NULL,
    audio_digest character varying(64) NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    recording_id uuid NOT NULL,
    registrar_id uuid
);
CREATE TABLE public.rights_submission (
    id uuid NOT NULL,
    title character varying(300) NOT NULL,
    uses character varying(24)[] NOT NULL,
    territories character varying(6)[] NOT NULL,
    release_on date NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    audio_id character varying(64) NOT NULL,
    submitter_id uuid NOT NULL,
    model_version_id uuid,
    purposes character varying(24)[] DEFAULT '{}'::character varying(24)[] NOT NULL,
    expected_currency character varying(3) DEFAULT ''::character varying NOT NULL,
    expected_minor bigint,
    isrc character varying(12) DEFAULT ''::character varying NOT NULL,
    cover_digest character varying(64) DEFAULT ''::character varying NOT NULL,
    prompt_commitment character varying(64) DEFAULT ''::character varying NOT NULL,
    CONSTRAINT expected_amount_has_its_currency CHECK (((((expected_currency)::text = ''::text) AND (expected_minor IS NULL)) OR (((expected_currency)::text ~ '^[A-Z]{3}$'::text) AND (expected_minor >= 0))))
);
CREATE TABLE public.rights_termsversion (
    id uuid NOT NULL,
    name character varying(200) NOT NULL,
    number integer NOT NULL,
    language character varying(35) NOT NULL,
    data text NOT NULL,
    text text NOT NULL,
    data_digest character varying(64) NOT NULL,
    text_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    registrar_id uuid,
    CONSTRAINT rights_termsversion_number_check CHECK ((number >= 0))
);
CREATE TABLE public.rights_traininglicense (
    id uuid NOT NULL,
    license_id uuid NOT NULL,
    model_version_id uuid NOT NULL
);
CREATE TABLE public.rights_trainingstatement (
    id uuid NOT NULL,
    number integer NOT NULL,
    document text NOT NULL,
    digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    model_version_id uuid NOT NULL,
    stated_by_id uuid NOT NULL,
    CONSTRAINT rights_trainingstatement_number_check CHECK ((number >= 0))
);
CREATE TABLE public.rights_voice (
    id uuid NOT NULL,
    label character varying(120) NOT NULL,
    registered_at timestamp with time zone NOT NULL,
    person_id uuid NOT NULL,
    registrar_id uuid
);
CREATE TABLE public.rights_voiceenrollment (
    id uuid NOT NULL,
    algorithm character varying(48) NOT NULL,
    clip_digests character varying(64)[] NOT NULL,
    voiced_ms integer NOT NULL,
    sealed_digest character varying(64) NOT NULL,
    enrolled_at timestamp with time zone NOT NULL,
    consent_id uuid NOT NULL,
    registrar_id uuid,
    voice_id uuid NOT NULL,
    CONSTRAINT rights_voiceenrollment_voiced_ms_check CHECK ((voiced_ms >= 0))
);
CREATE TABLE public.rights_voiceenrollmentend (
    id uuid NOT NULL,
    kind character varying(16) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    enrollment_id uuid NOT NULL,
    successor_id uuid,
    CONSTRAINT enrollment_is_replaced_by_another CHECK (((((kind)::text = 'replaced'::text) AND (successor_id IS NOT NULL)) OR ((NOT ((kind)::text = 'replaced'::text)) AND (successor_id IS NULL))))
);
CREATE TABLE public.rights_voicetemplate (
    enrollment_id uuid NOT NULL,
    sealed bytea NOT NULL
);
CREATE TABLE public.rights_withdrawaltask (
    id uuid NOT NULL,
    kind character varying(32) NOT NULL,
    due_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    dataset_id uuid,
    event_id uuid NOT NULL,
    license_id uuid,
    model_version_id uuid,
    party_id uuid,
    submission_id uuid
);
CREATE TABLE public.rights_withdrawaltaskdone (
    id uuid NOT NULL,
    note character varying(300) NOT NULL,
    evidence_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id uuid,
    task_id uuid NOT NULL
);
CREATE TABLE public.rights_work (
    id uuid NOT NULL,
    title character varying(300) NOT NULL,
    iswc character varying(11),
    registered_at timestamp with time zone NOT NULL,
    registrar_id uuid
);
CREATE TABLE public.royalties_account (
    id uuid NOT NULL,
    kind character varying(16) NOT NULL,
    reference character varying(200) NOT NULL,
    currency character varying(3) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    party_id uuid,
    payer_id uuid NOT NULL
);
CREATE TABLE public.royalties_advance (
    id uuid NOT NULL,
    kind character varying(8) NOT NULL,
    currency character varying(3) NOT NULL,
    units bigint NOT NULL,
    "group" character varying(60) NOT NULL,
    assets uuid[] NOT NULL,
    priority smallint NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    paid_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    payee_id uuid NOT NULL,
    payer_id uuid NOT NULL,
    CONSTRAINT advance_is_more_than_nothing CHECK ((units > 0)),
    CONSTRAINT recoupment_is_a_part_of_the_whole CHECK (((denominator > 0) AND (numerator >= 0) AND (numerator <= denominator))),
    CONSTRAINT royalties_advance_priority_check CHECK ((priority >= 0))
);
CREATE TABLE public.royalties_declaration (
    id uuid NOT NULL,
    kind character varying(24) NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    currency character varying(3) NOT NULL,
    amount bigint NOT NULL,
    source character varying(200) NOT NULL,
    document_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    license_id uuid,
    payer_id uuid NOT NULL,
    CONSTRAINT declaration_says_what_its_kind_needs CHECK (((((kind)::text = 'subscription_revenue'::text) AND (license_id IS NULL) AND (NOT ((currency)::text = ''::text))) OR (((currency)::text = ''::text) AND ((kind)::text = 'generations'::text) AND (license_id IS NOT NULL)))),
    CONSTRAINT declared_amount_is_not_negative CHECK ((amount >= 0)),
    CONSTRAINT declared_period_ends_after_it_begins CHECK ((period_to > period_from))
);
CREATE TABLE public.royalties_division (
    id uuid NOT NULL,
    number integer NOT NULL,
    reason character varying(16) NOT NULL,
    note character varying(300) NOT NULL,
    effective_on date NOT NULL,
    known_at timestamp with time zone NOT NULL,
    digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    decision_id uuid NOT NULL,
    CONSTRAINT first_splits_come_with_the_decision CHECK ((number >= 2)),
    CONSTRAINT royalties_division_number_check CHECK ((number >= 0))
);
CREATE TABLE public.royalties_exchangerate (
    id uuid NOT NULL,
    base character varying(3) NOT NULL,
    quote character varying(3) NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    direction character varying(16) NOT NULL,
    source character varying(120) NOT NULL,
    "on" date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    payer_id uuid NOT NULL,
    CONSTRAINT rate_is_between_two_currencies CHECK ((NOT ((base)::text = (quote)::text))),
    CONSTRAINT rate_is_more_than_nothing CHECK (((denominator > 0) AND (numerator > 0)))
);
CREATE TABLE public.royalties_objectionanswer (
    id uuid NOT NULL,
    outcome character varying(16) NOT NULL,
    reason character varying(600) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    answered_by_id integer,
    objection_id uuid NOT NULL
);
CREATE TABLE public.royalties_payeelink (
    id uuid NOT NULL,
    token_digest character varying(64) NOT NULL,
    opens_until timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    made_by_id integer,
    payee_id uuid NOT NULL,
    payer_id uuid NOT NULL,
    CONSTRAINT payee_link_opens_for_a_time CHECK ((opens_until > recorded_at))
);
CREATE TABLE public.royalties_payeelinkend (
    id uuid NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    ended_by_id integer,
    link_id uuid NOT NULL
);
CREATE TABLE public.royalties_payeeterms (
    id uuid NOT NULL,
    currency character varying(3) NOT NULL,
    reserve_numerator bigint NOT NULL,
    reserve_denominator bigint NOT NULL,
    reserve_periods smallint NOT NULL,
    threshold_units bigint NOT NULL,
    payout_currency character varying(3) NOT NULL,
    income_type character varying(32) NOT NULL,
    withholding_numerator bigint NOT NULL,
    withholding_denominator bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    payee_id uuid NOT NULL,
    payer_id uuid NOT NULL,
    CONSTRAINT reserve_is_a_part_of_the_whole CHECK (((reserve_denominator > 0) AND (reserve_numerator >= 0) AND (reserve_numerator <= reserve_denominator))),
    CONSTRAINT royalties_payeeterms_reserve_periods_check CHECK ((reserve_periods >= 0)),
    CONSTRAINT terms_are_not_negative CHECK (((reserve_periods >= 1) AND (threshold_units >= 0))),
    CONSTRAINT withholding_is_a_part_of_the_whole CHECK (((withholding_denominator > 0) AND (withholding_numerator >= 0) AND (withholding_numerator <= withholding_denominator)))
);
CREATE TABLE public.royalties_payment (
    id uuid NOT NULL,
    is_return boolean NOT NULL,
    booked_on date NOT NULL,
    source_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    order_id uuid NOT NULL
);
CREATE TABLE public.royalties_paymentfile (
    id uuid NOT NULL,
    currency character varying(3) NOT NULL,
    pay_on date NOT NULL,
    digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    made_by_id integer,
    run_id uuid NOT NULL
);
CREATE TABLE public.royalties_paymentorder (
    id uuid NOT NULL,
    attempt smallint NOT NULL,
    units bigint NOT NULL,
    file_id uuid NOT NULL,
    statement_id uuid NOT NULL,
    CONSTRAINT order_is_of_something CHECK ((units > 0)),
    CONSTRAINT royalties_paymentorder_attempt_check CHECK ((attempt >= 0))
);
CREATE TABLE public.royalties_plan (
    id uuid NOT NULL,
    commission_numerator bigint NOT NULL,
    commission_denominator bigint NOT NULL,
    creator_numerator bigint NOT NULL,
    creator_denominator bigint NOT NULL,
    masters_numerator bigint NOT NULL,
    masters_denominator bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    license_id uuid NOT NULL,
    number smallint NOT NULL,
    party_id uuid,
    reason character varying(300) NOT NULL,
    recording_id uuid,
    release_id uuid,
    scope character varying(8) NOT NULL,
    valid_from date,
    CONSTRAINT commission_is_a_part_of_the_whole CHECK (((commission_denominator > 0) AND (commission_numerator >= 0) AND (commission_numerator <= commission_denominator))),
    CONSTRAINT creator_is_a_part_of_the_whole CHECK (((creator_denominator > 0) AND (creator_numerator >= 0) AND (creator_numerator <= creator_denominator))),
    CONSTRAINT first_plan_is_for_all_of_the_license CHECK ((((number = 1) AND ((scope)::text = 'account'::text) AND (valid_from IS NULL)) OR ((number > 1) AND (valid_from IS NOT NULL)))),
    CONSTRAINT masters_is_a_part_of_the_whole CHECK (((masters_denominator > 0) AND (masters_numerator >= 0) AND (masters_numerator <= masters_denominator))),
    CONSTRAINT plan_names_what_it_is_for CHECK ((((party_id IS NULL) AND (recording_id IS NULL) AND (release_id IS NULL) AND ((scope)::text = 'account'::text)) OR ((party_id IS NOT NULL) AND (recording_id IS NULL) AND (release_id IS NULL) AND ((scope)::text = 'party'::text)) OR ((party_id IS NULL) AND (recording_id IS NULL) AND (release_id IS NOT NULL) AND ((scope)::text = 'release'::text)) OR ((party_id IS NULL) AND (recording_id IS NOT NULL) AND (release_id IS NULL) AND ((scope)::text = 'track'::text)))),
    CONSTRAINT royalties_plan_number_check CHECK ((number >= 0))
);
CREATE TABLE public.royalties_planmodel (
    id uuid NOT NULL,
    side character varying(10) NOT NULL,
    is_fallback boolean NOT NULL,
    "position" smallint NOT NULL,
    model character varying(16) NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    basis character varying(8) NOT NULL,
    threshold_numerator bigint,
    threshold_denominator bigint,
    plan_id uuid NOT NULL,
    provider_id uuid,
    CONSTRAINT fallback_always_has_an_answer CHECK ((NOT (is_fallback AND ((model)::text = 'own_similarity'::text)))),
    CONSTRAINT plan_model_names_what_it_needs CHECK (((((basis)::text = ''::text) AND (NOT is_fallback) AND ((model)::text = 'output_influence'::text) AND (provider_id IS NOT NULL) AND (threshold_denominator > 0) AND (threshold_numerator >= 0) AND (threshold_numerator <= threshold_denominator)) OR (((model)::text = 'train_prorata'::text) AND (provider_id IS NULL) AND (threshold_denominator IS NULL) AND (threshold_numerator IS NULL) AND (NOT ((basis)::text = ''::text))) OR (((basis)::text = ''::text) AND ((model)::text = ANY ((ARRAY['train_equal'::character varying, 'own_similarity'::character varying])::text[])) AND (provider_id IS NULL) AND (threshold_denominator IS NULL) AND (threshold_numerator IS NULL)))),
    CONSTRAINT plan_model_weighs_a_part_of_its_side CHECK (((denominator > 0) AND (numerator > 0) AND (numerator <= denominator))),
    CONSTRAINT royalties_planmodel_position_check CHECK (("position" >= 0))
);
CREATE TABLE public.royalties_planquantity (
    id uuid NOT NULL,
    basis character varying(8) NOT NULL,
    amount bigint NOT NULL,
    plan_id uuid NOT NULL,
    recording_id uuid,
    work_id uuid,
    CONSTRAINT plan_quantity_is_not_negative CHECK ((amount >= 0)),
    CONSTRAINT plan_quantity_is_of_one_asset CHECK ((((recording_id IS NOT NULL) AND (work_id IS NULL)) OR ((recording_id IS NULL) AND (work_id IS NOT NULL))))
);
CREATE TABLE public.royalties_planterm (
    id uuid NOT NULL,
    "position" smallint NOT NULL,
    kind character varying(14) NOT NULL,
    side character varying(10) NOT NULL,
    amount_minor bigint,
    currency character varying(3) NOT NULL,
    rate_numerator bigint,
    rate_denominator bigint,
    from_count bigint,
    is_recoupable boolean,
    "group" character varying(40) NOT NULL,
    priority smallint,
    period_from date,
    period_to date,
    source character varying(200) NOT NULL,
    party_id uuid,
    plan_id uuid NOT NULL,
    CONSTRAINT plan_amount_has_its_currency CHECK ((((amount_minor IS NULL) AND ((currency)::text = ''::text)) OR ((amount_minor >= 0) AND (NOT ((currency)::text = ''::text))))),
    CONSTRAINT plan_rate_is_a_part_of_the_whole CHECK ((((rate_denominator IS NULL) AND (rate_numerator IS NULL)) OR ((rate_denominator > 0) AND (rate_numerator >= 0) AND (rate_numerator <= rate_denominator)))),
    CONSTRAINT plan_term_ends_after_it_begins CHECK ((((period_from IS NULL) AND (period_to IS NULL)) OR (period_to > period_from))),
    CONSTRAINT plan_term_says_what_its_kind_needs CHECK ((((amount_minor IS NOT NULL) AND (is_recoupable IS NOT NULL) AND ((kind)::text = 'minimum'::text) AND (period_from IS NOT NULL) AND (period_to IS NOT NULL) AND (rate_numerator IS NULL)) OR ((amount_minor IS NOT NULL) AND ((kind)::text = 'advance'::text) AND (rate_numerator IS NOT NULL)) OR ((amount_minor IS NOT NULL) AND ((kind)::text = ANY ((ARRAY['buyout'::character varying, 'training_fee'::character varying])::text[])) AND (rate_numerator IS NULL)) OR ((amount_minor IS NOT NULL) AND (from_count > 0) AND ((kind)::text = 'per_generation'::text) AND (rate_numerator IS NULL)) OR ((amount_minor IS NULL) AND ((kind)::text = ANY ((ARRAY['sub_share'::character varying, 'downstream'::character varying])::text[])) AND (rate_numerator IS NOT NULL)) OR ((amount_minor IS NULL) AND ((kind)::text = 'statutory'::text) AND (rate_numerator IS NOT NULL) AND (NOT ((source)::text = ''::text))))),
    CONSTRAINT royalties_planterm_position_check CHECK (("position" >= 0)),
    CONSTRAINT royalties_planterm_priority_check CHECK ((priority >= 0))
);
CREATE TABLE public.royalties_posting (
    id uuid NOT NULL,
    units bigint NOT NULL,
    account_id uuid NOT NULL,
    transaction_id uuid NOT NULL,
    CONSTRAINT posting_is_of_something CHECK ((NOT (units = 0)))
);
CREATE TABLE public.royalties_royaltyrun (
    id uuid NOT NULL,
    number integer NOT NULL,
    period_from date NOT NULL,
    period_to date NOT NULL,
    timezone character varying(64) NOT NULL,
    currency character varying(3) NOT NULL,
    pay_on date NOT NULL,
    started_at timestamp with time zone NOT NULL,
    payer_id uuid NOT NULL,
    started_by_id integer NOT NULL,
    CONSTRAINT royalties_royaltyrun_number_check CHECK ((number >= 0)),
    CONSTRAINT run_ends_after_it_begins CHECK ((period_to > period_from)),
    CONSTRAINT run_is_paid_after_its_period CHECK ((pay_on >= period_to))
);
CREATE TABLE public.royalties_runevent (
    id uuid NOT NULL,
    act character varying(16) NOT NULL,
    "position" smallint NOT NULL,
    reason character varying(300) NOT NULL,
    document text NOT NULL,
    digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    by_id integer,
    run_id uuid NOT NULL,
    started_by_id integer NOT NULL,
    CONSTRAINT royalties_runevent_position_check CHECK (("position" >= 0)),
    CONSTRAINT run_is_decided_by_a_person CHECK (((NOT ((act)::text = ANY ((ARRAY['approved'::character varying, 'rejected'::character varying, 'published'::character varying])::text[]))) OR (by_id IS NOT NULL))),
    CONSTRAINT run_takes_a_second_person CHECK (((NOT ((act)::text = 'approved'::text)) OR (NOT ((by_id = started_by_id) AND (by_id IS NOT NULL)))))
);
CREATE TABLE public.royalties_runpart (
    id uuid NOT NULL,
    partitions smallint NOT NULL,
    inputs_digest character varying(64) NOT NULL,
    manifest_digest character varying(64) NOT NULL,
    document text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    of_run_id uuid NOT NULL,
    run_id uuid NOT NULL,
    CONSTRAINT royalties_runpart_partitions_check CHECK ((partitions >= 0))
);
CREATE TABLE public.royalties_runpartition (
    id uuid NOT NULL,
    number smallint NOT NULL,
    allocations_digest character varying(64) NOT NULL,
    result_digest character varying(64) NOT NULL,
    document text NOT NULL,
    divided_at timestamp with time zone NOT NULL,
    part_id uuid NOT NULL,
    CONSTRAINT royalties_runpartition_number_check CHECK ((number >= 0))
);
CREATE TABLE public.royalties_split (
    id uuid NOT NULL,
    zone smallint NOT NULL,
    territories character varying(6)[] NOT NULL,
    leaf character varying(96) NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    decision_id uuid NOT NULL,
    party_id uuid,
    recording_id uuid,
    work_id uuid,
    division_id uuid,
    CONSTRAINT only_what_is_held_is_nobodys CHECK ((((party_id IS NOT NULL) AND (NOT ((leaf)::text ~~ '%/HOLD'::text))) OR ((division_id IS NOT NULL) AND ((leaf)::text ~~ '%/HOLD'::text) AND (party_id IS NULL)))),
    CONSTRAINT royalties_split_zone_check CHECK ((zone >= 0)),
    CONSTRAINT split_is_a_part_of_the_whole CHECK (((denominator > 0) AND (numerator > 0) AND (numerator <= denominator)))
);
CREATE TABLE public.royalties_splitsource (
    id uuid NOT NULL,
    zone smallint NOT NULL,
    leaf character varying(96) NOT NULL,
    "position" smallint NOT NULL,
    model character varying(80) NOT NULL,
    is_fallback boolean NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    decision_id uuid NOT NULL,
    division_id uuid,
    influence_id uuid,
    plan_id uuid NOT NULL,
    share_id uuid,
    CONSTRAINT royalties_splitsource_position_check CHECK (("position" >= 0)),
    CONSTRAINT royalties_splitsource_zone_check CHECK ((zone >= 0)),
    CONSTRAINT split_source_is_a_part_of_the_whole CHECK (((denominator > 0) AND (numerator > 0) AND (numerator <= denominator)))
);
CREATE TABLE public.royalties_statement (
    id uuid NOT NULL,
    version smallint NOT NULL,
    currency character varying(3) NOT NULL,
    lines bigint NOT NULL,
    allocated bigint NOT NULL,
    adjusted bigint NOT NULL,
    granted bigint NOT NULL,
    earned bigint NOT NULL,
    held bigint NOT NULL,
    reserved bigint NOT NULL,
    released bigint NOT NULL,
    carried_in bigint NOT NULL,
    recouped bigint NOT NULL,
    deducted bigint NOT NULL,
    base bigint NOT NULL,
    withholding_numerator bigint NOT NULL,
    withholding_denominator bigint NOT NULL,
    withholding_exact character varying(80) NOT NULL,
    withheld bigint NOT NULL,
    carried_out bigint NOT NULL,
    payable bigint NOT NULL,
    payout_currency character varying(3) NOT NULL,
    payout_units bigint NOT NULL,
    payout_exact character varying(80) NOT NULL,
    reason character varying(300) NOT NULL,
    digest character varying(64) NOT NULL,
    issued_at timestamp with time zone NOT NULL,
    payee_id uuid NOT NULL,
    payout_rate_id uuid,
    run_id uuid NOT NULL,
    termed bigint DEFAULT 0 NOT NULL,
    CONSTRAINT royalties_statement_version_check CHECK ((version >= 0)),
    CONSTRAINT statement_adds_up CHECK ((earned = ((((((((held + reserved) - released) - carried_in) + recouped) + deducted) + withheld) + carried_out) + payable)))
);
CREATE TABLE public.royalties_statementobjection (
    id uuid NOT NULL,
    reason character varying(600) NOT NULL,
    evidence_digest character varying(64) NOT NULL,
    object_until date NOT NULL,
    recorded_on date NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    objected_by_id integer,
    statement_id uuid NOT NULL,
    link_id uuid,
    CONSTRAINT objection_comes_one_way CHECK (((link_id IS NULL) OR (objected_by_id IS NULL))),
    CONSTRAINT objection_is_in_time CHECK ((recorded_on <= object_until))
);
CREATE TABLE public.royalties_taxcertificate (
    id uuid NOT NULL,
    income_type character varying(32) NOT NULL,
    numerator bigint NOT NULL,
    denominator bigint NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL,
    document_digest character varying(64) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    payee_id uuid NOT NULL,
    payer_id uuid NOT NULL,
    CONSTRAINT certificate_ends_after_it_begins CHECK ((valid_to > valid_from)),
    CONSTRAINT certified_rate_is_a_part_of_the_whole CHECK (((denominator > 0) AND (numerator >= 0) AND (numerator <= denominator)))
);
CREATE TABLE public.royalties_transaction (
    id uuid NOT NULL,
    kind character varying(16) NOT NULL,
    value_on date NOT NULL,
    reason character varying(300) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    booked_by_id integer,
    of_run_id uuid,
    payer_id uuid NOT NULL,
    run_id uuid,
    term_id uuid,
    CONSTRAINT booked_term_names_its_run CHECK (((((kind)::text = 'term'::text) AND (of_run_id IS NOT NULL) AND (run_id IS NOT NULL) AND (term_id IS NOT NULL)) OR ((NOT ((kind)::text = 'term'::text)) AND (term_id IS NULL))))
);
CREATE TABLE public.royalties_usagefile (
    id uuid NOT NULL,
    number smallint NOT NULL,
    name character varying(200) NOT NULL,
    digest character varying(64) NOT NULL,
    size_bytes bigint NOT NULL,
    report_id uuid NOT NULL,
    CONSTRAINT royalties_usagefile_number_check CHECK ((number >= 0))
);
CREATE TABLE public.royalties_usagekey (
    id uuid NOT NULL,
    key character varying(300) NOT NULL,
    title character varying(300) NOT NULL,
    artist character varying(300) NOT NULL,
    first_line bigint NOT NULL,
    lines bigint NOT NULL,
    usages numeric(40,0) NOT NULL,
    payer_id uuid NOT NULL,
    report_id uuid NOT NULL
);
CREATE TABLE public.royalties_usagemapping (
    id uuid NOT NULL,
    name character varying(120) NOT NULL,
    document jsonb NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    payer_id uuid NOT NULL
);
CREATE TABLE public.royalties_usagematch (
    id uuid NOT NULL,
    key character varying(300) NOT NULL,
    payer_id uuid NOT NULL,
    submission_id uuid,
    supersedes_id uuid,
    matching_id uuid NOT NULL,
    CONSTRAINT match_supersedes_another CHECK ((NOT ((supersedes_id = id) AND (supersedes_id IS NOT NULL))))
);
CREATE TABLE public.royalties_usagematching (
    id uuid NOT NULL,
    method character varying(12) NOT NULL,
    reason character varying(300) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    matched_by_id integer,
    payer_id uuid NOT NULL
);
CREATE TABLE public.royalties_usageoutcome (
    id uuid NOT NULL,
    is_booked boolean NOT NULL,
    sender character varying(64) NOT NULL,
    message character varying(160) NOT NULL,
    content_digest character varying(64) NOT NULL,
    lines bigint NOT NULL,
    keys bigint NOT NULL,
    problems bigint NOT NULL,
    usage_digest character varying(64) NOT NULL,
    keys_digest character varying(64) NOT NULL,
    document text NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    payer_id uuid NOT NULL,
    report_id uuid NOT NULL,
    CONSTRAINT usage_is_booked_without_a_problem CHECK (((is_booked AND (problems = 0) AND (NOT ((usage_digest)::text = ''::text))) OR ((NOT is_booked) AND ((usage_digest)::text = ''::text))))
);
CREATE TABLE public.royalties_usageproblem (
    id bigint NOT NULL,
    file smallint NOT NULL,
    line bigint NOT NULL,
    field character varying(40) NOT NULL,
    code character varying(48) NOT NULL,
    sentence character varying(600) NOT NULL,
    raw character varying(200) NOT NULL,
    report_id uuid NOT NULL,
    CONSTRAINT royalties_usageproblem_file_check CHECK ((file >= 0))
);
ALTER TABLE public.royalties_usageproblem ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.royalties_usageproblem_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.royalties_usageprogress (
    report_id uuid NOT NULL,
    stage character varying(8) DEFAULT 'waiting'::character varying NOT NULL,
    is_wanted boolean NOT NULL,
    lines_read bigint NOT NULL,
    bytes_read bigint NOT NULL,
    bytes_in_all bigint NOT NULL,
    problems bigint NOT NULL,
    document jsonb,
    changed_at timestamp with time zone NOT NULL
);
CREATE TABLE public.royalties_usagereport (
    id uuid NOT NULL,
    format character varying(8) NOT NULL,
    sender character varying(64) NOT NULL,
    message character varying(160) NOT NULL,
    content_digest character varying(64) NOT NULL,
    reading text NOT NULL,
    received_at timestamp with time zone NOT NULL,
    payer_id uuid NOT NULL,
    replaces_id uuid
);
CREATE TABLE public.royalties_usagesum (
    id bigint NOT NULL,
    currency character varying(3) NOT NULL,
    amount numeric(50,12) NOT NULL,
    lines bigint NOT NULL,
    key_id uuid NOT NULL
);
ALTER TABLE public.royalties_usagesum ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.royalties_usagesum_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.royalties_usagesupersession (
    id uuid NOT NULL,
    reason character varying(300) NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    report_id uuid NOT NULL,
    successor_id uuid,
    CONSTRAINT report_is_superseded_by_another CHECK ((NOT ((report_id = successor_id) AND (successor_id IS NOT NULL))))
);
ALTER TABLE ONLY public.django_migrations
    ADD CONSTRAINT django_migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.django_content_type
    ADD CONSTRAINT django_content_type_app_label_model_76bd3d3b_uniq UNIQUE (app_label, model);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_codename_01ab375a_uniq UNIQUE (content_type_id, codename);
CREATE INDEX auth_permission_content_type_id_2f476e4b ON public.auth_permission USING btree (content_type_id);
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_permission_id_0cd325b0_uniq UNIQUE (group_id, permission_id);
CREATE INDEX auth_group_permissions_group_id_b120cbf9 ON public.auth_group_permissions USING btree (group_id);
CREATE INDEX auth_group_permissions_permission_id_84c5c92e ON public.auth_group_permissions USING btree (permission_id);
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_user_id_group_id_94350c0c_uniq UNIQUE (user_id, group_id);
CREATE INDEX auth_user_groups_user_id_6a12ed8b ON public.auth_user_groups USING btree (user_id);
CREATE INDEX auth_user_groups_group_id_97559544 ON public.auth_user_groups USING btree (group_id);
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_user_id_permission_id_14a6b632_uniq UNIQUE (user_id, permission_id);
CREATE INDEX auth_user_user_permissions_user_id_a95ead1b ON public.auth_user_user_permissions USING btree (user_id);
CREATE INDEX auth_user_user_permissions_permission_id_1fbb5f2c ON public.auth_user_user_permissions USING btree (permission_id);
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_pkey PRIMARY KEY (id);
CREATE INDEX django_admin_log_content_type_id_c4bce8eb ON public.django_admin_log USING btree (content_type_id);
CREATE INDEX django_admin_log_user_id_c564eba6 ON public.django_admin_log USING btree (user_id);
ALTER TABLE ONLY public.auth_user
    ADD CONSTRAINT auth_user_username_key UNIQUE (username);
CREATE INDEX auth_user_username_6821ab7c_like ON public.auth_user USING btree (username varchar_pattern_ops);
ALTER TABLE ONLY public.auth_group
    ADD CONSTRAINT auth_group_name_key UNIQUE (name);
CREATE INDEX auth_group_name_a6ea08ec_like ON public.auth_group USING btree (name varchar_pattern_ops);
ALTER TABLE ONLY public.fingerprint_audio
    ADD CONSTRAINT fingerprint_audio_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.fingerprint_examination
    ADD CONSTRAINT fingerprint_examination_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fingerprint_reference
    ADD CONSTRAINT fingerprint_reference_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fingerprint_fingerprint
    ADD CONSTRAINT fingerprint_fingerprint_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fingerprint_fingerprint
    ADD CONSTRAINT one_fingerprint_per_reference_and_algorithm UNIQUE (reference_id, algorithm);
CREATE INDEX fingerprint_audio_digest_24f21476_like ON public.fingerprint_audio USING btree (digest varchar_pattern_ops);
CREATE INDEX fingerprint_examination_audio_id_b4b1389f ON public.fingerprint_examination USING btree (audio_id);
CREATE INDEX fingerprint_examination_audio_id_b4b1389f_like ON public.fingerprint_examination USING btree (audio_id varchar_pattern_ops);
CREATE INDEX fingerprint_reference_audio_id_fda16588 ON public.fingerprint_reference USING btree (audio_id);
CREATE INDEX fingerprint_reference_audio_id_fda16588_like ON public.fingerprint_reference USING btree (audio_id varchar_pattern_ops);
CREATE INDEX fingerprint_fingerprint_reference_id_fa73bceb ON public.fingerprint_fingerprint USING btree (reference_id);
ALTER TABLE ONLY public.fingerprint_indexsnapshot
    ADD CONSTRAINT fingerprint_indexsnapshot_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fingerprint_indexsnapshot
    ADD CONSTRAINT one_index_snapshot_of_a_name UNIQUE (snapshot, family);
CREATE INDEX fingerprints_of_a_family ON public.fingerprint_fingerprint USING btree (algorithm varchar_pattern_ops, id);
ALTER TABLE ONLY public.fingerprint_melody
    ADD CONSTRAINT fingerprint_melody_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fingerprint_melody
    ADD CONSTRAINT one_melody_per_reference_and_algorithm UNIQUE (reference_id, algorithm);
ALTER TABLE ONLY public.fingerprint_embedding
    ADD CONSTRAINT fingerprint_embedding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fingerprint_embedding
    ADD CONSTRAINT one_embedding_per_reference_algorithm_and_window UNIQUE (reference_id, algorithm, start_ms);
CREATE INDEX fingerprint_melody_reference_id_223e3fe0 ON public.fingerprint_melody USING btree (reference_id);
CREATE INDEX fingerprint_embedding_reference_id_a8778c17 ON public.fingerprint_embedding USING btree (reference_id);
CREATE INDEX embedding_by_algorithm ON public.fingerprint_embedding USING btree (algorithm);
ALTER TABLE ONLY public.fingerprint_trace
    ADD CONSTRAINT fingerprint_trace_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.fingerprint_trace
    ADD CONSTRAINT one_trace_per_audio_and_algorithm UNIQUE (audio_digest, algorithm);
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_party
    ADD CONSTRAINT rights_party_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_partyidentity
    ADD CONSTRAINT rights_partyidentity_pkey PRIMARY KEY (party_id);
ALTER TABLE ONLY public.rights_license
    ADD CONSTRAINT rights_license_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_consentevent
    ADD CONSTRAINT rights_consentevent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_recording
    ADD CONSTRAINT rights_recording_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_submission
    ADD CONSTRAINT rights_submission_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_ingredient
    ADD CONSTRAINT rights_ingredient_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_decision
    ADD CONSTRAINT rights_decision_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_contribution
    ADD CONSTRAINT rights_contribution_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_work
    ADD CONSTRAINT rights_work_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_work
    ADD CONSTRAINT one_work_per_iswc UNIQUE (iswc);
ALTER TABLE ONLY public.rights_share
    ADD CONSTRAINT rights_share_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_recordingwork
    ADD CONSTRAINT rights_recordingwork_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_licenseasset
    ADD CONSTRAINT rights_licenseasset_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_finding
    ADD CONSTRAINT rights_finding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_finding
    ADD CONSTRAINT finding_has_its_own_position UNIQUE (decision_id, "position");
ALTER TABLE ONLY public.rights_recording
    ADD CONSTRAINT one_recording_per_isrc UNIQUE (isrc);
ALTER TABLE ONLY public.rights_recording
    ADD CONSTRAINT one_recording_per_reference UNIQUE (reference_id);
ALTER TABLE ONLY public.rights_ingredient
    ADD CONSTRAINT ingredient_is_declared_once UNIQUE (submission_id, recording_id);
ALTER TABLE ONLY public.rights_recordingwork
    ADD CONSTRAINT work_is_linked_once UNIQUE (recording_id, work_id);
ALTER TABLE ONLY public.rights_licenseasset
    ADD CONSTRAINT recording_is_scheduled_once UNIQUE (license_id, recording_id);
ALTER TABLE ONLY public.rights_licenseasset
    ADD CONSTRAINT work_is_scheduled_once UNIQUE (license_id, work_id);
CREATE INDEX rights_license_licensee_id_c46867c0 ON public.rights_license USING btree (licensee_id);
CREATE INDEX rights_license_licensor_id_3d285113 ON public.rights_license USING btree (licensor_id);
CREATE INDEX rights_consentevent_consent_id_0a5b03d9 ON public.rights_consentevent USING btree (consent_id);
CREATE INDEX rights_consentevent_actor_id_9c6c9904 ON public.rights_consentevent USING btree (actor_id);
CREATE INDEX rights_consent_actor_id_ec7f7060 ON public.rights_consent USING btree (actor_id);
CREATE INDEX rights_consent_grantor_id_0b22eec8 ON public.rights_consent USING btree (grantor_id);
CREATE INDEX rights_consent_licensee_id_b3d7607e ON public.rights_consent USING btree (licensee_id);
CREATE INDEX rights_recording_reference_id_7a4b0536 ON public.rights_recording USING btree (reference_id);
CREATE INDEX rights_consent_recording_id_942dede3 ON public.rights_consent USING btree (recording_id);
CREATE INDEX rights_submission_audio_id_29826fae ON public.rights_submission USING btree (audio_id);
CREATE INDEX rights_submission_audio_id_29826fae_like ON public.rights_submission USING btree (audio_id varchar_pattern_ops);
CREATE INDEX rights_submission_submitter_id_5c891317 ON public.rights_submission USING btree (submitter_id);
CREATE INDEX rights_ingredient_recording_id_e5c707e1 ON public.rights_ingredient USING btree (recording_id);
CREATE INDEX rights_ingredient_submission_id_23a2ede2 ON public.rights_ingredient USING btree (submission_id);
CREATE INDEX rights_decision_examination_id_66e584a2 ON public.rights_decision USING btree (examination_id);
CREATE INDEX rights_decision_submission_id_f80dc9ac ON public.rights_decision USING btree (submission_id);
CREATE INDEX rights_contribution_actor_id_0e2e3fe5 ON public.rights_contribution USING btree (actor_id);
CREATE INDEX rights_contribution_submission_id_202b69b8 ON public.rights_contribution USING btree (submission_id);
CREATE INDEX rights_share_party_id_6e70948e ON public.rights_share USING btree (party_id);
CREATE INDEX rights_share_recording_id_1fe14c8e ON public.rights_share USING btree (recording_id);
CREATE INDEX rights_share_work_id_b6c87dfa ON public.rights_share USING btree (work_id);
CREATE INDEX rights_recordingwork_work_id_920bac5f ON public.rights_recordingwork USING btree (work_id);
CREATE INDEX rights_licenseasset_license_id_e68e26a8 ON public.rights_licenseasset USING btree (license_id);
CREATE INDEX rights_licenseasset_recording_id_b5b1c763 ON public.rights_licenseasset USING btree (recording_id);
CREATE INDEX rights_licenseasset_work_id_ff262cb0 ON public.rights_licenseasset USING btree (work_id);
CREATE INDEX rights_consent_work_id_412041ae ON public.rights_consent USING btree (work_id);
CREATE INDEX rights_finding_decision_id_71de9308 ON public.rights_finding USING btree (decision_id);
ALTER TABLE ONLY public.royalties_plan
    ADD CONSTRAINT royalties_plan_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_split
    ADD CONSTRAINT royalties_split_pkey PRIMARY KEY (id);
CREATE INDEX royalties_plan_license_id_c158ed6f ON public.royalties_plan USING btree (license_id);
CREATE INDEX royalties_split_decision_id_600fc779 ON public.royalties_split USING btree (decision_id);
CREATE INDEX royalties_split_party_id_084880d4 ON public.royalties_split USING btree (party_id);
CREATE INDEX royalties_split_recording_id_d908aca3 ON public.royalties_split USING btree (recording_id);
CREATE INDEX royalties_split_work_id_70bf8e4a ON public.royalties_split USING btree (work_id);
ALTER TABLE ONLY public.rights_termsversion
    ADD CONSTRAINT rights_termsversion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_campaign
    ADD CONSTRAINT rights_campaign_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_campaigninvitation
    ADD CONSTRAINT rights_campaigninvitation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_campaigninvitation
    ADD CONSTRAINT rights_campaigninvitation_consent_id_key UNIQUE (consent_id);
ALTER TABLE ONLY public.rights_campaigninvitation
    ADD CONSTRAINT artist_is_asked_once_a_campaign UNIQUE (campaign_id, party_id);
ALTER TABLE ONLY public.rights_campaigninvitation
    ADD CONSTRAINT one_invitation_per_link UNIQUE (token_digest);
ALTER TABLE ONLY public.rights_dataset
    ADD CONSTRAINT rights_dataset_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_model
    ADD CONSTRAINT rights_model_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_model
    ADD CONSTRAINT one_model_per_provider_and_name UNIQUE (provider_id, name);
ALTER TABLE ONLY public.rights_modelversion
    ADD CONSTRAINT rights_modelversion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_modelversion
    ADD CONSTRAINT one_version_per_model_and_label UNIQUE (model_id, label);
ALTER TABLE ONLY public.rights_clearance
    ADD CONSTRAINT rights_clearance_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_lyrics
    ADD CONSTRAINT rights_lyrics_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_lyrics
    ADD CONSTRAINT one_text_per_work_and_language UNIQUE (work_id, language);
ALTER TABLE ONLY public.rights_stem
    ADD CONSTRAINT rights_stem_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_voice
    ADD CONSTRAINT rights_voice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_voice
    ADD CONSTRAINT voice_is_registered_once UNIQUE (person_id, label);
ALTER TABLE ONLY public.rights_conflict
    ADD CONSTRAINT rights_conflict_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_conflictclaim
    ADD CONSTRAINT rights_conflictclaim_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_conflictclaim
    ADD CONSTRAINT claim_is_in_a_conflict_once UNIQUE (conflict_id, share_id);
ALTER TABLE ONLY public.rights_conflictevent
    ADD CONSTRAINT rights_conflictevent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_conflictevent
    ADD CONSTRAINT conflict_event_has_its_own_position UNIQUE (conflict_id, "position");
ALTER TABLE ONLY public.rights_consentasset
    ADD CONSTRAINT rights_consentasset_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_consentasset
    ADD CONSTRAINT asset_is_on_a_consent_once UNIQUE (consent_id, asset_id);
ALTER TABLE ONLY public.rights_consentevidence
    ADD CONSTRAINT rights_consentevidence_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_reservation
    ADD CONSTRAINT rights_reservation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_consentoverride
    ADD CONSTRAINT rights_consentoverride_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_consentoverride
    ADD CONSTRAINT reservation_is_overridden_once UNIQUE (consent_id, reservation_id);
ALTER TABLE ONLY public.rights_datasetmember
    ADD CONSTRAINT rights_datasetmember_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_datasetmember
    ADD CONSTRAINT asset_is_a_member_once UNIQUE (dataset_id, asset_id);
ALTER TABLE ONLY public.rights_exclusiveright
    ADD CONSTRAINT rights_exclusiveright_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_release
    ADD CONSTRAINT rights_release_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_release
    ADD CONSTRAINT one_release_per_icpn UNIQUE (icpn);
ALTER TABLE ONLY public.rights_release
    ADD CONSTRAINT one_release_per_grid UNIQUE (grid);
ALTER TABLE ONLY public.rights_identifier
    ADD CONSTRAINT rights_identifier_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_identifierfinding
    ADD CONSTRAINT rights_identifierfinding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_licenseevent
    ADD CONSTRAINT rights_licenseevent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_licenseevent
    ADD CONSTRAINT license_event_has_its_own_position UNIQUE (license_id, "position");
ALTER TABLE ONLY public.rights_licensemodelversion
    ADD CONSTRAINT rights_licensemodelversion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_licensemodelversion
    ADD CONSTRAINT license_names_a_model_version_once UNIQUE (license_id, model_version_id);
ALTER TABLE ONLY public.rights_licensestanding
    ADD CONSTRAINT rights_licensestanding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_mfnclause
    ADD CONSTRAINT rights_mfnclause_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_modelversionretirement
    ADD CONSTRAINT rights_modelversionretirement_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_modelversionretirement
    ADD CONSTRAINT rights_modelversionretirement_model_version_id_key UNIQUE (model_version_id);
ALTER TABLE ONLY public.rights_nametoken
    ADD CONSTRAINT rights_nametoken_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_nametoken
    ADD CONSTRAINT name_token_is_kept_once UNIQUE (token, party_id);
ALTER TABLE ONLY public.rights_outputflag
    ADD CONSTRAINT rights_outputflag_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_outputflag
    ADD CONSTRAINT output_is_flagged_once_an_event UNIQUE (submission_id, event_id);
ALTER TABLE ONLY public.rights_partycontact
    ADD CONSTRAINT rights_partycontact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_partycontact
    ADD CONSTRAINT one_contact_of_a_kind UNIQUE (party_id, kind);
ALTER TABLE ONLY public.rights_partyinrole
    ADD CONSTRAINT rights_partyinrole_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_partymerge
    ADD CONSTRAINT rights_partymerge_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_partymergeundo
    ADD CONSTRAINT rights_partymergeundo_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_partymergeundo
    ADD CONSTRAINT rights_partymergeundo_merge_id_key UNIQUE (merge_id);
ALTER TABLE ONLY public.rights_partyname
    ADD CONSTRAINT rights_partyname_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_permissionstanding
    ADD CONSTRAINT rights_permissionstanding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_protection
    ADD CONSTRAINT rights_protection_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_recordingvoice
    ADD CONSTRAINT rights_recordingvoice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_recordingvoice
    ADD CONSTRAINT voice_is_linked_once UNIQUE (recording_id, voice_id);
ALTER TABLE ONLY public.rights_releaserecording
    ADD CONSTRAINT rights_releaserecording_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_releaserecording
    ADD CONSTRAINT track_has_its_own_position UNIQUE (release_id, "position");
ALTER TABLE ONLY public.rights_representation
    ADD CONSTRAINT rights_representation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_representationend
    ADD CONSTRAINT rights_representationend_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_representationend
    ADD CONSTRAINT rights_representationend_representation_id_key UNIQUE (representation_id);
ALTER TABLE ONLY public.rights_reservationend
    ADD CONSTRAINT rights_reservationend_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_reservationend
    ADD CONSTRAINT rights_reservationend_reservation_id_key UNIQUE (reservation_id);
ALTER TABLE ONLY public.rights_shareevent
    ADD CONSTRAINT rights_shareevent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_shareevent
    ADD CONSTRAINT share_ends_and_is_retracted_once UNIQUE (share_id, act);
ALTER TABLE ONLY public.rights_sharestanding
    ADD CONSTRAINT rights_sharestanding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_traininglicense
    ADD CONSTRAINT rights_traininglicense_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_traininglicense
    ADD CONSTRAINT training_names_a_license_once UNIQUE (model_version_id, license_id);
ALTER TABLE ONLY public.rights_withdrawaltask
    ADD CONSTRAINT rights_withdrawaltask_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_withdrawaltaskdone
    ADD CONSTRAINT rights_withdrawaltaskdone_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_withdrawaltaskdone
    ADD CONSTRAINT rights_withdrawaltaskdone_task_id_key UNIQUE (task_id);
ALTER TABLE ONLY public.rights_clearanceanswers
    ADD CONSTRAINT rights_clearanceanswers_pkey PRIMARY KEY (clearance_id);
CREATE UNIQUE INDEX consent_is_granted_and_withdrawn_once ON public.rights_consentevent USING btree (consent_id, act) WHERE (NOT ((act)::text = 'viewed'::text));
ALTER TABLE ONLY public.rights_consentevent
    ADD CONSTRAINT consent_event_has_its_own_position UNIQUE (consent_id, "position");
CREATE INDEX share_of_asset ON public.rights_share USING btree (asset_id);
ALTER TABLE ONLY public.rights_licenseasset
    ADD CONSTRAINT asset_is_scheduled_once UNIQUE (asset_id, license_id);
ALTER TABLE ONLY public.rights_exclusiveright
    ADD CONSTRAINT no_two_exclusives EXCLUDE USING gist (asset WITH &&, int4range(use, use, '[]'::text) WITH &&, countries WITH &&, valid WITH &&);
ALTER TABLE ONLY public.rights_termsversion
    ADD CONSTRAINT one_text_per_version_and_language UNIQUE NULLS NOT DISTINCT (registrar_id, name, number, language);
CREATE INDEX rights_termsversion_registrar_id_5def8779 ON public.rights_termsversion USING btree (registrar_id);
CREATE INDEX rights_campaign_organization_id_e7f65350 ON public.rights_campaign USING btree (organization_id);
CREATE INDEX rights_campaign_terms_id_635b12d1 ON public.rights_campaign USING btree (terms_id);
CREATE INDEX rights_campaigninvitation_campaign_id_fcf683e3 ON public.rights_campaigninvitation USING btree (campaign_id);
CREATE INDEX rights_campaigninvitation_party_id_c66f4276 ON public.rights_campaigninvitation USING btree (party_id);
CREATE INDEX rights_dataset_keeper_id_38264d5b ON public.rights_dataset USING btree (keeper_id);
CREATE INDEX rights_model_provider_id_9ec29bc9 ON public.rights_model USING btree (provider_id);
CREATE INDEX rights_model_registrar_id_02758c5a ON public.rights_model USING btree (registrar_id);
CREATE INDEX rights_modelversion_dataset_id_bbe5c5ad ON public.rights_modelversion USING btree (dataset_id);
CREATE INDEX rights_modelversion_model_id_8c1b22dc ON public.rights_modelversion USING btree (model_id);
CREATE INDEX rights_clearance_asker_id_44c5c2c9 ON public.rights_clearance USING btree (asker_id);
CREATE INDEX rights_clearance_licensee_id_e8b77880 ON public.rights_clearance USING btree (licensee_id);
CREATE INDEX rights_clearance_model_version_id_a1010b94 ON public.rights_clearance USING btree (model_version_id);
CREATE INDEX rights_lyrics_registrar_id_deacfd34 ON public.rights_lyrics USING btree (registrar_id);
CREATE INDEX rights_lyrics_work_id_65432c38 ON public.rights_lyrics USING btree (work_id);
CREATE INDEX rights_stem_recording_id_bebf502f ON public.rights_stem USING btree (recording_id);
CREATE INDEX rights_stem_registrar_id_fae5edb3 ON public.rights_stem USING btree (registrar_id);
CREATE INDEX rights_voice_person_id_d6ba9ffb ON public.rights_voice USING btree (person_id);
CREATE INDEX rights_voice_registrar_id_dfbc6057 ON public.rights_voice USING btree (registrar_id);
CREATE INDEX rights_conflict_recording_id_cce749d1 ON public.rights_conflict USING btree (recording_id);
CREATE INDEX rights_conflict_work_id_8f3d62d8 ON public.rights_conflict USING btree (work_id);
CREATE INDEX rights_conflict_lyrics_id_74e15007 ON public.rights_conflict USING btree (lyrics_id);
CREATE INDEX rights_conflict_stem_id_0b941ce8 ON public.rights_conflict USING btree (stem_id);
CREATE INDEX rights_conflict_voice_id_7c782c86 ON public.rights_conflict USING btree (voice_id);
CREATE INDEX conflict_about_asset ON public.rights_conflict USING btree (asset_id);
CREATE INDEX rights_conflictclaim_conflict_id_ffd51d04 ON public.rights_conflictclaim USING btree (conflict_id);
CREATE INDEX rights_conflictclaim_share_id_e3894815 ON public.rights_conflictclaim USING btree (share_id);
CREATE INDEX rights_conflictevent_author_id_f273513c ON public.rights_conflictevent USING btree (author_id);
CREATE INDEX rights_conflictevent_conflict_id_6dc55b9f ON public.rights_conflictevent USING btree (conflict_id);
CREATE INDEX rights_consentasset_consent_id_cbeb5beb ON public.rights_consentasset USING btree (consent_id);
CREATE INDEX rights_consentasset_recording_id_5a78136d ON public.rights_consentasset USING btree (recording_id);
CREATE INDEX rights_consentasset_work_id_78272960 ON public.rights_consentasset USING btree (work_id);
CREATE INDEX rights_consentasset_lyrics_id_a38da209 ON public.rights_consentasset USING btree (lyrics_id);
CREATE INDEX rights_consentasset_stem_id_ddc7d6d1 ON public.rights_consentasset USING btree (stem_id);
CREATE INDEX rights_consentasset_voice_id_4439ab69 ON public.rights_consentasset USING btree (voice_id);
CREATE INDEX rights_consentevidence_consent_id_2c27a50d ON public.rights_consentevidence USING btree (consent_id);
CREATE INDEX rights_consentevidence_event_id_811cfafb ON public.rights_consentevidence USING btree (event_id);
CREATE INDEX rights_reservation_holder_id_89a37951 ON public.rights_reservation USING btree (holder_id);
CREATE INDEX rights_reservation_lyrics_id_bf511fc2 ON public.rights_reservation USING btree (lyrics_id);
CREATE INDEX rights_reservation_recording_id_801f39ce ON public.rights_reservation USING btree (recording_id);
CREATE INDEX rights_reservation_registrar_id_3a95aede ON public.rights_reservation USING btree (registrar_id);
CREATE INDEX rights_reservation_work_id_882e61d4 ON public.rights_reservation USING btree (work_id);
CREATE INDEX rights_reservation_stem_id_34578d65 ON public.rights_reservation USING btree (stem_id);
CREATE INDEX rights_reservation_voice_id_5bb9345d ON public.rights_reservation USING btree (voice_id);
CREATE INDEX rights_consentoverride_consent_id_1c4ccbb7 ON public.rights_consentoverride USING btree (consent_id);
CREATE INDEX rights_consentoverride_reservation_id_7eb76197 ON public.rights_consentoverride USING btree (reservation_id);
CREATE INDEX rights_datasetmember_dataset_id_b38369f5 ON public.rights_datasetmember USING btree (dataset_id);
CREATE INDEX rights_datasetmember_license_id_d733e38b ON public.rights_datasetmember USING btree (license_id);
CREATE INDEX rights_datasetmember_recording_id_7dd25e02 ON public.rights_datasetmember USING btree (recording_id);
CREATE INDEX rights_datasetmember_work_id_9b4ceba2 ON public.rights_datasetmember USING btree (work_id);
CREATE INDEX rights_datasetmember_lyrics_id_5d3bb592 ON public.rights_datasetmember USING btree (lyrics_id);
CREATE INDEX rights_datasetmember_stem_id_568b8727 ON public.rights_datasetmember USING btree (stem_id);
CREATE INDEX rights_datasetmember_voice_id_45f542f4 ON public.rights_datasetmember USING btree (voice_id);
CREATE INDEX rights_exclusiveright_license_id_a4bf7ddf ON public.rights_exclusiveright USING btree (license_id);
CREATE INDEX rights_release_registrar_id_f6c8d278 ON public.rights_release USING btree (registrar_id);
ALTER TABLE ONLY public.rights_identifier
    ADD CONSTRAINT identifier_is_recorded_once UNIQUE NULLS NOT DISTINCT (scheme, namespace, value, party_id, work_id, recording_id, release_id);
CREATE INDEX rights_identifier_party_id_db6f0190 ON public.rights_identifier USING btree (party_id);
CREATE INDEX rights_identifier_recording_id_62044cd3 ON public.rights_identifier USING btree (recording_id);
CREATE INDEX rights_identifier_work_id_385a2418 ON public.rights_identifier USING btree (work_id);
CREATE INDEX rights_identifier_release_id_a486f89e ON public.rights_identifier USING btree (release_id);
CREATE INDEX rights_identifierfinding_identifier_id_03c4326d ON public.rights_identifierfinding USING btree (identifier_id);
CREATE INDEX rights_licenseevent_actor_id_4bf0c33b ON public.rights_licenseevent USING btree (actor_id);
CREATE INDEX rights_licenseevent_license_id_ce070da9 ON public.rights_licenseevent USING btree (license_id);
CREATE INDEX rights_licenseevent_successor_id_7bac5116 ON public.rights_licenseevent USING btree (successor_id);
CREATE INDEX rights_licensemodelversion_license_id_b8d5360a ON public.rights_licensemodelversion USING btree (license_id);
CREATE INDEX rights_licensemodelversion_model_version_id_2d6341e8 ON public.rights_licensemodelversion USING btree (model_version_id);
CREATE INDEX rights_licensestanding_license_id_10bcf4bd ON public.rights_licensestanding USING btree (license_id);
CREATE INDEX rights_licensestanding_licensee_id_f3b43dde ON public.rights_licensestanding USING btree (licensee_id);
CREATE INDEX rights_mfnclause_license_id_e39d620a ON public.rights_mfnclause USING btree (license_id);
CREATE INDEX rights_nametoken_party_id_08fbcfab ON public.rights_nametoken USING btree (party_id);
CREATE INDEX rights_outputflag_event_id_94926972 ON public.rights_outputflag USING btree (event_id);
CREATE INDEX rights_outputflag_submission_id_66e9cfda ON public.rights_outputflag USING btree (submission_id);
CREATE INDEX rights_partycontact_party_id_9a252c55 ON public.rights_partycontact USING btree (party_id);
CREATE INDEX rights_partyinrole_party_id_9b6757e4 ON public.rights_partyinrole USING btree (party_id);
CREATE INDEX rights_partymerge_duplicate_id_98e3ee35 ON public.rights_partymerge USING btree (duplicate_id);
CREATE INDEX rights_partymerge_survivor_id_94956bf5 ON public.rights_partymerge USING btree (survivor_id);
CREATE INDEX rights_partyname_party_id_85041e49 ON public.rights_partyname USING btree (party_id);
CREATE INDEX rights_permissionstanding_consent_id_2b6bf70b ON public.rights_permissionstanding USING btree (consent_id);
CREATE INDEX rights_permissionstanding_reservation_id_ecd2a14e ON public.rights_permissionstanding USING btree (reservation_id);
CREATE INDEX permission_stands_for_asset ON public.rights_permissionstanding USING btree (holder_id, asset_id);
CREATE INDEX rights_protection_party_id_565870a6 ON public.rights_protection USING btree (party_id);
CREATE INDEX rights_recordingvoice_recording_id_8b903e42 ON public.rights_recordingvoice USING btree (recording_id);
CREATE INDEX rights_recordingvoice_voice_id_98b70bd8 ON public.rights_recordingvoice USING btree (voice_id);
CREATE INDEX rights_releaserecording_recording_id_4f06f5d2 ON public.rights_releaserecording USING btree (recording_id);
CREATE INDEX rights_releaserecording_release_id_f6ad9a1e ON public.rights_releaserecording USING btree (release_id);
CREATE INDEX rights_representation_agent_id_8aa64a4a ON public.rights_representation USING btree (agent_id);
CREATE INDEX rights_representation_principal_id_79e6c315 ON public.rights_representation USING btree (principal_id);
CREATE INDEX rights_representation_registrar_id_f12a3d80 ON public.rights_representation USING btree (registrar_id);
CREATE INDEX rights_shareevent_share_id_d2ca1445 ON public.rights_shareevent USING btree (share_id);
CREATE INDEX rights_shareevent_successor_id_1d208e3c ON public.rights_shareevent USING btree (successor_id);
CREATE INDEX rights_sharestanding_share_id_389591a3 ON public.rights_sharestanding USING btree (share_id);
CREATE INDEX share_stands_for_asset ON public.rights_sharestanding USING btree (asset_id, right_type);
CREATE INDEX rights_traininglicense_license_id_9bf693e6 ON public.rights_traininglicense USING btree (license_id);
CREATE INDEX rights_traininglicense_model_version_id_c9810e20 ON public.rights_traininglicense USING btree (model_version_id);
CREATE INDEX rights_withdrawaltask_dataset_id_e89dee26 ON public.rights_withdrawaltask USING btree (dataset_id);
CREATE INDEX rights_withdrawaltask_event_id_e23997b2 ON public.rights_withdrawaltask USING btree (event_id);
CREATE INDEX rights_withdrawaltask_license_id_ce3a0a96 ON public.rights_withdrawaltask USING btree (license_id);
CREATE INDEX rights_withdrawaltask_model_version_id_e18bf4e5 ON public.rights_withdrawaltask USING btree (model_version_id);
CREATE INDEX rights_withdrawaltask_party_id_4d467163 ON public.rights_withdrawaltask USING btree (party_id);
CREATE INDEX rights_withdrawaltask_submission_id_74e0edcf ON public.rights_withdrawaltask USING btree (submission_id);
CREATE INDEX rights_withdrawaltaskdone_by_id_5dedbddc ON public.rights_withdrawaltaskdone USING btree (by_id);
CREATE INDEX rights_consent_registrar_id_2f686325 ON public.rights_consent USING btree (registrar_id);
CREATE INDEX rights_consentevent_successor_id_b9104860 ON public.rights_consentevent USING btree (successor_id);
CREATE INDEX rights_license_registrar_id_8c51f93f ON public.rights_license USING btree (registrar_id);
CREATE INDEX rights_party_registrar_id_41f496de ON public.rights_party USING btree (registrar_id);
CREATE INDEX rights_recording_registrar_id_dce529e7 ON public.rights_recording USING btree (registrar_id);
CREATE INDEX rights_share_registrar_id_db4b9d92 ON public.rights_share USING btree (registrar_id);
CREATE INDEX rights_work_registrar_id_c5f3c332 ON public.rights_work USING btree (registrar_id);
CREATE INDEX rights_consent_lyrics_id_b16de8b4 ON public.rights_consent USING btree (lyrics_id);
CREATE INDEX rights_licenseasset_lyrics_id_915dbc9d ON public.rights_licenseasset USING btree (lyrics_id);
CREATE INDEX rights_share_lyrics_id_a841c87a ON public.rights_share USING btree (lyrics_id);
CREATE INDEX rights_consent_model_id_71592ac5 ON public.rights_consent USING btree (model_id);
CREATE INDEX rights_consent_model_version_id_09d5a5af ON public.rights_consent USING btree (model_version_id);
CREATE INDEX rights_consent_authority_id_0163cd98 ON public.rights_consent USING btree (authority_id);
CREATE INDEX rights_consentevent_authority_id_fd622b7e ON public.rights_consentevent USING btree (authority_id);
CREATE INDEX rights_consent_stem_id_40f8790e ON public.rights_consent USING btree (stem_id);
CREATE INDEX rights_licenseasset_stem_id_a9539bb7 ON public.rights_licenseasset USING btree (stem_id);
CREATE INDEX rights_share_stem_id_b867928f ON public.rights_share USING btree (stem_id);
CREATE INDEX rights_consent_terms_id_a2abe5e0 ON public.rights_consent USING btree (terms_id);
CREATE INDEX rights_license_terms_id_432cab22 ON public.rights_license USING btree (terms_id);
CREATE INDEX rights_consent_voice_id_89dc3228 ON public.rights_consent USING btree (voice_id);
CREATE INDEX rights_licenseasset_voice_id_7f70930e ON public.rights_licenseasset USING btree (voice_id);
CREATE INDEX rights_share_voice_id_f53f783a ON public.rights_share USING btree (voice_id);
CREATE INDEX decision_rests_on_licenses ON public.rights_decision USING gin (licenses);
ALTER TABLE ONLY public.rights_voiceenrollment
    ADD CONSTRAINT rights_voiceenrollment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_voicetemplate
    ADD CONSTRAINT rights_voicetemplate_pkey PRIMARY KEY (enrollment_id);
ALTER TABLE ONLY public.rights_voiceenrollmentend
    ADD CONSTRAINT rights_voiceenrollmentend_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_voiceenrollmentend
    ADD CONSTRAINT rights_voiceenrollmentend_enrollment_id_key UNIQUE (enrollment_id);
ALTER TABLE ONLY public.rights_voiceenrollmentend
    ADD CONSTRAINT rights_voiceenrollmentend_successor_id_key UNIQUE (successor_id);
CREATE INDEX rights_voiceenrollment_consent_id_c9e7469e ON public.rights_voiceenrollment USING btree (consent_id);
CREATE INDEX rights_voiceenrollment_registrar_id_2c4957ef ON public.rights_voiceenrollment USING btree (registrar_id);
CREATE INDEX rights_voiceenrollment_voice_id_c1432ae9 ON public.rights_voiceenrollment USING btree (voice_id);
CREATE INDEX rights_submission_model_version_id_977a6a5d ON public.rights_submission USING btree (model_version_id);
ALTER TABLE ONLY public.rights_allowance
    ADD CONSTRAINT rights_allowance_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_appeal
    ADD CONSTRAINT rights_appeal_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_appealanswer
    ADD CONSTRAINT rights_appealanswer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_appealevidence
    ADD CONSTRAINT rights_appealevidence_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_influence
    ADD CONSTRAINT rights_influence_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_influenceobjection
    ADD CONSTRAINT rights_influenceobjection_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_influenceweight
    ADD CONSTRAINT rights_influenceweight_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_recheck
    ADD CONSTRAINT rights_recheck_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_recheckfinding
    ADD CONSTRAINT rights_recheckfinding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_review
    ADD CONSTRAINT rights_review_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_decision
    ADD CONSTRAINT rights_decision_supersedes_id_key UNIQUE (supersedes_id);
CREATE UNIQUE INDEX one_decision_per_submission ON public.rights_decision USING btree (submission_id) WHERE (supersedes_id IS NULL);
ALTER TABLE ONLY public.rights_appeal
    ADD CONSTRAINT rights_appeal_decision_id_key UNIQUE (decision_id);
ALTER TABLE ONLY public.rights_appealanswer
    ADD CONSTRAINT rights_appealanswer_appeal_id_key UNIQUE (appeal_id);
ALTER TABLE ONLY public.rights_outputflag
    ADD CONSTRAINT rights_outputflag_recheck_id_key UNIQUE (recheck_id);
ALTER TABLE ONLY public.rights_allowance
    ADD CONSTRAINT pair_is_allowed_once_an_answer UNIQUE (answer_id, reference_id);
ALTER TABLE ONLY public.rights_influence
    ADD CONSTRAINT report_is_received_once_an_output UNIQUE (submission_id, provider_id, report_digest);
ALTER TABLE ONLY public.rights_influenceobjection
    ADD CONSTRAINT party_objects_once_to_a_report UNIQUE (influence_id, party_id);
ALTER TABLE ONLY public.rights_influenceweight
    ADD CONSTRAINT asset_has_one_weight_a_report UNIQUE NULLS NOT DISTINCT (influence_id, recording_id, work_id, voice_id, stem_id, lyrics_id);
ALTER TABLE ONLY public.rights_recheckfinding
    ADD CONSTRAINT recheck_finding_has_its_own_position UNIQUE (recheck_id, "position");
ALTER TABLE ONLY public.rights_review
    ADD CONSTRAINT review_has_its_own_position UNIQUE (decision_id, "position");
ALTER TABLE ONLY public.rights_review
    ADD CONSTRAINT nobody_reviews_twice UNIQUE (decision_id, reviewer_id);
CREATE INDEX rights_allowance_reference_id_be157200 ON public.rights_allowance USING btree (reference_id);
CREATE INDEX rights_allowance_submitter_id_e3cd226e ON public.rights_allowance USING btree (submitter_id);
CREATE INDEX rights_appeal_appellant_id_4c58ca80 ON public.rights_appeal USING btree (appellant_id);
CREATE INDEX rights_appealanswer_reviewer_id_99375ba7 ON public.rights_appealanswer USING btree (reviewer_id);
CREATE INDEX rights_allowance_answer_id_2a0b4a24 ON public.rights_allowance USING btree (answer_id);
CREATE INDEX rights_appealevidence_appeal_id_cdc8f532 ON public.rights_appealevidence USING btree (appeal_id);
CREATE INDEX rights_influence_provider_id_a3942fbd ON public.rights_influence USING btree (provider_id);
CREATE INDEX rights_influence_stated_by_id_c078f08e ON public.rights_influence USING btree (stated_by_id);
CREATE INDEX rights_influence_submission_id_635e3703 ON public.rights_influence USING btree (submission_id);
CREATE INDEX rights_influenceobjection_influence_id_b7efaa23 ON public.rights_influenceobjection USING btree (influence_id);
CREATE INDEX rights_influenceobjection_party_id_40d44731 ON public.rights_influenceobjection USING btree (party_id);
CREATE INDEX rights_influenceweight_influence_id_e8a267e3 ON public.rights_influenceweight USING btree (influence_id);
CREATE INDEX rights_influenceweight_lyrics_id_6b8ded75 ON public.rights_influenceweight USING btree (lyrics_id);
CREATE INDEX rights_influenceweight_recording_id_f2adaadd ON public.rights_influenceweight USING btree (recording_id);
CREATE INDEX rights_influenceweight_stem_id_0bbb1320 ON public.rights_influenceweight USING btree (stem_id);
CREATE INDEX rights_influenceweight_voice_id_4f8ac371 ON public.rights_influenceweight USING btree (voice_id);
CREATE INDEX rights_influenceweight_work_id_fe08663b ON public.rights_influenceweight USING btree (work_id);
CREATE INDEX rights_recheck_decision_id_0e30343e ON public.rights_recheck USING btree (decision_id);
CREATE INDEX rights_recheck_event_id_28a1efb3 ON public.rights_recheck USING btree (event_id);
CREATE INDEX rights_recheck_examination_id_a751b7a4 ON public.rights_recheck USING btree (examination_id);
CREATE INDEX rights_recheckfinding_recheck_id_3ebf6967 ON public.rights_recheckfinding USING btree (recheck_id);
CREATE INDEX rights_review_decision_id_5ba25f57 ON public.rights_review USING btree (decision_id);
CREATE INDEX rights_review_reviewer_id_9c22f9b8 ON public.rights_review USING btree (reviewer_id);
ALTER TABLE ONLY public.rights_recordingaudio
    ADD CONSTRAINT rights_recordingaudio_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_recordingaudio
    ADD CONSTRAINT audio_is_delivered_once UNIQUE (recording_id);
ALTER TABLE ONLY public.rights_recordingaudio
    ADD CONSTRAINT one_delivery_per_reference UNIQUE (reference_id);
CREATE INDEX rights_recordingaudio_recording_id_883a5298 ON public.rights_recordingaudio USING btree (recording_id);
CREATE INDEX rights_recordingaudio_reference_id_77d81812 ON public.rights_recordingaudio USING btree (reference_id);
CREATE INDEX recording_is_known_since ON public.rights_recording USING btree (id) INCLUDE (registered_at);
CREATE INDEX work_is_known_since ON public.rights_work USING btree (id) INCLUDE (registered_at);
CREATE INDEX works_are_found_by_recording ON public.rights_recordingwork USING btree (recording_id) INCLUDE (work_id, recorded_at);
ALTER TABLE ONLY public.rights_contributionact
    ADD CONSTRAINT rights_contributionact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_contributionevidence
    ADD CONSTRAINT rights_contributionevidence_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_contributionrecord
    ADD CONSTRAINT rights_contributionrecord_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_contribution
    ADD CONSTRAINT contribution_has_its_own_position UNIQUE NULLS NOT DISTINCT (submission_id, record_id, "position");
ALTER TABLE ONLY public.rights_contributionrecord
    ADD CONSTRAINT contribution_record_has_its_own_place UNIQUE (submission_id, "position");
ALTER TABLE ONLY public.rights_contributionevidence
    ADD CONSTRAINT making_evidence_is_named_once UNIQUE NULLS NOT DISTINCT (submission_id, record_id, component, digest);
ALTER TABLE ONLY public.rights_contributionact
    ADD CONSTRAINT act_is_stated_once UNIQUE NULLS NOT DISTINCT (submission_id, record_id, component, party_id, act);
CREATE INDEX rights_contributionact_party_id_89f2717e ON public.rights_contributionact USING btree (party_id);
CREATE INDEX rights_contributionact_submission_id_8250b4c3 ON public.rights_contributionact USING btree (submission_id);
CREATE INDEX rights_contributionevidence_submission_id_4285d762 ON public.rights_contributionevidence USING btree (submission_id);
CREATE INDEX rights_contributionrecord_author_id_40ada97e ON public.rights_contributionrecord USING btree (author_id);
CREATE INDEX rights_contributionrecord_submission_id_b5f46855 ON public.rights_contributionrecord USING btree (submission_id);
CREATE INDEX rights_contributionevidence_record_id_d23fc437 ON public.rights_contributionevidence USING btree (record_id);
CREATE INDEX rights_contributionact_record_id_0d242e00 ON public.rights_contributionact USING btree (record_id);
CREATE INDEX rights_contribution_record_id_65274fbf ON public.rights_contribution USING btree (record_id);
ALTER TABLE ONLY public.royalties_account
    ADD CONSTRAINT royalties_account_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_advance
    ADD CONSTRAINT royalties_advance_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_exchangerate
    ADD CONSTRAINT royalties_exchangerate_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_payeeterms
    ADD CONSTRAINT royalties_payeeterms_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_royaltyrun
    ADD CONSTRAINT royalties_royaltyrun_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_runevent
    ADD CONSTRAINT royalties_runevent_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_runpart
    ADD CONSTRAINT royalties_runpart_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_runpartition
    ADD CONSTRAINT royalties_runpartition_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_statement
    ADD CONSTRAINT royalties_statement_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_taxcertificate
    ADD CONSTRAINT royalties_taxcertificate_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_transaction
    ADD CONSTRAINT royalties_transaction_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_posting
    ADD CONSTRAINT royalties_posting_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_account
    ADD CONSTRAINT account_is_opened_once UNIQUE NULLS NOT DISTINCT (payer_id, kind, party_id, reference, currency);
ALTER TABLE ONLY public.royalties_royaltyrun
    ADD CONSTRAINT runs_of_a_payer_follow_each_other UNIQUE (payer_id, currency, number);
ALTER TABLE ONLY public.royalties_royaltyrun
    ADD CONSTRAINT run_is_started_by_one UNIQUE (id, started_by_id);
ALTER TABLE ONLY public.royalties_runevent
    ADD CONSTRAINT run_takes_a_step_once UNIQUE (run_id, act);
ALTER TABLE ONLY public.royalties_runevent
    ADD CONSTRAINT run_takes_one_step_at_a_time UNIQUE (run_id, "position");
ALTER TABLE ONLY public.royalties_runpart
    ADD CONSTRAINT run_divides_a_period_once UNIQUE (run_id, of_run_id);
ALTER TABLE ONLY public.royalties_runpartition
    ADD CONSTRAINT partition_is_divided_once UNIQUE (part_id, number);
ALTER TABLE ONLY public.royalties_statement
    ADD CONSTRAINT statement_has_its_own_version UNIQUE (run_id, payee_id, version);
ALTER TABLE ONLY public.royalties_posting
    ADD CONSTRAINT account_is_posted_to_once UNIQUE (transaction_id, account_id);
CREATE INDEX royalties_account_party_id_fc99b90e ON public.royalties_account USING btree (party_id);
CREATE INDEX royalties_account_payer_id_342a9cd1 ON public.royalties_account USING btree (payer_id);
CREATE INDEX royalties_advance_payee_id_8868c1ad ON public.royalties_advance USING btree (payee_id);
CREATE INDEX royalties_advance_payer_id_fa0726ef ON public.royalties_advance USING btree (payer_id);
CREATE INDEX royalties_exchangerate_payer_id_79f65e32 ON public.royalties_exchangerate USING btree (payer_id);
CREATE INDEX royalties_payeeterms_payee_id_71e782de ON public.royalties_payeeterms USING btree (payee_id);
CREATE INDEX royalties_payeeterms_payer_id_aed1af8b ON public.royalties_payeeterms USING btree (payer_id);
CREATE INDEX royalties_royaltyrun_payer_id_b8923f29 ON public.royalties_royaltyrun USING btree (payer_id);
CREATE INDEX royalties_royaltyrun_started_by_id_11dab9ab ON public.royalties_royaltyrun USING btree (started_by_id);
CREATE INDEX royalties_runevent_by_id_71d757de ON public.royalties_runevent USING btree (by_id);
CREATE INDEX royalties_runevent_run_id_92609773 ON public.royalties_runevent USING btree (run_id);
CREATE INDEX royalties_runevent_started_by_id_1dd064e3 ON public.royalties_runevent USING btree (started_by_id);
CREATE INDEX royalties_runpart_of_run_id_b6cd57f1 ON public.royalties_runpart USING btree (of_run_id);
CREATE INDEX royalties_runpart_run_id_6cd4bb44 ON public.royalties_runpart USING btree (run_id);
CREATE INDEX royalties_runpartition_part_id_4e33eac3 ON public.royalties_runpartition USING btree (part_id);
CREATE INDEX royalties_statement_payee_id_9243caed ON public.royalties_statement USING btree (payee_id);
CREATE INDEX royalties_statement_payout_rate_id_64a2c11e ON public.royalties_statement USING btree (payout_rate_id);
CREATE INDEX royalties_statement_run_id_92e336bb ON public.royalties_statement USING btree (run_id);
CREATE INDEX royalties_taxcertificate_payee_id_1c16ee47 ON public.royalties_taxcertificate USING btree (payee_id);
CREATE INDEX royalties_taxcertificate_payer_id_c1f2ffec ON public.royalties_taxcertificate USING btree (payer_id);
CREATE INDEX royalties_transaction_booked_by_id_366a49b5 ON public.royalties_transaction USING btree (booked_by_id);
CREATE INDEX royalties_transaction_of_run_id_21bf0361 ON public.royalties_transaction USING btree (of_run_id);
CREATE INDEX royalties_transaction_payer_id_ba8b6053 ON public.royalties_transaction USING btree (payer_id);
CREATE INDEX royalties_transaction_run_id_b3c4f49c ON public.royalties_transaction USING btree (run_id);
CREATE INDEX royalties_posting_account_id_66e22b6b ON public.royalties_posting USING btree (account_id);
CREATE INDEX royalties_posting_transaction_id_3551f697 ON public.royalties_posting USING btree (transaction_id);
ALTER TABLE ONLY public.royalties_paymentfile
    ADD CONSTRAINT royalties_paymentfile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_paymentorder
    ADD CONSTRAINT royalties_paymentorder_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_payment
    ADD CONSTRAINT royalties_payment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_statementobjection
    ADD CONSTRAINT royalties_statementobjection_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_objectionanswer
    ADD CONSTRAINT royalties_objectionanswer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_objectionanswer
    ADD CONSTRAINT royalties_objectionanswer_objection_id_key UNIQUE (objection_id);
ALTER TABLE ONLY public.royalties_paymentorder
    ADD CONSTRAINT statement_is_ordered_once_an_attempt UNIQUE (statement_id, attempt);
ALTER TABLE ONLY public.royalties_payment
    ADD CONSTRAINT order_is_confirmed_once UNIQUE (order_id, is_return);
ALTER TABLE ONLY public.royalties_statementobjection
    ADD CONSTRAINT statement_is_objected_to_once UNIQUE (statement_id);
CREATE INDEX royalties_paymentfile_made_by_id_b787a6bf ON public.royalties_paymentfile USING btree (made_by_id);
CREATE INDEX royalties_paymentfile_run_id_a0b637d5 ON public.royalties_paymentfile USING btree (run_id);
CREATE INDEX royalties_paymentorder_file_id_3c7838e0 ON public.royalties_paymentorder USING btree (file_id);
CREATE INDEX royalties_paymentorder_statement_id_d97220aa ON public.royalties_paymentorder USING btree (statement_id);
CREATE INDEX royalties_payment_order_id_9b337c15 ON public.royalties_payment USING btree (order_id);
CREATE INDEX royalties_statementobjection_objected_by_id_2553541a ON public.royalties_statementobjection USING btree (objected_by_id);
CREATE INDEX royalties_statementobjection_statement_id_977ac23a ON public.royalties_statementobjection USING btree (statement_id);
CREATE INDEX royalties_objectionanswer_answered_by_id_04b8092d ON public.royalties_objectionanswer USING btree (answered_by_id);
ALTER TABLE ONLY public.royalties_usagereport
    ADD CONSTRAINT royalties_usagereport_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_usagematching
    ADD CONSTRAINT royalties_usagematching_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_usageprogress
    ADD CONSTRAINT royalties_usageprogress_pkey PRIMARY KEY (report_id);
ALTER TABLE ONLY public.royalties_usageproblem
    ADD CONSTRAINT royalties_usageproblem_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_usageoutcome
    ADD CONSTRAINT royalties_usageoutcome_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_usageoutcome
    ADD CONSTRAINT royalties_usageoutcome_report_id_key UNIQUE (report_id);
ALTER TABLE ONLY public.royalties_usagekey
    ADD CONSTRAINT royalties_usagekey_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_usagefile
    ADD CONSTRAINT royalties_usagefile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_usagesum
    ADD CONSTRAINT royalties_usagesum_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_usagesupersession
    ADD CONSTRAINT royalties_usagesupersession_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_usagesupersession
    ADD CONSTRAINT royalties_usagesupersession_report_id_key UNIQUE (report_id);
ALTER TABLE ONLY public.royalties_usagemapping
    ADD CONSTRAINT royalties_usagemapping_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_usagemapping
    ADD CONSTRAINT one_usage_mapping_of_a_name UNIQUE (payer_id, name);
ALTER TABLE ONLY public.royalties_usagematch
    ADD CONSTRAINT royalties_usagematch_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_usagematch
    ADD CONSTRAINT royalties_usagematch_supersedes_id_key UNIQUE (supersedes_id);
CREATE INDEX usage_report_by_content ON public.royalties_usagereport USING btree (payer_id, content_digest);
CREATE UNIQUE INDEX message_is_booked_once ON public.royalties_usageoutcome USING btree (payer_id, sender, message) WHERE is_booked;
CREATE UNIQUE INDEX usage_is_booked_once ON public.royalties_usageoutcome USING btree (payer_id, content_digest) WHERE is_booked;
CREATE INDEX usage_keys_of_a_payer ON public.royalties_usagekey USING btree (payer_id, key);
ALTER TABLE ONLY public.royalties_usagekey
    ADD CONSTRAINT key_is_counted_once UNIQUE (report_id, key);
ALTER TABLE ONLY public.royalties_usagefile
    ADD CONSTRAINT usage_file_has_its_number UNIQUE (report_id, number);
ALTER TABLE ONLY public.royalties_usagesum
    ADD CONSTRAINT key_has_a_sum_in_a_currency UNIQUE (key_id, currency);
CREATE INDEX royalties_usagereport_payer_id_c44325f0 ON public.royalties_usagereport USING btree (payer_id);
CREATE INDEX royalties_usagereport_replaces_id_305b8337 ON public.royalties_usagereport USING btree (replaces_id);
CREATE INDEX royalties_usagematching_matched_by_id_9f4d6511 ON public.royalties_usagematching USING btree (matched_by_id);
CREATE INDEX royalties_usagematching_payer_id_af26af69 ON public.royalties_usagematching USING btree (payer_id);
CREATE INDEX royalties_usageproblem_report_id_82721392 ON public.royalties_usageproblem USING btree (report_id);
CREATE INDEX royalties_usageoutcome_payer_id_1900cad5 ON public.royalties_usageoutcome USING btree (payer_id);
CREATE INDEX royalties_usagekey_payer_id_60abe905 ON public.royalties_usagekey USING btree (payer_id);
CREATE INDEX royalties_usagekey_report_id_3f9d39e6 ON public.royalties_usagekey USING btree (report_id);
CREATE INDEX royalties_usagefile_report_id_350e95ad ON public.royalties_usagefile USING btree (report_id);
CREATE INDEX royalties_usagesum_key_id_a563ace2 ON public.royalties_usagesum USING btree (key_id);
CREATE INDEX royalties_usagesupersession_successor_id_ad94f48a ON public.royalties_usagesupersession USING btree (successor_id);
CREATE INDEX royalties_usagemapping_payer_id_60c7613c ON public.royalties_usagemapping USING btree (payer_id);
CREATE UNIQUE INDEX key_is_matched_first_once ON public.royalties_usagematch USING btree (payer_id, key) WHERE (supersedes_id IS NULL);
CREATE INDEX royalties_usagematch_payer_id_f4aa2eca ON public.royalties_usagematch USING btree (payer_id);
CREATE INDEX royalties_usagematch_submission_id_628f0469 ON public.royalties_usagematch USING btree (submission_id);
CREATE INDEX royalties_usagematch_matching_id_58350176 ON public.royalties_usagematch USING btree (matching_id);
ALTER TABLE ONLY public.royalties_division
    ADD CONSTRAINT royalties_division_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_planmodel
    ADD CONSTRAINT royalties_planmodel_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_planquantity
    ADD CONSTRAINT royalties_planquantity_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_planterm
    ADD CONSTRAINT royalties_planterm_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_splitsource
    ADD CONSTRAINT royalties_splitsource_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_plan
    ADD CONSTRAINT plan_has_its_own_number UNIQUE (license_id, number);
ALTER TABLE ONLY public.royalties_split
    ADD CONSTRAINT leaf_is_split_once_a_version UNIQUE NULLS NOT DISTINCT (decision_id, division_id, zone, leaf);
ALTER TABLE ONLY public.royalties_division
    ADD CONSTRAINT division_has_its_own_number UNIQUE (decision_id, number);
ALTER TABLE ONLY public.royalties_planmodel
    ADD CONSTRAINT plan_model_has_its_own_position UNIQUE (plan_id, side, is_fallback, "position");
ALTER TABLE ONLY public.royalties_planquantity
    ADD CONSTRAINT asset_has_one_quantity_a_basis UNIQUE NULLS NOT DISTINCT (plan_id, basis, recording_id, work_id);
ALTER TABLE ONLY public.royalties_planterm
    ADD CONSTRAINT plan_term_has_its_own_position UNIQUE (plan_id, "position");
ALTER TABLE ONLY public.royalties_splitsource
    ADD CONSTRAINT split_source_has_its_own_position UNIQUE NULLS NOT DISTINCT (decision_id, division_id, zone, leaf, "position");
CREATE INDEX royalties_plan_party_id_a0b470eb ON public.royalties_plan USING btree (party_id);
CREATE INDEX royalties_plan_recording_id_15021dd4 ON public.royalties_plan USING btree (recording_id);
CREATE INDEX royalties_plan_release_id_38302e8e ON public.royalties_plan USING btree (release_id);
CREATE INDEX royalties_division_decision_id_af50c70d ON public.royalties_division USING btree (decision_id);
CREATE INDEX royalties_split_division_id_bf2e1746 ON public.royalties_split USING btree (division_id);
CREATE INDEX royalties_planmodel_plan_id_b533a7b7 ON public.royalties_planmodel USING btree (plan_id);
CREATE INDEX royalties_planmodel_provider_id_d95bda2e ON public.royalties_planmodel USING btree (provider_id);
CREATE INDEX royalties_planquantity_plan_id_274d004b ON public.royalties_planquantity USING btree (plan_id);
CREATE INDEX royalties_planquantity_recording_id_9b0f96f2 ON public.royalties_planquantity USING btree (recording_id);
CREATE INDEX royalties_planquantity_work_id_84b9f1c5 ON public.royalties_planquantity USING btree (work_id);
CREATE INDEX royalties_planterm_party_id_a157cee6 ON public.royalties_planterm USING btree (party_id);
CREATE INDEX royalties_planterm_plan_id_a2bd3d15 ON public.royalties_planterm USING btree (plan_id);
CREATE INDEX royalties_splitsource_decision_id_b9a17904 ON public.royalties_splitsource USING btree (decision_id);
CREATE INDEX royalties_splitsource_division_id_00c758d3 ON public.royalties_splitsource USING btree (division_id);
CREATE INDEX royalties_splitsource_influence_id_56636c26 ON public.royalties_splitsource USING btree (influence_id);
CREATE INDEX royalties_splitsource_plan_id_1b96e9f1 ON public.royalties_splitsource USING btree (plan_id);
CREATE INDEX royalties_splitsource_share_id_e0ce8118 ON public.royalties_splitsource USING btree (share_id);
ALTER TABLE ONLY public.royalties_payeelinkend
    ADD CONSTRAINT royalties_payeelinkend_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_payeelink
    ADD CONSTRAINT royalties_payeelink_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.royalties_payeelinkend
    ADD CONSTRAINT royalties_payeelinkend_link_id_key UNIQUE (link_id);
ALTER TABLE ONLY public.royalties_payeelink
    ADD CONSTRAINT payee_link_has_its_own_secret UNIQUE (token_digest);
CREATE INDEX royalties_payeelink_made_by_id_6c15a553 ON public.royalties_payeelink USING btree (made_by_id);
CREATE INDEX royalties_payeelink_payee_id_26afa7d6 ON public.royalties_payeelink USING btree (payee_id);
CREATE INDEX royalties_payeelink_payer_id_cb8eb3f5 ON public.royalties_payeelink USING btree (payer_id);
CREATE INDEX royalties_statementobjection_link_id_2f4f10ee ON public.royalties_statementobjection USING btree (link_id);
CREATE INDEX royalties_payeelinkend_ended_by_id_aefcbf1b ON public.royalties_payeelinkend USING btree (ended_by_id);
ALTER TABLE ONLY public.royalties_declaration
    ADD CONSTRAINT royalties_declaration_pkey PRIMARY KEY (id);
CREATE UNIQUE INDEX term_is_booked_once_a_run_and_period ON public.royalties_transaction USING btree (run_id, of_run_id, term_id) WHERE (term_id IS NOT NULL);
CREATE INDEX royalties_transaction_term_id_7e59c817 ON public.royalties_transaction USING btree (term_id);
CREATE INDEX royalties_declaration_license_id_2b0db00b ON public.royalties_declaration USING btree (license_id);
CREATE INDEX royalties_declaration_payer_id_2a054c07 ON public.royalties_declaration USING btree (payer_id);
ALTER TABLE ONLY public.rights_datasetexclusion
    ADD CONSTRAINT rights_datasetexclusion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_datasetexclusion
    ADD CONSTRAINT asset_is_left_out_once UNIQUE (dataset_id, asset_id);
ALTER TABLE ONLY public.rights_recordingdescription
    ADD CONSTRAINT rights_recordingdescription_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_trainingstatement
    ADD CONSTRAINT rights_trainingstatement_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.rights_trainingstatement
    ADD CONSTRAINT training_statement_has_its_own_number UNIQUE (model_version_id, number);
CREATE INDEX rights_datasetexclusion_dataset_id_e2c5e3e8 ON public.rights_datasetexclusion USING btree (dataset_id);
CREATE INDEX rights_datasetexclusion_event_id_ce63d617 ON public.rights_datasetexclusion USING btree (event_id);
CREATE INDEX rights_datasetexclusion_lyrics_id_fa89169c ON public.rights_datasetexclusion USING btree (lyrics_id);
CREATE INDEX rights_datasetexclusion_recording_id_872bbf6a ON public.rights_datasetexclusion USING btree (recording_id);
CREATE INDEX rights_datasetexclusion_reservation_id_c8c414c5 ON public.rights_datasetexclusion USING btree (reservation_id);
CREATE INDEX rights_datasetexclusion_stem_id_5b7e7a84 ON public.rights_datasetexclusion USING btree (stem_id);
CREATE INDEX rights_datasetexclusion_voice_id_68afd94c ON public.rights_datasetexclusion USING btree (voice_id);
CREATE INDEX rights_datasetexclusion_work_id_a668408e ON public.rights_datasetexclusion USING btree (work_id);
CREATE INDEX rights_recordingdescription_describer_id_dff8482f ON public.rights_recordingdescription USING btree (describer_id);
CREATE INDEX rights_recordingdescription_recording_id_2b920f4c ON public.rights_recordingdescription USING btree (recording_id);
CREATE INDEX rights_recordingdescription_registrar_id_de136ee2 ON public.rights_recordingdescription USING btree (registrar_id);
CREATE INDEX description_newest_first ON public.rights_recordingdescription USING btree (recording_id, describer_id, recorded_at DESC, id);
CREATE INDEX rights_trainingstatement_model_version_id_a51c7ead ON public.rights_trainingstatement USING btree (model_version_id);
CREATE INDEX rights_trainingstatement_stated_by_id_3ab15a9c ON public.rights_trainingstatement USING btree (stated_by_id);
ALTER TABLE ONLY public.provenance_manifest
    ADD CONSTRAINT provenance_manifest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provenance_manifest
    ADD CONSTRAINT provenance_manifest_decision_id_key UNIQUE (decision_id);
ALTER TABLE ONLY public.provenance_manifest
    ADD CONSTRAINT manifest_has_its_own_label UNIQUE (label);
ALTER TABLE ONLY public.provenance_certificate
    ADD CONSTRAINT provenance_certificate_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provenance_certificate
    ADD CONSTRAINT certificate_has_its_own_number UNIQUE (manifest_id, number);
ALTER TABLE ONLY public.provenance_manifeststatus
    ADD CONSTRAINT provenance_manifeststatus_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provenance_manifeststatus
    ADD CONSTRAINT status_has_its_own_number UNIQUE (manifest_id, number);
CREATE INDEX provenance_certificate_manifest_id_f374f73f ON public.provenance_certificate USING btree (manifest_id);
CREATE INDEX provenance_manifeststatus_manifest_id_7aaed016 ON public.provenance_manifeststatus USING btree (manifest_id);
CREATE INDEX provenance_manifeststatus_party_id_68f16406 ON public.provenance_manifeststatus USING btree (party_id);
CREATE INDEX provenance_manifeststatus_stated_by_id_8d41a74d ON public.provenance_manifeststatus USING btree (stated_by_id);
CREATE INDEX provenance_manifeststatus_successor_id_5cdd105a ON public.provenance_manifeststatus USING btree (successor_id);
ALTER TABLE ONLY public.provenance_softbinding
    ADD CONSTRAINT provenance_softbinding_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provenance_softbinding
    ADD CONSTRAINT one_soft_binding_per_output_and_algorithm UNIQUE (decision_id, algorithm);
ALTER TABLE ONLY public.provenance_outputfingerprint
    ADD CONSTRAINT provenance_outputfingerprint_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provenance_outputfingerprint
    ADD CONSTRAINT provenance_outputfingerprint_decision_id_key UNIQUE (decision_id);
CREATE INDEX provenance_softbinding_decision_id_da480cb1 ON public.provenance_softbinding USING btree (decision_id);
CREATE INDEX output_by_instance_code ON public.provenance_outputfingerprint USING btree (instance_code);
ALTER TABLE ONLY public.provenance_foreignmanifest
    ADD CONSTRAINT provenance_foreignmanifest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provenance_foreignmanifest
    ADD CONSTRAINT provenance_foreignmanifest_decision_id_key UNIQUE (decision_id);
ALTER TABLE ONLY public.provenance_signedcopy
    ADD CONSTRAINT provenance_signedcopy_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provenance_signedcopy
    ADD CONSTRAINT copy_has_its_own_label UNIQUE (label);
ALTER TABLE ONLY public.provenance_signedcopy
    ADD CONSTRAINT one_copy_per_container UNIQUE (decision_id, media_type);
CREATE INDEX provenance_signedcopy_decision_id_63e9c77e ON public.provenance_signedcopy USING btree (decision_id);
ALTER TABLE ONLY public.provenance_disclosure
    ADD CONSTRAINT provenance_disclosure_pkey PRIMARY KEY (id);
CREATE INDEX provenance_disclosure_record_id_b476d12a ON public.provenance_disclosure USING btree (record_id);
CREATE INDEX provenance_disclosure_sender_id_88ef0a75 ON public.provenance_disclosure USING btree (sender_id);
CREATE INDEX provenance_disclosure_submission_id_501d4822 ON public.provenance_disclosure USING btree (submission_id);
ALTER TABLE ONLY public.provenance_signerchange
    ADD CONSTRAINT provenance_signerchange_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provenance_signerchange
    ADD CONSTRAINT signer_changes_once_at_a_time UNIQUE (certificate_digest, active_from);
ALTER TABLE ONLY public.provenance_timestamp
    ADD CONSTRAINT provenance_timestamp_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.provenance_timestamp
    ADD CONSTRAINT provenance_timestamp_manifest_id_key UNIQUE (manifest_id);
ALTER TABLE ONLY public.provenance_timestamp
    ADD CONSTRAINT provenance_timestamp_copy_id_key UNIQUE (copy_id);
ALTER TABLE ONLY public.provenance_disclosureanswer
    ADD CONSTRAINT provenance_disclosureanswer_pkey PRIMARY KEY (id);
CREATE INDEX provenance_disclosureanswer_disclosure_id_87410fe0 ON public.provenance_disclosureanswer USING btree (disclosure_id);
ALTER TABLE ONLY public.django_session
    ADD CONSTRAINT django_session_pkey PRIMARY KEY (session_key);
CREATE INDEX django_session_session_key_c0390e0f_like ON public.django_session USING btree (session_key varchar_pattern_ops);
CREATE INDEX django_session_expire_date_a5c62663 ON public.django_session USING btree (expire_date);
ALTER TABLE ONLY public.oauth2_provider_application
    ADD CONSTRAINT oauth2_provider_application_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.oauth2_provider_accesstoken
    ADD CONSTRAINT oauth2_provider_accesstoken_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.oauth2_provider_grant
    ADD CONSTRAINT oauth2_provider_grant_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.oauth2_provider_grant
    ADD CONSTRAINT oauth2_provider_grant_code_key UNIQUE (code);
ALTER TABLE ONLY public.oauth2_provider_refreshtoken
    ADD CONSTRAINT oauth2_provider_refreshtoken_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.oauth2_provider_refreshtoken
    ADD CONSTRAINT oauth2_provider_refreshtoken_access_token_id_key UNIQUE (access_token_id);
ALTER TABLE ONLY public.oauth2_provider_accesstoken
    ADD CONSTRAINT oauth2_provider_accesstoken_source_refresh_token_id_key UNIQUE (source_refresh_token_id);
CREATE INDEX oauth2_provider_application_client_secret_53133678 ON public.oauth2_provider_application USING btree (client_secret);
CREATE INDEX oauth2_provider_application_client_secret_53133678_like ON public.oauth2_provider_application USING btree (client_secret varchar_pattern_ops);
CREATE INDEX oauth2_provider_application_user_id_79829054 ON public.oauth2_provider_application USING btree (user_id);
CREATE INDEX oauth2_provider_accesstoken_application_id_b22886e1 ON public.oauth2_provider_accesstoken USING btree (application_id);
CREATE INDEX oauth2_provider_accesstoken_user_id_6e4c9a65 ON public.oauth2_provider_accesstoken USING btree (user_id);
CREATE INDEX oauth2_provider_grant_code_49ab4ddf_like ON public.oauth2_provider_grant USING btree (code varchar_pattern_ops);
CREATE INDEX oauth2_provider_grant_application_id_81923564 ON public.oauth2_provider_grant USING btree (application_id);
CREATE INDEX oauth2_provider_grant_user_id_e8f62af8 ON public.oauth2_provider_grant USING btree (user_id);
CREATE INDEX oauth2_provider_refreshtoken_application_id_2d1c311b ON public.oauth2_provider_refreshtoken USING btree (application_id);
CREATE INDEX oauth2_provider_refreshtoken_user_id_da837fce ON public.oauth2_provider_refreshtoken USING btree (user_id);
ALTER TABLE ONLY public.oauth2_provider_idtoken
    ADD CONSTRAINT oauth2_provider_idtoken_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.oauth2_provider_idtoken
    ADD CONSTRAINT oauth2_provider_idtoken_jti_key UNIQUE (jti);
ALTER TABLE ONLY public.oauth2_provider_accesstoken
    ADD CONSTRAINT oauth2_provider_accesstoken_id_token_id_key UNIQUE (id_token_id);
CREATE INDEX oauth2_provider_idtoken_application_id_08c5ff4f ON public.oauth2_provider_idtoken USING btree (application_id);
CREATE INDEX oauth2_provider_idtoken_user_id_dd512b59 ON public.oauth2_provider_idtoken USING btree (user_id);
ALTER TABLE ONLY public.oauth2_provider_accesstoken
    ADD CONSTRAINT oauth2_provider_accesstoken_token_checksum_85319a26_uniq UNIQUE (token_checksum);
CREATE INDEX oauth2_provider_accesstoken_token_checksum_85319a26_like ON public.oauth2_provider_accesstoken USING btree (token_checksum varchar_pattern_ops);
ALTER TABLE ONLY public.oauth2_provider_devicegrant
    ADD CONSTRAINT oauth2_provider_devicegrant_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.oauth2_provider_devicegrant
    ADD CONSTRAINT oauth2_provider_devicegrant_unique_device_code UNIQUE (device_code);
CREATE INDEX oauth2_provider_devicegrant_client_id_229dd06d ON public.oauth2_provider_devicegrant USING btree (client_id);
CREATE INDEX oauth2_provider_devicegrant_client_id_229dd06d_like ON public.oauth2_provider_devicegrant USING btree (client_id varchar_pattern_ops);
CREATE INDEX oauth2_provider_devicegrant_user_id_1cec5156 ON public.oauth2_provider_devicegrant USING btree (user_id);
ALTER TABLE ONLY public.oauth2_provider_refreshtoken
    ADD CONSTRAINT oauth2_provider_refresht_token_checksum_revoked_46c81d1d_uniq UNIQUE (token_checksum, revoked);
ALTER TABLE ONLY public.oauth2_provider_application
    ADD CONSTRAINT oauth2_provider_application_client_id_key UNIQUE (client_id);
CREATE INDEX oauth2_provider_application_client_id_03f0cc84_like ON public.oauth2_provider_application USING btree (client_id varchar_pattern_ops);
CREATE INDEX oauth2_prov_token_f_996e8a_idx ON public.oauth2_provider_refreshtoken USING btree (token_family);
ALTER TABLE ONLY public.ledger_checkpoint
    ADD CONSTRAINT ledger_checkpoint_pkey PRIMARY KEY (size);
ALTER TABLE ONLY public.ledger_edge
    ADD CONSTRAINT ledger_edge_pkey PRIMARY KEY (level);
ALTER TABLE ONLY public.ledger_apiclient
    ADD CONSTRAINT ledger_apiclient_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_apiclient
    ADD CONSTRAINT ledger_apiclient_application_id_key UNIQUE (application_id);
ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT ledger_entry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_job
    ADD CONSTRAINT ledger_job_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_job
    ADD CONSTRAINT one_job_per_kind_and_subject UNIQUE (kind, subject_id);
ALTER TABLE ONLY public.ledger_leaf
    ADD CONSTRAINT ledger_leaf_pkey PRIMARY KEY (index);
ALTER TABLE ONLY public.ledger_leaf
    ADD CONSTRAINT ledger_leaf_entry_id_key UNIQUE (entry_id);
ALTER TABLE ONLY public.ledger_pendingentry
    ADD CONSTRAINT ledger_pendingentry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_pendingentry
    ADD CONSTRAINT ledger_pendingentry_entry_id_key UNIQUE (entry_id);
ALTER TABLE ONLY public.ledger_tile
    ADD CONSTRAINT ledger_tile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_tile
    ADD CONSTRAINT tile_is_written_once UNIQUE (level, number);
CREATE INDEX ledger_apiclient_party_id_f0d815c2 ON public.ledger_apiclient USING btree (party_id);
CREATE INDEX job_waits ON public.ledger_job USING btree (run_at) WHERE ((done_at IS NULL) AND (given_up_at IS NULL));
ALTER TABLE ONLY public.ledger_proposal
    ADD CONSTRAINT ledger_proposal_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_approval
    ADD CONSTRAINT ledger_approval_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_approval
    ADD CONSTRAINT ledger_approval_proposal_id_key UNIQUE (proposal_id);
ALTER TABLE ONLY public.ledger_erasurerequest
    ADD CONSTRAINT ledger_erasurerequest_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_erasure
    ADD CONSTRAINT ledger_erasure_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_erasure
    ADD CONSTRAINT ledger_erasure_approval_id_key UNIQUE (approval_id);
ALTER TABLE ONLY public.ledger_erasure
    ADD CONSTRAINT ledger_erasure_request_id_key UNIQUE (request_id);
ALTER TABLE ONLY public.ledger_importbatch
    ADD CONSTRAINT ledger_importbatch_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_importedfact
    ADD CONSTRAINT ledger_importedfact_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_importedfact
    ADD CONSTRAINT line_becomes_a_fact_once UNIQUE (batch_id, line, "table", fact_id);
ALTER TABLE ONLY public.ledger_importoutcome
    ADD CONSTRAINT ledger_importoutcome_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_importoutcome
    ADD CONSTRAINT ledger_importoutcome_batch_id_key UNIQUE (batch_id);
ALTER TABLE ONLY public.ledger_importproblem
    ADD CONSTRAINT ledger_importproblem_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_importreversal
    ADD CONSTRAINT ledger_importreversal_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_importreversal
    ADD CONSTRAINT ledger_importreversal_batch_id_key UNIQUE (batch_id);
ALTER TABLE ONLY public.ledger_membership
    ADD CONSTRAINT ledger_membership_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_membershipend
    ADD CONSTRAINT ledger_membershipend_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_membershipend
    ADD CONSTRAINT ledger_membershipend_membership_id_key UNIQUE (membership_id);
ALTER TABLE ONLY public.ledger_savedmapping
    ADD CONSTRAINT ledger_savedmapping_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_importprogress
    ADD CONSTRAINT ledger_importprogress_pkey PRIMARY KEY (batch_id);
CREATE INDEX ledger_proposal_conflict_id_6d802841 ON public.ledger_proposal USING btree (conflict_id);
CREATE INDEX ledger_proposal_consent_id_dd6a8f5c ON public.ledger_proposal USING btree (consent_id);
CREATE INDEX ledger_proposal_other_party_id_7bcc3839 ON public.ledger_proposal USING btree (other_party_id);
CREATE INDEX ledger_proposal_party_id_5e77bf6f ON public.ledger_proposal USING btree (party_id);
CREATE INDEX ledger_proposal_proposed_by_id_f73f7333 ON public.ledger_proposal USING btree (proposed_by_id);
CREATE INDEX ledger_approval_approved_by_id_920e147e ON public.ledger_approval USING btree (approved_by_id);
CREATE INDEX ledger_approval_proposed_by_id_939bc86b ON public.ledger_approval USING btree (proposed_by_id);
CREATE INDEX ledger_erasurerequest_party_id_34e933a1 ON public.ledger_erasurerequest USING btree (party_id);
ALTER TABLE ONLY public.ledger_importbatch
    ADD CONSTRAINT file_is_imported_once UNIQUE NULLS NOT DISTINCT (organization_id, format, file_digest, mapping);
CREATE INDEX ledger_importbatch_organization_id_143b0aa2 ON public.ledger_importbatch USING btree (organization_id);
CREATE INDEX ledger_importedfact_batch_id_40eba4a6 ON public.ledger_importedfact USING btree (batch_id);
CREATE INDEX ledger_importproblem_batch_id_cd235d65 ON public.ledger_importproblem USING btree (batch_id);
CREATE INDEX ledger_membership_organization_id_18d45951 ON public.ledger_membership USING btree (organization_id);
CREATE INDEX ledger_membership_user_id_60737acd ON public.ledger_membership USING btree (user_id);
ALTER TABLE ONLY public.ledger_savedmapping
    ADD CONSTRAINT one_mapping_of_a_name UNIQUE NULLS NOT DISTINCT (organization_id, name);
CREATE INDEX ledger_savedmapping_organization_id_9f2bbcd8 ON public.ledger_savedmapping USING btree (organization_id);
ALTER TABLE ONLY public.ledger_campaignplan
    ADD CONSTRAINT ledger_campaignplan_pkey PRIMARY KEY (campaign_id);
ALTER TABLE ONLY public.ledger_campaignmailing
    ADD CONSTRAINT ledger_campaignmailing_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_campaignnotice
    ADD CONSTRAINT ledger_campaignnotice_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_campaignnotice
    ADD CONSTRAINT letter_goes_out_once_a_mailing UNIQUE (mailing_id, invitation_id);
CREATE INDEX ledger_campaignmailing_campaign_id_1a5614e2 ON public.ledger_campaignmailing USING btree (campaign_id);
CREATE INDEX ledger_campaignmailing_requested_by_id_79548782 ON public.ledger_campaignmailing USING btree (requested_by_id);
CREATE INDEX ledger_campaignnotice_invitation_id_035b2071 ON public.ledger_campaignnotice USING btree (invitation_id);
CREATE INDEX ledger_campaignnotice_mailing_id_ea843021 ON public.ledger_campaignnotice USING btree (mailing_id);
CREATE INDEX ledger_campaignnotice_shown_to_id_c2c7eaa1 ON public.ledger_campaignnotice USING btree (shown_to_id);
ALTER TABLE ONLY public.ledger_importrehearsal
    ADD CONSTRAINT ledger_importrehearsal_pkey PRIMARY KEY (batch_id);
ALTER TABLE ONLY public.ledger_rehearsedproblem
    ADD CONSTRAINT ledger_rehearsedproblem_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_importnote
    ADD CONSTRAINT ledger_importnote_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_importnote
    ADD CONSTRAINT line_is_noted_once UNIQUE (batch_id, line, kind, fact_id, text);
ALTER TABLE ONLY public.ledger_societyanswer
    ADD CONSTRAINT ledger_societyanswer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_societyanswer
    ADD CONSTRAINT answer_is_read_once UNIQUE (batch_id, line);
CREATE INDEX ledger_rehearsedproblem_batch_id_54b7f0f2 ON public.ledger_rehearsedproblem USING btree (batch_id);
CREATE INDEX ledger_importnote_batch_id_44860ada ON public.ledger_importnote USING btree (batch_id);
CREATE INDEX ledger_societyanswer_batch_id_6fce4c24 ON public.ledger_societyanswer USING btree (batch_id);
CREATE INDEX ledger_societyanswer_work_id_ec5c9664 ON public.ledger_societyanswer USING btree (work_id);
ALTER TABLE ONLY public.ledger_bandsactivation
    ADD CONSTRAINT ledger_bandsactivation_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_bandsversion
    ADD CONSTRAINT ledger_bandsversion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_reviewclaim
    ADD CONSTRAINT ledger_reviewclaim_pkey PRIMARY KEY (decision_id);
ALTER TABLE ONLY public.ledger_bandsactivation
    ADD CONSTRAINT ledger_bandsactivation_approval_id_key UNIQUE (approval_id);
ALTER TABLE ONLY public.ledger_bandsversion
    ADD CONSTRAINT one_bands_version_per_number UNIQUE (number);
ALTER TABLE ONLY public.ledger_bandsversion
    ADD CONSTRAINT bands_are_drafted_once UNIQUE (digest);
CREATE INDEX ledger_bandsversion_drafted_by_id_e27cf4b2 ON public.ledger_bandsversion USING btree (drafted_by_id);
CREATE INDEX ledger_bandsactivation_bands_id_587ef47b ON public.ledger_bandsactivation USING btree (bands_id);
CREATE INDEX ledger_proposal_bands_id_d08cdd25 ON public.ledger_proposal USING btree (bands_id);
CREATE INDEX ledger_reviewclaim_assigned_by_id_97423f66 ON public.ledger_reviewclaim USING btree (assigned_by_id);
CREATE INDEX ledger_reviewclaim_reviewer_id_26878637 ON public.ledger_reviewclaim USING btree (reviewer_id);
ALTER TABLE ONLY public.ledger_enrollment
    ADD CONSTRAINT ledger_enrollment_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_enrollmentfile
    ADD CONSTRAINT ledger_enrollmentfile_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_enrollmentprogress
    ADD CONSTRAINT ledger_enrollmentprogress_pkey PRIMARY KEY (enrollment_id);
CREATE INDEX files_of_a_part ON public.ledger_enrollmentfile USING btree (part);
CREATE INDEX results_of_an_enrollment ON public.ledger_enrollmentfile USING btree (enrollment_id, result);
ALTER TABLE ONLY public.ledger_enrollmentfile
    ADD CONSTRAINT file_is_enrolled_once UNIQUE (enrollment_id, name);
CREATE INDEX ledger_enrollment_organization_id_a09cbee3 ON public.ledger_enrollment USING btree (organization_id);
CREATE INDEX ledger_enrollmentfile_enrollment_id_e896d585 ON public.ledger_enrollmentfile USING btree (enrollment_id);
CREATE INDEX ledger_enrollmentfile_recording_id_d56ced0e ON public.ledger_enrollmentfile USING btree (recording_id);
ALTER TABLE ONLY public.ledger_outputwatch
    ADD CONSTRAINT ledger_outputwatch_pkey PRIMARY KEY (decision_id);
ALTER TABLE ONLY public.ledger_copyorder
    ADD CONSTRAINT ledger_copyorder_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_copyorder
    ADD CONSTRAINT copy_is_ordered_once UNIQUE (decision_id, media_type);
CREATE INDEX ledger_copyorder_decision_id_bfe71541 ON public.ledger_copyorder USING btree (decision_id);
ALTER TABLE ONLY public.ledger_shardquestion
    ADD CONSTRAINT ledger_shardquestion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_divisionwatch
    ADD CONSTRAINT ledger_divisionwatch_pkey PRIMARY KEY (decision_id);
ALTER TABLE ONLY public.ledger_operation
    ADD CONSTRAINT ledger_operation_pkey PRIMARY KEY (id);
CREATE INDEX operation_is_the_last ON public.ledger_operation USING btree (kind, ended_at);
ALTER TABLE ONLY public.ledger_packorder
    ADD CONSTRAINT ledger_packorder_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_packprogress
    ADD CONSTRAINT ledger_packprogress_pkey PRIMARY KEY (order_id);
ALTER TABLE ONLY public.ledger_packpart
    ADD CONSTRAINT ledger_packpart_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_replayround
    ADD CONSTRAINT ledger_replayround_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_replayround
    ADD CONSTRAINT checkpoint_draws_once UNIQUE (size);
ALTER TABLE ONLY public.ledger_replayedentry
    ADD CONSTRAINT ledger_replayedentry_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_packpart
    ADD CONSTRAINT part_of_a_pack_is_made_once UNIQUE (order_id, number);
ALTER TABLE ONLY public.ledger_replayedentry
    ADD CONSTRAINT entry_is_drawn_once_a_round UNIQUE (round_id, entry_id);
CREATE INDEX ledger_packorder_ordered_by_id_156503db ON public.ledger_packorder USING btree (ordered_by_id);
CREATE INDEX ledger_packorder_party_id_01c3b902 ON public.ledger_packorder USING btree (party_id);
CREATE INDEX ledger_packorder_run_id_22cf10e2 ON public.ledger_packorder USING btree (run_id);
CREATE INDEX ledger_packorder_submission_id_89bddc9b ON public.ledger_packorder USING btree (submission_id);
CREATE INDEX ledger_packpart_order_id_0dc9f818 ON public.ledger_packpart USING btree (order_id);
CREATE INDEX ledger_replayedentry_entry_id_762016bd ON public.ledger_replayedentry USING btree (entry_id);
CREATE INDEX ledger_replayedentry_round_id_4b439db5 ON public.ledger_replayedentry USING btree (round_id);
ALTER TABLE ONLY public.ledger_cosignature
    ADD CONSTRAINT ledger_cosignature_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_logkeychange
    ADD CONSTRAINT ledger_logkeychange_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_witnessstate
    ADD CONSTRAINT ledger_witnessstate_pkey PRIMARY KEY (verifier);
ALTER TABLE ONLY public.ledger_logkeychange
    ADD CONSTRAINT log_key_changes_once UNIQUE (act, verifier);
ALTER TABLE ONLY public.ledger_cosignature
    ADD CONSTRAINT witness_cosigns_once UNIQUE (checkpoint_id, witness, key_id);
CREATE INDEX ledger_witnessstate_verifier_24afbec5_like ON public.ledger_witnessstate USING btree (verifier text_pattern_ops);
CREATE INDEX leaves_are_found_by_hash ON public.ledger_leaf USING hash (hash);
ALTER TABLE ONLY public.ledger_auditengagement
    ADD CONSTRAINT ledger_auditengagement_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_auditexception
    ADD CONSTRAINT ledger_auditexception_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_auditnote
    ADD CONSTRAINT ledger_auditnote_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_auditsample
    ADD CONSTRAINT ledger_auditsample_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_auditsampleitem
    ADD CONSTRAINT ledger_auditsampleitem_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_dossierread
    ADD CONSTRAINT ledger_dossierread_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_keptanswer
    ADD CONSTRAINT ledger_keptanswer_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_savedquestion
    ADD CONSTRAINT ledger_savedquestion_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.ledger_auditengagement
    ADD CONSTRAINT ledger_auditengagement_membership_id_key UNIQUE (membership_id);
ALTER TABLE ONLY public.ledger_auditsampleitem
    ADD CONSTRAINT sampled_line_has_its_own_position UNIQUE (sample_id, "position");
ALTER TABLE ONLY public.ledger_auditsampleitem
    ADD CONSTRAINT line_is_sampled_once UNIQUE (sample_id, statement_id, partition, line);
ALTER TABLE ONLY public.ledger_auditexception
    ADD CONSTRAINT exception_has_its_own_position UNIQUE (item_id, "position");
CREATE INDEX reads_of_a_dossier ON public.ledger_dossierread USING btree (fact_id, read_at);
CREATE INDEX reads_by_time ON public.ledger_dossierread USING btree (read_at);
CREATE INDEX question_is_due ON public.ledger_savedquestion USING btree (next_at) WHERE (ended_at IS NULL);
ALTER TABLE ONLY public.ledger_keptanswer
    ADD CONSTRAINT question_is_answered_once_a_time UNIQUE (saved_id, due_at);
CREATE INDEX ledger_auditexception_owner_id_0f3afa89 ON public.ledger_auditexception USING btree (owner_id);
CREATE INDEX ledger_auditexception_recorded_by_id_7118a87e ON public.ledger_auditexception USING btree (recorded_by_id);
CREATE INDEX ledger_auditnote_engagement_id_f4eaefc2 ON public.ledger_auditnote USING btree (engagement_id);
CREATE INDEX ledger_auditnote_entry_id_c47a0981 ON public.ledger_auditnote USING btree (entry_id);
CREATE INDEX ledger_auditnote_noted_by_id_776735ba ON public.ledger_auditnote USING btree (noted_by_id);
CREATE INDEX ledger_auditnote_organization_id_c6b3fdc7 ON public.ledger_auditnote USING btree (organization_id);
CREATE INDEX ledger_auditnote_statement_id_77439739 ON public.ledger_auditnote USING btree (statement_id);
CREATE INDEX ledger_auditnote_submission_id_f051de2e ON public.ledger_auditnote USING btree (submission_id);
CREATE INDEX ledger_auditsample_drawn_by_id_9be7b416 ON public.ledger_auditsample USING btree (drawn_by_id);
CREATE INDEX ledger_auditsample_engagement_id_c862680c ON public.ledger_auditsample USING btree (engagement_id);
CREATE INDEX ledger_auditsample_organization_id_f4786516 ON public.ledger_auditsample USING btree (organization_id);
CREATE INDEX ledger_auditsample_payee_id_81565652 ON public.ledger_auditsample USING btree (payee_id);
CREATE INDEX ledger_auditsampleitem_sample_id_ce67f42c ON public.ledger_auditsampleitem USING btree (sample_id);
CREATE INDEX ledger_auditsampleitem_statement_id_53e46b61 ON public.ledger_auditsampleitem USING btree (statement_id);
CREATE INDEX ledger_auditexception_item_id_02800325 ON public.ledger_auditexception USING btree (item_id);
CREATE INDEX ledger_dossierread_client_id_5371f8e5 ON public.ledger_dossierread USING btree (client_id);
CREATE INDEX ledger_dossierread_engagement_id_b5db1f25 ON public.ledger_dossierread USING btree (engagement_id);
CREATE INDEX ledger_dossierread_user_id_967f8544 ON public.ledger_dossierread USING btree (user_id);
CREATE INDEX ledger_savedquestion_asked_by_id_535f01e8 ON public.ledger_savedquestion USING btree (asked_by_id);
CREATE INDEX ledger_savedquestion_engagement_id_ad49031d ON public.ledger_savedquestion USING btree (engagement_id);
CREATE INDEX ledger_savedquestion_organization_id_0f61c7e3 ON public.ledger_savedquestion USING btree (organization_id);
CREATE INDEX ledger_keptanswer_saved_id_22f53b79 ON public.ledger_keptanswer USING btree (saved_id);
ALTER TABLE ONLY public.ledger_entry
    ADD CONSTRAINT fact_is_entered_once UNIQUE (subject, fact);
CREATE TRIGGER appeal_goes_to_another_reviewer BEFORE INSERT ON public.rights_appealanswer FOR EACH ROW EXECUTE FUNCTION public.keep_appeals_apart();
CREATE TRIGGER consent_follows_its_course BEFORE INSERT ON public.rights_consentevent FOR EACH ROW EXECUTE FUNCTION public.keep_consent_course();
CREATE TRIGGER decisions_stand_in_a_row BEFORE INSERT ON public.rights_decision FOR EACH ROW EXECUTE FUNCTION public.keep_decisions_in_a_row();
CREATE TRIGGER ended_enrollment_has_no_template BEFORE INSERT OR UPDATE ON public.rights_voicetemplate FOR EACH ROW EXECUTE FUNCTION public.refuse_template_of_the_ended();
CREATE TRIGGER entries_are_taken AFTER INSERT ON public.ledger_entry REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.take_entries();
CREATE TRIGGER fingerprint_audio_is_append_only BEFORE DELETE OR UPDATE ON public.fingerprint_audio FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.fingerprint_audio ENABLE ALWAYS TRIGGER fingerprint_audio_is_append_only;
CREATE TRIGGER fingerprint_embedding_is_append_only BEFORE DELETE OR UPDATE ON public.fingerprint_embedding FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.fingerprint_embedding ENABLE ALWAYS TRIGGER fingerprint_embedding_is_append_only;
CREATE TRIGGER fingerprint_examination_is_append_only BEFORE DELETE OR UPDATE ON public.fingerprint_examination FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.fingerprint_examination ENABLE ALWAYS TRIGGER fingerprint_examination_is_append_only;
CREATE TRIGGER fingerprint_fingerprint_is_append_only BEFORE DELETE OR UPDATE ON public.fingerprint_fingerprint FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.fingerprint_fingerprint ENABLE ALWAYS TRIGGER fingerprint_fingerprint_is_append_only;
CREATE TRIGGER fingerprint_indexsnapshot_is_append_only BEFORE DELETE OR UPDATE ON public.fingerprint_indexsnapshot FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.fingerprint_indexsnapshot ENABLE ALWAYS TRIGGER fingerprint_indexsnapshot_is_append_only;
CREATE TRIGGER fingerprint_melody_is_append_only BEFORE DELETE OR UPDATE ON public.fingerprint_melody FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.fingerprint_melody ENABLE ALWAYS TRIGGER fingerprint_melody_is_append_only;
CREATE TRIGGER fingerprint_reference_is_append_only BEFORE DELETE OR UPDATE ON public.fingerprint_reference FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.fingerprint_reference ENABLE ALWAYS TRIGGER fingerprint_reference_is_append_only;
CREATE TRIGGER fingerprint_trace_is_append_only BEFORE DELETE OR UPDATE ON public.fingerprint_trace FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.fingerprint_trace ENABLE ALWAYS TRIGGER fingerprint_trace_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_approval_has_its_entry AFTER INSERT ON public.ledger_approval DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_approval_has_its_entry('approval', 'id');
CREATE TRIGGER ledger_approval_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_approval FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_approval ENABLE ALWAYS TRIGGER ledger_approval_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_auditengagement_has_its_entry AFTER INSERT ON public.ledger_auditengagement DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_auditengagement_has_its_entry('membership', 'membership_id');
CREATE TRIGGER ledger_auditengagement_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_auditengagement FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_auditengagement ENABLE ALWAYS TRIGGER ledger_auditengagement_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_auditexception_has_its_entry AFTER INSERT ON public.ledger_auditexception DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_auditexception_has_its_entry('audit_exception', 'id');
CREATE TRIGGER ledger_auditexception_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_auditexception FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_auditexception ENABLE ALWAYS TRIGGER ledger_auditexception_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_auditnote_has_its_entry AFTER INSERT ON public.ledger_auditnote DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_auditnote_has_its_entry('audit_note', 'id');
CREATE TRIGGER ledger_auditnote_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_auditnote FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_auditnote ENABLE ALWAYS TRIGGER ledger_auditnote_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_auditsample_has_its_entry AFTER INSERT ON public.ledger_auditsample DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_auditsample_has_its_entry('audit_sample', 'id');
CREATE TRIGGER ledger_auditsample_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_auditsample FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_auditsample ENABLE ALWAYS TRIGGER ledger_auditsample_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_auditsampleitem_has_its_entry AFTER INSERT ON public.ledger_auditsampleitem DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_auditsampleitem_has_its_entry('audit_sample', 'sample_id');
CREATE TRIGGER ledger_auditsampleitem_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_auditsampleitem FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_auditsampleitem ENABLE ALWAYS TRIGGER ledger_auditsampleitem_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_bandsactivation_has_its_entry AFTER INSERT ON public.ledger_bandsactivation DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_bandsactivation_has_its_entry('bands_activation', 'id');
CREATE TRIGGER ledger_bandsactivation_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_bandsactivation FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_bandsactivation ENABLE ALWAYS TRIGGER ledger_bandsactivation_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_bandsversion_has_its_entry AFTER INSERT ON public.ledger_bandsversion DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_bandsversion_has_its_entry('bands', 'id');
CREATE TRIGGER ledger_bandsversion_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_bandsversion FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_bandsversion ENABLE ALWAYS TRIGGER ledger_bandsversion_is_append_only;
CREATE TRIGGER ledger_campaignmailing_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_campaignmailing FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_campaignmailing ENABLE ALWAYS TRIGGER ledger_campaignmailing_is_append_only;
CREATE TRIGGER ledger_campaignnotice_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_campaignnotice FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_campaignnotice ENABLE ALWAYS TRIGGER ledger_campaignnotice_is_append_only;
CREATE TRIGGER ledger_checkpoint_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_checkpoint FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_checkpoint ENABLE ALWAYS TRIGGER ledger_checkpoint_is_append_only;
CREATE TRIGGER ledger_copyorder_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_copyorder FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_copyorder ENABLE ALWAYS TRIGGER ledger_copyorder_is_append_only;
CREATE TRIGGER ledger_cosignature_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_cosignature FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_cosignature ENABLE ALWAYS TRIGGER ledger_cosignature_is_append_only;
CREATE TRIGGER ledger_dossierread_is_kept BEFORE DELETE OR UPDATE ON public.ledger_dossierread FOR EACH ROW EXECUTE FUNCTION public.refuse_early_forgetting();
ALTER TABLE public.ledger_dossierread ENABLE ALWAYS TRIGGER ledger_dossierread_is_kept;
CREATE TRIGGER ledger_enrollment_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_enrollment FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_enrollment ENABLE ALWAYS TRIGGER ledger_enrollment_is_append_only;
CREATE TRIGGER ledger_entry_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_entry FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_entry ENABLE ALWAYS TRIGGER ledger_entry_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_erasure_has_its_entry AFTER INSERT ON public.ledger_erasure DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_erasure_has_its_entry('erasure', 'id');
CREATE TRIGGER ledger_erasure_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_erasure FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_erasure ENABLE ALWAYS TRIGGER ledger_erasure_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_erasurerequest_has_its_entry AFTER INSERT ON public.ledger_erasurerequest DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_erasurerequest_has_its_entry('erasure_request', 'id');
CREATE TRIGGER ledger_erasurerequest_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_erasurerequest FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_erasurerequest ENABLE ALWAYS TRIGGER ledger_erasurerequest_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_importbatch_has_its_entry AFTER INSERT ON public.ledger_importbatch DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_importbatch_has_its_entry('import_batch', 'id');
CREATE TRIGGER ledger_importbatch_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_importbatch FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_importbatch ENABLE ALWAYS TRIGGER ledger_importbatch_is_append_only;
CREATE TRIGGER ledger_importedfact_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_importedfact FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_importedfact ENABLE ALWAYS TRIGGER ledger_importedfact_is_append_only;
CREATE TRIGGER ledger_importnote_is_never_changed BEFORE UPDATE ON public.ledger_importnote FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_importnote ENABLE ALWAYS TRIGGER ledger_importnote_is_never_changed;
CREATE CONSTRAINT TRIGGER ledger_importoutcome_has_its_entry AFTER INSERT ON public.ledger_importoutcome DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_importoutcome_has_its_entry('import_outcome', 'id');
CREATE TRIGGER ledger_importoutcome_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_importoutcome FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_importoutcome ENABLE ALWAYS TRIGGER ledger_importoutcome_is_append_only;
CREATE TRIGGER ledger_importproblem_is_never_changed BEFORE UPDATE ON public.ledger_importproblem FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_importproblem ENABLE ALWAYS TRIGGER ledger_importproblem_is_never_changed;
CREATE CONSTRAINT TRIGGER ledger_importreversal_has_its_entry AFTER INSERT ON public.ledger_importreversal DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_importreversal_has_its_entry('import_reversal', 'id');
CREATE TRIGGER ledger_importreversal_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_importreversal FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_importreversal ENABLE ALWAYS TRIGGER ledger_importreversal_is_append_only;
CREATE TRIGGER ledger_leaf_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_leaf FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_leaf ENABLE ALWAYS TRIGGER ledger_leaf_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_logkeychange_has_its_entry AFTER INSERT ON public.ledger_logkeychange DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_logkeychange_has_its_entry('log_key_change', 'id');
CREATE TRIGGER ledger_logkeychange_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_logkeychange FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_logkeychange ENABLE ALWAYS TRIGGER ledger_logkeychange_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_membership_has_its_entry AFTER INSERT ON public.ledger_membership DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_membership_has_its_entry('membership', 'id');
CREATE TRIGGER ledger_membership_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_membership FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_membership ENABLE ALWAYS TRIGGER ledger_membership_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_membershipend_has_its_entry AFTER INSERT ON public.ledger_membershipend DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_membershipend_has_its_entry('membership_end', 'id');
CREATE TRIGGER ledger_membershipend_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_membershipend FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_membershipend ENABLE ALWAYS TRIGGER ledger_membershipend_is_append_only;
CREATE TRIGGER ledger_operation_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_operation FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_operation ENABLE ALWAYS TRIGGER ledger_operation_is_append_only;
CREATE TRIGGER ledger_packorder_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_packorder FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_packorder ENABLE ALWAYS TRIGGER ledger_packorder_is_append_only;
CREATE TRIGGER ledger_packpart_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_packpart FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_packpart ENABLE ALWAYS TRIGGER ledger_packpart_is_append_only;
CREATE CONSTRAINT TRIGGER ledger_proposal_has_its_entry AFTER INSERT ON public.ledger_proposal DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.ledger_proposal_has_its_entry('proposal', 'id');
CREATE TRIGGER ledger_proposal_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_proposal FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_proposal ENABLE ALWAYS TRIGGER ledger_proposal_is_append_only;
CREATE TRIGGER ledger_replayedentry_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_replayedentry FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_replayedentry ENABLE ALWAYS TRIGGER ledger_replayedentry_is_append_only;
CREATE TRIGGER ledger_replayround_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_replayround FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_replayround ENABLE ALWAYS TRIGGER ledger_replayround_is_append_only;
CREATE TRIGGER ledger_societyanswer_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_societyanswer FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_societyanswer ENABLE ALWAYS TRIGGER ledger_societyanswer_is_append_only;
CREATE TRIGGER ledger_tile_is_append_only BEFORE DELETE OR UPDATE ON public.ledger_tile FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.ledger_tile ENABLE ALWAYS TRIGGER ledger_tile_is_append_only;
CREATE TRIGGER license_follows_its_course BEFORE INSERT ON public.rights_licenseevent FOR EACH ROW EXECUTE FUNCTION public.keep_license_course();
CREATE TRIGGER merges_are_flat BEFORE INSERT ON public.rights_partymerge FOR EACH ROW EXECUTE FUNCTION public.keep_merges_flat();
CREATE CONSTRAINT TRIGGER provenance_certificate_has_its_entry AFTER INSERT ON public.provenance_certificate DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.provenance_certificate_has_its_entry('certificate', 'id');
CREATE TRIGGER provenance_certificate_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_certificate FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_certificate ENABLE ALWAYS TRIGGER provenance_certificate_is_append_only;
CREATE CONSTRAINT TRIGGER provenance_disclosure_has_its_entry AFTER INSERT ON public.provenance_disclosure DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.provenance_disclosure_has_its_entry('disclosure', 'id');
CREATE TRIGGER provenance_disclosure_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_disclosure FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_disclosure ENABLE ALWAYS TRIGGER provenance_disclosure_is_append_only;
CREATE TRIGGER provenance_disclosure_stays_together BEFORE INSERT ON public.provenance_disclosure FOR EACH ROW EXECUTE FUNCTION public.keep_records_together();
CREATE CONSTRAINT TRIGGER provenance_disclosureanswer_has_its_entry AFTER INSERT ON public.provenance_disclosureanswer DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.provenance_disclosureanswer_has_its_entry('disclosure_answer', 'id');
CREATE TRIGGER provenance_disclosureanswer_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_disclosureanswer FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_disclosureanswer ENABLE ALWAYS TRIGGER provenance_disclosureanswer_is_append_only;
CREATE CONSTRAINT TRIGGER provenance_foreignmanifest_has_its_entry AFTER INSERT ON public.provenance_foreignmanifest DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.provenance_foreignmanifest_has_its_entry('decision', 'decision_id');
CREATE TRIGGER provenance_foreignmanifest_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_foreignmanifest FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_foreignmanifest ENABLE ALWAYS TRIGGER provenance_foreignmanifest_is_append_only;
CREATE CONSTRAINT TRIGGER provenance_manifest_has_its_entry AFTER INSERT ON public.provenance_manifest DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.provenance_manifest_has_its_entry('decision', 'decision_id');
CREATE TRIGGER provenance_manifest_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_manifest FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_manifest ENABLE ALWAYS TRIGGER provenance_manifest_is_append_only;
CREATE CONSTRAINT TRIGGER provenance_manifeststatus_has_its_entry AFTER INSERT ON public.provenance_manifeststatus DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.provenance_manifeststatus_has_its_entry('manifest_status', 'id');
CREATE TRIGGER provenance_manifeststatus_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_manifeststatus FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_manifeststatus ENABLE ALWAYS TRIGGER provenance_manifeststatus_is_append_only;
CREATE TRIGGER provenance_outputfingerprint_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_outputfingerprint FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_outputfingerprint ENABLE ALWAYS TRIGGER provenance_outputfingerprint_is_append_only;
CREATE CONSTRAINT TRIGGER provenance_signedcopy_has_its_entry AFTER INSERT ON public.provenance_signedcopy DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.provenance_signedcopy_has_its_entry('signed_copy', 'id');
CREATE TRIGGER provenance_signedcopy_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_signedcopy FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_signedcopy ENABLE ALWAYS TRIGGER provenance_signedcopy_is_append_only;
CREATE CONSTRAINT TRIGGER provenance_signerchange_has_its_entry AFTER INSERT ON public.provenance_signerchange DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.provenance_signerchange_has_its_entry('signer_change', 'id');
CREATE TRIGGER provenance_signerchange_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_signerchange FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_signerchange ENABLE ALWAYS TRIGGER provenance_signerchange_is_append_only;
CREATE CONSTRAINT TRIGGER provenance_softbinding_has_its_entry AFTER INSERT ON public.provenance_softbinding DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('decision', 'decision_id', 'soft_binding', 'id');
CREATE TRIGGER provenance_softbinding_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_softbinding FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_softbinding ENABLE ALWAYS TRIGGER provenance_softbinding_is_append_only;
CREATE CONSTRAINT TRIGGER provenance_timestamp_has_its_entry AFTER INSERT ON public.provenance_timestamp DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.provenance_timestamp_has_its_entry('timestamp', 'id');
CREATE TRIGGER provenance_timestamp_is_append_only BEFORE DELETE OR UPDATE ON public.provenance_timestamp FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.provenance_timestamp ENABLE ALWAYS TRIGGER provenance_timestamp_is_append_only;
CREATE TRIGGER recording_has_one_audio BEFORE INSERT ON public.rights_recordingaudio FOR EACH ROW EXECUTE FUNCTION public.refuse_second_audio();
CREATE CONSTRAINT TRIGGER rights_allowance_has_its_entry AFTER INSERT ON public.rights_allowance DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_allowance_has_its_entry('appeal_answer', 'answer_id');
CREATE TRIGGER rights_allowance_is_append_only BEFORE DELETE OR UPDATE ON public.rights_allowance FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_allowance ENABLE ALWAYS TRIGGER rights_allowance_is_append_only;
CREATE CONSTRAINT TRIGGER rights_appeal_has_its_entry AFTER INSERT ON public.rights_appeal DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_appeal_has_its_entry('appeal', 'id');
CREATE TRIGGER rights_appeal_is_append_only BEFORE DELETE OR UPDATE ON public.rights_appeal FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_appeal ENABLE ALWAYS TRIGGER rights_appeal_is_append_only;
CREATE CONSTRAINT TRIGGER rights_appealanswer_has_its_entry AFTER INSERT ON public.rights_appealanswer DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_appealanswer_has_its_entry('appeal_answer', 'id');
CREATE TRIGGER rights_appealanswer_is_append_only BEFORE DELETE OR UPDATE ON public.rights_appealanswer FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_appealanswer ENABLE ALWAYS TRIGGER rights_appealanswer_is_append_only;
CREATE CONSTRAINT TRIGGER rights_appealevidence_has_its_entry AFTER INSERT ON public.rights_appealevidence DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_appealevidence_has_its_entry('appeal', 'appeal_id');
CREATE TRIGGER rights_appealevidence_is_append_only BEFORE DELETE OR UPDATE ON public.rights_appealevidence FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_appealevidence ENABLE ALWAYS TRIGGER rights_appealevidence_is_append_only;
CREATE CONSTRAINT TRIGGER rights_campaign_has_its_entry AFTER INSERT ON public.rights_campaign DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_campaign_has_its_entry('campaign', 'id');
CREATE TRIGGER rights_campaign_is_append_only BEFORE DELETE OR UPDATE ON public.rights_campaign FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_campaign ENABLE ALWAYS TRIGGER rights_campaign_is_append_only;
CREATE CONSTRAINT TRIGGER rights_campaigninvitation_has_its_entry AFTER INSERT ON public.rights_campaigninvitation DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_campaigninvitation_has_its_entry('consent', 'consent_id');
CREATE TRIGGER rights_campaigninvitation_is_append_only BEFORE DELETE OR UPDATE ON public.rights_campaigninvitation FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_campaigninvitation ENABLE ALWAYS TRIGGER rights_campaigninvitation_is_append_only;
CREATE CONSTRAINT TRIGGER rights_clearance_has_its_entry AFTER INSERT ON public.rights_clearance DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_clearance_has_its_entry('clearance', 'id');
CREATE TRIGGER rights_clearance_is_append_only BEFORE DELETE OR UPDATE ON public.rights_clearance FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_clearance ENABLE ALWAYS TRIGGER rights_clearance_is_append_only;
CREATE CONSTRAINT TRIGGER rights_clearanceanswers_has_its_entry AFTER INSERT ON public.rights_clearanceanswers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_clearanceanswers_has_its_entry('clearance', 'clearance_id');
CREATE TRIGGER rights_clearanceanswers_is_append_only BEFORE DELETE OR UPDATE ON public.rights_clearanceanswers FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_clearanceanswers ENABLE ALWAYS TRIGGER rights_clearanceanswers_is_append_only;
CREATE CONSTRAINT TRIGGER rights_conflict_has_its_entry AFTER INSERT ON public.rights_conflict DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_conflict_has_its_entry('conflict', 'id');
CREATE TRIGGER rights_conflict_is_append_only BEFORE DELETE OR UPDATE ON public.rights_conflict FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_conflict ENABLE ALWAYS TRIGGER rights_conflict_is_append_only;
CREATE CONSTRAINT TRIGGER rights_conflictclaim_has_its_entry AFTER INSERT ON public.rights_conflictclaim DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_conflictclaim_has_its_entry('conflict', 'conflict_id');
CREATE TRIGGER rights_conflictclaim_is_append_only BEFORE DELETE OR UPDATE ON public.rights_conflictclaim FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_conflictclaim ENABLE ALWAYS TRIGGER rights_conflictclaim_is_append_only;
CREATE CONSTRAINT TRIGGER rights_conflictevent_has_its_entry AFTER INSERT ON public.rights_conflictevent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_conflictevent_has_its_entry('conflict_event', 'id');
CREATE TRIGGER rights_conflictevent_is_append_only BEFORE DELETE OR UPDATE ON public.rights_conflictevent FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_conflictevent ENABLE ALWAYS TRIGGER rights_conflictevent_is_append_only;
CREATE CONSTRAINT TRIGGER rights_consent_has_its_entry AFTER INSERT ON public.rights_consent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_consent_has_its_entry('consent', 'id');
CREATE TRIGGER rights_consent_is_append_only BEFORE DELETE OR UPDATE ON public.rights_consent FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_consent ENABLE ALWAYS TRIGGER rights_consent_is_append_only;
CREATE CONSTRAINT TRIGGER rights_consentasset_has_its_entry AFTER INSERT ON public.rights_consentasset DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_consentasset_has_its_entry('consent', 'consent_id');
CREATE TRIGGER rights_consentasset_is_append_only BEFORE DELETE OR UPDATE ON public.rights_consentasset FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_consentasset ENABLE ALWAYS TRIGGER rights_consentasset_is_append_only;
CREATE CONSTRAINT TRIGGER rights_consentevent_has_its_entry AFTER INSERT ON public.rights_consentevent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('consent', 'consent_id', 'consent_event', 'id');
CREATE TRIGGER rights_consentevent_is_append_only BEFORE DELETE OR UPDATE ON public.rights_consentevent FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_consentevent ENABLE ALWAYS TRIGGER rights_consentevent_is_append_only;
CREATE CONSTRAINT TRIGGER rights_consentevidence_has_its_entry AFTER INSERT ON public.rights_consentevidence DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('consent', 'consent_id', 'consent_event', 'event_id');
CREATE TRIGGER rights_consentevidence_is_append_only BEFORE DELETE OR UPDATE ON public.rights_consentevidence FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_consentevidence ENABLE ALWAYS TRIGGER rights_consentevidence_is_append_only;
CREATE CONSTRAINT TRIGGER rights_consentoverride_has_its_entry AFTER INSERT ON public.rights_consentoverride DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_consentoverride_has_its_entry('consent', 'consent_id');
CREATE TRIGGER rights_consentoverride_is_append_only BEFORE DELETE OR UPDATE ON public.rights_consentoverride FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_consentoverride ENABLE ALWAYS TRIGGER rights_consentoverride_is_append_only;
CREATE CONSTRAINT TRIGGER rights_contribution_has_its_entry AFTER INSERT ON public.rights_contribution DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('submission', 'submission_id', 'contribution_record', 'record_id');
CREATE TRIGGER rights_contribution_is_append_only BEFORE DELETE OR UPDATE ON public.rights_contribution FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_contribution ENABLE ALWAYS TRIGGER rights_contribution_is_append_only;
CREATE TRIGGER rights_contribution_stays_together BEFORE INSERT ON public.rights_contribution FOR EACH ROW EXECUTE FUNCTION public.keep_records_together();
CREATE CONSTRAINT TRIGGER rights_contributionact_has_its_entry AFTER INSERT ON public.rights_contributionact DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('submission', 'submission_id', 'contribution_record', 'record_id');
CREATE TRIGGER rights_contributionact_is_append_only BEFORE DELETE OR UPDATE ON public.rights_contributionact FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_contributionact ENABLE ALWAYS TRIGGER rights_contributionact_is_append_only;
CREATE TRIGGER rights_contributionact_stays_together BEFORE INSERT ON public.rights_contributionact FOR EACH ROW EXECUTE FUNCTION public.keep_records_together();
CREATE CONSTRAINT TRIGGER rights_contributionevidence_has_its_entry AFTER INSERT ON public.rights_contributionevidence DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('submission', 'submission_id', 'contribution_record', 'record_id');
CREATE TRIGGER rights_contributionevidence_is_append_only BEFORE DELETE OR UPDATE ON public.rights_contributionevidence FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_contributionevidence ENABLE ALWAYS TRIGGER rights_contributionevidence_is_append_only;
CREATE TRIGGER rights_contributionevidence_stays_together BEFORE INSERT ON public.rights_contributionevidence FOR EACH ROW EXECUTE FUNCTION public.keep_records_together();
CREATE CONSTRAINT TRIGGER rights_contributionrecord_has_its_entry AFTER INSERT ON public.rights_contributionrecord DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_contributionrecord_has_its_entry('contribution_record', 'id');
CREATE TRIGGER rights_contributionrecord_is_append_only BEFORE DELETE OR UPDATE ON public.rights_contributionrecord FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_contributionrecord ENABLE ALWAYS TRIGGER rights_contributionrecord_is_append_only;
CREATE CONSTRAINT TRIGGER rights_dataset_has_its_entry AFTER INSERT ON public.rights_dataset DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_dataset_has_its_entry('dataset', 'id');
CREATE TRIGGER rights_dataset_is_append_only BEFORE DELETE OR UPDATE ON public.rights_dataset FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_dataset ENABLE ALWAYS TRIGGER rights_dataset_is_append_only;
CREATE CONSTRAINT TRIGGER rights_datasetexclusion_has_its_entry AFTER INSERT ON public.rights_datasetexclusion DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_datasetexclusion_has_its_entry('dataset', 'dataset_id');
CREATE TRIGGER rights_datasetexclusion_is_append_only BEFORE DELETE OR UPDATE ON public.rights_datasetexclusion FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_datasetexclusion ENABLE ALWAYS TRIGGER rights_datasetexclusion_is_append_only;
CREATE CONSTRAINT TRIGGER rights_datasetmember_has_its_entry AFTER INSERT ON public.rights_datasetmember DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_datasetmember_has_its_entry('dataset', 'dataset_id');
CREATE TRIGGER rights_datasetmember_is_append_only BEFORE DELETE OR UPDATE ON public.rights_datasetmember FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_datasetmember ENABLE ALWAYS TRIGGER rights_datasetmember_is_append_only;
CREATE CONSTRAINT TRIGGER rights_decision_has_its_entry AFTER INSERT ON public.rights_decision DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_decision_has_its_entry('decision', 'id');
CREATE TRIGGER rights_decision_is_append_only BEFORE DELETE OR UPDATE ON public.rights_decision FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_decision ENABLE ALWAYS TRIGGER rights_decision_is_append_only;
CREATE CONSTRAINT TRIGGER rights_finding_has_its_entry AFTER INSERT ON public.rights_finding DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_finding_has_its_entry('decision', 'decision_id');
CREATE TRIGGER rights_finding_is_append_only BEFORE DELETE OR UPDATE ON public.rights_finding FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_finding ENABLE ALWAYS TRIGGER rights_finding_is_append_only;
CREATE CONSTRAINT TRIGGER rights_identifier_has_its_entry AFTER INSERT ON public.rights_identifier DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_identifier_has_its_entry('identifier', 'id');
CREATE TRIGGER rights_identifier_is_append_only BEFORE DELETE OR UPDATE ON public.rights_identifier FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_identifier ENABLE ALWAYS TRIGGER rights_identifier_is_append_only;
CREATE CONSTRAINT TRIGGER rights_identifierfinding_has_its_entry AFTER INSERT ON public.rights_identifierfinding DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_identifierfinding_has_its_entry('identifier_finding', 'id');
CREATE TRIGGER rights_identifierfinding_is_append_only BEFORE DELETE OR UPDATE ON public.rights_identifierfinding FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_identifierfinding ENABLE ALWAYS TRIGGER rights_identifierfinding_is_append_only;
CREATE CONSTRAINT TRIGGER rights_influence_has_its_entry AFTER INSERT ON public.rights_influence DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_influence_has_its_entry('influence', 'id');
CREATE TRIGGER rights_influence_is_append_only BEFORE DELETE OR UPDATE ON public.rights_influence FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_influence ENABLE ALWAYS TRIGGER rights_influence_is_append_only;
CREATE CONSTRAINT TRIGGER rights_influenceobjection_has_its_entry AFTER INSERT ON public.rights_influenceobjection DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_influenceobjection_has_its_entry('influence_objection', 'id');
CREATE TRIGGER rights_influenceobjection_is_append_only BEFORE DELETE OR UPDATE ON public.rights_influenceobjection FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_influenceobjection ENABLE ALWAYS TRIGGER rights_influenceobjection_is_append_only;
CREATE CONSTRAINT TRIGGER rights_influenceweight_has_its_entry AFTER INSERT ON public.rights_influenceweight DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_influenceweight_has_its_entry('influence', 'influence_id');
CREATE TRIGGER rights_influenceweight_is_append_only BEFORE DELETE OR UPDATE ON public.rights_influenceweight FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_influenceweight ENABLE ALWAYS TRIGGER rights_influenceweight_is_append_only;
CREATE CONSTRAINT TRIGGER rights_ingredient_has_its_entry AFTER INSERT ON public.rights_ingredient DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_ingredient_has_its_entry('submission', 'submission_id');
CREATE TRIGGER rights_ingredient_is_append_only BEFORE DELETE OR UPDATE ON public.rights_ingredient FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_ingredient ENABLE ALWAYS TRIGGER rights_ingredient_is_append_only;
CREATE CONSTRAINT TRIGGER rights_license_has_its_entry AFTER INSERT ON public.rights_license DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_license_has_its_entry('license', 'id');
CREATE TRIGGER rights_license_is_append_only BEFORE DELETE OR UPDATE ON public.rights_license FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_license ENABLE ALWAYS TRIGGER rights_license_is_append_only;
CREATE CONSTRAINT TRIGGER rights_licenseasset_has_its_entry AFTER INSERT ON public.rights_licenseasset DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_licenseasset_has_its_entry('license', 'license_id');
CREATE TRIGGER rights_licenseasset_is_append_only BEFORE DELETE OR UPDATE ON public.rights_licenseasset FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_licenseasset ENABLE ALWAYS TRIGGER rights_licenseasset_is_append_only;
CREATE CONSTRAINT TRIGGER rights_licenseevent_has_its_entry AFTER INSERT ON public.rights_licenseevent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_licenseevent_has_its_entry('license_event', 'id');
CREATE TRIGGER rights_licenseevent_is_append_only BEFORE DELETE OR UPDATE ON public.rights_licenseevent FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_licenseevent ENABLE ALWAYS TRIGGER rights_licenseevent_is_append_only;
CREATE CONSTRAINT TRIGGER rights_licensemodelversion_has_its_entry AFTER INSERT ON public.rights_licensemodelversion DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_licensemodelversion_has_its_entry('license', 'license_id');
CREATE TRIGGER rights_licensemodelversion_is_append_only BEFORE DELETE OR UPDATE ON public.rights_licensemodelversion FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_licensemodelversion ENABLE ALWAYS TRIGGER rights_licensemodelversion_is_append_only;
CREATE TRIGGER rights_licensestanding_only_ends BEFORE DELETE OR UPDATE ON public.rights_licensestanding FOR EACH ROW EXECUTE FUNCTION public.end_knowledge_only();
ALTER TABLE public.rights_licensestanding ENABLE ALWAYS TRIGGER rights_licensestanding_only_ends;
CREATE CONSTRAINT TRIGGER rights_lyrics_has_its_entry AFTER INSERT ON public.rights_lyrics DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_lyrics_has_its_entry('lyrics', 'id');
CREATE TRIGGER rights_lyrics_is_append_only BEFORE DELETE OR UPDATE ON public.rights_lyrics FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_lyrics ENABLE ALWAYS TRIGGER rights_lyrics_is_append_only;
CREATE CONSTRAINT TRIGGER rights_mfnclause_has_its_entry AFTER INSERT ON public.rights_mfnclause DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_mfnclause_has_its_entry('license', 'license_id');
CREATE TRIGGER rights_mfnclause_is_append_only BEFORE DELETE OR UPDATE ON public.rights_mfnclause FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_mfnclause ENABLE ALWAYS TRIGGER rights_mfnclause_is_append_only;
CREATE CONSTRAINT TRIGGER rights_model_has_its_entry AFTER INSERT ON public.rights_model DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_model_has_its_entry('model', 'id');
CREATE TRIGGER rights_model_is_append_only BEFORE DELETE OR UPDATE ON public.rights_model FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_model ENABLE ALWAYS TRIGGER rights_model_is_append_only;
CREATE CONSTRAINT TRIGGER rights_modelversion_has_its_entry AFTER INSERT ON public.rights_modelversion DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_modelversion_has_its_entry('model_version', 'id');
CREATE TRIGGER rights_modelversion_is_append_only BEFORE DELETE OR UPDATE ON public.rights_modelversion FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_modelversion ENABLE ALWAYS TRIGGER rights_modelversion_is_append_only;
CREATE CONSTRAINT TRIGGER rights_modelversionretirement_has_its_entry AFTER INSERT ON public.rights_modelversionretirement DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_modelversionretirement_has_its_entry('model_version_retirement', 'id');
CREATE TRIGGER rights_modelversionretirement_is_append_only BEFORE DELETE OR UPDATE ON public.rights_modelversionretirement FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_modelversionretirement ENABLE ALWAYS TRIGGER rights_modelversionretirement_is_append_only;
CREATE CONSTRAINT TRIGGER rights_outputflag_has_its_entry AFTER INSERT ON public.rights_outputflag DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('consent_event', 'event_id', 'recheck', 'recheck_id');
CREATE TRIGGER rights_outputflag_is_append_only BEFORE DELETE OR UPDATE ON public.rights_outputflag FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_outputflag ENABLE ALWAYS TRIGGER rights_outputflag_is_append_only;
CREATE CONSTRAINT TRIGGER rights_party_has_its_entry AFTER INSERT ON public.rights_party DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_party_has_its_entry('party', 'id');
CREATE TRIGGER rights_party_is_append_only BEFORE DELETE OR UPDATE ON public.rights_party FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_party ENABLE ALWAYS TRIGGER rights_party_is_append_only;
CREATE CONSTRAINT TRIGGER rights_partyinrole_has_its_entry AFTER INSERT ON public.rights_partyinrole DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_partyinrole_has_its_entry('party_in_role', 'id');
CREATE TRIGGER rights_partyinrole_is_append_only BEFORE DELETE OR UPDATE ON public.rights_partyinrole FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_partyinrole ENABLE ALWAYS TRIGGER rights_partyinrole_is_append_only;
CREATE CONSTRAINT TRIGGER rights_partymerge_has_its_entry AFTER INSERT ON public.rights_partymerge DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_partymerge_has_its_entry('party_merge', 'id');
CREATE TRIGGER rights_partymerge_is_append_only BEFORE DELETE OR UPDATE ON public.rights_partymerge FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_partymerge ENABLE ALWAYS TRIGGER rights_partymerge_is_append_only;
CREATE CONSTRAINT TRIGGER rights_partymergeundo_has_its_entry AFTER INSERT ON public.rights_partymergeundo DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_partymergeundo_has_its_entry('party_merge_undo', 'id');
CREATE TRIGGER rights_partymergeundo_is_append_only BEFORE DELETE OR UPDATE ON public.rights_partymergeundo FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_partymergeundo ENABLE ALWAYS TRIGGER rights_partymergeundo_is_append_only;
CREATE CONSTRAINT TRIGGER rights_partyname_has_its_entry AFTER INSERT ON public.rights_partyname DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_partyname_has_its_entry('party_name', 'id');
CREATE TRIGGER rights_partyname_is_append_only BEFORE DELETE OR UPDATE ON public.rights_partyname FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_partyname ENABLE ALWAYS TRIGGER rights_partyname_is_append_only;
CREATE TRIGGER rights_permissionstanding_only_ends BEFORE DELETE OR UPDATE ON public.rights_permissionstanding FOR EACH ROW EXECUTE FUNCTION public.end_knowledge_only();
ALTER TABLE public.rights_permissionstanding ENABLE ALWAYS TRIGGER rights_permissionstanding_only_ends;
CREATE CONSTRAINT TRIGGER rights_protection_has_its_entry AFTER INSERT ON public.rights_protection DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_protection_has_its_entry('protection', 'id');
CREATE TRIGGER rights_protection_is_append_only BEFORE DELETE OR UPDATE ON public.rights_protection FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_protection ENABLE ALWAYS TRIGGER rights_protection_is_append_only;
CREATE CONSTRAINT TRIGGER rights_recheck_has_its_entry AFTER INSERT ON public.rights_recheck DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_recheck_has_its_entry('recheck', 'id');
CREATE TRIGGER rights_recheck_is_append_only BEFORE DELETE OR UPDATE ON public.rights_recheck FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_recheck ENABLE ALWAYS TRIGGER rights_recheck_is_append_only;
CREATE CONSTRAINT TRIGGER rights_recheckfinding_has_its_entry AFTER INSERT ON public.rights_recheckfinding DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_recheckfinding_has_its_entry('recheck', 'recheck_id');
CREATE TRIGGER rights_recheckfinding_is_append_only BEFORE DELETE OR UPDATE ON public.rights_recheckfinding FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_recheckfinding ENABLE ALWAYS TRIGGER rights_recheckfinding_is_append_only;
CREATE CONSTRAINT TRIGGER rights_recording_has_its_entry AFTER INSERT ON public.rights_recording DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_recording_has_its_entry('recording', 'id');
CREATE TRIGGER rights_recording_is_append_only BEFORE DELETE OR UPDATE ON public.rights_recording FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_recording ENABLE ALWAYS TRIGGER rights_recording_is_append_only;
CREATE CONSTRAINT TRIGGER rights_recordingaudio_has_its_entry AFTER INSERT ON public.rights_recordingaudio DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_recordingaudio_has_its_entry('recording_audio', 'id');
CREATE TRIGGER rights_recordingaudio_is_append_only BEFORE DELETE OR UPDATE ON public.rights_recordingaudio FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_recordingaudio ENABLE ALWAYS TRIGGER rights_recordingaudio_is_append_only;
CREATE CONSTRAINT TRIGGER rights_recordingdescription_has_its_entry AFTER INSERT ON public.rights_recordingdescription DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_recordingdescription_has_its_entry('recording_description', 'id');
CREATE TRIGGER rights_recordingdescription_is_append_only BEFORE DELETE OR UPDATE ON public.rights_recordingdescription FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_recordingdescription ENABLE ALWAYS TRIGGER rights_recordingdescription_is_append_only;
CREATE CONSTRAINT TRIGGER rights_recordingvoice_has_its_entry AFTER INSERT ON public.rights_recordingvoice DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_recordingvoice_has_its_entry('recording_voice', 'id');
CREATE TRIGGER rights_recordingvoice_is_append_only BEFORE DELETE OR UPDATE ON public.rights_recordingvoice FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_recordingvoice ENABLE ALWAYS TRIGGER rights_recordingvoice_is_append_only;
CREATE CONSTRAINT TRIGGER rights_recordingwork_has_its_entry AFTER INSERT ON public.rights_recordingwork DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('recording', 'recording_id', 'recording_work', 'id');
CREATE TRIGGER rights_recordingwork_is_append_only BEFORE DELETE OR UPDATE ON public.rights_recordingwork FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_recordingwork ENABLE ALWAYS TRIGGER rights_recordingwork_is_append_only;
CREATE CONSTRAINT TRIGGER rights_release_has_its_entry AFTER INSERT ON public.rights_release DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_release_has_its_entry('release', 'id');
CREATE TRIGGER rights_release_is_append_only BEFORE DELETE OR UPDATE ON public.rights_release FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_release ENABLE ALWAYS TRIGGER rights_release_is_append_only;
CREATE CONSTRAINT TRIGGER rights_releaserecording_has_its_entry AFTER INSERT ON public.rights_releaserecording DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_releaserecording_has_its_entry('release', 'release_id');
CREATE TRIGGER rights_releaserecording_is_append_only BEFORE DELETE OR UPDATE ON public.rights_releaserecording FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_releaserecording ENABLE ALWAYS TRIGGER rights_releaserecording_is_append_only;
CREATE CONSTRAINT TRIGGER rights_representation_has_its_entry AFTER INSERT ON public.rights_representation DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_representation_has_its_entry('representation', 'id');
CREATE TRIGGER rights_representation_is_append_only BEFORE DELETE OR UPDATE ON public.rights_representation FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_representation ENABLE ALWAYS TRIGGER rights_representation_is_append_only;
CREATE CONSTRAINT TRIGGER rights_representationend_has_its_entry AFTER INSERT ON public.rights_representationend DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_representationend_has_its_entry('representation_end', 'id');
CREATE TRIGGER rights_representationend_is_append_only BEFORE DELETE OR UPDATE ON public.rights_representationend FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_representationend ENABLE ALWAYS TRIGGER rights_representationend_is_append_only;
CREATE CONSTRAINT TRIGGER rights_reservation_has_its_entry AFTER INSERT ON public.rights_reservation DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_reservation_has_its_entry('reservation', 'id');
CREATE TRIGGER rights_reservation_is_append_only BEFORE DELETE OR UPDATE ON public.rights_reservation FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_reservation ENABLE ALWAYS TRIGGER rights_reservation_is_append_only;
CREATE CONSTRAINT TRIGGER rights_reservationend_has_its_entry AFTER INSERT ON public.rights_reservationend DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_reservationend_has_its_entry('reservation_end', 'id');
CREATE TRIGGER rights_reservationend_is_append_only BEFORE DELETE OR UPDATE ON public.rights_reservationend FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_reservationend ENABLE ALWAYS TRIGGER rights_reservationend_is_append_only;
CREATE CONSTRAINT TRIGGER rights_review_has_its_entry AFTER INSERT ON public.rights_review DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_review_has_its_entry('review', 'id');
CREATE TRIGGER rights_review_is_append_only BEFORE DELETE OR UPDATE ON public.rights_review FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_review ENABLE ALWAYS TRIGGER rights_review_is_append_only;
CREATE CONSTRAINT TRIGGER rights_share_has_its_entry AFTER INSERT ON public.rights_share DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_share_has_its_entry('share', 'id');
CREATE TRIGGER rights_share_is_append_only BEFORE DELETE OR UPDATE ON public.rights_share FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_share ENABLE ALWAYS TRIGGER rights_share_is_append_only;
CREATE CONSTRAINT TRIGGER rights_shareevent_has_its_entry AFTER INSERT ON public.rights_shareevent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_shareevent_has_its_entry('share_event', 'id');
CREATE TRIGGER rights_shareevent_is_append_only BEFORE DELETE OR UPDATE ON public.rights_shareevent FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_shareevent ENABLE ALWAYS TRIGGER rights_shareevent_is_append_only;
CREATE TRIGGER rights_sharestanding_only_ends BEFORE DELETE OR UPDATE ON public.rights_sharestanding FOR EACH ROW EXECUTE FUNCTION public.end_knowledge_only();
ALTER TABLE public.rights_sharestanding ENABLE ALWAYS TRIGGER rights_sharestanding_only_ends;
CREATE CONSTRAINT TRIGGER rights_stem_has_its_entry AFTER INSERT ON public.rights_stem DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_stem_has_its_entry('stem', 'id');
CREATE TRIGGER rights_stem_is_append_only BEFORE DELETE OR UPDATE ON public.rights_stem FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_stem ENABLE ALWAYS TRIGGER rights_stem_is_append_only;
CREATE CONSTRAINT TRIGGER rights_submission_has_its_entry AFTER INSERT ON public.rights_submission DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_submission_has_its_entry('submission', 'id');
CREATE TRIGGER rights_submission_is_append_only BEFORE DELETE OR UPDATE ON public.rights_submission FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_submission ENABLE ALWAYS TRIGGER rights_submission_is_append_only;
CREATE CONSTRAINT TRIGGER rights_termsversion_has_its_entry AFTER INSERT ON public.rights_termsversion DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_termsversion_has_its_entry('terms', 'id');
CREATE TRIGGER rights_termsversion_is_append_only BEFORE DELETE OR UPDATE ON public.rights_termsversion FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_termsversion ENABLE ALWAYS TRIGGER rights_termsversion_is_append_only;
CREATE CONSTRAINT TRIGGER rights_traininglicense_has_its_entry AFTER INSERT ON public.rights_traininglicense DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_traininglicense_has_its_entry('model_version', 'model_version_id');
CREATE TRIGGER rights_traininglicense_is_append_only BEFORE DELETE OR UPDATE ON public.rights_traininglicense FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_traininglicense ENABLE ALWAYS TRIGGER rights_traininglicense_is_append_only;
CREATE CONSTRAINT TRIGGER rights_trainingstatement_has_its_entry AFTER INSERT ON public.rights_trainingstatement DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_trainingstatement_has_its_entry('training_statement', 'id');
CREATE TRIGGER rights_trainingstatement_is_append_only BEFORE DELETE OR UPDATE ON public.rights_trainingstatement FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_trainingstatement ENABLE ALWAYS TRIGGER rights_trainingstatement_is_append_only;
CREATE CONSTRAINT TRIGGER rights_voice_has_its_entry AFTER INSERT ON public.rights_voice DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_voice_has_its_entry('voice', 'id');
CREATE TRIGGER rights_voice_is_append_only BEFORE DELETE OR UPDATE ON public.rights_voice FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_voice ENABLE ALWAYS TRIGGER rights_voice_is_append_only;
CREATE CONSTRAINT TRIGGER rights_voiceenrollment_has_its_entry AFTER INSERT ON public.rights_voiceenrollment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_voiceenrollment_has_its_entry('voice_enrollment', 'id');
CREATE TRIGGER rights_voiceenrollment_is_append_only BEFORE DELETE OR UPDATE ON public.rights_voiceenrollment FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_voiceenrollment ENABLE ALWAYS TRIGGER rights_voiceenrollment_is_append_only;
CREATE CONSTRAINT TRIGGER rights_voiceenrollmentend_has_its_entry AFTER INSERT ON public.rights_voiceenrollmentend DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_voiceenrollmentend_has_its_entry('voice_enrollment_end', 'id');
CREATE TRIGGER rights_voiceenrollmentend_is_append_only BEFORE DELETE OR UPDATE ON public.rights_voiceenrollmentend FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_voiceenrollmentend ENABLE ALWAYS TRIGGER rights_voiceenrollmentend_is_append_only;
CREATE CONSTRAINT TRIGGER rights_withdrawaltask_has_its_entry AFTER INSERT ON public.rights_withdrawaltask DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_withdrawaltask_has_its_entry('consent_event', 'event_id');
CREATE TRIGGER rights_withdrawaltask_is_append_only BEFORE DELETE OR UPDATE ON public.rights_withdrawaltask FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_withdrawaltask ENABLE ALWAYS TRIGGER rights_withdrawaltask_is_append_only;
CREATE CONSTRAINT TRIGGER rights_withdrawaltaskdone_has_its_entry AFTER INSERT ON public.rights_withdrawaltaskdone DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_withdrawaltaskdone_has_its_entry('withdrawal_task_done', 'id');
CREATE TRIGGER rights_withdrawaltaskdone_is_append_only BEFORE DELETE OR UPDATE ON public.rights_withdrawaltaskdone FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_withdrawaltaskdone ENABLE ALWAYS TRIGGER rights_withdrawaltaskdone_is_append_only;
CREATE CONSTRAINT TRIGGER rights_work_has_its_entry AFTER INSERT ON public.rights_work DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.rights_work_has_its_entry('work', 'id');
CREATE TRIGGER rights_work_is_append_only BEFORE DELETE OR UPDATE ON public.rights_work FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.rights_work ENABLE ALWAYS TRIGGER rights_work_is_append_only;
CREATE TRIGGER royalties_account_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_account FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_account ENABLE ALWAYS TRIGGER royalties_account_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_advance_has_its_entry AFTER INSERT ON public.royalties_advance DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_advance_has_its_entry('advance', 'id');
CREATE TRIGGER royalties_advance_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_advance FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_advance ENABLE ALWAYS TRIGGER royalties_advance_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_declaration_has_its_entry AFTER INSERT ON public.royalties_declaration DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_declaration_has_its_entry('declaration', 'id');
CREATE TRIGGER royalties_declaration_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_declaration FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_declaration ENABLE ALWAYS TRIGGER royalties_declaration_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_division_has_its_entry AFTER INSERT ON public.royalties_division DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_division_has_its_entry('division', 'id');
CREATE TRIGGER royalties_division_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_division FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_division ENABLE ALWAYS TRIGGER royalties_division_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_exchangerate_has_its_entry AFTER INSERT ON public.royalties_exchangerate DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_exchangerate_has_its_entry('exchange_rate', 'id');
CREATE TRIGGER royalties_exchangerate_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_exchangerate FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_exchangerate ENABLE ALWAYS TRIGGER royalties_exchangerate_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_objectionanswer_has_its_entry AFTER INSERT ON public.royalties_objectionanswer DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_objectionanswer_has_its_entry('objection_answer', 'id');
CREATE TRIGGER royalties_objectionanswer_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_objectionanswer FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_objectionanswer ENABLE ALWAYS TRIGGER royalties_objectionanswer_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_payeelink_has_its_entry AFTER INSERT ON public.royalties_payeelink DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_payeelink_has_its_entry('payee_link', 'id');
CREATE TRIGGER royalties_payeelink_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_payeelink FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_payeelink ENABLE ALWAYS TRIGGER royalties_payeelink_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_payeelinkend_has_its_entry AFTER INSERT ON public.royalties_payeelinkend DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_payeelinkend_has_its_entry('payee_link_end', 'id');
CREATE TRIGGER royalties_payeelinkend_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_payeelinkend FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_payeelinkend ENABLE ALWAYS TRIGGER royalties_payeelinkend_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_payeeterms_has_its_entry AFTER INSERT ON public.royalties_payeeterms DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_payeeterms_has_its_entry('payee_terms', 'id');
CREATE TRIGGER royalties_payeeterms_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_payeeterms FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_payeeterms ENABLE ALWAYS TRIGGER royalties_payeeterms_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_payment_has_its_entry AFTER INSERT ON public.royalties_payment DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_payment_has_its_entry('payment', 'id');
CREATE TRIGGER royalties_payment_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_payment FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_payment ENABLE ALWAYS TRIGGER royalties_payment_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_paymentfile_has_its_entry AFTER INSERT ON public.royalties_paymentfile DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_paymentfile_has_its_entry('payment_file', 'id');
CREATE TRIGGER royalties_paymentfile_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_paymentfile FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_paymentfile ENABLE ALWAYS TRIGGER royalties_paymentfile_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_paymentorder_has_its_entry AFTER INSERT ON public.royalties_paymentorder DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_paymentorder_has_its_entry('payment_file', 'file_id');
CREATE TRIGGER royalties_paymentorder_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_paymentorder FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_paymentorder ENABLE ALWAYS TRIGGER royalties_paymentorder_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_plan_has_its_entry AFTER INSERT ON public.royalties_plan DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('license', 'license_id', 'plan', 'id');
CREATE TRIGGER royalties_plan_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_plan FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_plan ENABLE ALWAYS TRIGGER royalties_plan_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_planmodel_has_its_entry AFTER INSERT ON public.royalties_planmodel DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_planmodel_has_its_entry('plan', 'plan_id');
CREATE TRIGGER royalties_planmodel_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_planmodel FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_planmodel ENABLE ALWAYS TRIGGER royalties_planmodel_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_planquantity_has_its_entry AFTER INSERT ON public.royalties_planquantity DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_planquantity_has_its_entry('plan', 'plan_id');
CREATE TRIGGER royalties_planquantity_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_planquantity FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_planquantity ENABLE ALWAYS TRIGGER royalties_planquantity_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_planterm_has_its_entry AFTER INSERT ON public.royalties_planterm DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_planterm_has_its_entry('plan', 'plan_id');
CREATE TRIGGER royalties_planterm_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_planterm FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_planterm ENABLE ALWAYS TRIGGER royalties_planterm_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_posting_has_its_entry AFTER INSERT ON public.royalties_posting DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_posting_has_its_entry('transaction', 'transaction_id');
CREATE TRIGGER royalties_posting_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_posting FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_posting ENABLE ALWAYS TRIGGER royalties_posting_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_posting_is_balanced AFTER INSERT ON public.royalties_posting DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_balance();
CREATE CONSTRAINT TRIGGER royalties_royaltyrun_has_its_entry AFTER INSERT ON public.royalties_royaltyrun DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_royaltyrun_has_its_entry('royalty_run', 'id');
CREATE TRIGGER royalties_royaltyrun_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_royaltyrun FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_royaltyrun ENABLE ALWAYS TRIGGER royalties_royaltyrun_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_runevent_has_its_entry AFTER INSERT ON public.royalties_runevent DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_runevent_has_its_entry('run_event', 'id');
CREATE TRIGGER royalties_runevent_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_runevent FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_runevent ENABLE ALWAYS TRIGGER royalties_runevent_is_append_only;
CREATE TRIGGER royalties_runpart_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_runpart FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_runpart ENABLE ALWAYS TRIGGER royalties_runpart_is_append_only;
CREATE TRIGGER royalties_runpartition_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_runpartition FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_runpartition ENABLE ALWAYS TRIGGER royalties_runpartition_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_split_has_its_entry AFTER INSERT ON public.royalties_split DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('decision', 'decision_id', 'division', 'division_id');
CREATE TRIGGER royalties_split_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_split FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_split ENABLE ALWAYS TRIGGER royalties_split_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_splitsource_has_its_entry AFTER INSERT ON public.royalties_splitsource DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_either_entry('decision', 'decision_id', 'division', 'division_id');
CREATE TRIGGER royalties_splitsource_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_splitsource FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_splitsource ENABLE ALWAYS TRIGGER royalties_splitsource_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_statement_has_its_entry AFTER INSERT ON public.royalties_statement DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_statement_has_its_entry('statement', 'id');
CREATE TRIGGER royalties_statement_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_statement FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_statement ENABLE ALWAYS TRIGGER royalties_statement_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_statementobjection_has_its_entry AFTER INSERT ON public.royalties_statementobjection DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_statementobjection_has_its_entry('statement_objection', 'id');
CREATE TRIGGER royalties_statementobjection_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_statementobjection FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_statementobjection ENABLE ALWAYS TRIGGER royalties_statementobjection_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_taxcertificate_has_its_entry AFTER INSERT ON public.royalties_taxcertificate DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_taxcertificate_has_its_entry('tax_certificate', 'id');
CREATE TRIGGER royalties_taxcertificate_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_taxcertificate FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_taxcertificate ENABLE ALWAYS TRIGGER royalties_taxcertificate_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_transaction_has_its_entry AFTER INSERT ON public.royalties_transaction DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_transaction_has_its_entry('transaction', 'id');
CREATE TRIGGER royalties_transaction_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_transaction FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_transaction ENABLE ALWAYS TRIGGER royalties_transaction_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_usagefile_has_its_entry AFTER INSERT ON public.royalties_usagefile DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_usagefile_has_its_entry('usage_report', 'report_id');
CREATE TRIGGER royalties_usagefile_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_usagefile FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_usagefile ENABLE ALWAYS TRIGGER royalties_usagefile_is_append_only;
CREATE TRIGGER royalties_usagekey_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_usagekey FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_usagekey ENABLE ALWAYS TRIGGER royalties_usagekey_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_usagematch_has_its_entry AFTER INSERT ON public.royalties_usagematch DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_usagematch_has_its_entry('usage_matching', 'matching_id');
CREATE TRIGGER royalties_usagematch_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_usagematch FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_usagematch ENABLE ALWAYS TRIGGER royalties_usagematch_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_usagematching_has_its_entry AFTER INSERT ON public.royalties_usagematching DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_usagematching_has_its_entry('usage_matching', 'id');
CREATE TRIGGER royalties_usagematching_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_usagematching FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_usagematching ENABLE ALWAYS TRIGGER royalties_usagematching_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_usageoutcome_has_its_entry AFTER INSERT ON public.royalties_usageoutcome DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_usageoutcome_has_its_entry('usage_outcome', 'id');
CREATE TRIGGER royalties_usageoutcome_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_usageoutcome FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_usageoutcome ENABLE ALWAYS TRIGGER royalties_usageoutcome_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_usagereport_has_its_entry AFTER INSERT ON public.royalties_usagereport DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_usagereport_has_its_entry('usage_report', 'id');
CREATE TRIGGER royalties_usagereport_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_usagereport FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_usagereport ENABLE ALWAYS TRIGGER royalties_usagereport_is_append_only;
CREATE TRIGGER royalties_usagesum_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_usagesum FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_usagesum ENABLE ALWAYS TRIGGER royalties_usagesum_is_append_only;
CREATE CONSTRAINT TRIGGER royalties_usagesupersession_has_its_entry AFTER INSERT ON public.royalties_usagesupersession DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.royalties_usagesupersession_has_its_entry('usage_supersession', 'id');
CREATE TRIGGER royalties_usagesupersession_is_append_only BEFORE DELETE OR UPDATE ON public.royalties_usagesupersession FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
ALTER TABLE public.royalties_usagesupersession ENABLE ALWAYS TRIGGER royalties_usagesupersession_is_append_only;
CREATE CONSTRAINT TRIGGER side_is_weighed_whole AFTER INSERT ON public.rights_influenceweight DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_whole_sides();
CREATE CONSTRAINT TRIGGER zone_is_split_whole AFTER INSERT ON public.royalties_split DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.require_whole_zone();
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissio_permission_id_84c5c92e_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_group_permissions
    ADD CONSTRAINT auth_group_permissions_group_id_b120cbf9_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_permission
    ADD CONSTRAINT auth_permission_content_type_id_2f476e4b_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_group_id_97559544_fk_auth_group_id FOREIGN KEY (group_id) REFERENCES public.auth_group(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_groups
    ADD CONSTRAINT auth_user_groups_user_id_6a12ed8b_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permi_permission_id_1fbb5f2c_fk_auth_perm FOREIGN KEY (permission_id) REFERENCES public.auth_permission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.auth_user_user_permissions
    ADD CONSTRAINT auth_user_user_permissions_user_id_a95ead1b_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_content_type_id_c4bce8eb_fk_django_co FOREIGN KEY (content_type_id) REFERENCES public.django_content_type(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.django_admin_log
    ADD CONSTRAINT django_admin_log_user_id_c564eba6_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.fingerprint_embedding
    ADD CONSTRAINT fingerprint_embeddin_reference_id_a8778c17_fk_fingerpri FOREIGN KEY (reference_id) REFERENCES public.fingerprint_reference(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.fingerprint_examination
    ADD CONSTRAINT fingerprint_examinat_audio_id_b4b1389f_fk_fingerpri FOREIGN KEY (audio_id) REFERENCES public.fingerprint_audio(digest) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.fingerprint_fingerprint
    ADD CONSTRAINT fingerprint_fingerpr_reference_id_fa73bceb_fk_fingerpri FOREIGN KEY (reference_id) REFERENCES public.fingerprint_reference(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.fingerprint_melody
    ADD CONSTRAINT fingerprint_melody_reference_id_223e3fe0_fk_fingerpri FOREIGN KEY (reference_id) REFERENCES public.fingerprint_reference(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.fingerprint_reference
    ADD CONSTRAINT fingerprint_referenc_audio_id_fda16588_fk_fingerpri FOREIGN KEY (audio_id) REFERENCES public.fingerprint_audio(digest) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_apiclient
    ADD CONSTRAINT ledger_apiclient_application_id_768a3d7c_fk_oauth2_pr FOREIGN KEY (application_id) REFERENCES public.oauth2_provider_application(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_apiclient
    ADD CONSTRAINT ledger_apiclient_party_id_f0d815c2_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_approval
    ADD CONSTRAINT ledger_approval_approved_by_id_920e147e_fk_auth_user_id FOREIGN KEY (approved_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_approval
    ADD CONSTRAINT ledger_approval_proposal_id_8ff97068_fk_ledger_proposal_id FOREIGN KEY (proposal_id) REFERENCES public.ledger_proposal(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_approval
    ADD CONSTRAINT ledger_approval_proposed_by_id_939bc86b_fk_auth_user_id FOREIGN KEY (proposed_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditengagement
    ADD CONSTRAINT ledger_auditengageme_membership_id_d9596d87_fk_ledger_me FOREIGN KEY (membership_id) REFERENCES public.ledger_membership(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditexception
    ADD CONSTRAINT ledger_auditexceptio_item_id_02800325_fk_ledger_au FOREIGN KEY (item_id) REFERENCES public.ledger_auditsampleitem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditexception
    ADD CONSTRAINT ledger_auditexception_owner_id_0f3afa89_fk_auth_user_id FOREIGN KEY (owner_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditexception
    ADD CONSTRAINT ledger_auditexception_recorded_by_id_7118a87e_fk_auth_user_id FOREIGN KEY (recorded_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditnote
    ADD CONSTRAINT ledger_auditnote_engagement_id_f4eaefc2_fk_ledger_au FOREIGN KEY (engagement_id) REFERENCES public.ledger_auditengagement(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditnote
    ADD CONSTRAINT ledger_auditnote_entry_id_c47a0981_fk_ledger_entry_id FOREIGN KEY (entry_id) REFERENCES public.ledger_entry(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditnote
    ADD CONSTRAINT ledger_auditnote_noted_by_id_776735ba_fk_auth_user_id FOREIGN KEY (noted_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditnote
    ADD CONSTRAINT ledger_auditnote_organization_id_c6b3fdc7_fk_rights_party_id FOREIGN KEY (organization_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditnote
    ADD CONSTRAINT ledger_auditnote_statement_id_77439739_fk_royalties FOREIGN KEY (statement_id) REFERENCES public.royalties_statement(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditnote
    ADD CONSTRAINT ledger_auditnote_submission_id_f051de2e_fk_rights_submission_id FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditsample
    ADD CONSTRAINT ledger_auditsample_drawn_by_id_9be7b416_fk_auth_user_id FOREIGN KEY (drawn_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditsample
    ADD CONSTRAINT ledger_auditsample_engagement_id_c862680c_fk_ledger_au FOREIGN KEY (engagement_id) REFERENCES public.ledger_auditengagement(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditsample
    ADD CONSTRAINT ledger_auditsample_organization_id_f4786516_fk_rights_party_id FOREIGN KEY (organization_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditsample
    ADD CONSTRAINT ledger_auditsample_payee_id_81565652_fk_rights_party_id FOREIGN KEY (payee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditsampleitem
    ADD CONSTRAINT ledger_auditsampleit_sample_id_ce67f42c_fk_ledger_au FOREIGN KEY (sample_id) REFERENCES public.ledger_auditsample(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_auditsampleitem
    ADD CONSTRAINT ledger_auditsampleit_statement_id_53e46b61_fk_royalties FOREIGN KEY (statement_id) REFERENCES public.royalties_statement(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_bandsactivation
    ADD CONSTRAINT ledger_bandsactivati_approval_id_cc61a704_fk_ledger_ap FOREIGN KEY (approval_id) REFERENCES public.ledger_approval(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_bandsactivation
    ADD CONSTRAINT ledger_bandsactivati_bands_id_587ef47b_fk_ledger_ba FOREIGN KEY (bands_id) REFERENCES public.ledger_bandsversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_bandsversion
    ADD CONSTRAINT ledger_bandsversion_drafted_by_id_e27cf4b2_fk_auth_user_id FOREIGN KEY (drafted_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_campaignmailing
    ADD CONSTRAINT ledger_campaignmaili_campaign_id_1a5614e2_fk_rights_ca FOREIGN KEY (campaign_id) REFERENCES public.rights_campaign(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_campaignmailing
    ADD CONSTRAINT ledger_campaignmailing_requested_by_id_79548782_fk_auth_user_id FOREIGN KEY (requested_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_campaignnotice
    ADD CONSTRAINT ledger_campaignnotic_invitation_id_035b2071_fk_rights_ca FOREIGN KEY (invitation_id) REFERENCES public.rights_campaigninvitation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_campaignnotice
    ADD CONSTRAINT ledger_campaignnotic_mailing_id_ea843021_fk_ledger_ca FOREIGN KEY (mailing_id) REFERENCES public.ledger_campaignmailing(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_campaignnotice
    ADD CONSTRAINT ledger_campaignnotice_shown_to_id_c2c7eaa1_fk_auth_user_id FOREIGN KEY (shown_to_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_campaignplan
    ADD CONSTRAINT ledger_campaignplan_campaign_id_16b4e356_fk_rights_campaign_id FOREIGN KEY (campaign_id) REFERENCES public.rights_campaign(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_copyorder
    ADD CONSTRAINT ledger_copyorder_decision_id_bfe71541_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_cosignature
    ADD CONSTRAINT ledger_cosignature_checkpoint_id_889c5333_fk_ledger_ch FOREIGN KEY (checkpoint_id) REFERENCES public.ledger_checkpoint(size) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_divisionwatch
    ADD CONSTRAINT ledger_divisionwatch_decision_id_aa2967e7_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_dossierread
    ADD CONSTRAINT ledger_dossierread_client_id_5371f8e5_fk_ledger_apiclient_id FOREIGN KEY (client_id) REFERENCES public.ledger_apiclient(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_dossierread
    ADD CONSTRAINT ledger_dossierread_engagement_id_b5db1f25_fk_ledger_au FOREIGN KEY (engagement_id) REFERENCES public.ledger_auditengagement(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_dossierread
    ADD CONSTRAINT ledger_dossierread_user_id_967f8544_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_enrollment
    ADD CONSTRAINT ledger_enrollment_organization_id_a09cbee3_fk_rights_party_id FOREIGN KEY (organization_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_enrollmentfile
    ADD CONSTRAINT ledger_enrollmentfil_enrollment_id_e896d585_fk_ledger_en FOREIGN KEY (enrollment_id) REFERENCES public.ledger_enrollment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_enrollmentfile
    ADD CONSTRAINT ledger_enrollmentfil_recording_id_d56ced0e_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_enrollmentprogress
    ADD CONSTRAINT ledger_enrollmentpro_enrollment_id_cd3badea_fk_ledger_en FOREIGN KEY (enrollment_id) REFERENCES public.ledger_enrollment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_erasure
    ADD CONSTRAINT ledger_erasure_approval_id_273d3415_fk_ledger_approval_id FOREIGN KEY (approval_id) REFERENCES public.ledger_approval(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_erasure
    ADD CONSTRAINT ledger_erasure_request_id_af9208dc_fk_ledger_erasurerequest_id FOREIGN KEY (request_id) REFERENCES public.ledger_erasurerequest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_erasurerequest
    ADD CONSTRAINT ledger_erasurerequest_party_id_34e933a1_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_importbatch
    ADD CONSTRAINT ledger_importbatch_organization_id_143b0aa2_fk_rights_party_id FOREIGN KEY (organization_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_importedfact
    ADD CONSTRAINT ledger_importedfact_batch_id_40eba4a6_fk_ledger_importbatch_id FOREIGN KEY (batch_id) REFERENCES public.ledger_importbatch(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_importnote
    ADD CONSTRAINT ledger_importnote_batch_id_44860ada_fk_ledger_importbatch_id FOREIGN KEY (batch_id) REFERENCES public.ledger_importbatch(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_importoutcome
    ADD CONSTRAINT ledger_importoutcome_batch_id_34e289f6_fk_ledger_importbatch_id FOREIGN KEY (batch_id) REFERENCES public.ledger_importbatch(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_importproblem
    ADD CONSTRAINT ledger_importproblem_batch_id_cd235d65_fk_ledger_importbatch_id FOREIGN KEY (batch_id) REFERENCES public.ledger_importbatch(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_importprogress
    ADD CONSTRAINT ledger_importprogres_batch_id_de7cef13_fk_ledger_im FOREIGN KEY (batch_id) REFERENCES public.ledger_importbatch(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_importrehearsal
    ADD CONSTRAINT ledger_importrehears_batch_id_e6c611c3_fk_ledger_im FOREIGN KEY (batch_id) REFERENCES public.ledger_importbatch(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_importreversal
    ADD CONSTRAINT ledger_importreversa_batch_id_e5b520c1_fk_ledger_im FOREIGN KEY (batch_id) REFERENCES public.ledger_importbatch(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_keptanswer
    ADD CONSTRAINT ledger_keptanswer_saved_id_22f53b79_fk_ledger_savedquestion_id FOREIGN KEY (saved_id) REFERENCES public.ledger_savedquestion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_membership
    ADD CONSTRAINT ledger_membership_organization_id_18d45951_fk_rights_party_id FOREIGN KEY (organization_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_membership
    ADD CONSTRAINT ledger_membership_user_id_60737acd_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_membershipend
    ADD CONSTRAINT ledger_membershipend_membership_id_4b8cc624_fk_ledger_me FOREIGN KEY (membership_id) REFERENCES public.ledger_membership(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_outputwatch
    ADD CONSTRAINT ledger_outputwatch_decision_id_eb3118f6_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_packorder
    ADD CONSTRAINT ledger_packorder_ordered_by_id_156503db_fk_auth_user_id FOREIGN KEY (ordered_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_packorder
    ADD CONSTRAINT ledger_packorder_party_id_01c3b902_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_packorder
    ADD CONSTRAINT ledger_packorder_run_id_22cf10e2_fk_royalties_royaltyrun_id FOREIGN KEY (run_id) REFERENCES public.royalties_royaltyrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_packorder
    ADD CONSTRAINT ledger_packorder_submission_id_89bddc9b_fk_rights_submission_id FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_packpart
    ADD CONSTRAINT ledger_packpart_order_id_0dc9f818_fk_ledger_packorder_id FOREIGN KEY (order_id) REFERENCES public.ledger_packorder(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_packprogress
    ADD CONSTRAINT ledger_packprogress_order_id_e3cf0868_fk_ledger_packorder_id FOREIGN KEY (order_id) REFERENCES public.ledger_packorder(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_proposal
    ADD CONSTRAINT ledger_proposal_bands_id_d08cdd25_fk_ledger_bandsversion_id FOREIGN KEY (bands_id) REFERENCES public.ledger_bandsversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_proposal
    ADD CONSTRAINT ledger_proposal_conflict_id_6d802841_fk_rights_conflict_id FOREIGN KEY (conflict_id) REFERENCES public.rights_conflict(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_proposal
    ADD CONSTRAINT ledger_proposal_consent_id_dd6a8f5c_fk_rights_consent_id FOREIGN KEY (consent_id) REFERENCES public.rights_consent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_proposal
    ADD CONSTRAINT ledger_proposal_other_party_id_7bcc3839_fk_rights_party_id FOREIGN KEY (other_party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_proposal
    ADD CONSTRAINT ledger_proposal_party_id_5e77bf6f_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_proposal
    ADD CONSTRAINT ledger_proposal_proposed_by_id_f73f7333_fk_auth_user_id FOREIGN KEY (proposed_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_rehearsedproblem
    ADD CONSTRAINT ledger_rehearsedprob_batch_id_54b7f0f2_fk_ledger_im FOREIGN KEY (batch_id) REFERENCES public.ledger_importbatch(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_replayedentry
    ADD CONSTRAINT ledger_replayedentry_entry_id_762016bd_fk_ledger_entry_id FOREIGN KEY (entry_id) REFERENCES public.ledger_entry(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_replayedentry
    ADD CONSTRAINT ledger_replayedentry_round_id_4b439db5_fk_ledger_replayround_id FOREIGN KEY (round_id) REFERENCES public.ledger_replayround(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_reviewclaim
    ADD CONSTRAINT ledger_reviewclaim_assigned_by_id_97423f66_fk_auth_user_id FOREIGN KEY (assigned_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_reviewclaim
    ADD CONSTRAINT ledger_reviewclaim_decision_id_4d6b99d2_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_reviewclaim
    ADD CONSTRAINT ledger_reviewclaim_reviewer_id_26878637_fk_auth_user_id FOREIGN KEY (reviewer_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_savedmapping
    ADD CONSTRAINT ledger_savedmapping_organization_id_9f2bbcd8_fk_rights_party_id FOREIGN KEY (organization_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_savedquestion
    ADD CONSTRAINT ledger_savedquestion_asked_by_id_535f01e8_fk_auth_user_id FOREIGN KEY (asked_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_savedquestion
    ADD CONSTRAINT ledger_savedquestion_engagement_id_ad49031d_fk_ledger_au FOREIGN KEY (engagement_id) REFERENCES public.ledger_auditengagement(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_savedquestion
    ADD CONSTRAINT ledger_savedquestion_organization_id_0f61c7e3_fk_rights_pa FOREIGN KEY (organization_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_societyanswer
    ADD CONSTRAINT ledger_societyanswer_batch_id_6fce4c24_fk_ledger_importbatch_id FOREIGN KEY (batch_id) REFERENCES public.ledger_importbatch(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.ledger_societyanswer
    ADD CONSTRAINT ledger_societyanswer_work_id_ec5c9664_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_accesstoken
    ADD CONSTRAINT oauth2_provider_acce_application_id_b22886e1_fk_oauth2_pr FOREIGN KEY (application_id) REFERENCES public.oauth2_provider_application(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_accesstoken
    ADD CONSTRAINT oauth2_provider_acce_id_token_id_85db651b_fk_oauth2_pr FOREIGN KEY (id_token_id) REFERENCES public.oauth2_provider_idtoken(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_accesstoken
    ADD CONSTRAINT oauth2_provider_acce_source_refresh_token_e66fbc72_fk_oauth2_pr FOREIGN KEY (source_refresh_token_id) REFERENCES public.oauth2_provider_refreshtoken(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_accesstoken
    ADD CONSTRAINT oauth2_provider_accesstoken_user_id_6e4c9a65_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_application
    ADD CONSTRAINT oauth2_provider_application_user_id_79829054_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_devicegrant
    ADD CONSTRAINT oauth2_provider_devicegrant_user_id_1cec5156_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_grant
    ADD CONSTRAINT oauth2_provider_gran_application_id_81923564_fk_oauth2_pr FOREIGN KEY (application_id) REFERENCES public.oauth2_provider_application(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_grant
    ADD CONSTRAINT oauth2_provider_grant_user_id_e8f62af8_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_idtoken
    ADD CONSTRAINT oauth2_provider_idto_application_id_08c5ff4f_fk_oauth2_pr FOREIGN KEY (application_id) REFERENCES public.oauth2_provider_application(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_idtoken
    ADD CONSTRAINT oauth2_provider_idtoken_user_id_dd512b59_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_refreshtoken
    ADD CONSTRAINT oauth2_provider_refr_access_token_id_775e84e8_fk_oauth2_pr FOREIGN KEY (access_token_id) REFERENCES public.oauth2_provider_accesstoken(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_refreshtoken
    ADD CONSTRAINT oauth2_provider_refr_application_id_2d1c311b_fk_oauth2_pr FOREIGN KEY (application_id) REFERENCES public.oauth2_provider_application(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.oauth2_provider_refreshtoken
    ADD CONSTRAINT oauth2_provider_refreshtoken_user_id_da837fce_fk_auth_user_id FOREIGN KEY (user_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_certificate
    ADD CONSTRAINT provenance_certifica_manifest_id_f374f73f_fk_provenanc FOREIGN KEY (manifest_id) REFERENCES public.provenance_manifest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_disclosureanswer
    ADD CONSTRAINT provenance_disclosur_disclosure_id_87410fe0_fk_provenanc FOREIGN KEY (disclosure_id) REFERENCES public.provenance_disclosure(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_disclosure
    ADD CONSTRAINT provenance_disclosur_record_id_b476d12a_fk_rights_co FOREIGN KEY (record_id) REFERENCES public.rights_contributionrecord(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_disclosure
    ADD CONSTRAINT provenance_disclosur_submission_id_501d4822_fk_rights_su FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_disclosure
    ADD CONSTRAINT provenance_disclosure_sender_id_88ef0a75_fk_rights_party_id FOREIGN KEY (sender_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_foreignmanifest
    ADD CONSTRAINT provenance_foreignma_decision_id_c2ceed8e_fk_rights_de FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_manifest
    ADD CONSTRAINT provenance_manifest_decision_id_40a94775_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_manifeststatus
    ADD CONSTRAINT provenance_manifests_manifest_id_7aaed016_fk_provenanc FOREIGN KEY (manifest_id) REFERENCES public.provenance_manifest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_manifeststatus
    ADD CONSTRAINT provenance_manifests_successor_id_5cdd105a_fk_provenanc FOREIGN KEY (successor_id) REFERENCES public.provenance_manifest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_manifeststatus
    ADD CONSTRAINT provenance_manifeststatus_party_id_68f16406_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_manifeststatus
    ADD CONSTRAINT provenance_manifeststatus_stated_by_id_8d41a74d_fk_auth_user_id FOREIGN KEY (stated_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_outputfingerprint
    ADD CONSTRAINT provenance_outputfin_decision_id_59273ee2_fk_rights_de FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_signedcopy
    ADD CONSTRAINT provenance_signedcop_decision_id_63e9c77e_fk_rights_de FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_softbinding
    ADD CONSTRAINT provenance_softbindi_decision_id_da480cb1_fk_rights_de FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_timestamp
    ADD CONSTRAINT provenance_timestamp_copy_id_7a9b6628_fk_provenanc FOREIGN KEY (copy_id) REFERENCES public.provenance_signedcopy(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.provenance_timestamp
    ADD CONSTRAINT provenance_timestamp_manifest_id_ff9199f6_fk_provenanc FOREIGN KEY (manifest_id) REFERENCES public.provenance_manifest(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_allowance
    ADD CONSTRAINT rights_allowance_answer_id_2a0b4a24_fk_rights_appealanswer_id FOREIGN KEY (answer_id) REFERENCES public.rights_appealanswer(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_allowance
    ADD CONSTRAINT rights_allowance_reference_id_be157200_fk_fingerpri FOREIGN KEY (reference_id) REFERENCES public.fingerprint_reference(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_allowance
    ADD CONSTRAINT rights_allowance_submitter_id_e3cd226e_fk_rights_party_id FOREIGN KEY (submitter_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_appeal
    ADD CONSTRAINT rights_appeal_appellant_id_4c58ca80_fk_rights_party_id FOREIGN KEY (appellant_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_appeal
    ADD CONSTRAINT rights_appeal_decision_id_67906966_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_appealanswer
    ADD CONSTRAINT rights_appealanswer_appeal_id_22d6fef2_fk_rights_appeal_id FOREIGN KEY (appeal_id) REFERENCES public.rights_appeal(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_appealanswer
    ADD CONSTRAINT rights_appealanswer_reviewer_id_99375ba7_fk_auth_user_id FOREIGN KEY (reviewer_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_appealevidence
    ADD CONSTRAINT rights_appealevidence_appeal_id_cdc8f532_fk_rights_appeal_id FOREIGN KEY (appeal_id) REFERENCES public.rights_appeal(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_campaign
    ADD CONSTRAINT rights_campaign_organization_id_e7f65350_fk_rights_party_id FOREIGN KEY (organization_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_campaign
    ADD CONSTRAINT rights_campaign_terms_id_635b12d1_fk_rights_termsversion_id FOREIGN KEY (terms_id) REFERENCES public.rights_termsversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_campaigninvitation
    ADD CONSTRAINT rights_campaigninvit_campaign_id_fcf683e3_fk_rights_ca FOREIGN KEY (campaign_id) REFERENCES public.rights_campaign(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_campaigninvitation
    ADD CONSTRAINT rights_campaigninvit_consent_id_fd1360ab_fk_rights_co FOREIGN KEY (consent_id) REFERENCES public.rights_consent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_campaigninvitation
    ADD CONSTRAINT rights_campaigninvitation_party_id_c66f4276_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_clearance
    ADD CONSTRAINT rights_clearance_asker_id_44c5c2c9_fk_rights_party_id FOREIGN KEY (asker_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_clearance
    ADD CONSTRAINT rights_clearance_licensee_id_e8b77880_fk_rights_party_id FOREIGN KEY (licensee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_clearance
    ADD CONSTRAINT rights_clearance_model_version_id_a1010b94_fk_rights_mo FOREIGN KEY (model_version_id) REFERENCES public.rights_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_clearanceanswers
    ADD CONSTRAINT rights_clearanceansw_clearance_id_6e0adc5b_fk_rights_cl FOREIGN KEY (clearance_id) REFERENCES public.rights_clearance(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_conflict
    ADD CONSTRAINT rights_conflict_lyrics_id_74e15007_fk_rights_lyrics_id FOREIGN KEY (lyrics_id) REFERENCES public.rights_lyrics(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_conflict
    ADD CONSTRAINT rights_conflict_recording_id_cce749d1_fk_rights_recording_id FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_conflict
    ADD CONSTRAINT rights_conflict_stem_id_0b941ce8_fk_rights_stem_id FOREIGN KEY (stem_id) REFERENCES public.rights_stem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_conflict
    ADD CONSTRAINT rights_conflict_voice_id_7c782c86_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_conflict
    ADD CONSTRAINT rights_conflict_work_id_8f3d62d8_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_conflictclaim
    ADD CONSTRAINT rights_conflictclaim_conflict_id_ffd51d04_fk_rights_conflict_id FOREIGN KEY (conflict_id) REFERENCES public.rights_conflict(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_conflictclaim
    ADD CONSTRAINT rights_conflictclaim_share_id_e3894815_fk_rights_share_id FOREIGN KEY (share_id) REFERENCES public.rights_share(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_conflictevent
    ADD CONSTRAINT rights_conflictevent_author_id_f273513c_fk_rights_party_id FOREIGN KEY (author_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_conflictevent
    ADD CONSTRAINT rights_conflictevent_conflict_id_6dc55b9f_fk_rights_conflict_id FOREIGN KEY (conflict_id) REFERENCES public.rights_conflict(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_actor_id_ec7f7060_fk_rights_party_id FOREIGN KEY (actor_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_authority_id_0163cd98_fk_rights_re FOREIGN KEY (authority_id) REFERENCES public.rights_representation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_grantor_id_0b22eec8_fk_rights_party_id FOREIGN KEY (grantor_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_licensee_id_b3d7607e_fk_rights_party_id FOREIGN KEY (licensee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_lyrics_id_b16de8b4_fk_rights_lyrics_id FOREIGN KEY (lyrics_id) REFERENCES public.rights_lyrics(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_model_id_71592ac5_fk_rights_model_id FOREIGN KEY (model_id) REFERENCES public.rights_model(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_model_version_id_09d5a5af_fk_rights_mo FOREIGN KEY (model_version_id) REFERENCES public.rights_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_recording_id_942dede3_fk_rights_recording_id FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_registrar_id_2f686325_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_stem_id_40f8790e_fk_rights_stem_id FOREIGN KEY (stem_id) REFERENCES public.rights_stem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_terms_id_a2abe5e0_fk_rights_termsversion_id FOREIGN KEY (terms_id) REFERENCES public.rights_termsversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_voice_id_89dc3228_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consent
    ADD CONSTRAINT rights_consent_work_id_412041ae_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentasset
    ADD CONSTRAINT rights_consentasset_consent_id_cbeb5beb_fk_rights_consent_id FOREIGN KEY (consent_id) REFERENCES public.rights_consent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentasset
    ADD CONSTRAINT rights_consentasset_lyrics_id_a38da209_fk_rights_lyrics_id FOREIGN KEY (lyrics_id) REFERENCES public.rights_lyrics(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentasset
    ADD CONSTRAINT rights_consentasset_recording_id_5a78136d_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentasset
    ADD CONSTRAINT rights_consentasset_stem_id_ddc7d6d1_fk_rights_stem_id FOREIGN KEY (stem_id) REFERENCES public.rights_stem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentasset
    ADD CONSTRAINT rights_consentasset_voice_id_4439ab69_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentasset
    ADD CONSTRAINT rights_consentasset_work_id_78272960_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentevent
    ADD CONSTRAINT rights_consentevent_actor_id_9c6c9904_fk_rights_party_id FOREIGN KEY (actor_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentevent
    ADD CONSTRAINT rights_consentevent_authority_id_fd622b7e_fk_rights_re FOREIGN KEY (authority_id) REFERENCES public.rights_representation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentevent
    ADD CONSTRAINT rights_consentevent_consent_id_0a5b03d9_fk_rights_consent_id FOREIGN KEY (consent_id) REFERENCES public.rights_consent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentevent
    ADD CONSTRAINT rights_consentevent_successor_id_b9104860_fk_rights_consent_id FOREIGN KEY (successor_id) REFERENCES public.rights_consent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentevidence
    ADD CONSTRAINT rights_consenteviden_event_id_811cfafb_fk_rights_co FOREIGN KEY (event_id) REFERENCES public.rights_consentevent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentevidence
    ADD CONSTRAINT rights_consentevidence_consent_id_2c27a50d_fk_rights_consent_id FOREIGN KEY (consent_id) REFERENCES public.rights_consent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentoverride
    ADD CONSTRAINT rights_consentoverri_reservation_id_7eb76197_fk_rights_re FOREIGN KEY (reservation_id) REFERENCES public.rights_reservation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_consentoverride
    ADD CONSTRAINT rights_consentoverride_consent_id_1c4ccbb7_fk_rights_consent_id FOREIGN KEY (consent_id) REFERENCES public.rights_consent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_contribution
    ADD CONSTRAINT rights_contribution_actor_id_0e2e3fe5_fk_rights_party_id FOREIGN KEY (actor_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_contribution
    ADD CONSTRAINT rights_contribution_record_id_65274fbf_fk_rights_co FOREIGN KEY (record_id) REFERENCES public.rights_contributionrecord(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_contribution
    ADD CONSTRAINT rights_contribution_submission_id_202b69b8_fk_rights_su FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_contributionact
    ADD CONSTRAINT rights_contributiona_record_id_0d242e00_fk_rights_co FOREIGN KEY (record_id) REFERENCES public.rights_contributionrecord(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_contributionact
    ADD CONSTRAINT rights_contributiona_submission_id_8250b4c3_fk_rights_su FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_contributionact
    ADD CONSTRAINT rights_contributionact_party_id_89f2717e_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_contributionevidence
    ADD CONSTRAINT rights_contributione_record_id_d23fc437_fk_rights_co FOREIGN KEY (record_id) REFERENCES public.rights_contributionrecord(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_contributionevidence
    ADD CONSTRAINT rights_contributione_submission_id_4285d762_fk_rights_su FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_contributionrecord
    ADD CONSTRAINT rights_contributionr_submission_id_b5f46855_fk_rights_su FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_contributionrecord
    ADD CONSTRAINT rights_contributionrecord_author_id_40ada97e_fk_rights_party_id FOREIGN KEY (author_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_dataset
    ADD CONSTRAINT rights_dataset_keeper_id_38264d5b_fk_rights_party_id FOREIGN KEY (keeper_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetexclusion
    ADD CONSTRAINT rights_datasetexclus_dataset_id_e2c5e3e8_fk_rights_da FOREIGN KEY (dataset_id) REFERENCES public.rights_dataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetexclusion
    ADD CONSTRAINT rights_datasetexclus_event_id_ce63d617_fk_rights_co FOREIGN KEY (event_id) REFERENCES public.rights_consentevent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetexclusion
    ADD CONSTRAINT rights_datasetexclus_recording_id_872bbf6a_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetexclusion
    ADD CONSTRAINT rights_datasetexclus_reservation_id_c8c414c5_fk_rights_re FOREIGN KEY (reservation_id) REFERENCES public.rights_reservation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetexclusion
    ADD CONSTRAINT rights_datasetexclusion_lyrics_id_fa89169c_fk_rights_lyrics_id FOREIGN KEY (lyrics_id) REFERENCES public.rights_lyrics(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetexclusion
    ADD CONSTRAINT rights_datasetexclusion_stem_id_5b7e7a84_fk_rights_stem_id FOREIGN KEY (stem_id) REFERENCES public.rights_stem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetexclusion
    ADD CONSTRAINT rights_datasetexclusion_voice_id_68afd94c_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetexclusion
    ADD CONSTRAINT rights_datasetexclusion_work_id_a668408e_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetmember
    ADD CONSTRAINT rights_datasetmember_dataset_id_b38369f5_fk_rights_dataset_id FOREIGN KEY (dataset_id) REFERENCES public.rights_dataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetmember
    ADD CONSTRAINT rights_datasetmember_license_id_d733e38b_fk_rights_license_id FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetmember
    ADD CONSTRAINT rights_datasetmember_lyrics_id_5d3bb592_fk_rights_lyrics_id FOREIGN KEY (lyrics_id) REFERENCES public.rights_lyrics(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetmember
    ADD CONSTRAINT rights_datasetmember_recording_id_7dd25e02_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetmember
    ADD CONSTRAINT rights_datasetmember_stem_id_568b8727_fk_rights_stem_id FOREIGN KEY (stem_id) REFERENCES public.rights_stem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetmember
    ADD CONSTRAINT rights_datasetmember_voice_id_45f542f4_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_datasetmember
    ADD CONSTRAINT rights_datasetmember_work_id_9b4ceba2_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_decision
    ADD CONSTRAINT rights_decision_examination_id_66e584a2_fk_fingerpri FOREIGN KEY (examination_id) REFERENCES public.fingerprint_examination(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_decision
    ADD CONSTRAINT rights_decision_submission_id_f80dc9ac_fk_rights_submission_id FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_decision
    ADD CONSTRAINT rights_decision_supersedes_id_0cd47bbc_fk_rights_decision_id FOREIGN KEY (supersedes_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_exclusiveright
    ADD CONSTRAINT rights_exclusiveright_license_id_a4bf7ddf_fk_rights_license_id FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_finding
    ADD CONSTRAINT rights_finding_decision_id_71de9308_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_identifier
    ADD CONSTRAINT rights_identifier_party_id_db6f0190_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_identifier
    ADD CONSTRAINT rights_identifier_recording_id_62044cd3_fk_rights_recording_id FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_identifier
    ADD CONSTRAINT rights_identifier_release_id_a486f89e_fk_rights_release_id FOREIGN KEY (release_id) REFERENCES public.rights_release(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_identifier
    ADD CONSTRAINT rights_identifier_work_id_385a2418_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_identifierfinding
    ADD CONSTRAINT rights_identifierfin_identifier_id_03c4326d_fk_rights_id FOREIGN KEY (identifier_id) REFERENCES public.rights_identifier(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influence
    ADD CONSTRAINT rights_influence_provider_id_a3942fbd_fk_rights_party_id FOREIGN KEY (provider_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influence
    ADD CONSTRAINT rights_influence_stated_by_id_c078f08e_fk_rights_party_id FOREIGN KEY (stated_by_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influence
    ADD CONSTRAINT rights_influence_submission_id_635e3703_fk_rights_submission_id FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influenceobjection
    ADD CONSTRAINT rights_influenceobje_influence_id_b7efaa23_fk_rights_in FOREIGN KEY (influence_id) REFERENCES public.rights_influence(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influenceobjection
    ADD CONSTRAINT rights_influenceobjection_party_id_40d44731_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influenceweight
    ADD CONSTRAINT rights_influenceweig_influence_id_e8a267e3_fk_rights_in FOREIGN KEY (influence_id) REFERENCES public.rights_influence(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influenceweight
    ADD CONSTRAINT rights_influenceweig_recording_id_f2adaadd_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influenceweight
    ADD CONSTRAINT rights_influenceweight_lyrics_id_6b8ded75_fk_rights_lyrics_id FOREIGN KEY (lyrics_id) REFERENCES public.rights_lyrics(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influenceweight
    ADD CONSTRAINT rights_influenceweight_stem_id_0bbb1320_fk_rights_stem_id FOREIGN KEY (stem_id) REFERENCES public.rights_stem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influenceweight
    ADD CONSTRAINT rights_influenceweight_voice_id_4f8ac371_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_influenceweight
    ADD CONSTRAINT rights_influenceweight_work_id_fe08663b_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_ingredient
    ADD CONSTRAINT rights_ingredient_recording_id_e5c707e1_fk_rights_recording_id FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_ingredient
    ADD CONSTRAINT rights_ingredient_submission_id_23a2ede2_fk_rights_su FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_license
    ADD CONSTRAINT rights_license_licensee_id_c46867c0_fk_rights_party_id FOREIGN KEY (licensee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_license
    ADD CONSTRAINT rights_license_licensor_id_3d285113_fk_rights_party_id FOREIGN KEY (licensor_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_license
    ADD CONSTRAINT rights_license_registrar_id_8c51f93f_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_license
    ADD CONSTRAINT rights_license_terms_id_432cab22_fk_rights_termsversion_id FOREIGN KEY (terms_id) REFERENCES public.rights_termsversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licenseasset
    ADD CONSTRAINT rights_licenseasset_license_id_e68e26a8_fk_rights_license_id FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licenseasset
    ADD CONSTRAINT rights_licenseasset_lyrics_id_915dbc9d_fk_rights_lyrics_id FOREIGN KEY (lyrics_id) REFERENCES public.rights_lyrics(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licenseasset
    ADD CONSTRAINT rights_licenseasset_recording_id_b5b1c763_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licenseasset
    ADD CONSTRAINT rights_licenseasset_stem_id_a9539bb7_fk_rights_stem_id FOREIGN KEY (stem_id) REFERENCES public.rights_stem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licenseasset
    ADD CONSTRAINT rights_licenseasset_voice_id_7f70930e_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licenseasset
    ADD CONSTRAINT rights_licenseasset_work_id_ff262cb0_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licenseevent
    ADD CONSTRAINT rights_licenseevent_actor_id_4bf0c33b_fk_rights_party_id FOREIGN KEY (actor_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licenseevent
    ADD CONSTRAINT rights_licenseevent_license_id_ce070da9_fk_rights_license_id FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licenseevent
    ADD CONSTRAINT rights_licenseevent_successor_id_7bac5116_fk_rights_license_id FOREIGN KEY (successor_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licensemodelversion
    ADD CONSTRAINT rights_licensemodelv_license_id_b8d5360a_fk_rights_li FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licensemodelversion
    ADD CONSTRAINT rights_licensemodelv_model_version_id_2d6341e8_fk_rights_mo FOREIGN KEY (model_version_id) REFERENCES public.rights_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licensestanding
    ADD CONSTRAINT rights_licensestanding_license_id_10bcf4bd_fk_rights_license_id FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_licensestanding
    ADD CONSTRAINT rights_licensestanding_licensee_id_f3b43dde_fk_rights_party_id FOREIGN KEY (licensee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_lyrics
    ADD CONSTRAINT rights_lyrics_registrar_id_deacfd34_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_lyrics
    ADD CONSTRAINT rights_lyrics_work_id_65432c38_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_mfnclause
    ADD CONSTRAINT rights_mfnclause_license_id_e39d620a_fk_rights_license_id FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_model
    ADD CONSTRAINT rights_model_provider_id_9ec29bc9_fk_rights_party_id FOREIGN KEY (provider_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_model
    ADD CONSTRAINT rights_model_registrar_id_02758c5a_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_modelversion
    ADD CONSTRAINT rights_modelversion_dataset_id_bbe5c5ad_fk_rights_dataset_id FOREIGN KEY (dataset_id) REFERENCES public.rights_dataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_modelversion
    ADD CONSTRAINT rights_modelversion_model_id_8c1b22dc_fk_rights_model_id FOREIGN KEY (model_id) REFERENCES public.rights_model(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_modelversionretirement
    ADD CONSTRAINT rights_modelversionr_model_version_id_b0f24392_fk_rights_mo FOREIGN KEY (model_version_id) REFERENCES public.rights_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_nametoken
    ADD CONSTRAINT rights_nametoken_party_id_08fbcfab_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_outputflag
    ADD CONSTRAINT rights_outputflag_event_id_94926972_fk_rights_consentevent_id FOREIGN KEY (event_id) REFERENCES public.rights_consentevent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_outputflag
    ADD CONSTRAINT rights_outputflag_recheck_id_cae059a4_fk_rights_recheck_id FOREIGN KEY (recheck_id) REFERENCES public.rights_recheck(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_outputflag
    ADD CONSTRAINT rights_outputflag_submission_id_66e9cfda_fk_rights_su FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_party
    ADD CONSTRAINT rights_party_registrar_id_41f496de_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_partycontact
    ADD CONSTRAINT rights_partycontact_party_id_9a252c55_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_partyidentity
    ADD CONSTRAINT rights_partyidentity_party_id_861dee2b_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_partyinrole
    ADD CONSTRAINT rights_partyinrole_party_id_9b6757e4_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_partymerge
    ADD CONSTRAINT rights_partymerge_duplicate_id_98e3ee35_fk_rights_party_id FOREIGN KEY (duplicate_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_partymerge
    ADD CONSTRAINT rights_partymerge_survivor_id_94956bf5_fk_rights_party_id FOREIGN KEY (survivor_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_partymergeundo
    ADD CONSTRAINT rights_partymergeundo_merge_id_9752f86f_fk_rights_partymerge_id FOREIGN KEY (merge_id) REFERENCES public.rights_partymerge(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_partyname
    ADD CONSTRAINT rights_partyname_party_id_85041e49_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_permissionstanding
    ADD CONSTRAINT rights_permissionsta_consent_id_2b6bf70b_fk_rights_co FOREIGN KEY (consent_id) REFERENCES public.rights_consent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_permissionstanding
    ADD CONSTRAINT rights_permissionsta_licensee_id_a8612a0e_fk_rights_pa FOREIGN KEY (licensee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_permissionstanding
    ADD CONSTRAINT rights_permissionsta_reservation_id_ecd2a14e_fk_rights_re FOREIGN KEY (reservation_id) REFERENCES public.rights_reservation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_permissionstanding
    ADD CONSTRAINT rights_permissionstanding_holder_id_0bf33753_fk_rights_party_id FOREIGN KEY (holder_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_protection
    ADD CONSTRAINT rights_protection_party_id_565870a6_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recheck
    ADD CONSTRAINT rights_recheck_decision_id_0e30343e_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recheck
    ADD CONSTRAINT rights_recheck_event_id_28a1efb3_fk_rights_consentevent_id FOREIGN KEY (event_id) REFERENCES public.rights_consentevent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recheck
    ADD CONSTRAINT rights_recheck_examination_id_a751b7a4_fk_fingerpri FOREIGN KEY (examination_id) REFERENCES public.fingerprint_examination(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recheckfinding
    ADD CONSTRAINT rights_recheckfinding_recheck_id_3ebf6967_fk_rights_recheck_id FOREIGN KEY (recheck_id) REFERENCES public.rights_recheck(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recording
    ADD CONSTRAINT rights_recording_reference_id_7a4b0536_fk_fingerpri FOREIGN KEY (reference_id) REFERENCES public.fingerprint_reference(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recording
    ADD CONSTRAINT rights_recording_registrar_id_dce529e7_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recordingaudio
    ADD CONSTRAINT rights_recordingaudi_recording_id_883a5298_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recordingaudio
    ADD CONSTRAINT rights_recordingaudi_reference_id_77d81812_fk_fingerpri FOREIGN KEY (reference_id) REFERENCES public.fingerprint_reference(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recordingdescription
    ADD CONSTRAINT rights_recordingdesc_describer_id_dff8482f_fk_rights_pa FOREIGN KEY (describer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recordingdescription
    ADD CONSTRAINT rights_recordingdesc_recording_id_2b920f4c_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recordingdescription
    ADD CONSTRAINT rights_recordingdesc_registrar_id_de136ee2_fk_rights_pa FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recordingvoice
    ADD CONSTRAINT rights_recordingvoic_recording_id_8b903e42_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recordingvoice
    ADD CONSTRAINT rights_recordingvoice_voice_id_98b70bd8_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recordingwork
    ADD CONSTRAINT rights_recordingwork_recording_id_f96deb9a_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_recordingwork
    ADD CONSTRAINT rights_recordingwork_work_id_920bac5f_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_release
    ADD CONSTRAINT rights_release_registrar_id_f6c8d278_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_releaserecording
    ADD CONSTRAINT rights_releaserecord_recording_id_4f06f5d2_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_releaserecording
    ADD CONSTRAINT rights_releaserecord_release_id_f6ad9a1e_fk_rights_re FOREIGN KEY (release_id) REFERENCES public.rights_release(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_representationend
    ADD CONSTRAINT rights_representatio_representation_id_15e4e9af_fk_rights_re FOREIGN KEY (representation_id) REFERENCES public.rights_representation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_representation
    ADD CONSTRAINT rights_representation_agent_id_8aa64a4a_fk_rights_party_id FOREIGN KEY (agent_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_representation
    ADD CONSTRAINT rights_representation_principal_id_79e6c315_fk_rights_party_id FOREIGN KEY (principal_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_representation
    ADD CONSTRAINT rights_representation_registrar_id_f12a3d80_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_reservation
    ADD CONSTRAINT rights_reservation_holder_id_89a37951_fk_rights_party_id FOREIGN KEY (holder_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_reservation
    ADD CONSTRAINT rights_reservation_lyrics_id_bf511fc2_fk_rights_lyrics_id FOREIGN KEY (lyrics_id) REFERENCES public.rights_lyrics(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_reservation
    ADD CONSTRAINT rights_reservation_recording_id_801f39ce_fk_rights_recording_id FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_reservation
    ADD CONSTRAINT rights_reservation_registrar_id_3a95aede_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_reservation
    ADD CONSTRAINT rights_reservation_stem_id_34578d65_fk_rights_stem_id FOREIGN KEY (stem_id) REFERENCES public.rights_stem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_reservation
    ADD CONSTRAINT rights_reservation_voice_id_5bb9345d_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_reservation
    ADD CONSTRAINT rights_reservation_work_id_882e61d4_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_reservationend
    ADD CONSTRAINT rights_reservationen_reservation_id_b2f04c98_fk_rights_re FOREIGN KEY (reservation_id) REFERENCES public.rights_reservation(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_review
    ADD CONSTRAINT rights_review_decision_id_5ba25f57_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_review
    ADD CONSTRAINT rights_review_reviewer_id_9c22f9b8_fk_auth_user_id FOREIGN KEY (reviewer_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_share
    ADD CONSTRAINT rights_share_lyrics_id_a841c87a_fk_rights_lyrics_id FOREIGN KEY (lyrics_id) REFERENCES public.rights_lyrics(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_share
    ADD CONSTRAINT rights_share_party_id_6e70948e_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_share
    ADD CONSTRAINT rights_share_recording_id_1fe14c8e_fk_rights_recording_id FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_share
    ADD CONSTRAINT rights_share_registrar_id_db4b9d92_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_share
    ADD CONSTRAINT rights_share_stem_id_b867928f_fk_rights_stem_id FOREIGN KEY (stem_id) REFERENCES public.rights_stem(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_share
    ADD CONSTRAINT rights_share_voice_id_f53f783a_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_share
    ADD CONSTRAINT rights_share_work_id_b6c87dfa_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_shareevent
    ADD CONSTRAINT rights_shareevent_share_id_d2ca1445_fk_rights_share_id FOREIGN KEY (share_id) REFERENCES public.rights_share(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_shareevent
    ADD CONSTRAINT rights_shareevent_successor_id_1d208e3c_fk_rights_share_id FOREIGN KEY (successor_id) REFERENCES public.rights_share(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_sharestanding
    ADD CONSTRAINT rights_sharestanding_holder_id_958fca13_fk_rights_party_id FOREIGN KEY (holder_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_sharestanding
    ADD CONSTRAINT rights_sharestanding_share_id_389591a3_fk_rights_share_id FOREIGN KEY (share_id) REFERENCES public.rights_share(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_stem
    ADD CONSTRAINT rights_stem_recording_id_bebf502f_fk_rights_recording_id FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_stem
    ADD CONSTRAINT rights_stem_registrar_id_fae5edb3_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_submission
    ADD CONSTRAINT rights_submission_audio_id_29826fae_fk_fingerprint_audio_digest FOREIGN KEY (audio_id) REFERENCES public.fingerprint_audio(digest) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_submission
    ADD CONSTRAINT rights_submission_model_version_id_977a6a5d_fk_rights_mo FOREIGN KEY (model_version_id) REFERENCES public.rights_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_submission
    ADD CONSTRAINT rights_submission_submitter_id_5c891317_fk_rights_party_id FOREIGN KEY (submitter_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_termsversion
    ADD CONSTRAINT rights_termsversion_registrar_id_5def8779_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_traininglicense
    ADD CONSTRAINT rights_traininglicen_model_version_id_c9810e20_fk_rights_mo FOREIGN KEY (model_version_id) REFERENCES public.rights_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_traininglicense
    ADD CONSTRAINT rights_traininglicense_license_id_9bf693e6_fk_rights_license_id FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_trainingstatement
    ADD CONSTRAINT rights_trainingstate_model_version_id_a51c7ead_fk_rights_mo FOREIGN KEY (model_version_id) REFERENCES public.rights_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_trainingstatement
    ADD CONSTRAINT rights_trainingstate_stated_by_id_3ab15a9c_fk_rights_pa FOREIGN KEY (stated_by_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_voice
    ADD CONSTRAINT rights_voice_person_id_d6ba9ffb_fk_rights_party_id FOREIGN KEY (person_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_voice
    ADD CONSTRAINT rights_voice_registrar_id_dfbc6057_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_voiceenrollmentend
    ADD CONSTRAINT rights_voiceenrollme_enrollment_id_88c1f271_fk_rights_vo FOREIGN KEY (enrollment_id) REFERENCES public.rights_voiceenrollment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_voiceenrollmentend
    ADD CONSTRAINT rights_voiceenrollme_successor_id_1ec4821e_fk_rights_vo FOREIGN KEY (successor_id) REFERENCES public.rights_voiceenrollment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_voiceenrollment
    ADD CONSTRAINT rights_voiceenrollment_consent_id_c9e7469e_fk_rights_consent_id FOREIGN KEY (consent_id) REFERENCES public.rights_consent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_voiceenrollment
    ADD CONSTRAINT rights_voiceenrollment_registrar_id_2c4957ef_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_voiceenrollment
    ADD CONSTRAINT rights_voiceenrollment_voice_id_c1432ae9_fk_rights_voice_id FOREIGN KEY (voice_id) REFERENCES public.rights_voice(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_voicetemplate
    ADD CONSTRAINT rights_voicetemplate_enrollment_id_7118245d_fk_rights_vo FOREIGN KEY (enrollment_id) REFERENCES public.rights_voiceenrollment(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_withdrawaltask
    ADD CONSTRAINT rights_withdrawaltas_event_id_e23997b2_fk_rights_co FOREIGN KEY (event_id) REFERENCES public.rights_consentevent(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_withdrawaltask
    ADD CONSTRAINT rights_withdrawaltas_model_version_id_e18bf4e5_fk_rights_mo FOREIGN KEY (model_version_id) REFERENCES public.rights_modelversion(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_withdrawaltask
    ADD CONSTRAINT rights_withdrawaltas_submission_id_74e0edcf_fk_rights_su FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_withdrawaltaskdone
    ADD CONSTRAINT rights_withdrawaltas_task_id_ef0cb4be_fk_rights_wi FOREIGN KEY (task_id) REFERENCES public.rights_withdrawaltask(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_withdrawaltask
    ADD CONSTRAINT rights_withdrawaltask_dataset_id_e89dee26_fk_rights_dataset_id FOREIGN KEY (dataset_id) REFERENCES public.rights_dataset(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_withdrawaltask
    ADD CONSTRAINT rights_withdrawaltask_license_id_ce3a0a96_fk_rights_license_id FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_withdrawaltask
    ADD CONSTRAINT rights_withdrawaltask_party_id_4d467163_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_withdrawaltaskdone
    ADD CONSTRAINT rights_withdrawaltaskdone_by_id_5dedbddc_fk_rights_party_id FOREIGN KEY (by_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.rights_work
    ADD CONSTRAINT rights_work_registrar_id_c5f3c332_fk_rights_party_id FOREIGN KEY (registrar_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_account
    ADD CONSTRAINT royalties_account_party_id_fc99b90e_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_account
    ADD CONSTRAINT royalties_account_payer_id_342a9cd1_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_advance
    ADD CONSTRAINT royalties_advance_payee_id_8868c1ad_fk_rights_party_id FOREIGN KEY (payee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_advance
    ADD CONSTRAINT royalties_advance_payer_id_fa0726ef_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_declaration
    ADD CONSTRAINT royalties_declaration_license_id_2b0db00b_fk_rights_license_id FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_declaration
    ADD CONSTRAINT royalties_declaration_payer_id_2a054c07_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_division
    ADD CONSTRAINT royalties_division_decision_id_af50c70d_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_exchangerate
    ADD CONSTRAINT royalties_exchangerate_payer_id_79f65e32_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_objectionanswer
    ADD CONSTRAINT royalties_objectiona_answered_by_id_04b8092d_fk_auth_user FOREIGN KEY (answered_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_objectionanswer
    ADD CONSTRAINT royalties_objectiona_objection_id_d2185f52_fk_royalties FOREIGN KEY (objection_id) REFERENCES public.royalties_statementobjection(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_payeelink
    ADD CONSTRAINT royalties_payeelink_made_by_id_6c15a553_fk_auth_user_id FOREIGN KEY (made_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_payeelink
    ADD CONSTRAINT royalties_payeelink_payee_id_26afa7d6_fk_rights_party_id FOREIGN KEY (payee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_payeelink
    ADD CONSTRAINT royalties_payeelink_payer_id_cb8eb3f5_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_payeelinkend
    ADD CONSTRAINT royalties_payeelinke_link_id_1b1d022c_fk_royalties FOREIGN KEY (link_id) REFERENCES public.royalties_payeelink(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_payeelinkend
    ADD CONSTRAINT royalties_payeelinkend_ended_by_id_aefcbf1b_fk_auth_user_id FOREIGN KEY (ended_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_payeeterms
    ADD CONSTRAINT royalties_payeeterms_payee_id_71e782de_fk_rights_party_id FOREIGN KEY (payee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_payeeterms
    ADD CONSTRAINT royalties_payeeterms_payer_id_aed1af8b_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_payment
    ADD CONSTRAINT royalties_payment_order_id_9b337c15_fk_royalties FOREIGN KEY (order_id) REFERENCES public.royalties_paymentorder(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_paymentfile
    ADD CONSTRAINT royalties_paymentfil_run_id_a0b637d5_fk_royalties FOREIGN KEY (run_id) REFERENCES public.royalties_royaltyrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_paymentfile
    ADD CONSTRAINT royalties_paymentfile_made_by_id_b787a6bf_fk_auth_user_id FOREIGN KEY (made_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_paymentorder
    ADD CONSTRAINT royalties_paymentord_file_id_3c7838e0_fk_royalties FOREIGN KEY (file_id) REFERENCES public.royalties_paymentfile(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_paymentorder
    ADD CONSTRAINT royalties_paymentord_statement_id_d97220aa_fk_royalties FOREIGN KEY (statement_id) REFERENCES public.royalties_statement(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_plan
    ADD CONSTRAINT royalties_plan_license_id_c158ed6f_fk_rights_license_id FOREIGN KEY (license_id) REFERENCES public.rights_license(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_plan
    ADD CONSTRAINT royalties_plan_party_id_a0b470eb_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_plan
    ADD CONSTRAINT royalties_plan_recording_id_15021dd4_fk_rights_recording_id FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_plan
    ADD CONSTRAINT royalties_plan_release_id_38302e8e_fk_rights_release_id FOREIGN KEY (release_id) REFERENCES public.rights_release(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_planmodel
    ADD CONSTRAINT royalties_planmodel_plan_id_b533a7b7_fk_royalties_plan_id FOREIGN KEY (plan_id) REFERENCES public.royalties_plan(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_planmodel
    ADD CONSTRAINT royalties_planmodel_provider_id_d95bda2e_fk_rights_party_id FOREIGN KEY (provider_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_planquantity
    ADD CONSTRAINT royalties_planquanti_recording_id_9b0f96f2_fk_rights_re FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_planquantity
    ADD CONSTRAINT royalties_planquantity_plan_id_274d004b_fk_royalties_plan_id FOREIGN KEY (plan_id) REFERENCES public.royalties_plan(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_planquantity
    ADD CONSTRAINT royalties_planquantity_work_id_84b9f1c5_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_planterm
    ADD CONSTRAINT royalties_planterm_party_id_a157cee6_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_planterm
    ADD CONSTRAINT royalties_planterm_plan_id_a2bd3d15_fk_royalties_plan_id FOREIGN KEY (plan_id) REFERENCES public.royalties_plan(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_posting
    ADD CONSTRAINT royalties_posting_account_id_66e22b6b_fk_royalties_account_id FOREIGN KEY (account_id) REFERENCES public.royalties_account(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_posting
    ADD CONSTRAINT royalties_posting_transaction_id_3551f697_fk_royalties FOREIGN KEY (transaction_id) REFERENCES public.royalties_transaction(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_royaltyrun
    ADD CONSTRAINT royalties_royaltyrun_payer_id_b8923f29_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_royaltyrun
    ADD CONSTRAINT royalties_royaltyrun_started_by_id_11dab9ab_fk_auth_user_id FOREIGN KEY (started_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_runevent
    ADD CONSTRAINT royalties_runevent_by_id_71d757de_fk_auth_user_id FOREIGN KEY (by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_runevent
    ADD CONSTRAINT royalties_runevent_run_id_92609773_fk_royalties_royaltyrun_id FOREIGN KEY (run_id) REFERENCES public.royalties_royaltyrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_runevent
    ADD CONSTRAINT royalties_runevent_started_by_id_1dd064e3_fk_auth_user_id FOREIGN KEY (started_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_runpart
    ADD CONSTRAINT royalties_runpart_of_run_id_b6cd57f1_fk_royalties_royaltyrun_id FOREIGN KEY (of_run_id) REFERENCES public.royalties_royaltyrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_runpart
    ADD CONSTRAINT royalties_runpart_run_id_6cd4bb44_fk_royalties_royaltyrun_id FOREIGN KEY (run_id) REFERENCES public.royalties_royaltyrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_runpartition
    ADD CONSTRAINT royalties_runpartition_part_id_4e33eac3_fk_royalties_runpart_id FOREIGN KEY (part_id) REFERENCES public.royalties_runpart(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_split
    ADD CONSTRAINT royalties_split_decision_id_600fc779_fk_rights_decision_id FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_split
    ADD CONSTRAINT royalties_split_division_id_bf2e1746_fk_royalties_division_id FOREIGN KEY (division_id) REFERENCES public.royalties_division(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_split
    ADD CONSTRAINT royalties_split_party_id_084880d4_fk_rights_party_id FOREIGN KEY (party_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_split
    ADD CONSTRAINT royalties_split_recording_id_d908aca3_fk_rights_recording_id FOREIGN KEY (recording_id) REFERENCES public.rights_recording(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_split
    ADD CONSTRAINT royalties_split_work_id_70bf8e4a_fk_rights_work_id FOREIGN KEY (work_id) REFERENCES public.rights_work(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_splitsource
    ADD CONSTRAINT royalties_splitsourc_decision_id_b9a17904_fk_rights_de FOREIGN KEY (decision_id) REFERENCES public.rights_decision(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_splitsource
    ADD CONSTRAINT royalties_splitsourc_division_id_00c758d3_fk_royalties FOREIGN KEY (division_id) REFERENCES public.royalties_division(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_splitsource
    ADD CONSTRAINT royalties_splitsourc_influence_id_56636c26_fk_rights_in FOREIGN KEY (influence_id) REFERENCES public.rights_influence(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_splitsource
    ADD CONSTRAINT royalties_splitsource_plan_id_1b96e9f1_fk_royalties_plan_id FOREIGN KEY (plan_id) REFERENCES public.royalties_plan(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_splitsource
    ADD CONSTRAINT royalties_splitsource_share_id_e0ce8118_fk_rights_share_id FOREIGN KEY (share_id) REFERENCES public.rights_share(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_statement
    ADD CONSTRAINT royalties_statement_payee_id_9243caed_fk_rights_party_id FOREIGN KEY (payee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_statement
    ADD CONSTRAINT royalties_statement_payout_rate_id_64a2c11e_fk_royalties FOREIGN KEY (payout_rate_id) REFERENCES public.royalties_exchangerate(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_statement
    ADD CONSTRAINT royalties_statement_run_id_92e336bb_fk_royalties_royaltyrun_id FOREIGN KEY (run_id) REFERENCES public.royalties_royaltyrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_statementobjection
    ADD CONSTRAINT royalties_statemento_link_id_2f4f10ee_fk_royalties FOREIGN KEY (link_id) REFERENCES public.royalties_payeelink(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_statementobjection
    ADD CONSTRAINT royalties_statemento_objected_by_id_2553541a_fk_auth_user FOREIGN KEY (objected_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_statementobjection
    ADD CONSTRAINT royalties_statemento_statement_id_977ac23a_fk_royalties FOREIGN KEY (statement_id) REFERENCES public.royalties_statement(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_taxcertificate
    ADD CONSTRAINT royalties_taxcertificate_payee_id_1c16ee47_fk_rights_party_id FOREIGN KEY (payee_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_taxcertificate
    ADD CONSTRAINT royalties_taxcertificate_payer_id_c1f2ffec_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_transaction
    ADD CONSTRAINT royalties_transactio_of_run_id_21bf0361_fk_royalties FOREIGN KEY (of_run_id) REFERENCES public.royalties_royaltyrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_transaction
    ADD CONSTRAINT royalties_transactio_run_id_b3c4f49c_fk_royalties FOREIGN KEY (run_id) REFERENCES public.royalties_royaltyrun(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_transaction
    ADD CONSTRAINT royalties_transaction_booked_by_id_366a49b5_fk_auth_user_id FOREIGN KEY (booked_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_transaction
    ADD CONSTRAINT royalties_transaction_payer_id_ba8b6053_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_transaction
    ADD CONSTRAINT royalties_transaction_term_id_7e59c817_fk_royalties_planterm_id FOREIGN KEY (term_id) REFERENCES public.royalties_planterm(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagefile
    ADD CONSTRAINT royalties_usagefile_report_id_350e95ad_fk_royalties FOREIGN KEY (report_id) REFERENCES public.royalties_usagereport(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagekey
    ADD CONSTRAINT royalties_usagekey_payer_id_60abe905_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagekey
    ADD CONSTRAINT royalties_usagekey_report_id_3f9d39e6_fk_royalties FOREIGN KEY (report_id) REFERENCES public.royalties_usagereport(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagemapping
    ADD CONSTRAINT royalties_usagemapping_payer_id_60c7613c_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagematch
    ADD CONSTRAINT royalties_usagematch_matching_id_58350176_fk_royalties FOREIGN KEY (matching_id) REFERENCES public.royalties_usagematching(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagematch
    ADD CONSTRAINT royalties_usagematch_payer_id_f4aa2eca_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagematch
    ADD CONSTRAINT royalties_usagematch_submission_id_628f0469_fk_rights_su FOREIGN KEY (submission_id) REFERENCES public.rights_submission(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagematch
    ADD CONSTRAINT royalties_usagematch_supersedes_id_7e23ef72_fk_royalties FOREIGN KEY (supersedes_id) REFERENCES public.royalties_usagematch(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagematching
    ADD CONSTRAINT royalties_usagematching_matched_by_id_9f4d6511_fk_auth_user_id FOREIGN KEY (matched_by_id) REFERENCES public.auth_user(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagematching
    ADD CONSTRAINT royalties_usagematching_payer_id_af26af69_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usageoutcome
    ADD CONSTRAINT royalties_usageoutco_report_id_2f89db0d_fk_royalties FOREIGN KEY (report_id) REFERENCES public.royalties_usagereport(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usageoutcome
    ADD CONSTRAINT royalties_usageoutcome_payer_id_1900cad5_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usageproblem
    ADD CONSTRAINT royalties_usageprobl_report_id_82721392_fk_royalties FOREIGN KEY (report_id) REFERENCES public.royalties_usagereport(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usageprogress
    ADD CONSTRAINT royalties_usageprogr_report_id_9174179c_fk_royalties FOREIGN KEY (report_id) REFERENCES public.royalties_usagereport(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagereport
    ADD CONSTRAINT royalties_usagerepor_replaces_id_305b8337_fk_royalties FOREIGN KEY (replaces_id) REFERENCES public.royalties_usagereport(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagereport
    ADD CONSTRAINT royalties_usagereport_payer_id_c44325f0_fk_rights_party_id FOREIGN KEY (payer_id) REFERENCES public.rights_party(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagesum
    ADD CONSTRAINT royalties_usagesum_key_id_a563ace2_fk_royalties_usagekey_id FOREIGN KEY (key_id) REFERENCES public.royalties_usagekey(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagesupersession
    ADD CONSTRAINT royalties_usagesuper_report_id_b25cde21_fk_royalties FOREIGN KEY (report_id) REFERENCES public.royalties_usagereport(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_usagesupersession
    ADD CONSTRAINT royalties_usagesuper_successor_id_ad94f48a_fk_royalties FOREIGN KEY (successor_id) REFERENCES public.royalties_usagereport(id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE ONLY public.royalties_runevent
    ADD CONSTRAINT run_event_names_who_started FOREIGN KEY (run_id, started_by_id) REFERENCES public.royalties_royaltyrun(id, started_by_id) DEFERRABLE INITIALLY DEFERRED;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.auth_group TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_group_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_group_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.auth_group_permissions TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_group_permissions_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_group_permissions_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.auth_permission TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_permission_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_permission_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.auth_user TO ledger_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.auth_user_groups TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_user_groups_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_user_groups_id_seq TO ledger_sequencer;
GRANT USAGE ON SEQUENCE public.auth_user_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_user_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.auth_user_user_permissions TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_user_user_permissions_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.auth_user_user_permissions_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.django_admin_log TO ledger_app;
GRANT USAGE ON SEQUENCE public.django_admin_log_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.django_admin_log_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.django_content_type TO ledger_app;
GRANT USAGE ON SEQUENCE public.django_content_type_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.django_content_type_id_seq TO ledger_sequencer;
GRANT SELECT ON TABLE public.django_migrations TO ledger_auditor;
GRANT SELECT ON TABLE public.django_migrations TO ledger_app;
GRANT USAGE ON SEQUENCE public.django_migrations_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.django_migrations_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.django_session TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.fingerprint_audio TO ledger_app;
GRANT SELECT ON TABLE public.fingerprint_audio TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.fingerprint_embedding TO ledger_app;
GRANT SELECT ON TABLE public.fingerprint_embedding TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.fingerprint_embedding_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.fingerprint_embedding_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.fingerprint_examination TO ledger_app;
GRANT SELECT ON TABLE public.fingerprint_examination TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.fingerprint_fingerprint TO ledger_app;
GRANT SELECT ON TABLE public.fingerprint_fingerprint TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.fingerprint_fingerprint_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.fingerprint_fingerprint_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.fingerprint_indexsnapshot TO ledger_app;
GRANT SELECT ON TABLE public.fingerprint_indexsnapshot TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.fingerprint_indexsnapshot_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.fingerprint_indexsnapshot_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.fingerprint_melody TO ledger_app;
GRANT SELECT ON TABLE public.fingerprint_melody TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.fingerprint_melody_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.fingerprint_melody_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.fingerprint_reference TO ledger_app;
GRANT SELECT ON TABLE public.fingerprint_reference TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.fingerprint_trace TO ledger_app;
GRANT SELECT ON TABLE public.fingerprint_trace TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.fingerprint_trace_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.fingerprint_trace_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_apiclient TO ledger_app;
GRANT USAGE ON SEQUENCE public.ledger_apiclient_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.ledger_apiclient_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.ledger_approval TO ledger_app;
GRANT SELECT ON TABLE public.ledger_approval TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_auditengagement TO ledger_app;
GRANT SELECT ON TABLE public.ledger_auditengagement TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_auditexception TO ledger_app;
GRANT SELECT ON TABLE public.ledger_auditexception TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_auditnote TO ledger_app;
GRANT SELECT ON TABLE public.ledger_auditnote TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_auditsample TO ledger_app;
GRANT SELECT ON TABLE public.ledger_auditsample TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_auditsampleitem TO ledger_app;
GRANT SELECT ON TABLE public.ledger_auditsampleitem TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_bandsactivation TO ledger_app;
GRANT SELECT ON TABLE public.ledger_bandsactivation TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_bandsversion TO ledger_app;
GRANT SELECT ON TABLE public.ledger_bandsversion TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_campaignmailing TO ledger_app;
GRANT SELECT ON TABLE public.ledger_campaignmailing TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_campaignnotice TO ledger_app;
GRANT SELECT ON TABLE public.ledger_campaignnotice TO ledger_auditor;
GRANT SELECT,INSERT,UPDATE ON TABLE public.ledger_campaignplan TO ledger_app;
GRANT SELECT ON TABLE public.ledger_campaignplan TO ledger_auditor;
GRANT SELECT ON TABLE public.ledger_checkpoint TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.ledger_checkpoint TO ledger_sequencer;
GRANT SELECT ON TABLE public.ledger_checkpoint TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_copyorder TO ledger_app;
GRANT SELECT ON TABLE public.ledger_copyorder TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_cosignature TO ledger_app;
GRANT SELECT ON TABLE public.ledger_cosignature TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.ledger_cosignature_id_seq TO ledger_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_divisionwatch TO ledger_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.ledger_dossierread TO ledger_app;
GRANT SELECT ON TABLE public.ledger_edge TO ledger_app;
GRANT SELECT,INSERT,UPDATE ON TABLE public.ledger_edge TO ledger_sequencer;
GRANT SELECT ON TABLE public.ledger_edge TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_enrollment TO ledger_app;
GRANT SELECT ON TABLE public.ledger_enrollment TO ledger_auditor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_enrollmentfile TO ledger_app;
GRANT USAGE ON SEQUENCE public.ledger_enrollmentfile_id_seq TO ledger_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_enrollmentprogress TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.ledger_entry TO ledger_app;
GRANT SELECT ON TABLE public.ledger_entry TO ledger_sequencer;
GRANT SELECT ON TABLE public.ledger_entry TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_erasure TO ledger_app;
GRANT SELECT ON TABLE public.ledger_erasure TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_erasurerequest TO ledger_app;
GRANT SELECT ON TABLE public.ledger_erasurerequest TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_importbatch TO ledger_app;
GRANT SELECT ON TABLE public.ledger_importbatch TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_importedfact TO ledger_app;
GRANT SELECT ON TABLE public.ledger_importedfact TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.ledger_importedfact_id_seq TO ledger_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.ledger_importnote TO ledger_app;
GRANT USAGE ON SEQUENCE public.ledger_importnote_id_seq TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.ledger_importoutcome TO ledger_app;
GRANT SELECT ON TABLE public.ledger_importoutcome TO ledger_auditor;
GRANT SELECT,INSERT,DELETE ON TABLE public.ledger_importproblem TO ledger_app;
GRANT USAGE ON SEQUENCE public.ledger_importproblem_id_seq TO ledger_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_importprogress TO ledger_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_importrehearsal TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.ledger_importreversal TO ledger_app;
GRANT SELECT ON TABLE public.ledger_importreversal TO ledger_auditor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_job TO ledger_app;
GRANT USAGE ON SEQUENCE public.ledger_job_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.ledger_job_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_keptanswer TO ledger_app;
GRANT SELECT ON TABLE public.ledger_leaf TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.ledger_leaf TO ledger_sequencer;
GRANT SELECT ON TABLE public.ledger_leaf TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_logkeychange TO ledger_app;
GRANT SELECT ON TABLE public.ledger_logkeychange TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_membership TO ledger_app;
GRANT SELECT ON TABLE public.ledger_membership TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_membershipend TO ledger_app;
GRANT SELECT ON TABLE public.ledger_membershipend TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_operation TO ledger_app;
GRANT SELECT ON TABLE public.ledger_operation TO ledger_auditor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_outputwatch TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.ledger_packorder TO ledger_app;
GRANT SELECT ON TABLE public.ledger_packorder TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.ledger_packpart TO ledger_app;
GRANT SELECT ON TABLE public.ledger_packpart TO ledger_auditor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_packprogress TO ledger_app;
GRANT SELECT ON TABLE public.ledger_pendingentry TO ledger_app;
GRANT SELECT,DELETE ON TABLE public.ledger_pendingentry TO ledger_sequencer;
GRANT SELECT ON TABLE public.ledger_pendingentry TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.ledger_pendingentry_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.ledger_pendingentry_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.ledger_proposal TO ledger_app;
GRANT SELECT ON TABLE public.ledger_proposal TO ledger_auditor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_rehearsedproblem TO ledger_app;
GRANT USAGE ON SEQUENCE public.ledger_rehearsedproblem_id_seq TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.ledger_replayedentry TO ledger_app;
GRANT SELECT ON TABLE public.ledger_replayedentry TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.ledger_replayedentry_id_seq TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.ledger_replayround TO ledger_app;
GRANT SELECT ON TABLE public.ledger_replayround TO ledger_auditor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_reviewclaim TO ledger_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_savedmapping TO ledger_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_savedquestion TO ledger_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_shardquestion TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.ledger_societyanswer TO ledger_app;
GRANT SELECT ON TABLE public.ledger_societyanswer TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.ledger_societyanswer_id_seq TO ledger_app;
GRANT SELECT ON TABLE public.ledger_tile TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.ledger_tile TO ledger_sequencer;
GRANT SELECT ON TABLE public.ledger_tile TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.ledger_tile_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.ledger_tile_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.ledger_witnessstate TO ledger_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.oauth2_provider_accesstoken TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_accesstoken_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_accesstoken_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.oauth2_provider_application TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_application_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_application_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.oauth2_provider_devicegrant TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_devicegrant_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_devicegrant_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.oauth2_provider_grant TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_grant_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_grant_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.oauth2_provider_idtoken TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_idtoken_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_idtoken_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.oauth2_provider_refreshtoken TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_refreshtoken_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.oauth2_provider_refreshtoken_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.provenance_certificate TO ledger_app;
GRANT SELECT ON TABLE public.provenance_certificate TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.provenance_disclosure TO ledger_app;
GRANT SELECT ON TABLE public.provenance_disclosure TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.provenance_disclosureanswer TO ledger_app;
GRANT SELECT ON TABLE public.provenance_disclosureanswer TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.provenance_foreignmanifest TO ledger_app;
GRANT SELECT ON TABLE public.provenance_foreignmanifest TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.provenance_manifest TO ledger_app;
GRANT SELECT ON TABLE public.provenance_manifest TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.provenance_manifeststatus TO ledger_app;
GRANT SELECT ON TABLE public.provenance_manifeststatus TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.provenance_outputfingerprint TO ledger_app;
GRANT SELECT ON TABLE public.provenance_outputfingerprint TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.provenance_outputfingerprint_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.provenance_outputfingerprint_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.provenance_signedcopy TO ledger_app;
GRANT SELECT ON TABLE public.provenance_signedcopy TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.provenance_signerchange TO ledger_app;
GRANT SELECT ON TABLE public.provenance_signerchange TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.provenance_softbinding TO ledger_app;
GRANT SELECT ON TABLE public.provenance_softbinding TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.provenance_timestamp TO ledger_app;
GRANT SELECT ON TABLE public.provenance_timestamp TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_allowance TO ledger_app;
GRANT SELECT ON TABLE public.rights_allowance TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_appeal TO ledger_app;
GRANT SELECT ON TABLE public.rights_appeal TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_appealanswer TO ledger_app;
GRANT SELECT ON TABLE public.rights_appealanswer TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_appealevidence TO ledger_app;
GRANT SELECT ON TABLE public.rights_appealevidence TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_campaign TO ledger_app;
GRANT SELECT ON TABLE public.rights_campaign TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_campaigninvitation TO ledger_app;
GRANT SELECT ON TABLE public.rights_campaigninvitation TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_clearance TO ledger_app;
GRANT SELECT ON TABLE public.rights_clearance TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_clearanceanswers TO ledger_app;
GRANT SELECT ON TABLE public.rights_clearanceanswers TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_conflict TO ledger_app;
GRANT SELECT ON TABLE public.rights_conflict TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_conflictclaim TO ledger_app;
GRANT SELECT ON TABLE public.rights_conflictclaim TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_conflictevent TO ledger_app;
GRANT SELECT ON TABLE public.rights_conflictevent TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_consent TO ledger_app;
GRANT SELECT ON TABLE public.rights_consent TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_consentasset TO ledger_app;
GRANT SELECT ON TABLE public.rights_consentasset TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_consentevent TO ledger_app;
GRANT SELECT ON TABLE public.rights_consentevent TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_consentevidence TO ledger_app;
GRANT SELECT ON TABLE public.rights_consentevidence TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_consentoverride TO ledger_app;
GRANT SELECT ON TABLE public.rights_consentoverride TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_contribution TO ledger_app;
GRANT SELECT ON TABLE public.rights_contribution TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_contributionact TO ledger_app;
GRANT SELECT ON TABLE public.rights_contributionact TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_contributionevidence TO ledger_app;
GRANT SELECT ON TABLE public.rights_contributionevidence TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_contributionrecord TO ledger_app;
GRANT SELECT ON TABLE public.rights_contributionrecord TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_dataset TO ledger_app;
GRANT SELECT ON TABLE public.rights_dataset TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_datasetexclusion TO ledger_app;
GRANT SELECT ON TABLE public.rights_datasetexclusion TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_datasetmember TO ledger_app;
GRANT SELECT ON TABLE public.rights_datasetmember TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_decision TO ledger_app;
GRANT SELECT ON TABLE public.rights_decision TO ledger_auditor;
GRANT SELECT,INSERT,DELETE ON TABLE public.rights_exclusiveright TO ledger_app;
GRANT SELECT ON TABLE public.rights_exclusiveright TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.rights_exclusiveright_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.rights_exclusiveright_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.rights_finding TO ledger_app;
GRANT SELECT ON TABLE public.rights_finding TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_identifier TO ledger_app;
GRANT SELECT ON TABLE public.rights_identifier TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_identifierfinding TO ledger_app;
GRANT SELECT ON TABLE public.rights_identifierfinding TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_influence TO ledger_app;
GRANT SELECT ON TABLE public.rights_influence TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_influenceobjection TO ledger_app;
GRANT SELECT ON TABLE public.rights_influenceobjection TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_influenceweight TO ledger_app;
GRANT SELECT ON TABLE public.rights_influenceweight TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_ingredient TO ledger_app;
GRANT SELECT ON TABLE public.rights_ingredient TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_license TO ledger_app;
GRANT SELECT ON TABLE public.rights_license TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_licenseasset TO ledger_app;
GRANT SELECT ON TABLE public.rights_licenseasset TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_licenseevent TO ledger_app;
GRANT SELECT ON TABLE public.rights_licenseevent TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_licensemodelversion TO ledger_app;
GRANT SELECT ON TABLE public.rights_licensemodelversion TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_licensestanding TO ledger_app;
GRANT SELECT ON TABLE public.rights_licensestanding TO ledger_auditor;
GRANT UPDATE(known) ON TABLE public.rights_licensestanding TO ledger_app;
GRANT USAGE ON SEQUENCE public.rights_licensestanding_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.rights_licensestanding_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.rights_lyrics TO ledger_app;
GRANT SELECT ON TABLE public.rights_lyrics TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_mfnclause TO ledger_app;
GRANT SELECT ON TABLE public.rights_mfnclause TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_model TO ledger_app;
GRANT SELECT ON TABLE public.rights_model TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_modelversion TO ledger_app;
GRANT SELECT ON TABLE public.rights_modelversion TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_modelversionretirement TO ledger_app;
GRANT SELECT ON TABLE public.rights_modelversionretirement TO ledger_auditor;
GRANT SELECT,INSERT,DELETE ON TABLE public.rights_nametoken TO ledger_app;
GRANT USAGE ON SEQUENCE public.rights_nametoken_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.rights_nametoken_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.rights_outputflag TO ledger_app;
GRANT SELECT ON TABLE public.rights_outputflag TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_party TO ledger_app;
GRANT SELECT ON TABLE public.rights_party TO ledger_auditor;
GRANT SELECT,INSERT,DELETE ON TABLE public.rights_partycontact TO ledger_app;
GRANT SELECT,INSERT,DELETE ON TABLE public.rights_partyidentity TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.rights_partyinrole TO ledger_app;
GRANT SELECT ON TABLE public.rights_partyinrole TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_partymerge TO ledger_app;
GRANT SELECT ON TABLE public.rights_partymerge TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_partymergeundo TO ledger_app;
GRANT SELECT ON TABLE public.rights_partymergeundo TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_partyname TO ledger_app;
GRANT SELECT ON TABLE public.rights_partyname TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_permissionstanding TO ledger_app;
GRANT SELECT ON TABLE public.rights_permissionstanding TO ledger_auditor;
GRANT UPDATE(known) ON TABLE public.rights_permissionstanding TO ledger_app;
GRANT USAGE ON SEQUENCE public.rights_permissionstanding_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.rights_permissionstanding_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.rights_protection TO ledger_app;
GRANT SELECT ON TABLE public.rights_protection TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_recheck TO ledger_app;
GRANT SELECT ON TABLE public.rights_recheck TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_recheckfinding TO ledger_app;
GRANT SELECT ON TABLE public.rights_recheckfinding TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_recording TO ledger_app;
GRANT SELECT ON TABLE public.rights_recording TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_recordingaudio TO ledger_app;
GRANT SELECT ON TABLE public.rights_recordingaudio TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_recordingdescription TO ledger_app;
GRANT SELECT ON TABLE public.rights_recordingdescription TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_recordingvoice TO ledger_app;
GRANT SELECT ON TABLE public.rights_recordingvoice TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_recordingwork TO ledger_app;
GRANT SELECT ON TABLE public.rights_recordingwork TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_release TO ledger_app;
GRANT SELECT ON TABLE public.rights_release TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_releaserecording TO ledger_app;
GRANT SELECT ON TABLE public.rights_releaserecording TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_representation TO ledger_app;
GRANT SELECT ON TABLE public.rights_representation TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_representationend TO ledger_app;
GRANT SELECT ON TABLE public.rights_representationend TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_reservation TO ledger_app;
GRANT SELECT ON TABLE public.rights_reservation TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_reservationend TO ledger_app;
GRANT SELECT ON TABLE public.rights_reservationend TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_review TO ledger_app;
GRANT SELECT ON TABLE public.rights_review TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_share TO ledger_app;
GRANT SELECT ON TABLE public.rights_share TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_shareevent TO ledger_app;
GRANT SELECT ON TABLE public.rights_shareevent TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_sharestanding TO ledger_app;
GRANT SELECT ON TABLE public.rights_sharestanding TO ledger_auditor;
GRANT UPDATE(known) ON TABLE public.rights_sharestanding TO ledger_app;
GRANT USAGE ON SEQUENCE public.rights_sharestanding_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.rights_sharestanding_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.rights_stem TO ledger_app;
GRANT SELECT ON TABLE public.rights_stem TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_submission TO ledger_app;
GRANT SELECT ON TABLE public.rights_submission TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_termsversion TO ledger_app;
GRANT SELECT ON TABLE public.rights_termsversion TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_traininglicense TO ledger_app;
GRANT SELECT ON TABLE public.rights_traininglicense TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_trainingstatement TO ledger_app;
GRANT SELECT ON TABLE public.rights_trainingstatement TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_voice TO ledger_app;
GRANT SELECT ON TABLE public.rights_voice TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_voiceenrollment TO ledger_app;
GRANT SELECT ON TABLE public.rights_voiceenrollment TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_voiceenrollmentend TO ledger_app;
GRANT SELECT ON TABLE public.rights_voiceenrollmentend TO ledger_auditor;
GRANT SELECT,INSERT,DELETE ON TABLE public.rights_voicetemplate TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.rights_withdrawaltask TO ledger_app;
GRANT SELECT ON TABLE public.rights_withdrawaltask TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_withdrawaltaskdone TO ledger_app;
GRANT SELECT ON TABLE public.rights_withdrawaltaskdone TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.rights_work TO ledger_app;
GRANT SELECT ON TABLE public.rights_work TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_account TO ledger_app;
GRANT SELECT ON TABLE public.royalties_account TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_advance TO ledger_app;
GRANT SELECT ON TABLE public.royalties_advance TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_declaration TO ledger_app;
GRANT SELECT ON TABLE public.royalties_declaration TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_division TO ledger_app;
GRANT SELECT ON TABLE public.royalties_division TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_exchangerate TO ledger_app;
GRANT SELECT ON TABLE public.royalties_exchangerate TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_objectionanswer TO ledger_app;
GRANT SELECT ON TABLE public.royalties_objectionanswer TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_payeelink TO ledger_app;
GRANT SELECT ON TABLE public.royalties_payeelink TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_payeelinkend TO ledger_app;
GRANT SELECT ON TABLE public.royalties_payeelinkend TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_payeeterms TO ledger_app;
GRANT SELECT ON TABLE public.royalties_payeeterms TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_payment TO ledger_app;
GRANT SELECT ON TABLE public.royalties_payment TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_paymentfile TO ledger_app;
GRANT SELECT ON TABLE public.royalties_paymentfile TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_paymentorder TO ledger_app;
GRANT SELECT ON TABLE public.royalties_paymentorder TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_plan TO ledger_app;
GRANT SELECT ON TABLE public.royalties_plan TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_planmodel TO ledger_app;
GRANT SELECT ON TABLE public.royalties_planmodel TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_planquantity TO ledger_app;
GRANT SELECT ON TABLE public.royalties_planquantity TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_planterm TO ledger_app;
GRANT SELECT ON TABLE public.royalties_planterm TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_posting TO ledger_app;
GRANT SELECT ON TABLE public.royalties_posting TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_royaltyrun TO ledger_app;
GRANT SELECT ON TABLE public.royalties_royaltyrun TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_runevent TO ledger_app;
GRANT SELECT ON TABLE public.royalties_runevent TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_runpart TO ledger_app;
GRANT SELECT ON TABLE public.royalties_runpart TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_runpartition TO ledger_app;
GRANT SELECT ON TABLE public.royalties_runpartition TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_split TO ledger_app;
GRANT SELECT ON TABLE public.royalties_split TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_splitsource TO ledger_app;
GRANT SELECT ON TABLE public.royalties_splitsource TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_statement TO ledger_app;
GRANT SELECT ON TABLE public.royalties_statement TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_statementobjection TO ledger_app;
GRANT SELECT ON TABLE public.royalties_statementobjection TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_taxcertificate TO ledger_app;
GRANT SELECT ON TABLE public.royalties_taxcertificate TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_transaction TO ledger_app;
GRANT SELECT ON TABLE public.royalties_transaction TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_usagefile TO ledger_app;
GRANT SELECT ON TABLE public.royalties_usagefile TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_usagekey TO ledger_app;
GRANT SELECT ON TABLE public.royalties_usagekey TO ledger_auditor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.royalties_usagemapping TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.royalties_usagematch TO ledger_app;
GRANT SELECT ON TABLE public.royalties_usagematch TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_usagematching TO ledger_app;
GRANT SELECT ON TABLE public.royalties_usagematching TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_usageoutcome TO ledger_app;
GRANT SELECT ON TABLE public.royalties_usageoutcome TO ledger_auditor;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.royalties_usageproblem TO ledger_app;
GRANT USAGE ON SEQUENCE public.royalties_usageproblem_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.royalties_usageproblem_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE public.royalties_usageprogress TO ledger_app;
GRANT SELECT,INSERT ON TABLE public.royalties_usagereport TO ledger_app;
GRANT SELECT ON TABLE public.royalties_usagereport TO ledger_auditor;
GRANT SELECT,INSERT ON TABLE public.royalties_usagesum TO ledger_app;
GRANT SELECT ON TABLE public.royalties_usagesum TO ledger_auditor;
GRANT USAGE ON SEQUENCE public.royalties_usagesum_id_seq TO ledger_app;
GRANT USAGE ON SEQUENCE public.royalties_usagesum_id_seq TO ledger_sequencer;
GRANT SELECT,INSERT ON TABLE public.royalties_usagesupersession TO ledger_app;
GRANT SELECT ON TABLE public.royalties_usagesupersession TO ledger_auditor;
