import { ApiError } from '#/errors'

const ATTEMPTS = 5

/**
 * Repeats what reads, decides and stores only if nothing has changed meanwhile; each failure means that
 * somebody else's change came through.
 * @param attempt gives undefined where something had changed
 * @throws `general_server_error` when others come first every time
 */
export async function retrying<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let count = 0; count < ATTEMPTS; count++) {
    const done = await attempt()
    if (done !== undefined) return done
  }
  throw new ApiError('general_server_error', 'Others change the same settings. Try again.')
}
