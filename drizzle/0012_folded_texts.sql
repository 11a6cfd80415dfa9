ALTER TABLE `keys` ADD `name_form` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `name_words` text;--> statement-breakpoint
ALTER TABLE `keys` ADD `name_folded` text GENERATED ALWAYS AS (coalesce(name_form, lower(name))) VIRTUAL NOT NULL;--> statement-breakpoint
ALTER TABLE `platforms` ADD `name_form` text;--> statement-breakpoint
ALTER TABLE `platforms` ADD `name_words` text;--> statement-breakpoint
ALTER TABLE `platforms` ADD `name_folded` text GENERATED ALWAYS AS (coalesce(name_form, lower(name))) VIRTUAL NOT NULL;--> statement-breakpoint
ALTER TABLE `platforms` ADD `identifier_form` text;--> statement-breakpoint
ALTER TABLE `platforms` ADD `identifier_words` text;--> statement-breakpoint
ALTER TABLE `platforms` ADD `identifier_folded` text GENERATED ALWAYS AS (coalesce(identifier_form, lower(identifier))) VIRTUAL NOT NULL;--> statement-breakpoint
ALTER TABLE `variables` ADD `key_form` text;--> statement-breakpoint
ALTER TABLE `variables` ADD `key_words` text;--> statement-breakpoint
ALTER TABLE `variables` ADD `key_folded` text GENERATED ALWAYS AS (coalesce(key_form, lower(key))) VIRTUAL NOT NULL;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `name_form` text;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `name_words` text;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `name_folded` text GENERATED ALWAYS AS (coalesce(name_form, lower(name))) VIRTUAL NOT NULL;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `auth_username_form` text;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `auth_username_words` text;--> statement-breakpoint
ALTER TABLE `webhooks` ADD `auth_username_folded` text GENERATED ALWAYS AS (coalesce(auth_username_form, lower(auth_username))) VIRTUAL NOT NULL;--> statement-breakpoint
ALTER TABLE `buckets` ADD `name_form` text;--> statement-breakpoint
ALTER TABLE `buckets` ADD `name_words` text;--> statement-breakpoint
ALTER TABLE `buckets` ADD `name_folded` text GENERATED ALWAYS AS (coalesce(name_form, lower(name))) VIRTUAL NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `name_form` text;--> statement-breakpoint
ALTER TABLE `files` ADD `name_words` text;--> statement-breakpoint
ALTER TABLE `files` ADD `name_folded` text GENERATED ALWAYS AS (coalesce(name_form, lower(name))) VIRTUAL NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `folder_form` text;--> statement-breakpoint
ALTER TABLE `files` ADD `folder_words` text;--> statement-breakpoint
ALTER TABLE `files` ADD `folder_folded` text GENERATED ALWAYS AS (coalesce(folder_form, lower(folder))) VIRTUAL NOT NULL;--> statement-breakpoint
CREATE INDEX `files_by_folded_name` ON `files` (`bucket_sequence`,`name_folded`,`name`,`sequence`);--> statement-breakpoint
CREATE INDEX `files_by_folded_folder` ON `files` (`bucket_sequence`,`folder_folded`,`folder`,`sequence`);--> statement-breakpoint
CREATE INDEX `files_unfolded` ON `files` (`sequence`) WHERE (length(name) <> length(CAST(name AS blob)) AND name_form IS NULL) OR (length(folder) <> length(CAST(folder AS blob)) AND folder_form IS NULL);--> statement-breakpoint
ALTER TABLE `teams` ADD `name_form` text;--> statement-breakpoint
ALTER TABLE `teams` ADD `name_words` text;--> statement-breakpoint
ALTER TABLE `teams` ADD `name_folded` text GENERATED ALWAYS AS (coalesce(name_form, lower(name))) VIRTUAL NOT NULL;--> statement-breakpoint
CREATE INDEX `teams_by_folded_name` ON `teams` (`name_folded`,`name`,`sequence`);--> statement-breakpoint
CREATE INDEX `teams_unfolded` ON `teams` (`sequence`) WHERE (length(name) <> length(CAST(name AS blob)) AND name_form IS NULL);--> statement-breakpoint
ALTER TABLE `identities` ADD `provider_uid_form` text;--> statement-breakpoint
ALTER TABLE `identities` ADD `provider_uid_words` text;--> statement-breakpoint
ALTER TABLE `identities` ADD `provider_uid_folded` text GENERATED ALWAYS AS (coalesce(provider_uid_form, lower(provider_uid))) VIRTUAL NOT NULL;--> statement-breakpoint
ALTER TABLE `identities` ADD `provider_email_form` text;--> statement-breakpoint
ALTER TABLE `identities` ADD `provider_email_words` text;--> statement-breakpoint
ALTER TABLE `identities` ADD `provider_email_folded` text GENERATED ALWAYS AS (coalesce(provider_email_form, lower(provider_email))) VIRTUAL NOT NULL;--> statement-breakpoint
CREATE INDEX `identities_unfolded` ON `identities` (`sequence`) WHERE (length(provider_uid) <> length(CAST(provider_uid AS blob)) AND provider_uid_form IS NULL) OR (length(provider_email) <> length(CAST(provider_email AS blob)) AND provider_email_form IS NULL);--> statement-breakpoint
ALTER TABLE `targets` ADD `identifier_form` text;--> statement-breakpoint
ALTER TABLE `targets` ADD `identifier_words` text;--> statement-breakpoint
ALTER TABLE `targets` ADD `identifier_folded` text GENERATED ALWAYS AS (coalesce(identifier_form, lower(identifier))) VIRTUAL NOT NULL;--> statement-breakpoint
CREATE INDEX `targets_unfolded` ON `targets` (`sequence`) WHERE (length(identifier) <> length(CAST(identifier AS blob)) AND identifier_form IS NULL);--> statement-breakpoint
ALTER TABLE `users` ADD `name_form` text;--> statement-breakpoint
ALTER TABLE `users` ADD `name_words` text;--> statement-breakpoint
ALTER TABLE `users` ADD `name_folded` text GENERATED ALWAYS AS (coalesce(name_form, lower(name))) VIRTUAL NOT NULL;--> statement-breakpoint
ALTER TABLE `users` ADD `email_form` text;--> statement-breakpoint
ALTER TABLE `users` ADD `email_words` text;--> statement-breakpoint
ALTER TABLE `users` ADD `email_folded` text GENERATED ALWAYS AS (coalesce(email_form, lower(email))) VIRTUAL;--> statement-breakpoint
CREATE INDEX `users_by_folded_name` ON `users` (`name_folded`,`name`,`sequence`);--> statement-breakpoint
CREATE INDEX `users_unfolded` ON `users` (`sequence`) WHERE (length(name) <> length(CAST(name AS blob)) AND name_form IS NULL) OR (length(email) <> length(CAST(email AS blob)) AND email_form IS NULL);
--> statement-breakpoint
-- The full-text tables get the words of what a text folds to; without them, the text as it is.
CREATE VIEW buckets_texts AS
  SELECT sequence, id || ' ' || iif(substr(name_words, 1, length(name) + 1) = name || char(1), substr(name_words, length(name) + 2), name) AS text FROM buckets;
