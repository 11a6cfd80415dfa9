import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'

/** A request as the receiver took it in; names of headers in lower case. */
export type Received = {
  method: string
  path: string
  headers: Record<string, string>
  body: string
}

declare module 'vitest' {
  interface ProvidedContext {
    receiver: string
  }
}

/** What the receiver does beside answering with a status. */
const TREATS: Readonly<Record<string, (response: ServerResponse, token: string) => void>> = {
  hang: () => {},
  drop: (response) => response.destroy(),
  redirect: (response, token) =>
    response.writeHead(307, { Location: `/stolen-${token}/200` }).end(),
  // A byte more than is kept, and then a body without end.
  endless: (response) => {
    response.writeHead(500)
    response.write('é'.repeat(5_000))
    const timer = setInterval(() => response.write('x'.repeat(1_000)), 5)
    response.on('close', () => clearInterval(timer))
  },
}

const text = async (request: IncomingMessage) => {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/**
 * Starts a receiver of webhooks on loopback. `/<token>/500,500,200` answers its first request with 500, the third
 * and later ones with 200; `hang`, `drop`, `redirect` and `endless` may stand for a status. `/seen/<token>` shows
 * what was received.
 */
export async function startReceiver() {
  const received: Received[] = []
  const waiting = new Set<() => void>()
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? ''
    const [, token = '', plan = ''] = path.split('/')
    const of = (wanted: string) => received.filter((one) => one.path.split('/')[1] === wanted)
    if (token === 'seen') {
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(of(plan)))
      return
    }
    const steps = plan.split(',')
    const step = steps[Math.min(of(token).length, steps.length - 1)] ?? '200'
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, `${value}`]),
    )
    const body = await text(request)
    received.push({ method: request.method ?? '', path, headers, body })
    for (const look of waiting) look()
    const treat = TREATS[step]
    if (treat) treat(response, token)
    else response.writeHead(Number(step)).end(`answer ${step}`)
  }
  const server = createServer((request, response) => {
    void answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Waits until a token has got so many requests. */
    received: (token: string, count: number) =>
      new Promise<Received[]>((resolve) => {
        const look = () => {
          const found = received.filter(({ path }) => path.split('/')[1] === token)
          if (found.length < count) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Starts the receiver for tests inside the Worker's runtime, which cannot listen themselves. */
export default async function receiver(project: TestProject) {
  const { url, stop } = await startReceiver()
  project.provide('receiver', url)
  return stop
}
