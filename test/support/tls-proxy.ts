import { readFileSync } from 'node:fs'
import { type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'

const FIXTURES = `${import.meta.dirname}/../fixtures/tls`

/** Sends a request on in clear, with the host that was asked for or with that of the inside. */
function passOn(inside: URL, keepsHost: boolean, from: IncomingMessage, to: ServerResponse) {
  const headers = keepsHost ? from.headers : { ...from.headers, host: inside.host }
  const options = { host: inside.hostname, port: inside.port, method: from.method, headers }
  const onward = request({ ...options, path: from.url }, (answer) => {
    to.writeHead(answer.statusCode ?? 502, answer.headers)
    answer.pipe(to)
  })
  onward.on('error', () => to.writeHead(502).end())
  from.pipe(onward)
}

/** A host of a {@link startTlsProxy}: what is served there, or where its requests go. */
export type ProxiedHost = RequestListener | { inside: URL; keepsHost: boolean }

/**
 * Starts a proxy that ends TLS, on a free port of this machine, with a certificate that no browser trusts.
 * Hosts are told apart by name, and can be added while it runs.
 */
export async function startTlsProxy() {
  const hosts = new Map<string, ProxiedHost>()
  const tls = {
    key: readFileSync(`${FIXTURES}/self-signed.key`),
    cert: readFileSync(`${FIXTURES}/self-signed.pem`),
  }
  const server = createServer(tls, (from, to) => {
    const host = hosts.get(from.headers.host?.split(':')[0] ?? '')
    if (!host) to.writeHead(421).end()
    else if (typeof host === 'function') host(from, to)
    else passOn(host.inside, host.keepsHost, from, to)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { port: (server.address() as AddressInfo).port, hosts, close }
}
