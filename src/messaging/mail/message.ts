/** Holds a mail as carriers get it. */
export type Message = {
  /** When it was written: the moment of the request. */
  date: Date
  to: string
  toName?: string
  from: string
  fromName?: string
  replyTo?: string
  replyToName?: string
  subject: string
  html: string
  text: string
}

/** Hands mails to something that delivers them. */
export interface Mailer {
  /** Sends a mail; comes back when the carrier has it. @throws Error for whatever kept it from that */
  send(message: Message): Promise<void>
}