--> statement-breakpoint
CREATE VIEW files_texts AS
  SELECT sequence, id || ' ' || iif(substr(name_words, 1, length(name) + 1) = name || char(1), substr(name_words, length(name) + 2), name) AS text FROM files;
--> statement-breakpoint
CREATE VIEW teams_texts AS
  SELECT sequence, id || ' ' || iif(substr(name_words, 1, length(name) + 1) = name || char(1), substr(name_words, length(name) + 2), name) AS text FROM teams;
--> statement-breakpoint
DROP VIEW users_texts;
--> statement-breakpoint
CREATE VIEW users_texts AS
  SELECT sequence, id || ' ' || coalesce(iif(substr(email_words, 1, length(email) + 1) = email || char(1), substr(email_words, length(email) + 2), email), '') || ' ' || iif(substr(name_words, 1, length(name) + 1) = name || char(1), substr(name_words, length(name) + 2), name) || ' ' || coalesce(phone, '') ||
    coalesce((SELECT group_concat(' label:' || value, '') FROM json_each(users.labels)), '') AS text FROM users;
--> statement-breakpoint
DROP TRIGGER buckets_inserted;
--> statement-breakpoint
CREATE TRIGGER buckets_inserted AFTER INSERT ON buckets BEGIN
  INSERT INTO buckets_search (rowid, scope, text)
    SELECT sequence, '', text FROM buckets_texts WHERE sequence = new.sequence;
