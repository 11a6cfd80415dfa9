import { DEFAULT_LOCALE } from '#/locale'
import { ar } from './ar.ts'
import { de } from './de.ts'
import { en } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import { he } from './he.ts'
import { it } from './it.ts'
import { ja } from './ja.ts'
import type { MailLocale } from './locale.ts'
import { nl } from './nl.ts'
import { pl } from './pl.ts'
import { ptBr } from './pt-br.ts'
import { zhCn } from './zh-cn.ts'

/** Holds the languages that mails are written in, by locale code. */
export const MAIL_LOCALES: Readonly<Record<string, MailLocale>> = {
  ...{ ar, de, en, es, fr, he, it, ja, nl, pl },
  pt: ptBr,
  'pt-br': ptBr,
  'zh-cn': zhCn,
  'zh-sg': zhCn,
}

/**
 * Gives the texts for a locale: its own, those of its language (`de-at` reads `de`), or English.
 * @returns the texts, with the code they are in
 */
export function mailLocale(locale: string): { code: string; texts: MailLocale } {
  const [language = ''] = locale.split('-', 1)
  for (const code of [locale, language]) {
    const texts = Object.hasOwn(MAIL_LOCALES, code) ? MAIL_LOCALES[code] : undefined
    if (texts) return { code, texts }
  }
  return { code: DEFAULT_LOCALE, texts: en }
}
