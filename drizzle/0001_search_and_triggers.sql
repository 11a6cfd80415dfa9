-- Full text, counts and reader roles follow their rows by trigger, so that no statement can forget them.
CREATE VIRTUAL TABLE buckets_search USING fts5(scope, text, content='', contentless_delete=1, tokenize='unicode61');
--> statement-breakpoint
CREATE VIRTUAL TABLE files_search USING fts5(scope, text, content='', contentless_delete=1, tokenize='unicode61');
--> statement-breakpoint
CREATE TRIGGER buckets_inserted AFTER INSERT ON buckets BEGIN
  INSERT INTO buckets_search (rowid, scope, text) VALUES (new.sequence, '', new.id || ' ' || new.name);
END;
--> statement-breakpoint
CREATE TRIGGER buckets_renamed AFTER UPDATE OF name ON buckets WHEN new.name IS NOT old.name BEGIN
  UPDATE buckets_search SET scope = '', text = new.id || ' ' || new.name WHERE rowid = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER buckets_deleted AFTER DELETE ON buckets BEGIN
  DELETE FROM buckets_search WHERE rowid = old.sequence;
  INSERT OR REPLACE INTO garbage (kind, ref, due_at) VALUES ('bucket', CAST(old.sequence AS TEXT), 0);
END;
--> statement-breakpoint
CREATE TRIGGER files_inserted AFTER INSERT ON files BEGIN
  INSERT INTO files_search (rowid, scope, text)
    VALUES (new.sequence, 'b' || new.bucket_sequence, new.id || ' ' || new.name);
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
CREATE TRIGGER files_renamed AFTER UPDATE OF name ON files WHEN new.name IS NOT old.name BEGIN
  UPDATE files_search SET scope = 'b' || new.bucket_sequence, text = new.id || ' ' || new.name
    WHERE rowid = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER files_shared AFTER UPDATE OF permissions ON files WHEN new.permissions IS NOT old.permissions BEGIN
  DELETE FROM file_readers WHERE file_sequence = old.sequence;
  INSERT OR IGNORE INTO file_readers (bucket_sequence, role, file_sequence)
    SELECT new.bucket_sequence, substr(value, 7, length(value) - 8), new.sequence
    FROM json_each(new.permissions) WHERE substr(value, 1, 6) = 'read("';
  DELETE FROM file_owners WHERE file_sequence = old.sequence;
  INSERT OR IGNORE INTO file_owners (role, file_sequence)
    SELECT substr(grantee, 1, instr(grantee || '/', '/') - 1), new.sequence FROM (
      SELECT substr(value, instr(value, '("') + 2, length(value) - instr(value, '("') - 3) AS grantee
      FROM json_each(new.permissions)
    ) WHERE substr(grantee, 1, 5) IN ('user:', 'team:');
END;
--> statement-breakpoint
CREATE TRIGGER files_deleted AFTER DELETE ON files BEGIN
  DELETE FROM files_search WHERE rowid = old.sequence;
  DELETE FROM file_readers WHERE file_sequence = old.sequence;
  DELETE FROM file_owners WHERE file_sequence = old.sequence;
  DELETE FROM file_parts WHERE file_sequence = old.sequence;
  UPDATE counters SET count = count - 1 WHERE name = 'files:' || old.bucket_sequence;
  INSERT OR REPLACE INTO garbage (kind, ref, upload_id, due_at) VALUES ('blob', old.blob_id, old.upload_id, 0);
END;
--> statement-breakpoint
CREATE TRIGGER files_need_bucket BEFORE INSERT ON files
  WHEN NOT EXISTS (SELECT 1 FROM buckets WHERE sequence = new.bucket_sequence) BEGIN
  SELECT RAISE(IGNORE);
END;
--> statement-breakpoint
CREATE VIRTUAL TABLE users_search USING fts5(scope, text, content='', contentless_delete=1, tokenize='unicode61');
--> statement-breakpoint
CREATE VIRTUAL TABLE teams_search USING fts5(scope, text, content='', contentless_delete=1, tokenize='unicode61');
--> statement-breakpoint
CREATE VIRTUAL TABLE memberships_search USING fts5(scope, text, content='', contentless_delete=1, tokenize='unicode61');
--> statement-breakpoint
CREATE VIEW users_texts AS
  SELECT sequence, id || ' ' || coalesce(email, '') || ' ' || name || ' ' || coalesce(phone, '') ||
    coalesce((SELECT group_concat(' label:' || value, '') FROM json_each(users.labels)), '') AS text FROM users;
--> statement-breakpoint
CREATE TRIGGER users_inserted AFTER INSERT ON users BEGIN
  INSERT INTO users_search (rowid, scope, text)
    SELECT sequence, '', text FROM users_texts WHERE sequence = new.sequence;
  INSERT INTO counters (name, count) VALUES ('users', 1) ON CONFLICT (name) DO UPDATE SET count = count + 1;
