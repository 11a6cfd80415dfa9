import { chooseLocale, DEFAULT_LOCALE } from '#/lib/locale'
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
 * Returns the texts for a language, or for a list of them: the first that is there (`de-at` reads `de`), or English.
 * @returns the texts, with the code they are in
 */
export function mailLocale(locale: string): { code: string; texts: MailLocale } {
  const code = chooseLocale(locale, (one) => Object.hasOwn(MAIL_LOCALES, one)) ?? DEFAULT_LOCALE
  return { code, texts: MAIL_LOCALES[code] ?? en }
}
