CREATE TABLE `counters` (
	`name` text PRIMARY KEY NOT NULL,
	`count` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `keys` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`secret_hash` text NOT NULL,
	`scopes` text NOT NULL,
	`expires_at` integer,
	`accessed_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `keys_id_unique` ON `keys` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `keys_secretHash_unique` ON `keys` (`secret_hash`);--> statement-breakpoint
CREATE TABLE `rate_counters` (
	`key` text NOT NULL,
	`window_start` integer NOT NULL,
	`window_end` integer NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`key`, `window_start`)
);
--> statement-breakpoint
CREATE TABLE `buckets` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`permissions` text NOT NULL,
	`file_security` integer NOT NULL,
	`name` text NOT NULL,
	`enabled` integer NOT NULL,
	`maximum_file_size` integer NOT NULL,
	`allowed_file_extensions` text NOT NULL,
	`compression` text NOT NULL,
	`encryption` integer NOT NULL,
	`antivirus` integer NOT NULL,
	`transformations` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `buckets_id_unique` ON `buckets` (`id`);--> statement-breakpoint
CREATE TABLE `file_parts` (
	`file_sequence` integer NOT NULL,
	`start` integer NOT NULL,
	`end` integer NOT NULL,
	`cell` integer NOT NULL,
	`etag` text,
	`version` integer NOT NULL,
	PRIMARY KEY(`file_sequence`, `start`, `end`)
);
--> statement-breakpoint
CREATE TABLE `file_readers` (
	`bucket_sequence` integer NOT NULL,
	`role` text NOT NULL,
	`file_sequence` integer NOT NULL,
	PRIMARY KEY(`bucket_sequence`, `role`, `file_sequence`)
);
--> statement-breakpoint
CREATE INDEX `file_readers_by_file` ON `file_readers` (`file_sequence`);--> statement-breakpoint
CREATE TABLE `file_tokens` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`bucket_id` text NOT NULL,
	`file_id` text NOT NULL,
	`bucket_sequence` integer NOT NULL,
	`file_sequence` integer NOT NULL,
	`expires_at` integer,
	`accessed_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `file_tokens_id_unique` ON `file_tokens` (`id`);--> statement-breakpoint
CREATE INDEX `file_tokens_by_file` ON `file_tokens` (`file_sequence`,`sequence`);--> statement-breakpoint
CREATE TABLE `files` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`bucket_sequence` integer NOT NULL,
	`bucket_id` text NOT NULL,
	`id` text NOT NULL,
	`permissions` text NOT NULL,
	`name` text NOT NULL,
	`upload_name` text NOT NULL,
	`folder` text NOT NULL,
	`signature` text NOT NULL,
	`mime_type` text NOT NULL,
	`size_original` integer NOT NULL,
	`size_actual` integer NOT NULL,
	`chunks_total` integer NOT NULL,
	`chunks_uploaded` integer NOT NULL,
	`encryption` integer NOT NULL,
	`compression` text NOT NULL,
	`blob_id` text NOT NULL,
	`upload_id` text,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `files_by_id` ON `files` (`bucket_sequence`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `files_by_blob` ON `files` (`blob_id`);--> statement-breakpoint
CREATE INDEX `files_by_bucket` ON `files` (`bucket_sequence`,`sequence`);--> statement-breakpoint
CREATE INDEX `files_by_created` ON `files` (`bucket_sequence`,`created_at`,`sequence`);--> statement-breakpoint
CREATE INDEX `files_by_name` ON `files` (`bucket_sequence`,`name`,`sequence`);--> statement-breakpoint
CREATE INDEX `files_by_folder` ON `files` (`bucket_sequence`,`folder`,`sequence`);--> statement-breakpoint
CREATE INDEX `files_incomplete` ON `files` (`upload_id`,`created_at`);--> statement-breakpoint
CREATE TABLE `garbage` (
	`kind` text NOT NULL,
	`ref` text NOT NULL,
	`upload_id` text,
	`due_at` integer NOT NULL,
	PRIMARY KEY(`kind`, `ref`)
);
--> statement-breakpoint
CREATE INDEX `garbage_by_due` ON `garbage` (`due_at`);--> statement-breakpoint
CREATE TABLE `preview_budgets` (
	`bucket_sequence` integer NOT NULL,
	`month` text NOT NULL,
	`used` integer NOT NULL,
	PRIMARY KEY(`bucket_sequence`, `month`)
);
--> statement-breakpoint
CREATE TABLE `variants` (
	`key` text PRIMARY KEY NOT NULL,
	`bucket_sequence` integer NOT NULL,
	`lease_until` integer NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `variants_by_age` ON `variants` (`created_at`);