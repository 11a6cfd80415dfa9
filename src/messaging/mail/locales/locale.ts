/** Names the mails that Edgewrite sends (docs/contract/project.md §10). */
export const TEMPLATES = [
  ...(['verification', 'magicSession', 'recovery', 'invitation'] as const),
  ...(['mfaChallenge', 'sessionAlert', 'otpSession'] as const),
] as const
export type TemplateName = (typeof TEMPLATES)[number]

/** Holds the text of one mail. Text is plain, with placeholders `{{name}}` and `{{b}}bold{{/b}}`. */
export type MailText = {
  readonly subject: string
  /** Stands beside the subject in a list of mails. */
  readonly preview: string
  /** Stands above the text; the subject when left out. */
  readonly heading?: string
  /** Paragraphs before the link, the code or the details. */
  readonly body: readonly string[]
  /** Labels the link. */
  readonly button?: string
  /** Lines that tell what happened. */
  readonly details?: readonly string[]
  /** Paragraphs after the link, the code or the details. */
  readonly footer: readonly string[]
}

/** What a code opens that does not sign in. */
export type CodeUse = 'verification' | 'recovery'

/** Names what a security notice can report (README, "Differences from Appwrite"). */
export const NOTICE_REASONS = [
  ...(['mfaOn', 'mfaOff', 'authenticatorAdded', 'authenticatorRemoved'] as const),
  ...(['recoveryCodesIssued', 'recoveryCodeUsed', 'wrongCodes', 'wrongRecoveryCodes'] as const),
  ...(['emailChanged', 'phoneChanged', 'phoneConfirmed'] as const),
  ...(['addressProven', 'passwordRemoved'] as const),
  ...(['sessionsEnded', 'factorsRemoved', 'identitiesRemoved', 'phoneRemoved'] as const),
  'secretsVoided',
] as const
export type NoticeReason = (typeof NOTICE_REASONS)[number]

/** Holds all texts of a language. */
export type MailLocale = {
  readonly hello: string
  /** Greets somebody whose name is not known. */
  readonly helloNobody: string
  readonly thanks: string
  readonly signature: string
  /** Which link to follow where a button cannot be pressed. */
  readonly fallback: string
  /** Shows the security phrase. */
  readonly phrase: string
  /** Which program something was asked for. */
  readonly agent: string
  readonly mails: Readonly<Record<TemplateName, MailText>>
  /** What `otpSession` says of codes that do not sign in. */
  readonly codes: Readonly<Record<CodeUse, MailText>>
  /** The frame of a security notice; its details are reasons, its footer is that of `sessionAlert`. */
  readonly notice: Pick<MailText, 'subject' | 'preview' | 'body'>
  /** One line of a security notice each. */
  readonly reasons: Readonly<Record<NoticeReason, string>>
}
