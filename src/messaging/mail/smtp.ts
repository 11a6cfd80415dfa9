import net from 'node:net'
import tls from 'node:tls'
import { createTransport } from 'nodemailer'
import type SMTPTransport from 'nodemailer/lib/smtp-transport'
import type { SmtpConfig } from '#/config/smtp-url'
import { isLoopback } from '#/lib/public-host'
import type { Mailer, Message } from '#/messaging/mail/message'
import { AddressRefused, CARRIER_TIMEOUT_MS, CarrierBusy } from './carrier.ts'

type Closable = { close: () => Promise<void> }
type Upgradable = { _handle?: { socket?: { startTls?: (options: unknown) => Closable } } | null }

/**
 * Keeps workerd from leaving a rejected promise behind where an upgrade to TLS fails: it closes the
 * connection then, which fails too, and nothing waits for it. The failure itself is reported all the same.
 * It reaches behind the socket of `node:net`; where that looks otherwise, it does nothing.
 */
function settleFailedUpgrade(socket: net.Socket) {
  const inner = (socket as net.Socket & Upgradable)._handle?.socket
  const startTls = inner?.startTls?.bind(inner)
  if (!inner || !startTls) return
  inner.startTls = (options) => {
    const upgraded = startTls(options)
    const close = upgraded.close.bind(upgraded)
    upgraded.close = () => close().catch(() => {})
    return upgraded
  }
}

/**
 * Opens a connection by the server's name. The library would look the name up itself and connect to an
 * address, which no certificate names; workerd checks certificates against the name that it connects to.
 */
function openSocket(
  { host, port, security }: SmtpConfig,
  signal: AbortSignal,
  done: (error: Error | null, socket?: { connection: net.Socket; secured: boolean }) => void,
) {
  const secured = security === 'tls'
  const socket = secured
    ? tls.connect({ host, port, servername: host })
    : net.connect({ host, port })
  const settle = (error: Error | null) => {
    socket.off('error', settle)
    signal.removeEventListener('abort', abort)
    if (error) {
      socket.on('error', () => {}) // what fails while it is torn down was reported already
      socket.destroy()
      done(error)
    } else {
      settleFailedUpgrade(socket)
      done(null, { connection: socket, secured })
    }
  }
  const abort = () => settle(new Error('The mail server could not be reached in time.'))
  socket.on('error', settle)
  socket.once(secured ? 'secureConnect' : 'connect', () => settle(null))
  signal.addEventListener('abort', abort)
}

/** @param name the client's own, which it greets the server with */
function transportTo(config: SmtpConfig, timeoutMs: number, signal: AbortSignal, name: string) {
  const { host, port, security, username, password = '' } = config
  if (security === 'none' && !isLoopback(host)) {
    throw new Error('Only a mail server on this machine may be spoken to without encryption.')
  }
  const options: SMTPTransport.Options = {
    host,
    port,
    name,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(username ? { auth: { user: username, pass: password }, forceAuth: true } : {}),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    socketCloseTimeout: 1000,
    disableFileAccess: true,
    disableUrlAccess: true,
    getSocket: (_, done) => openSocket(config, signal, done),
  }
  return createTransport(options)
}

const domainOf = (email: string) => email.slice(email.lastIndexOf('@') + 1)

/** For how long a server that answers "later" is left alone: greylisting takes some minutes. */
const LATER_SECONDS = 300

/** What nodemailer adds to an error: the command that failed, and the server's answer to it. */
type SmtpFailure = { command?: unknown; responseCode?: unknown; response?: unknown }

/** Enhanced codes about the addressee alone: no such mailbox or domain, moved, disabled (RFC 3463 §3.2, RFC 7505 §4). */
const ADDRESSEE = /^5\.(?:1\.(?:[01236]|10)|2\.1)$/
/** Answers to an addressee's name that refuse the mailbox (RFC 5321 §4.2.3). */
const MAILBOX_CODES = [550, 551, 553]
/** Words with which servers without enhanced codes refuse a sender, or whoever has not signed in. */
const ABOUT_SENDER = /relay|auth|sender|from|spf|dkim|dmarc|spam|block|polic|reputation|denied/i

/** Checks whether a server refuses the addressee for good, and neither sender nor message. */
function isAddressRefused({ command, responseCode, response }: SmtpFailure): boolean {
  const text = `${response ?? ''}`
  const [, enhanced] = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})/.exec(text) ?? []
  if (command !== 'RCPT TO' && command !== 'DATA') return false
  if (enhanced !== undefined) return ADDRESSEE.test(enhanced)
  const isMailbox = command === 'RCPT TO' && MAILBOX_CODES.includes(Number(responseCode))
  return isMailbox && !ABOUT_SENDER.test(text)
}

/**
 * Returns what a failure to send says of the addressee (RFC 5321 §4.2.1). What may be about the sender, the message or
 * the servers is a failure of the carrier, never the address's fault.
 */
export function readFailure(cause: unknown): unknown {
  const { command, responseCode, response }: SmtpFailure = Object(cause)
  const code = Number(responseCode)
  if (code >= 500 && code < 600 && isAddressRefused({ command, responseCode, response })) {
    return new AddressRefused(`The mail server refuses the address: ${response}`, { cause })
  }
  if (code >= 400 && code < 500) {
    return new CarrierBusy(LATER_SECONDS, `The mail server asks to try later: ${response}`, {
      cause,
    })
  }
  return cause
}

/**
 * Sends mails through an SMTP server (RFC 5321), over a connection of its own each.
 * @param timeoutMs how long a mail may take in all
 */
export const smtpMailer = (config: SmtpConfig, timeoutMs = CARRIER_TIMEOUT_MS): Mailer => ({
  async send(message: Message) {
    const signal = AbortSignal.timeout(timeoutMs)
    const transport = transportTo(config, timeoutMs, signal, domainOf(message.from))
    const { replyTo, replyToName = '' } = message
    const sent = transport.sendMail({
      from: { name: message.fromName ?? '', address: message.from },
      to: { name: message.toName ?? '', address: message.to },
      ...(replyTo ? { replyTo: { name: replyToName, address: replyTo } } : {}),
      date: message.date,
      subject: message.subject,
      text: message.text,
      html: message.html,
      headers: { 'Auto-Submitted': 'auto-generated' }, // RFC 3834 §5: out-of-office programs keep silent
      signal,
    })
    await sent.catch((cause) => {
      throw readFailure(cause)
    })
  },
})

/**
 * Connects to an SMTP server, upgrades the connection and logs in, and sends nothing.
 * @throws Error that says what failed
 */
export async function verifySmtp(config: SmtpConfig, timeoutMs = 5000): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs)
  const transport = transportTo(config, timeoutMs, signal, 'edgewrite.invalid')
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('The mail server took too long.')))
    transport.verify().then(() => resolve(), reject)
  })
}
