import { expect, test } from 'vitest'
import { type Env, type SettingsError, settingsOf } from '#/config/env'

const env = (vars: Record<string, string>) =>
  ({
    API_KEY: `standard_${'a'.repeat(32)}`,
    SECRET: 'a secret that only the tests know, long enough',
    ...vars,
  }) as unknown as Env // bindings play no part in settings

const settings = (vars: Record<string, string>) => settingsOf(env(vars))

const problem = (vars: Record<string, string>) => {
  try {
    settings(vars)
  } catch (error) {
    return (error as SettingsError).message
  }
}

const MAIL_FROM = 'Acme <no-reply@acme.example>'

test.each([
  ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, security: 'starttls' }],
  ['smtp://mail.example.com:2525/', { host: 'mail.example.com', port: 2525, security: 'starttls' }],
  ['smtps://mail.example.com', { host: 'mail.example.com', port: 465, security: 'tls' }],
  ['SMTPS://mail.example.com:1465', { host: 'mail.example.com', port: 1465, security: 'tls' }],
  ['smtp://localhost:1025', { host: 'localhost', port: 1025, security: 'none' }],
  ['smtp://127.0.0.1', { host: '127.0.0.1', port: 25, security: 'none' }],
  ['smtp://[::1]:1025', { host: '::1', port: 1025, security: 'none' }],
  ['smtps://localhost', { host: 'localhost', port: 465, security: 'tls' }],
  [
    'smtp://me%40x.example:p%C3%A4%3A%2F%40@mail.example.com',
    {
      host: 'mail.example.com',
      port: 587,
      security: 'starttls',
      username: 'me@x.example',
      password: 'pä:/@',
    },
  ],
  [
    'smtp://me@x.example:pass@mail.example.com:587',
    {
      host: 'mail.example.com',
      port: 587,
      security: 'starttls',
      username: 'me@x.example',
      password: 'pass',
    },
  ],
])('SMTP_URL %s', (SMTP_URL, config) => {
  expect(settings({ SMTP_URL, MAIL_FROM }).SMTP_URL).toEqual(config)
})

test.each([
  'mail.example.com',
  'http://mail.example.com',
  'smtp://',
  'smtp://h/path',
  'smtp://h?tls=no',
  'smtp://u:%ff@h',
  'smtp://u:%@h',
  'smtp://h:99999',
])('SMTP_URL %s is refused without being shown', (SMTP_URL) => {
  const message = problem({ SMTP_URL, MAIL_FROM })
  expect(message).toMatch(/^Edgewrite is not configured: SMTP_URL must be smtp:/)
  expect(message).not.toContain('%ff')
})

test.each([
  [
    'twilio://AC1:tok@api.twilio.com',
    'https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json',
    'AC1:tok',
  ],
  [
    'twilio://SK1:s%2F@api.twilio.com/AC1',
    'https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json',
    'SK1:s/',
  ],
  [
    'twilio://AC1:tok@localhost:99',
    'http://localhost:99/2010-04-01/Accounts/AC1/Messages.json',
    'AC1:tok',
  ],
])('SMS_URL %s goes to %s', (SMS_URL, url, login) => {
  expect(settings({ SMS_URL, SMS_FROM: '+15550100' }).SMS_URL).toEqual({
    kind: 'twilio',
    url,
    authorization: `Basic ${btoa(login)}`,
  })
})

test.each([
  ['https://sms.example.com/send?x=1', { kind: 'http', url: 'https://sms.example.com/send?x=1' }],
  ['http://localhost:99/', { kind: 'http', url: 'http://localhost:99/' }],
  [
    'https://u:p@sms.example.com/',
    { kind: 'http', url: 'https://sms.example.com/', authorization: `Basic ${btoa('u:p')}` },
  ],
])('SMS_URL %s', (SMS_URL, config) => {
  expect(settings({ SMS_URL, SMS_FROM: '+15550100' }).SMS_URL).toEqual(config)
})

test.each([
  'sms.example.com',
  'ftp://x.example',
  'http://sms.example.com',
  'twilio://api.twilio.com',
  'twilio://AC1:t@api.twilio.com/AC1/x',
  'https://',
])('SMS_URL %s is refused', (SMS_URL) => {
  expect(problem({ SMS_URL, SMS_FROM: '+15550100' })).toMatch(/SMS_URL must be twilio:/)
})

test('a carrier needs a sender, unless it is one of development or does without', () => {
  for (const SMTP_URL of ['smtp://mail.example.com', 'smtps://localhost']) {
    expect(problem({ SMTP_URL })).toBe(
      'Edgewrite is not configured: MAIL_FROM is missing; SMTP_URL needs it.',
    )
  }
  expect(problem({ SMS_URL: 'twilio://AC1:t@api.twilio.com' })).toBe(
    'Edgewrite is not configured: SMS_FROM is missing; SMS_URL needs it.',
  )
  expect(settings({ SMTP_URL: 'smtp://localhost:1025' }).SMTP_URL?.port).toBe(1025)
  expect(settings({ SMS_URL: 'https://sms.example.com' }).SMS_URL?.kind).toBe('http')
})

test('a setting left empty is one that is not set', () => {
  const carriers = { SMTP_URL: '', MAIL_FROM: ' ', SMS_URL: '', SMS_FROM: '', SMS_HEADERS: '' }
  const empty = settings({ PUBLIC_URL: '', RATE_LIMITS: '', PROJECT_ID: '', ...carriers })
  expect(empty).toMatchObject({ RATE_LIMITS: 'on', PROJECT_ID: 'edgewrite', MAIL_OUTBOX: 'off' })
  for (const name of ['PUBLIC_URL', ...Object.keys(carriers)])
    expect(empty).not.toHaveProperty(name)
  expect(problem({ SECRET: '' })).toContain('SECRET is missing')
})

test('MAIL_FROM is an address, with or without a name', () => {
  expect(settings({ MAIL_FROM }).MAIL_FROM).toEqual({
    email: 'no-reply@acme.example',
    name: 'Acme',
  })
  expect(problem({ MAIL_FROM: 'Acme' })).toMatch(/MAIL_FROM must be an address/)
})

test('SMS_HEADERS is a JSON object of header names and values', () => {
  expect(
    settings({ SMS_HEADERS: '{"X-Token":"t","Authorization":"Bearer x"}' }).SMS_HEADERS,
  ).toEqual({
    'X-Token': 't',
    Authorization: 'Bearer x',
  })
})

test.each([
  'x',
  '[]',
  '"x"',
  '{"a b":"c"}',
  '{"a":1}',
  '{"a":"b\\r\\nc: d"}',
  '{"a":"✓"}',
  '{"":"b"}',
])('SMS_HEADERS %s is refused', (SMS_HEADERS) => {
  expect(problem({ SMS_HEADERS })).toMatch(/SMS_HEADERS must be a JSON object/)
})
