ALTER TABLE `authenticators` ADD `origin` text;--> statement-breakpoint
ALTER TABLE `identities` ADD `origin` text;--> statement-breakpoint
ALTER TABLE `one_time_secrets` ADD `used_by` text;--> statement-breakpoint
ALTER TABLE `one_time_secrets` ADD `session_only` integer;--> statement-breakpoint
ALTER TABLE `sessions` ADD `origin` text;--> statement-breakpoint
ALTER TABLE `users` ADD `email_origin` text;--> statement-breakpoint
ALTER TABLE `users` ADD `phone_origin` text;--> statement-breakpoint
ALTER TABLE `users` ADD `password_origin` text;--> statement-breakpoint
ALTER TABLE `users` ADD `mfa_origin` text;--> statement-breakpoint
ALTER TABLE `users` ADD `recovery_codes_origin` text;
--> statement-breakpoint
-- An account is its e-mail address's; a proven phone number speaks for it only where no guest and no session of its
-- own has put an unproven address beside it.
CREATE VIEW users_proven AS
  SELECT id, email_verification OR (phone_verification AND (email IS NULL OR email_origin IS NOT 'claim')) AS proven
  FROM users;
--> statement-breakpoint
-- With the first proof, what is still there belongs to whoever has proved the address.
CREATE TRIGGER users_proved AFTER UPDATE OF email, email_verification, phone_verification ON users
  WHEN (new.email_verification OR (new.phone_verification AND (new.email IS NULL OR new.email_origin IS NOT 'claim')))
    AND NOT (old.email_verification OR (old.phone_verification AND (old.email IS NULL OR old.email_origin IS NOT 'claim')))
BEGIN
  UPDATE sessions SET origin = 'holder' WHERE user_id = new.id AND origin = 'claim';
  UPDATE identities SET origin = 'holder' WHERE user_id = new.id AND origin = 'claim';
  UPDATE authenticators SET origin = 'holder' WHERE user_id = new.id AND origin = 'claim';
  UPDATE users SET
    phone_origin = iif(phone_origin = 'claim', 'holder', phone_origin),
    password_origin = iif(password_origin = 'claim', 'holder', password_origin),
    mfa_origin = iif(mfa_origin = 'claim', 'holder', mfa_origin),
    recovery_codes_origin = iif(recovery_codes_origin = 'claim', 'holder', recovery_codes_origin)
    WHERE sequence = new.sequence;
END;
--> statement-breakpoint
-- Nobody vouches for an address that a session puts on its account: all that opens the account is a claim to it.
CREATE TRIGGER users_moved AFTER UPDATE OF email ON users
  WHEN new.email IS NOT NULL AND new.email IS NOT old.email AND new.email_origin = 'claim' AND NOT new.email_verification
BEGIN
  UPDATE sessions SET origin = 'claim' WHERE user_id = new.id;
  UPDATE identities SET origin = 'claim' WHERE user_id = new.id;
  UPDATE authenticators SET origin = 'claim' WHERE user_id = new.id;
  UPDATE users SET password_origin = 'claim', mfa_origin = 'claim', recovery_codes_origin = 'claim',
    phone_origin = iif(phone_verification, phone_origin, 'claim') WHERE sequence = new.sequence;
END;
--> statement-breakpoint
-- Whoever read older mails must not get past a new password, a block or a change of address. An open invitation
-- can still be accepted by its user's own session, but signs nobody in.
CREATE TRIGGER users_secured AFTER UPDATE OF password_update, status, email, phone ON users
  WHEN (new.password IS NOT old.password AND new.password IS NOT NULL)
    OR (old.status AND NOT new.status)
    OR (old.email IS NOT NULL AND new.email IS NOT old.email)
    OR (old.phone IS NOT NULL AND new.phone IS NOT old.phone)
BEGIN
  DELETE FROM one_time_secrets WHERE user_id = new.id AND used_at IS NULL
    AND purpose NOT IN ('invite', 'jwt', 'recovery-code');
  UPDATE one_time_secrets SET session_only = 1 WHERE user_id = new.id AND used_at IS NULL AND purpose = 'invite';
END;
