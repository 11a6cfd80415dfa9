import { capture, firstMatch, type Rule, twoParts, versionBy } from './rule.ts'

const MOBILE = /Mobile|Opera Mobi/i
const OPERA = /^Opera\/9\.80\b.*\bVersion\/([\d.]+)|\b(?:OPR|Opera)\/([\d.]+)/i
const CHROME = /(?:Chrome|Chromium|HeadlessChrome)\/([\d.]+)/i
const HUAWEI = /HuaweiBrowser\/([\d.]+)/i
const FIREFOX = /\bFirefox\/([\d.]+)/i
const SAFARI = [/\bSafari\//i, /\bAppleWebKit\//i] as const
const SAFARI_VERSION = /\bVersion\/([\d.]+)/i

/** Browsers: those that also call themselves another one come before it (docs/contract/users.md §19). */
const BROWSERS: readonly (Rule & { readonly fullVersion?: true })[] = [
  { code: 'PS', name: 'Microsoft Edge', when: [/\b(?:Edg|EdgA|EdgiOS|Edge)\/([\d.]+)/i] },
  { code: 'OI', name: 'Opera Mini', when: [/\bOpera Mini\/([\d.]+)/i] },
  { code: 'OM', name: 'Opera Mobile', when: [OPERA, MOBILE] },
  { code: 'OP', name: 'Opera', when: [OPERA] },
  { code: 'SB', name: 'Samsung Browser', when: [/SamsungBrowser\/([\d.]+)/i] },
  { code: 'CI', name: 'Chrome Mobile iOS', when: [/\bCriOS\/([\d.]+)/i] },
  { code: 'F1', name: 'Firefox Mobile iOS', when: [/\bFxiOS\/([\d.]+)/i] },
  { code: 'CC', name: 'Coc Coc', when: [/\bcoc_?coc(?:_browser)?\/([\d.]+)/i] },
  { code: 'VI', name: 'Vivaldi', when: [/\bVivaldi\/([\d.]+)/i] },
  { code: 'YA', name: 'Yandex Browser', when: [/\bYaBrowser\/([\d.]+)/i] },
  { code: 'BR', name: 'Brave', when: [/\bBrave(?: Chrome)?\/([\d.]+)/i] },
  { code: 'WH', name: 'Whale Browser', when: [/\bWhale\/([\d.]+)/i] },
  { code: 'UC', name: 'UC Browser', when: [/\bUC ?Browser\/?([\d.]*)/i] },
  { code: 'QQ', name: 'QQ Browser', when: [/QQBrowser\/([\d.]+)/i] },
  { code: 'DD', name: 'DuckDuckGo Privacy Browser', when: [/\b(?:DuckDuckGo|Ddg)\/([\d.]+)/i] },
  { code: 'MS', name: 'Mobile Silk', when: [/\bSilk\/([\d.]+)/i] },
  { code: 'FK', name: 'Firefox Focus', when: [/\bFocus\/([\d.]+)/i, CHROME] },
  { code: 'HU', name: 'Huawei Browser Mobile', when: [HUAWEI, MOBILE] },
  { code: 'HP', name: 'Huawei Browser', when: [HUAWEI] },
  { code: 'CV', name: 'Chrome Webview', when: [CHROME, /; wv\)|\bVersion\/4\.0 Chrome\//i] },
  { code: 'CM', name: 'Chrome Mobile', when: [CHROME, /Mobile|Android/i] },
  { code: 'CH', name: 'Chrome', when: [CHROME] },
  { code: 'FM', name: 'Firefox Mobile', when: [FIREFOX, /Mobile|Tablet|Android/i] },
  { code: 'FF', name: 'Firefox', when: [FIREFOX] },
  {
    code: 'MF',
    name: 'Mobile Safari',
    when: [...SAFARI, /iPhone|iPad|iPod/i, /\bMobile\//i],
    version: SAFARI_VERSION,
    fullVersion: true,
  },
  { code: 'SF', name: 'Safari', when: SAFARI, version: SAFARI_VERSION, fullVersion: true },
  {
    code: 'IE',
    name: 'Internet Explorer',
    when: [/MSIE|Trident\//i],
    version: /MSIE ([\d.]+)|\brv:([\d.]+)/i,
    fullVersion: true,
  },
]

/** Engines, by the token that only their browsers send. */
const ENGINES: readonly Omit<Rule, 'code'>[] = [
  { name: 'Blink', when: [CHROME] },
  { name: 'Presto', when: [/\bPresto\/([\d.]+)/i] },
  { name: 'Trident', when: [/MSIE|Trident\//i], version: /Trident\/([\d.]+)/i },
  { name: 'WebKit', when: [/\bAppleWebKit\/([\d.]+)/i] },
  { name: 'Gecko', when: [/\bFirefox\/(\d+(?:\.\d+)?)/i] },
]

/** Programs and libraries that are no browsers; a library's code is empty. */
const LIBRARIES: readonly Rule[] = (
  [
    ['curl', /\bcurl\/([\d.]+)/i],
    ['Wget', /\bWget\/([\d.]+)/i],
    ['Postman Runtime', /\bPostmanRuntime\/([\d.]+)/i],
    ['OkHttp', /\bokhttp\/([\d.]+)/i],
    ['Dart', /\bDart\/([\d.]+)/i],
    ['Guzzle', /\bGuzzle(?:Http)?\/([\d.]+)/i],
    ['Python Requests', /\bpython-requests\/([\d.]+)/i],
    ['Python urllib', /\bPython-urllib\d?\/([\d.]+)/i],
    ['aiohttp', /\baiohttp\/([\d.]+)/i],
    ['Go-http-client', /\bGo-http-client\/([\d.]+)/i],
    ['Node Fetch', /\bnode-fetch(?:\/([\d.]+))?|^(?:node|undici)(?:\/([\d.]+))?$/i],
    ['Axios', /\baxios\/([\d.]+)/i],
    ['HTTPie', /\bHTTPie\/([\d.]+)/i],
    ['Apache HTTP Client', /\bApache-HttpClient\/([\d.]+)/i],
    ['Java HTTP Client', /\bJava-http-client\/([\d.]+)/i],
    ['Java', /\bJava\/([\d.]+)/i],
    ['got', /^got(?:\/([\d.]+)|[ (]|$)/i],
  ] as const
).map(([name, token]) => ({ code: '', name, when: [token] }))

const NO_ENGINE = { clientEngine: '', clientEngineVersion: '' }

/** Names the program behind a user agent: its type, itself, its version and engine; what is not known is ''. */
export function findProgram(text: string) {
  if (/AppwriteCLI/i.test(text)) {
    const [word = ''] = text.split(' ', 1)
    const clientVersion = capture(/\/(.*)/, word)
    const cli = { clientType: 'desktop', clientCode: 'cli', clientName: 'Appwrite CLI' }
    return { ...cli, clientVersion, ...NO_ENGINE }
  }
  const browser = firstMatch(BROWSERS, text)
  const rule = browser ?? firstMatch(LIBRARIES, text)
  if (!rule)
    return { clientType: '', clientCode: '', clientName: '', clientVersion: '', ...NO_ENGINE }
  const version = versionBy(rule, text)
  const engine = browser && firstMatch(ENGINES, text)
  return {
    clientType: browser ? 'browser' : 'library',
    clientCode: rule.code,
    clientName: rule.name,
    clientVersion: browser?.fullVersion ? version : twoParts(version),
    clientEngine: engine?.name ?? '',
    clientEngineVersion: engine ? versionBy(engine, text) : '',
  }
}
