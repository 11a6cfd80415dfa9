-- Vowel signs and other marks belong to their word, and letters are found without any of their diacritics, of
-- which one letter may have several. The tokenizer of an FTS5 table is fixed, so each one is made and filled anew.
DROP TABLE buckets_search;
--> statement-breakpoint
CREATE VIRTUAL TABLE buckets_search USING fts5(scope, text, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co M*'");
--> statement-breakpoint
INSERT INTO buckets_search (rowid, scope, text)
  SELECT sequence, '', id || ' ' || name FROM buckets;
--> statement-breakpoint
DROP TABLE files_search;
--> statement-breakpoint
CREATE VIRTUAL TABLE files_search USING fts5(scope, text, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co M*'");
--> statement-breakpoint
INSERT INTO files_search (rowid, scope, text)
  SELECT sequence, 'b' || bucket_sequence, id || ' ' || name FROM files;
--> statement-breakpoint
DROP TABLE users_search;
--> statement-breakpoint
CREATE VIRTUAL TABLE users_search USING fts5(scope, text, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co M*'");
--> statement-breakpoint
INSERT INTO users_search (rowid, scope, text)
  SELECT sequence, '', text FROM users_texts;
--> statement-breakpoint
DROP TABLE teams_search;
--> statement-breakpoint
CREATE VIRTUAL TABLE teams_search USING fts5(scope, text, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co M*'");
--> statement-breakpoint
INSERT INTO teams_search (rowid, scope, text)
  SELECT sequence, '', id || ' ' || name FROM teams;
--> statement-breakpoint
DROP TABLE memberships_search;
--> statement-breakpoint
CREATE VIRTUAL TABLE memberships_search USING fts5(scope, text, content='', contentless_delete=1, tokenize="unicode61 remove_diacritics 2 categories 'L* N* Co M*'");
--> statement-breakpoint
INSERT INTO memberships_search (rowid, scope, text)
  SELECT m.sequence, 't' || t.sequence, m.id || ' ' || m.user_id FROM memberships m JOIN teams t ON t.id = m.team_id;
