import type { Algorithm } from './algorithm.ts'
import { utf8 } from './algorithm.ts'
import { bcryptChecksum } from './blowfish.ts'
import { sameText } from './digest.ts'

const STORED = /^\$2([abxy])\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{30}[.CGKOSWaeimquy26])$/

/**
 * bcrypt, by the cost in the string; only the first 72 bytes of a password count (docs/contract/users.md §15.4).
 *
 * The revisions `2a`, `2b` and `2y` agree for every password in UTF-8. `2x` marks hashes of PHP before
 * 5.3.7, which misread bytes from 0x80 on.
 */
export const bcrypt: Algorithm = {
  form: 'a bcrypt hash such as $2y$10$… of 60 characters',
  parse(stored) {
    const [, revision, digits, salt, checksum] = STORED.exec(stored) ?? []
    const cost = Number(digits)
    if (salt === undefined || checksum === undefined || cost < 4 || cost > 31) return
    return {
      cost: { memoryBytes: 0, cpuMs: 2 ** cost * 0.09 },
      async matches(password) {
        const hashed = await bcryptChecksum(utf8(password), cost, salt, revision === 'x')
        // crypt(3) ends a password at a NUL byte, so that anything could follow: none can have made a hash.
        return sameText(hashed, checksum) && !password.includes('\0')
      },
    }
  },
}
