ALTER TABLE `variables` ADD `resource_type` text GENERATED ALWAYS AS ('project') VIRTUAL;--> statement-breakpoint
ALTER TABLE `variables` ADD `resource_id` text GENERATED ALWAYS AS ('') VIRTUAL;--> statement-breakpoint
INSERT INTO settings (name, value)
  VALUES ('project:createdAt', CAST(unixepoch('subsec') * 1000 AS INTEGER))
  ON CONFLICT DO NOTHING;
