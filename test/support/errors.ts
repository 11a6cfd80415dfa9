import { expect } from 'vitest'
import { ERRORS, type ErrorType } from '#/errors'
import { API_VERSION } from '#/lib/version'

/** Returns what the body of an error has to be: nothing else is in it, and failures name their request. */
export function errorBody(type: string) {
  const [status] = ERRORS[type as ErrorType] // tests name types that are in the catalogue
  return {
    message: expect.any(String),
    code: status,
    type,
    version: API_VERSION,
    ...(status >= 500 ? { requestId: expect.any(String) } : {}),
  }
}
