-- E-mail addresses of targets are stored in their normal form from here on. Where two rows would become one, both
-- stay as they are: the view reports them, and nothing is merged.
UPDATE OR IGNORE targets SET identifier = lower(identifier)
  WHERE provider_type = 'email' AND identifier <> lower(identifier);
--> statement-breakpoint
CREATE VIEW email_collisions AS
  SELECT id AS target_id, user_id, identifier, lower(identifier) AS normal_form FROM targets
  WHERE provider_type = 'email' AND identifier <> lower(identifier);
