export const SMTP_USER = 'mailer@example.com'
export const SMTP_PASSWORD = 'pä:ss/w@rd#?%'
