/** Names in many scripts; some share words, letters and marks with others. */
export const NAMES = [
  ...[
    'Straße',
    'STRASSE 12',
    'Strass',
    'Jörg Müller',
    'MULLER',
    'Éclair',
    'eclaire',
    'Zebra',
    'apple',
  ],
  ...[
    'Nguyễn Văn Anh',
    'Nguyen',
    'Đặng',
    'İstanbul',
    'ısparta',
    'ISTANBUL',
    'Łódź',
    'Ærø',
    'ﬁnal',
    'ＡＢＣ',
  ],
  ...['Александр Пушкин', 'ПУШКИНА', 'Ёлка', 'елки', 'Николай', 'Οδυσσεύς', 'ΟΔΥΣΣΕΥΣ', 'Όμηρος'],
  ...['שָׁלוֹם', 'שלומי', 'مُحَمَّد', 'محمد علي', 'أحمد', 'முருகன்', 'மீனா', 'मोहन कुमार', 'मोहिनी', 'কবিতা'],
  ...[
    'สมชาย ใจดี',
    'สมหญิง',
    'ສົມໄຊ',
    'សុខា',
    'မောင်မောင်',
    '東京都',
    '京都',
    '東 京',
    '田中さくら',
    'ガンダム',
  ],
  ...[
    'ｶﾞﾝﾀﾞﾑ',
    'かがみ',
    '김철수',
    '김영희',
    'party 🎉',
    '🎉🎂',
    '👩‍👩‍👧 family',
    'iPhone手機',
    'flag 🇩🇪',
  ],
  ...[
    'a%b_c*',
    "o'neil",
    'back\\slash',
    '1️⃣ first',
    'ՀԱՅԿ',
    'Հայկ',
    'ნინო',
    'e\u0301te\u0301',
    'été',
  ],
]

const MARKS = /[\u0300-\u036f]|[\u0591-\u05c7]|[\u064b-\u0655]|\u0670|\u0640|\u200d|\ufe0f|\u20e3/g
const STROKES: Record<string, string> = { đ: 'd', ł: 'l', æ: 'ae', ø: 'o', ı: 'i', ς: 'σ' }

/** Folds plainly: what the table of scripts in docs/search.md says of these names. */
export const plain = (text: string) =>
  [
    ...text
      .normalize('NFKD')
      .toLowerCase()
      .replace(/и\u0306/g, 'й')
      .replace(MARKS, '')
      .replace(/ß/g, 'ss'),
  ]
    .map((letter) => STROKES[letter] ?? letter)
    .join('')
    .normalize('NFC')

/** Compares as SQLite does: by the bytes of UTF-8, which is by code points. */
export function byCodePoints(left: string, right: string): number {
  const [one, two] = [[...left], [...right]]
  const at = one.findIndex((letter, index) => letter !== two[index])
  if (at < 0) return one.length - two.length
  return (one[at]?.codePointAt(0) ?? 0) - (two[at]?.codePointAt(0) ?? -1)
}
