import { firstMatch, type Rule, twoParts, versionBy } from './rule.ts'

const WINDOWS_VERSIONS: Readonly<Record<string, string>> = {
  '10.0': '10',
  '6.4': '10',
  '6.3': '8.1',
  '6.2': '8',
  '6.1': '7',
  '6.0': 'Vista',
  '5.2': 'XP',
  '5.1': 'XP',
  '5.0': '2000',
}

/** Systems, the more special before the more general one (docs/contract/users.md §19). */
const SYSTEMS: readonly Rule[] = [
  { code: 'WPH', name: 'Windows Phone', when: [/Windows Phone(?: OS)?(?:[ /]([\d.]+))?/i] },
  { code: 'WIN', name: 'Windows', when: [/\bWindows/i], version: /Windows NT ([\d.]+)/i },
  { code: 'OHS', name: 'OpenHarmony', when: [/OpenHarmony(?:[ /]([\d.]+))?/i] },
  { code: 'HAR', name: 'HarmonyOS', when: [/HarmonyOS(?:[ /]([\d.]+))?/i] },
  {
    code: 'ATV',
    name: 'tvOS',
    when: [/Apple ?TV|\btvOS\b/i],
    version: /tvOS[ /]([\d._]+)|AppleTV\d+,\d+\/([\d.]+)/i,
  },
  {
    code: 'WAS',
    name: 'watchOS',
    when: [/\bwatchOS\b|Apple ?Watch|\bWatch\d+,\d/i],
    version: /watchOS[ /]([\d._]+)/i,
  },
  {
    // Apple renamed the iPad's system with version 13.
    code: 'IPA',
    name: 'iPadOS',
    when: [/\biPad/i, /iPadOS|^(?!.*\bOS \d)|\bOS (?:1[3-9]|[2-9]\d)/i],
    version: /OS[ /]([\d._]+)/i,
  },
  {
    code: 'IOS',
    name: 'iOS',
    when: [/\b(?:iPhone|iPad|iPod)|\biOS[ /]\d/i],
    version: /OS[ /]([\d._]+)/i,
  },
  { code: 'FIR', name: 'Fire OS', when: [/\bKindle Fire\b|[;(] ?(?:KF[A-Z]{2,}|AFT[A-Z\d]+)\b/] },
  { code: 'AND', name: 'Android', when: [/Android(?:[ /-]([\d.]+))?/i] },
  { code: 'KOS', name: 'KaiOS', when: [/KAIOS(?:\/([\d.]+))?/i] },
  { code: 'TIZ', name: 'Tizen', when: [/Tizen(?:[ /]([\d.]+))?/i] },
  { code: 'COS', name: 'Chrome OS', when: [/\bCrOS\b/i], version: /\bCrOS \w+ ([\d.]+)/i },
  {
    code: 'WOS',
    name: 'webOS',
    when: [/\bweb[O0]S/i],
    version: /\bweb[O0]S(?:\.TV)?[-/ ]([\d.]+)/i,
  },
  { code: 'SAF', name: 'Sailfish OS', when: [/Sailfish(?: OS)?(?:[ /]([\d.]+))?/i] },
  {
    code: 'BLB',
    name: 'BlackBerry OS',
    when: [/BlackBerry|\bBB10\b|\bPlayBook\b/i],
    version: /Tablet OS ([\d.]+)|\bVersion\/([\d.]+)|BlackBerry\w+\/([\d.]+)/i,
  },
  { code: 'WII', name: 'Nintendo', when: [/\bNintendo\b/i] },
  {
    code: 'PS3',
    name: 'PlayStation',
    when: [/PlayStation/i],
    version: /PlayStation (?:\d|Vita)[ /]([\d.]+)/i,
  },
  { code: 'UBT', name: 'Ubuntu', when: [/\bUbuntu\b(?:\/([\d.]+))?/i] },
  { code: 'DEB', name: 'Debian', when: [/\bDebian\b(?:\/([\d.]+))?/i] },
  { code: 'FED', name: 'Fedora', when: [/\bFedora\b/i] },
  { code: 'ARL', name: 'Arch Linux', when: [/\bArch ?Linux\b/i] },
  { code: 'MIN', name: 'Mint', when: [/\bLinux ?Mint\b(?:\/([\d.]+))?/i] },
  { code: 'MAC', name: 'Mac', when: [/Macintosh|Mac OS X/i], version: /Mac OS X ([\d._]+)/i },
  { code: 'LIN', name: 'GNU/Linux', when: [/Linux/i] },
]

/** Names the operating system of a user agent; what is not known is ''. */
export function findSystem(text: string) {
  const rule = firstMatch(SYSTEMS, text)
  if (!rule) return { osCode: '', osName: '', osVersion: '' }
  const version = versionBy(rule, text)
  const shown: Readonly<Record<string, string>> = {
    WIN: WINDOWS_VERSIONS[version] ?? '',
    MAC: twoParts(version),
  }
  return { osCode: rule.code, osName: rule.name, osVersion: shown[rule.code] ?? version }
}
