import { capture } from './rule.ts'

/** Kinds of devices, as the wire names them (docs/contract/users.md §19). */
type Kind =
  | 'console'
  | 'tv'
  | 'smartphone'
  | 'tablet'
  | 'portable media player'
  | 'wearable'
  | 'desktop'

/** Recognises a device: kind, brand and model; a pattern instead of a model captures it. */
type DeviceRule = readonly [token: RegExp, kind: Kind, brand: string, model: string | RegExp]

/** Devices that say what they are, the more special first. */
const DEVICES: readonly DeviceRule[] = [
  [/PlayStation/i, 'console', 'Sony', /(PlayStation (?:\d|Vita|Portable))/i],
  [/\bNintendo\b/i, 'console', 'Nintendo', /Nintendo (Switch \d|Switch|WiiU|Wii|3DS|DSi?)/i],
  [/\bXbox\b/i, 'console', 'Microsoft', /(Xbox (?:One|360|Series \w))/i],
  [/Apple ?TV|\btvOS\b/i, 'tv', 'Apple', 'Apple TV'],
  [/Apple ?Watch|\bwatchOS\b|\bWatch\d+,\d/i, 'wearable', 'Apple', 'Apple Watch'],
  [/\biPad|iPadOS/i, 'tablet', 'Apple', 'iPad'],
  [/\biPod/i, 'portable media player', 'Apple', 'iPod Touch'],
  [/\biPhone|\biOS[ /]\d/i, 'smartphone', 'Apple', 'iPhone'],
  [/\bCrKey\b/i, 'tv', 'Google', 'Chromecast'],
  [/\bRoku\b/i, 'tv', 'Roku', ''],
  [/\bweb[O0]S\b|\bLG NetCast/i, 'tv', 'LG', ''],
  [/^(?=.*(?:Smart-?TV|\bTV\b)).*Tizen/i, 'tv', 'Samsung', ''],
  [/\bPlayBook\b/i, 'tablet', 'BlackBerry', 'PlayBook'],
  [/BlackBerry|\bBB10\b/i, 'smartphone', 'BlackBerry', /BlackBerry ?(\d{4}\w?)/i],
  [/Windows Phone/i, 'smartphone', '', /; (Lumia [^;)]+)/i],
  [/KAIOS/i, 'smartphone', '', /\(Mobile; (?!rv:)([^;)]+)/i],
]

