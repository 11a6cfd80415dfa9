import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  type AddressInfo,
  createServer as createNetServer,
  type Server,
  type Socket,
} from 'node:net'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { TestProject } from 'vitest/node'
import { SMTP_PASSWORD, SMTP_USER } from './smtp-login.ts'

/** A mail as a server took it in. */
export type ReceivedMail = {
  /** The message itself, base64. */
  raw: string
  from: string
  to: string[]
  /** What the client greeted the server with. */
  greeting: string
  user: string
  encrypted: boolean
}

/** A request as the SMS carrier took it in. */
export type ReceivedRequest = {
  method: string
  path: string
  headers: Record<string, string>
  body: string
}

/** Where the servers of {@link startCarriers} listen. */
export type Carriers = {
  /** Serves what was received: `/mails/<part of a recipient>`, `/requests/<part of a path>`; takes in SMS. */
  http: string
  ports: Record<(typeof SERVERS)[number], number>
}

const SERVERS = [
  ...(['plain', 'starttls', 'login', 'tls', 'elsewhere', 'elsewhereTls', 'selfSigned'] as const),
  ...(['bare', 'silent', 'closing', 'trickling'] as const),
] as const

declare module 'vitest' {
  interface ProvidedContext {
    carriers: Carriers
  }
}

const certificate = (name: string) => ({
  key: readFileSync(`test/fixtures/tls/${name}.key`),
  cert: readFileSync(`test/fixtures/tls/${name}.pem`),
})

/** Listens on a free port of loopback. @returns the port */
const listen = (server: Pick<Server, 'listen' | 'address'>) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

/** Recipients by what becomes of their mail: refused after the message, never answered. */
const FATES = { unwanted: /^unwanted/, stuck: /^stuck/ }
/** What is said of recipients that are refused by name. */
const REFUSALS: [name: RegExp, responseCode: number, text: string][] = [
  [/^refused/, 550, 'No such mailbox'],
  [/^gone/, 550, '5.1.1 No such mailbox'],
  [/^relay/, 550, '5.7.1 Relaying denied'],
  [/^greylisted/, 451, '4.7.1 Try again later'],
]

function smtpServer(options: SMTPServerOptions, mails: ReceivedMail[]) {
  const server = new SMTPServer({
    hideSMTPUTF8: false,
    onAuth: ({ username, password }, _session, done) => {
      if (username === SMTP_USER && password === SMTP_PASSWORD) done(null, { user: username })
      else done(new Error('Authentication failed'))
    },
    onRcptTo: ({ address }, _session, done) => {
      const [, responseCode, text] = REFUSALS.find(([name]) => name.test(address)) ?? []
      if (text) done(Object.assign(new Error(text), { responseCode }))
      else done()
    },
    onData: (stream, { envelope, hostNameAppearsAs, user, secure }, done) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        const to = envelope.rcptTo.map(({ address }) => address)
        if (to.some((address) => FATES.stuck.test(address))) return
        if (to.some((address) => FATES.unwanted.test(address))) {
          done(Object.assign(new Error('Not wanted here'), { responseCode: 554 }))
          return
        }
        mails.push({
          raw: Buffer.concat(chunks).toString('base64'),
          from: envelope.mailFrom ? envelope.mailFrom.address : '',
          to,
          greeting: hostNameAppearsAs,
          user: user ?? '',
          encrypted: secure,
        })
        done()
      })
    },
    ...options,
  })
  server.on('error', () => {}) // what clients do to their connections is for the tests to see
  return server
}

const text = (request: IncomingMessage) =>
  new Promise<string>((resolve) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => resolve(Buffer.concat(chunks).toString()))
  })

/** Takes in text messages, each by what its path says, and shows what was received. */
async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { mails, requests }: { mails: ReceivedMail[]; requests: ReceivedRequest[] },
) {
  const [, kind = '', part = ''] = (request.url ?? '').split('/')
  if (kind === 'mails' || kind === 'requests') {
    const found =
      kind === 'mails'
        ? mails.filter(({ to }) => to.some((address) => address.includes(part)))
        : requests.filter(({ path }) => path.includes(part))
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(found))
    return
  }
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, `${value}`]),
  )
  const path = request.url ?? ''
  requests.push({ method: request.method ?? '', path, headers, body: await text(request) })
  if (kind === 'hang') return
  if (kind === 'redirect') response.writeHead(307, { Location: `/stolen/${part}` }).end()
  else if (kind === 'busy') response.writeHead(429, { 'Retry-After': '17' }).end('Slow down')
  else if (kind === 'broken') response.writeHead(500).end('Broken')
  else if (kind === 'twilio-number') response.writeHead(400).end('{"code": 21211, "status": 400}')
  else if (kind === 'twilio-sender') response.writeHead(400).end('{"code": 21606, "status": 400}')
  else if (kind === 'refuse') response.writeHead(422).end('{"message":"No such number"}')
  else response.writeHead(201, { 'Content-Type': 'application/json' }).end('{"sid":"SM1"}')
}

/** Servers that do not get as far as to speak SMTP, by what they do with a connection. */
const BROKEN = {
  silent: () => {},
  closing: (socket: Socket) => socket.destroy(),
  trickling: (socket: Socket) => {
    // A reply without end, which no timeout between two bytes ever ends.
    const timer = setInterval(() => socket.write('220-x\r\n'), 20)
    socket.on('close', () => clearInterval(timer))
  },
}

/** Starts mail servers of every kind, and an SMS carrier, on loopback. */
export async function startCarriers() {
  const mails: ReceivedMail[] = []
  const requests: ReceivedRequest[] = []
  const local = certificate('localhost')
  const elsewhere = certificate('elsewhere')
  const smtp: Record<Exclude<keyof Carriers['ports'], keyof typeof BROKEN>, SMTPServerOptions> = {
    plain: { hideSTARTTLS: true, authOptional: true, allowInsecureAuth: true },
    starttls: { ...local, authMethods: ['PLAIN'] },
    login: { ...local, authMethods: ['LOGIN'] },
    tls: { ...local, secure: true },
    elsewhere: { ...elsewhere, authOptional: true },
    elsewhereTls: { ...elsewhere, secure: true, authOptional: true },
    selfSigned: { ...certificate('self-signed'), authOptional: true },
    bare: { disabledCommands: ['STARTTLS', 'AUTH'], authOptional: true },
  }
  const servers = Object.entries(smtp).map(([name, options]) => {
    const server = smtpServer(options, mails)
    return { name, port: listen(server.server), close: () => server.close() }
  })
  const sockets = new Set<Socket>()
  const broken = Object.entries(BROKEN).map(([name, treat]) => {
    const server = createNetServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {}).on('close', () => sockets.delete(socket))
      treat(socket)
    })
    return { name, port: listen(server), close: () => server.close() }
  })
  const http = createServer((request, response) => {
    void answer(request, response, { mails, requests })
  })
  const ports = await Promise.all(
    [...servers, ...broken].map(async ({ name, port }) => [name, await port] as const),
  )
  const carriers = {
    http: `http://127.0.0.1:${await listen(http)}`,
    ports: Object.fromEntries(ports),
  } as Carriers
  const stop = () => {
    for (const { close } of [...servers, ...broken]) close()
    for (const socket of sockets) socket.destroy()
    http.closeAllConnections()
    http.close()
  }
  return { carriers, stop }
}

/** Starts the carriers for tests inside the Worker's runtime, which cannot listen themselves. */
export default async function carriers(project: TestProject) {
  const { carriers, stop } = await startCarriers()
  project.provide('carriers', carriers)
  return stop
}
