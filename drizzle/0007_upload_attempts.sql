ALTER TABLE `file_parts` ADD `digest` text;--> statement-breakpoint
ALTER TABLE `file_parts` ADD `received` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `starter` text;--> statement-breakpoint
ALTER TABLE `files` ADD `received` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `files` ADD `first_received` integer DEFAULT 0 NOT NULL;