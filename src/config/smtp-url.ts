import { isLoopback } from '#/lib/public-host'
import { userInfo } from '#/lib/url'

/**
 * How to reach a mail server. `starttls` upgrades a plain connection and never sends a mail without;
 * `tls` is encrypted from the start; `none` is for loopback hosts alone.
 */
export type SmtpConfig = {
  /** A name or an address; IPv6 without brackets. */
  host: string
  port: number
  security: 'starttls' | 'tls' | 'none'
  username?: string
  password?: string
}

const PORTS = { starttls: 587, tls: 465, none: 25 } as const

/**
 * Reads `smtp://user:password@host:587` (STARTTLS, or plain on a loopback host) and
 * `smtps://user:password@host:465`; special characters are percent-encoded.
 * @returns undefined where the text is neither
 */
export function parseSmtpUrl(text: string): SmtpConfig | undefined {
  if (!/^smtps?:\/\//i.test(text) || !URL.canParse(text)) return
  const url = new URL(text)
  const { protocol, hostname, port, pathname, search, hash } = url
  if (!hostname || !['', '/'].includes(pathname) || search || hash) return
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const plain = isLoopback(host) ? 'none' : 'starttls'
  const security = protocol === 'smtps:' ? 'tls' : plain
  const login = userInfo(url)
  return login && { host, port: Number(port) || PORTS[security], security, ...login }
}
