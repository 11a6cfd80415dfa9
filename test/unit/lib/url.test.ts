import { expect, test } from 'vitest'
import { canonicalHost, parseUrl } from '#/lib/url'

test.each([
  ['https://a.example', 'https://a.example/'],
  ['HTTPS://A.Example:443/X', 'https://a.example/X'],
  ['http://127.1/', 'http://127.0.0.1/'],
  ['https://bücher.example/ä?ö#ü', 'https://xn--bcher-kva.example/%C3%A4?%C3%B6#%C3%BC'],
  ['https://a.example/a b\u00a0c', 'https://a.example/a%20b%C2%A0c'],
  ['https://trusted.example@b.example/', 'https://trusted.example@b.example/'],
  ['https://a。example/', 'https://a.example/'],
  ['appwrite-callback-x://', 'appwrite-callback-x://'],
  ['myapp://open/here', 'myapp://open/here'],
])('%j is %s', (text, href) => expect(parseUrl(text)?.href).toBe(href))

test.each([
  ...['', 'a.example', '/path', '//a.example', 'https://', 'https:///', 'http://exa mple.com/'],
  ...['\u00a0https://a.example', 'https://a.example\u00a0', '\ufeffhttps://a.example'],
  ...[
    'https://a.example\ufeff',
    ' https://a.example',
    'https://a.example ',
    '\u200bhttps://a.example',
  ],
  ...[
    '\r\nhttps://a.example',
    'https://a.example\r\n',
    'https://a.example/\r\nX: y',
    'ht\ntps://a.example',
  ],
  ...[
    'https://a.exa\tmple/',
    'https://a.example/\u0000',
    'https://a.example/\u0085',
    '\u2028https://a.example',
  ],
  ...['https:\\\\a.example', 'https://a.example\\@b.example/', 'https://a.example/?x=\\', 'x:\\y'],
  ...['https://a.example/\ud800', 'https://a\u00a0.example/', 'https://[::1', 'https://a:99999/'],
])('%j is none', (text) => expect(parseUrl(text)).toBeUndefined())

test.each([
  ['Example.COM', 'example.com'],
  ['bücher.de', 'xn--bcher-kva.de'],
  ['0x7f.1', '127.0.0.1'],
  ['0:0:0:0:0:0:0:1', '[::1]'],
  ['[2001:DB8::0]', '[2001:db8::]'],
  ['a.example.', 'a.example.'],
  ['a.example:80', undefined],
  ['a.example:443', undefined],
  ['user@a.example', undefined],
  ['a.example/', undefined],
  ['', undefined],
])('the host %j is %s', (host, canonical) => expect(canonicalHost(host)).toBe(canonical))
