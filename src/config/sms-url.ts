import { basicAuth } from '#/lib/basic-auth'
import { isLoopback } from '#/lib/public-host'
import { userInfo } from '#/lib/url'

/**
 * How text messages are sent. `twilio` speaks Twilio's Messages API; `http` posts
 * `{from, to, message}` as JSON.
 */
export type SmsConfig = { kind: 'twilio' | 'http'; url: string; authorization?: string }

/**
 * Reads where text messages go: `twilio://SID:TOKEN@api.twilio.com`, or, with an API key in place of the
 * account, `twilio://KEY:SECRET@api.twilio.com/ACCOUNT`; anything else is a web address, which may hold user
 * name and password. Only a loopback host may be spoken to without encryption.
 * @returns undefined where the text is neither
 */
export function parseSmsUrl(text: string): SmsConfig | undefined {
  if (!/^(?:twilio|https?):\/\//i.test(text) || !URL.canParse(text)) return
  const url = new URL(text)
  const login = userInfo(url)
  if (!login || !url.hostname) return
  const authorization = login.username ? basicAuth(login.username, login.password) : undefined
  if (url.protocol === 'twilio:') {
    const account = url.pathname.slice(1) || login.username
    if (!authorization || !account || !/^\w+$/.test(account)) return
    const scheme = isLoopback(url.hostname) ? 'http' : 'https'
    const messages = `${scheme}://${url.host}/2010-04-01/Accounts/${account}/Messages.json`
    return { kind: 'twilio', url: messages, authorization }
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) return
  url.username = ''
  url.password = ''
  return { kind: 'http', url: url.href, ...(authorization ? { authorization } : {}) }
}