END;
--> statement-breakpoint
DROP TRIGGER buckets_renamed;
--> statement-breakpoint
CREATE TRIGGER buckets_renamed AFTER UPDATE OF name, name_words ON buckets
  WHEN new.name IS NOT old.name OR new.name_words IS NOT old.name_words BEGIN
  UPDATE buckets_search SET scope = '', text = (SELECT text FROM buckets_texts WHERE sequence = new.sequence)
    WHERE rowid = new.sequence;
END;
--> statement-breakpoint
DROP TRIGGER files_inserted;
--> statement-breakpoint
CREATE TRIGGER files_inserted AFTER INSERT ON files BEGIN
  INSERT INTO files_search (rowid, scope, text)
    SELECT sequence, 'b' || new.bucket_sequence, text FROM files_texts WHERE sequence = new.sequence;
  INSERT INTO counters (name, count) VALUES ('files:' || new.bucket_sequence, 1)
    ON CONFLICT (name) DO UPDATE SET count = count + 1;
  INSERT OR IGNORE INTO file_readers (bucket_sequence, role, file_sequence)
    SELECT new.bucket_sequence, substr(value, 7, length(value) - 8), new.sequence
    FROM json_each(new.permissions) WHERE substr(value, 1, 6) = 'read("';
  INSERT OR IGNORE INTO file_owners (role, file_sequence)
    SELECT substr(grantee, 1, instr(grantee || '/', '/') - 1), new.sequence FROM (
      SELECT substr(value, instr(value, '("') + 2, length(value) - instr(value, '("') - 3) AS grantee
      FROM json_each(new.permissions)
    ) WHERE substr(grantee, 1, 5) IN ('user:', 'team:');
END;
--> statement-breakpoint
DROP TRIGGER files_renamed;
--> statement-breakpoint
CREATE TRIGGER files_renamed AFTER UPDATE OF name, name_words ON files
  WHEN new.name IS NOT old.name OR new.name_words IS NOT old.name_words BEGIN
  UPDATE files_search SET scope = 'b' || new.bucket_sequence, text = (SELECT text FROM files_texts WHERE sequence = new.sequence)
    WHERE rowid = new.sequence;
END;
--> statement-breakpoint
DROP TRIGGER teams_inserted;
--> statement-breakpoint
CREATE TRIGGER teams_inserted AFTER INSERT ON teams BEGIN
  INSERT INTO teams_search (rowid, scope, text)
    SELECT sequence, '', text FROM teams_texts WHERE sequence = new.sequence;
  INSERT INTO counters (name, count) VALUES ('teams', 1) ON CONFLICT (name) DO UPDATE SET count = count + 1;
END;
--> statement-breakpoint
DROP TRIGGER teams_renamed;
--> statement-breakpoint
CREATE TRIGGER teams_renamed AFTER UPDATE OF name, name_words ON teams
  WHEN new.name IS NOT old.name OR new.name_words IS NOT old.name_words BEGIN
  UPDATE teams_search SET scope = '', text = (SELECT text FROM teams_texts WHERE sequence = new.sequence)
    WHERE rowid = new.sequence;
END;
--> statement-breakpoint
DROP TRIGGER users_described;
--> statement-breakpoint
CREATE TRIGGER users_described AFTER UPDATE OF email, email_words, name, name_words, phone, labels ON users
  WHEN new.email IS NOT old.email OR new.name IS NOT old.name OR new.phone IS NOT old.phone
    OR new.labels IS NOT old.labels OR new.email_words IS NOT old.email_words
    OR new.name_words IS NOT old.name_words BEGIN
  UPDATE users_search SET scope = '', text = (SELECT text FROM users_texts WHERE sequence = new.sequence)
    WHERE rowid = new.sequence;
