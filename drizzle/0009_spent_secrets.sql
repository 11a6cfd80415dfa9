CREATE TABLE `spent_secrets` (
	`hash` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `spent_secrets_by_expiry` ON `spent_secrets` (`expires_at`);