/** Hints at the kind of a device that does not say what it is; without "Mobile", Android means a tablet. */
const HINTS: readonly DeviceRule[] = [
  [/Smart-?TV|HbbTV|GoogleTV|Android ?TV|\bBRAVIA\b/i, 'tv', '', ''],
  [/\bWear ?OS\b/i, 'wearable', '', ''],
  [/^(?=.*\bTablet\b).*(?:Harmony|Sailfish|Tizen|Firefox)/i, 'tablet', '', ''],
  [/\(PC; OpenHarmony/i, 'desktop', '', ''],
  [/Mobile|Opera M(?:ini|obi)/i, 'smartphone', '', ''],
  [/Android/i, 'tablet', '', ''],
  [/Harmony/i, 'smartphone', '', ''],
  [/Macintosh/i, 'desktop', 'Apple', ''],
  [/\bWindows|\bX11\b|\bCrOS\b|Linux (?:x86|x64|i[3-6]86|amd64)/i, 'desktop', '', ''],
]

/** Models whose kind is known, whether or not the user agent says "Mobile". */
const MODEL_KINDS: readonly (readonly [model: RegExp, kind: Kind])[] = [
  [/^(?:AFT[A-Z\d]+$|BRAVIA|SHIELD Android TV|Chromecast|MIBOX|MiTV)/i, 'tv'],
  [/^(?:samsung )?SM-R\d/i, 'wearable'],
  [
    /^(?:samsung )?SM-[PTX]\d|^(?:Google )?(?:Pixel (?:C|Tablet)\b|Nexus (?:7|9|10)\b)|^KF[A-Z]{2}/i,
    'tablet',
  ],
  [/^(?:samsung )?SM-[ACEFGJMNS]\d|^(?:Google )?(?:Pixel|Nexus)\b/i, 'smartphone'],
]

/** Makers, by how their models' names begin. */
const BRANDS: readonly (readonly [model: RegExp, brand: string])[] = [
  [/^(?:samsung|Galaxy|(?:SM|GT|SGH|SCH|SHV|SPH)-)/i, 'Samsung'],
  [/^(?:Google|Pixel|Nexus|Chromecast|sdk_gphone)/i, 'Google'],
  [/^(?:Xiaomi|Redmi|POCO|MI\b|MIBOX|MiTV|M2\d{3}|2\d{5,}[A-Z])/i, 'Xiaomi'],
  [/^OnePlus/i, 'OnePlus'],
  [/^(?:OPPO|CPH\d)/i, 'OPPO'],
  [/^(?:vivo\b|V\d{4}[A-Z]?$)/i, 'Vivo'],
  [/^(?:Realme|RMX\d)/i, 'Realme'],
  [/^(?:Moto|XT\d{4})/i, 'Motorola'],
  [/^Honor/i, 'Honor'],
  [/^(?:Huawei|[A-Z]{3}-(?:[ALTNW][LNX]?\d|LX|AL|TL))/i, 'Huawei'],
  [/^(?:Sony|Xperia|BRAVIA|XQ-|SO-\d|[C-J]\d{4}$)/i, 'Sony'],
  [/^LG|^LM-/i, 'LG'],
  [/^(?:Nokia|TA-1\d{3}|Lumia)/i, 'Nokia'],
  [/^HTC/i, 'HTC'],
  [/^ASUS/i, 'Asus'],
  [/^(?:Lenovo|TB-?[\dX])/i, 'Lenovo'],
  [/^ZTE/i, 'ZTE'],
  [/^Infinix/i, 'Infinix'],
  [/^TECNO/i, 'Tecno'],
  [/^(?:KF[A-Z]{2}|AFT|Kindle)/i, 'Amazon'],
  [/^(?:Fairphone|FP\d)/i, 'Fairphone'],
  [/^(?:Nothing|A0\d{2}$)/i, 'Nothing'],
  [/^SHIELD/i, 'Nvidia'],
]

/** Parts of an Android comment that name no model; Chrome sends `K` in the place of one. */
const NO_MODEL =
  /^(?:K|U|wv|Mobile|Tablet|TV|Linux|HarmonyOS|Android.*|Opera.*|HMSCore.*|rv:.*|[a-z]{2}(?:[-_][a-z]{2})?)$/i

/** Returns the model in an Android comment: what precedes ` Build/`, or the first part that may be one. */
function androidModel(text: string): string {
  const start = text.search(/Android|; KF[A-Z]{2}/)
  if (start < 0) return ''
  const rest = text.slice(start)
  const end = rest.search(/\)(?: \S+\/|$)/)
  const parts = rest.slice(0, end < 0 ? 0 : end).split(';')
  return (
    parts
      .map((part) => (part.split(/ Build\b/, 1)[0] ?? '').trim())
      .find((part) => part && !NO_MODEL.test(part)) ?? ''
  )
}

const lookUp = <T>(table: readonly (readonly [RegExp, T])[], text: string): T | undefined =>
  table.find(([pattern]) => pattern.test(text))?.[1]

/** Names the device of a user agent: its kind, maker and model; what is not known is ''. */
export function findDevice(text: string) {
  const own = DEVICES.find(([token]) => token.test(text))
  const hint = HINTS.find(([token]) => token.test(text))
  const [, kind = '', brand = '', named = ''] = own ?? hint ?? []
  const model = typeof named === 'string' ? named : capture(named, text)
  const deviceModel = model || (own ? '' : androidModel(text))
  return {
    deviceName: (!own && deviceModel && lookUp(MODEL_KINDS, deviceModel)) || kind,
    deviceBrand: brand || (lookUp(BRANDS, deviceModel) ?? ''),
    deviceModel,
  }
}
