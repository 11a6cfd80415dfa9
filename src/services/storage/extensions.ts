import { z } from 'zod'
import { text } from '#/http/params'

const MAX_EXTENSIONS = 100
const MAX_CHARACTERS = 64

const folded = (name: string) => name.normalize('NFC').toLowerCase()

/** One or more extensions as a file's name ends with them: no path, no media type, no blank. */
const EXTENSION = /^[^\s\p{C}\\/:*?"<>|.,;]+(?:\.[^\s\p{C}\\/:*?"<>|.,;]+)*$/u

/** Returns an extension as names are compared with it: lower case, without the dot or `*.` before it. */
const normalExtension = (given: string) => folded(given.trim()).replace(/^\*?\./, '')

/**
 * Accepts the extensions of a bucket: `JPG`, `.webp`, `*.png` and `tar.gz` are understood. Differs: upstream takes
 * what no file's name can end with, and then refuses every file.
 */
export const extensions = z
  .array(
    text(MAX_CHARACTERS)
      .transform(normalExtension)
      .refine(
        (extension) => EXTENSION.test(extension),
        'must be the end of a file name, such as png or tar.gz; an empty list allows all files',
      ),
  )
  .max(MAX_EXTENSIONS)
  .transform((all) => [...new Set(all)])

/** Checks whether a bucket takes files of a name; rows from before may hold extensions in other spellings. */
export const allowsName = (allowed: readonly string[], name: string) =>
  allowed.length === 0 ||
  allowed.some((extension) => folded(name).endsWith(`.${normalExtension(extension)}`))
