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
END;
--> statement-breakpoint
CREATE TRIGGER files_deleted AFTER DELETE ON files BEGIN
  DELETE FROM files_search WHERE rowid = old.sequence;
  DELETE FROM file_readers WHERE file_sequence = old.sequence;
  DELETE FROM file_parts WHERE file_sequence = old.sequence;
  UPDATE counters SET count = count - 1 WHERE name = 'files:' || old.bucket_sequence;
  INSERT OR REPLACE INTO garbage (kind, ref, upload_id, due_at) VALUES ('blob', old.blob_id, old.upload_id, 0);
END;
--> statement-breakpoint
CREATE TRIGGER files_need_bucket BEFORE INSERT ON files
  WHEN NOT EXISTS (SELECT 1 FROM buckets WHERE sequence = new.bucket_sequence) BEGIN
  SELECT RAISE(IGNORE);
END;
