import { z } from 'zod'

/** Accepts where a mailed link leads; that it is a client of the project is checked later. */
export const url = z.string().meta({ wire: { type: 'string', format: 'uri' } })
