import { type IncomingHttpHeaders, request } from 'node:http'

export type RawAnswer = { status: number; headers: IncomingHttpHeaders; bytes: Buffer }

/**
 * Sends a request and returns the answer as it came: nothing is added to the request, and nothing is decoded.
 * @param headers none of them is a default
 */
export const rawRequest = (
  url: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<RawAnswer> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, agent: false }, (answer) => {
      const pieces: Buffer[] = []
      answer.on('data', (piece) => pieces.push(piece))
      answer.on('error', reject)
      answer.on('end', () => {
        const { statusCode: status = 0, headers } = answer
        resolve({ status, headers, bytes: Buffer.concat(pieces) })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
