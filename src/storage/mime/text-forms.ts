/** First lines that tell a text format. */
const FIRST_LINES: readonly (readonly [line: RegExp, mimeType: string])[] = [
  [/^BEGIN:VCALENDAR[ \t]*\r?\n/i, 'text/calendar'],
  [/^BEGIN:VCARD[ \t]*\r?\n/i, 'text/vcard'],
  [/^WEBVTT(?:[ \t][^\r\n]*)?(?:\r?\n|\r|$)/, 'text/vtt'],
  [
    /^\d{1,6}[ \t]*\r?\n\d{2}:\d{2}:\d{2},\d{3} --> \d{2}:\d{2}:\d{2},\d{3}/,
    'application/x-subrip',
  ],
  [/^#EXTM3U[^\n]*\r?\n(?:[^\n]*\n){0,8}#EXT-X-/, 'application/x-mpegURL'],
  [/^#EXTM3U\s/, 'audio/x-mpegurl'],
  [/^-----BEGIN PGP SIGNATURE-----/, 'application/pgp-signature'],
  [/^-----BEGIN PGP (?:PUBLIC|PRIVATE) KEY BLOCK-----/, 'application/pgp-keys'],
  [/^-----BEGIN PGP MESSAGE-----/, 'application/pgp-encrypted'],
]

/** Fields that say who sent a mail or which way it came; other texts have none of them. */
const SENT = ['from', 'return-path', 'received', 'message-id', 'delivered-to']
/** Fields that go with them. */
const MAIL = [...SENT, 'to', 'cc', 'date', 'subject', 'mime-version', 'content-type', 'reply-to']
/** How much of a mail's header is looked at. */
const MAIL_HEADER = 8192

/** Returns the media type of a text format that its first lines tell, or null. */
export function sniffTextForm(text: string): string | null {
  return (
    FIRST_LINES.find(([line]) => line.test(text))?.[1] ?? (isMail(text) ? 'message/rfc822' : null)
  )
}

/** Checks whether a text starts with the header of a mail (RFC 5322 §2.2), of two known fields at least. */
function isMail(text: string): boolean {
  const head = text.slice(0, MAIL_HEADER)
  if (!/^[!-9;-~]{1,76}:/.test(head)) return false
  const names = new Set<string>()
  for (const line of head.split(/\r?\n/)) {
    if (line === '') break
    if (/^[ \t]/.test(line)) continue
    const [, name] = /^([!-9;-~]{1,76}):/.exec(line) ?? []
    if (name === undefined) return head.length === MAIL_HEADER && isKnownMail(names)
    names.add(name.toLowerCase())
  }
  return isKnownMail(names)
}

const isKnownMail = (names: ReadonlySet<string>) =>
  SENT.some((name) => names.has(name)) && MAIL.filter((name) => names.has(name)).length > 1