END;
--> statement-breakpoint
CREATE TRIGGER users_described AFTER UPDATE OF email, name, phone, labels ON users
  WHEN new.email IS NOT old.email OR new.name IS NOT old.name OR new.phone IS NOT old.phone
    OR new.labels IS NOT old.labels BEGIN
  UPDATE users_search SET scope = '', text = (SELECT text FROM users_texts WHERE sequence = new.sequence)
    WHERE rowid = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER users_deleted AFTER DELETE ON users BEGIN
  DELETE FROM users_search WHERE rowid = old.sequence;
  UPDATE counters SET count = count - 1 WHERE name = 'users';
  DELETE FROM sessions WHERE user_id = old.id;
  DELETE FROM targets WHERE user_id = old.id;
  DELETE FROM identities WHERE user_id = old.id;
  DELETE FROM authenticators WHERE user_id = old.id;
  DELETE FROM one_time_secrets WHERE user_id = old.id;
  DELETE FROM memberships WHERE user_id = old.id;
  DELETE FROM logs WHERE user_id = old.id;
  INSERT OR REPLACE INTO garbage (kind, ref, due_at) VALUES ('role', 'user:' || old.id, 0);
END;
--> statement-breakpoint
CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions BEGIN
  DELETE FROM targets WHERE session_id = old.id;
END;
--> statement-breakpoint
CREATE TRIGGER teams_inserted AFTER INSERT ON teams BEGIN
  INSERT INTO teams_search (rowid, scope, text) VALUES (new.sequence, '', new.id || ' ' || new.name);
  INSERT INTO counters (name, count) VALUES ('teams', 1) ON CONFLICT (name) DO UPDATE SET count = count + 1;
END;
--> statement-breakpoint
CREATE TRIGGER teams_renamed AFTER UPDATE OF name ON teams WHEN new.name IS NOT old.name BEGIN
  UPDATE teams_search SET scope = '', text = new.id || ' ' || new.name WHERE rowid = new.sequence;
END;
--> statement-breakpoint
CREATE TRIGGER teams_deleted AFTER DELETE ON teams BEGIN
  DELETE FROM teams_search WHERE rowid = old.sequence;
  UPDATE counters SET count = count - 1 WHERE name = 'teams';
  DELETE FROM memberships WHERE team_id = old.id;
  INSERT OR REPLACE INTO garbage (kind, ref, due_at) VALUES ('role', 'team:' || old.id, 0);
END;
--> statement-breakpoint
CREATE TRIGGER memberships_inserted AFTER INSERT ON memberships BEGIN
  INSERT INTO memberships_search (rowid, scope, text)
    SELECT new.sequence, 't' || sequence, new.id || ' ' || new.user_id FROM teams WHERE id = new.team_id;
  UPDATE teams SET total = total + 1 WHERE id = new.team_id AND new.confirm;
END;
--> statement-breakpoint
CREATE TRIGGER memberships_confirmed AFTER UPDATE OF confirm ON memberships WHEN new.confirm IS NOT old.confirm BEGIN
  UPDATE teams SET total = max(0, total + iif(new.confirm, 1, -1)) WHERE id = new.team_id;
END;
--> statement-breakpoint
CREATE TRIGGER memberships_deleted AFTER DELETE ON memberships BEGIN
  DELETE FROM memberships_search WHERE rowid = old.sequence;
  DELETE FROM one_time_secrets WHERE ref = old.id AND purpose = 'invite';
  UPDATE teams SET total = max(0, total - 1) WHERE id = old.team_id AND old.confirm;
END;
--> statement-breakpoint
CREATE TRIGGER memberships_need_team BEFORE INSERT ON memberships
  WHEN NOT EXISTS (SELECT 1 FROM teams WHERE id = new.team_id)
    OR NOT EXISTS (SELECT 1 FROM users WHERE id = new.user_id) BEGIN
  SELECT RAISE(IGNORE);
END;
--> statement-breakpoint
CREATE TRIGGER sessions_need_user BEFORE INSERT ON sessions
  WHEN NOT EXISTS (SELECT 1 FROM users WHERE id = new.user_id) BEGIN
  SELECT RAISE(IGNORE);
END;
--> statement-breakpoint
CREATE TRIGGER targets_need_user BEFORE INSERT ON targets
  WHEN NOT EXISTS (SELECT 1 FROM users WHERE id = new.user_id) BEGIN
  SELECT RAISE(IGNORE);
END;
--> statement-breakpoint
CREATE TRIGGER one_time_secrets_need_user BEFORE INSERT ON one_time_secrets
  WHEN NOT EXISTS (SELECT 1 FROM users WHERE id = new.user_id) BEGIN
  SELECT RAISE(IGNORE);
END;