END;
--> statement-breakpoint
-- A form that was not stored with the text that is there now is none: an older version of the Worker leaves it behind.
CREATE TRIGGER keys_name_rewritten AFTER UPDATE OF name ON keys
  WHEN new.name IS NOT old.name AND old.name_words IS NOT NULL AND new.name_words IS old.name_words BEGIN
  UPDATE keys SET name_form = NULL, name_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER platforms_name_rewritten AFTER UPDATE OF name ON platforms
  WHEN new.name IS NOT old.name AND old.name_words IS NOT NULL AND new.name_words IS old.name_words BEGIN
  UPDATE platforms SET name_form = NULL, name_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER platforms_identifier_rewritten AFTER UPDATE OF identifier ON platforms
  WHEN new.identifier IS NOT old.identifier AND old.identifier_words IS NOT NULL AND new.identifier_words IS old.identifier_words BEGIN
  UPDATE platforms SET identifier_form = NULL, identifier_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER variables_key_rewritten AFTER UPDATE OF key ON variables
  WHEN new.key IS NOT old.key AND old.key_words IS NOT NULL AND new.key_words IS old.key_words BEGIN
  UPDATE variables SET key_form = NULL, key_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER webhooks_name_rewritten AFTER UPDATE OF name ON webhooks
  WHEN new.name IS NOT old.name AND old.name_words IS NOT NULL AND new.name_words IS old.name_words BEGIN
  UPDATE webhooks SET name_form = NULL, name_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER webhooks_auth_username_rewritten AFTER UPDATE OF auth_username ON webhooks
  WHEN new.auth_username IS NOT old.auth_username AND old.auth_username_words IS NOT NULL AND new.auth_username_words IS old.auth_username_words BEGIN
  UPDATE webhooks SET auth_username_form = NULL, auth_username_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER buckets_name_rewritten AFTER UPDATE OF name ON buckets
  WHEN new.name IS NOT old.name AND old.name_words IS NOT NULL AND new.name_words IS old.name_words BEGIN
  UPDATE buckets SET name_form = NULL, name_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER files_name_rewritten AFTER UPDATE OF name ON files
  WHEN new.name IS NOT old.name AND old.name_words IS NOT NULL AND new.name_words IS old.name_words BEGIN
  UPDATE files SET name_form = NULL, name_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER files_folder_rewritten AFTER UPDATE OF folder ON files
  WHEN new.folder IS NOT old.folder AND old.folder_words IS NOT NULL AND new.folder_words IS old.folder_words BEGIN
  UPDATE files SET folder_form = NULL, folder_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER teams_name_rewritten AFTER UPDATE OF name ON teams
  WHEN new.name IS NOT old.name AND old.name_words IS NOT NULL AND new.name_words IS old.name_words BEGIN
  UPDATE teams SET name_form = NULL, name_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER identities_provider_uid_rewritten AFTER UPDATE OF provider_uid ON identities
  WHEN new.provider_uid IS NOT old.provider_uid AND old.provider_uid_words IS NOT NULL AND new.provider_uid_words IS old.provider_uid_words BEGIN
  UPDATE identities SET provider_uid_form = NULL, provider_uid_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER identities_provider_email_rewritten AFTER UPDATE OF provider_email ON identities
  WHEN new.provider_email IS NOT old.provider_email AND old.provider_email_words IS NOT NULL AND new.provider_email_words IS old.provider_email_words BEGIN
  UPDATE identities SET provider_email_form = NULL, provider_email_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER targets_identifier_rewritten AFTER UPDATE OF identifier ON targets
  WHEN new.identifier IS NOT old.identifier AND old.identifier_words IS NOT NULL AND new.identifier_words IS old.identifier_words BEGIN
  UPDATE targets SET identifier_form = NULL, identifier_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER users_name_rewritten AFTER UPDATE OF name ON users
  WHEN new.name IS NOT old.name AND old.name_words IS NOT NULL AND new.name_words IS old.name_words BEGIN
  UPDATE users SET name_form = NULL, name_words = NULL WHERE sequence = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER users_email_rewritten AFTER UPDATE OF email ON users
  WHEN new.email IS NOT old.email AND old.email_words IS NOT NULL AND new.email_words IS old.email_words BEGIN
  UPDATE users SET email_form = NULL, email_words = NULL WHERE sequence = new.sequence;
END;
