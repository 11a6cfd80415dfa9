CREATE TABLE `counters` (
	`name` text PRIMARY KEY NOT NULL,
	`count` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `email_templates` (
	`template_id` text NOT NULL,
	`locale` text NOT NULL,
	`subject` text NOT NULL,
	`message` text NOT NULL,
	`sender_name` text NOT NULL,
	`sender_email` text NOT NULL,
	`reply_to_name` text NOT NULL,
	`reply_to_email` text NOT NULL,
	PRIMARY KEY(`template_id`, `locale`)
);
--> statement-breakpoint
CREATE TABLE `keys` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`secret_hash` text NOT NULL,
	`scopes` text NOT NULL,
	`sdks` text DEFAULT '[]' NOT NULL,
	`expires_at` integer,
	`accessed_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `keys_id_unique` ON `keys` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `keys_secretHash_unique` ON `keys` (`secret_hash`);--> statement-breakpoint
CREATE TABLE `oauth_providers` (
	`id` text PRIMARY KEY NOT NULL,
	`client_id` text NOT NULL,
	`secret` text NOT NULL,
	`enabled` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `platforms` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`type` text NOT NULL,
	`name` text NOT NULL,
	`identifier` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `platforms_id_unique` ON `platforms` (`id`);--> statement-breakpoint
CREATE TABLE `settings` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `variables` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`key` text NOT NULL,
	`value` text NOT NULL,
	`secret` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `variables_id_unique` ON `variables` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `variables_key_unique` ON `variables` (`key`);--> statement-breakpoint
CREATE TABLE `webhooks` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`url` text NOT NULL,
	`events` text NOT NULL,
	`tls` integer NOT NULL,
	`auth_username` text NOT NULL,
	`auth_password` text NOT NULL,
	`secret` text NOT NULL,
	`enabled` integer NOT NULL,
	`logs` text NOT NULL,
	`attempts` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `webhooks_id_unique` ON `webhooks` (`id`);--> statement-breakpoint
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
CREATE TABLE `file_owners` (
	`role` text NOT NULL,
	`file_sequence` integer NOT NULL,
	PRIMARY KEY(`role`, `file_sequence`)
);
--> statement-breakpoint
CREATE INDEX `file_owners_by_file` ON `file_owners` (`file_sequence`);--> statement-breakpoint
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
CREATE INDEX `variants_by_age` ON `variants` (`created_at`);--> statement-breakpoint
CREATE TABLE `memberships` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`team_id` text NOT NULL,
	`user_id` text NOT NULL,
	`roles` text NOT NULL,
	`invited` integer,
	`joined` integer,
	`confirm` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `memberships_id_unique` ON `memberships` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `memberships_by_team` ON `memberships` (`team_id`,`user_id`);--> statement-breakpoint
CREATE INDEX `memberships_of_team` ON `memberships` (`team_id`,`sequence`);--> statement-breakpoint
CREATE INDEX `memberships_of_user` ON `memberships` (`user_id`,`sequence`);--> statement-breakpoint
CREATE TABLE `teams` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`total` integer NOT NULL,
	`prefs` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `teams_id_unique` ON `teams` (`id`);--> statement-breakpoint
CREATE INDEX `teams_by_name` ON `teams` (`name`,`sequence`);--> statement-breakpoint
CREATE INDEX `teams_by_created` ON `teams` (`created_at`,`sequence`);--> statement-breakpoint
CREATE TABLE `authenticators` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`type` text NOT NULL,
	`secret` text NOT NULL,
	`verified` integer NOT NULL,
	`last_step` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `authenticators_id_unique` ON `authenticators` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `authenticators_by_user` ON `authenticators` (`user_id`,`type`);--> statement-breakpoint
CREATE TABLE `identities` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`provider` text NOT NULL,
	`provider_uid` text NOT NULL,
	`provider_email` text NOT NULL,
	`provider_access_token` text NOT NULL,
	`provider_access_token_expiry` integer,
	`provider_refresh_token` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `identities_id_unique` ON `identities` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `identities_by_uid` ON `identities` (`provider`,`provider_uid`);--> statement-breakpoint
CREATE INDEX `identities_by_user` ON `identities` (`user_id`,`sequence`);--> statement-breakpoint
CREATE INDEX `identities_by_email` ON `identities` (`provider_email`);--> statement-breakpoint
CREATE TABLE `logs` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`user_id` text NOT NULL,
	`user_email` text NOT NULL,
	`user_name` text NOT NULL,
	`event` text NOT NULL,
	`resource` text NOT NULL,
	`mode` text NOT NULL,
	`user_type` text NOT NULL,
	`ip` text NOT NULL,
	`user_agent` text NOT NULL,
	`country_code` text NOT NULL,
	`time` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `logs_by_user` ON `logs` (`user_id`,`sequence`);--> statement-breakpoint
CREATE INDEX `logs_by_time` ON `logs` (`time`);--> statement-breakpoint
CREATE TABLE `mock_numbers` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`number` text NOT NULL,
	`otp` text NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `mock_numbers_number_unique` ON `mock_numbers` (`number`);--> statement-breakpoint
CREATE TABLE `one_time_secrets` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`purpose` text NOT NULL,
	`ref` text NOT NULL,
	`secret_hash` text NOT NULL,
	`sealed` text,
	`expires_at` integer,
	`used_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `one_time_secrets_id_unique` ON `one_time_secrets` (`id`);--> statement-breakpoint
CREATE INDEX `one_time_secrets_by_user` ON `one_time_secrets` (`user_id`,`purpose`,`secret_hash`);--> statement-breakpoint
CREATE INDEX `one_time_secrets_by_ref` ON `one_time_secrets` (`ref`);--> statement-breakpoint
CREATE INDEX `one_time_secrets_by_expiry` ON `one_time_secrets` (`expires_at`);--> statement-breakpoint
CREATE TABLE `sessions` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`secret_hash` text NOT NULL,
	`provider` text NOT NULL,
	`provider_uid` text NOT NULL,
	`provider_access_token` text NOT NULL,
	`provider_access_token_expiry` integer,
	`provider_refresh_token` text NOT NULL,
	`ip` text NOT NULL,
	`user_agent` text NOT NULL,
	`country_code` text NOT NULL,
	`factors` text NOT NULL,
	`mfa_updated_at` integer,
	`expires_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_id_unique` ON `sessions` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `sessions_secretHash_unique` ON `sessions` (`secret_hash`);--> statement-breakpoint
CREATE INDEX `sessions_by_user` ON `sessions` (`user_id`,`sequence`);--> statement-breakpoint
CREATE INDEX `sessions_by_expiry` ON `sessions` (`expires_at`);--> statement-breakpoint
CREATE TABLE `targets` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`user_id` text NOT NULL,
	`session_id` text,
	`name` text,
	`provider_id` text,
	`provider_type` text NOT NULL,
	`identifier` text NOT NULL,
	`expired` integer NOT NULL,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `targets_id_unique` ON `targets` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `targets_identifier_unique` ON `targets` (`identifier`);--> statement-breakpoint
CREATE INDEX `targets_by_user` ON `targets` (`user_id`,`sequence`);--> statement-breakpoint
CREATE INDEX `targets_by_session` ON `targets` (`session_id`);--> statement-breakpoint
CREATE TABLE `users` (
	`sequence` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`email` text,
	`phone` text,
	`password` text,
	`hash` text NOT NULL,
	`hash_options` text NOT NULL,
	`password_history` text NOT NULL,
	`password_update` integer,
	`registration` integer NOT NULL,
	`status` integer NOT NULL,
	`labels` text NOT NULL,
	`email_verification` integer NOT NULL,
	`email_canonical` text,
	`email_is_free` integer,
	`email_is_disposable` integer,
	`email_is_corporate` integer,
	`email_is_canonical` integer,
	`phone_verification` integer NOT NULL,
	`mfa` integer NOT NULL,
	`recovery_codes` text,
	`prefs` text NOT NULL,
	`impersonator` integer NOT NULL,
	`accessed_at` integer,
	`created_at` integer NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `users_id_unique` ON `users` (`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`);--> statement-breakpoint
CREATE UNIQUE INDEX `users_phone_unique` ON `users` (`phone`);--> statement-breakpoint
CREATE INDEX `users_by_name` ON `users` (`name`,`sequence`);--> statement-breakpoint
CREATE INDEX `users_by_created` ON `users` (`created_at`,`sequence`);--> statement-breakpoint
CREATE INDEX `users_by_accessed` ON `users` (`accessed_at`,`sequence`);