import { escapeHtml } from './substitute.ts'

const STYLE = `
:root { color-scheme: light dark; supported-color-schemes: light dark }
body { margin: 0; padding: 0; background: #f3f4f6; color: #1f2430; -webkit-text-size-adjust: 100% }
.page { width: 100%; background: #f3f4f6 }
.card { max-width: 560px; margin: 0 auto; background: #ffffff; border-radius: 12px; border: 1px solid #e3e5ea }
.inner { padding: 36px 40px; font: 16px/1.6 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif; color: #1f2430; overflow-wrap: anywhere }
h1 { margin: 0 0 20px; font-size: 22px; line-height: 1.3; font-weight: 650 }
p { margin: 0 0 18px }
p:last-child { margin-bottom: 0 }
a { color: #1a56b8 }
a.button { display: inline-block; padding: 12px 22px; border-radius: 8px; background: #1a56b8; color: #ffffff; font-weight: 600; text-decoration: none }
.code { font: 600 32px/1.2 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; letter-spacing: 6px; padding: 16px 0; text-align: center; background: #f3f4f6; border-radius: 8px }
.small { font-size: 14px; color: #5a6170 }
.foot { padding: 18px 40px 32px; font: 13px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Arial, sans-serif; color: #5a6170; text-align: center; overflow-wrap: anywhere }
@media (max-width: 600px) { .inner { padding: 28px 22px } .foot { padding: 16px 22px 28px } .code { font-size: 27px; letter-spacing: 4px } }
@media (prefers-color-scheme: dark) {
  body, .page { background: #14161b }
  .card { background: #1e2128; border-color: #31353f }
  .inner, h1 { color: #e8eaf0 }
  a { color: #8ab4ff }
  a.button { background: #8ab4ff; color: #10131a }
  .code { background: #14161b }
  .small, .foot { color: #a3aab8 }
}`

// Fills the line that mail programs show beside the subject, so that no text of the mail follows in it.
const FILLER = '&#847;&zwnj;&nbsp;'.repeat(40)

/** What the base layout places around a message; all plain text but the message. */
export type Frame = {
  language: string
  direction: string
  title: string
  /** Stands beside the subject in a list of mails; '' lets the message's first words stand there. */
  preview: string
  /** HTML, filled in. */
  message: string
  footer: string
}

/** Places a message in the page that all mails share: readable with or without style, light or dark. */
export function layout(frame: Frame): string {
  const { language, direction, title, preview, footer } = {
    ...frame,
    language: escapeHtml(frame.language),
    direction: escapeHtml(frame.direction),
    title: escapeHtml(frame.title),
    preview: escapeHtml(frame.preview),
    footer: escapeHtml(frame.footer),
  }
  return `<!doctype html>
<html lang="${language}" dir="${direction}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${title}</title>
<style>${STYLE}
</style>
</head>
<body dir="${direction}">
${preview && `<div style="display:none;max-height:0;overflow:hidden;opacity:0" aria-hidden="true">${preview}${FILLER}</div>`}
<table class="page" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td align="center" style="padding:32px 12px 0">
<table class="card" role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0">
<tr><td class="inner" dir="${direction}">
${frame.message}
</td></tr>
</table>
<p class="foot">${footer}</p>
</td></tr>
</table>
</body>
</html>
`
}
