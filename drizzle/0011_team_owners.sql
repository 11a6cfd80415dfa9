ALTER TABLE `teams` ADD `created_by` text;--> statement-breakpoint
CREATE INDEX `teams_by_creator` ON `teams` (`created_by`);--> statement-breakpoint
CREATE INDEX `memberships_of_owners` ON `memberships` (`team_id`,`user_id`) WHERE confirm and instr(roles, '"owner"') > 0;--> statement-breakpoint
-- The founder's membership is a team's first and was stored with it. Of other teams nobody knows who made them.
UPDATE teams SET created_by = (
  SELECT iif(confirm AND memberships.created_at = teams.created_at, user_id, NULL) FROM memberships
  WHERE team_id = teams.id ORDER BY sequence LIMIT 1);
--> statement-breakpoint
CREATE TRIGGER users_deleted_teams AFTER DELETE ON users BEGIN
  UPDATE teams SET created_by = NULL WHERE created_by = old.id;
END;
