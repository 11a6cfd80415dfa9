import { describe, expect, test } from 'vitest'
import { readTokenAnswer, tokenFields } from '#/identity/providers/protocol/answers'

const json = (value: unknown) => JSON.stringify(value)
const token = { access_token: 'a', token_type: 'bearer' }

describe('an answer with a token', () => {
  test.each([
    [
      'as RFC 6749 has it',
      json({ ...token, token_type: 'Bearer', expires_in: 5, refresh_token: 'r' }),
      { expires_in: 5, refresh_token: 'r' },
    ],
    ['without a type', json({ access_token: 'a' }), {}],
    ['with a type of its own', json({ ...token, token_type: 'user' }), {}],
    ['with a list of scopes', json({ ...token, scope: ['a', 'b'] }), {}],
    [
      'that lives as long as a text says',
      json({ ...token, expires_in: '3600' }),
      { expires_in: 3600 },
    ],
    [
      'that lives for no time that makes sense',
      json({ ...token, expires_in: 'soon', refresh_token: '' }),
      {},
    ],
    ['that lives for less than no time', json({ ...token, expires_in: -1 }), {}],
    ['without an end', json({ ...token, expires_in: null, refresh_token: null }), {}],
    ['as a form', 'access_token=a&expires_in=60&login=x', { expires_in: 60 }],
    ['with an ID token', json({ ...token, id_token: 'i' }), { id_token: 'i' }],
    [
      'of Slack, for the user and not the bot',
      json({
        ok: true,
        access_token: 'bot',
        authed_user: { access_token: 'a', token_type: 'user' },
      }),
      {},
    ],
    [
      'of Slack, for the app alone',
      json({ ok: true, access_token: 'a', authed_user: { id: 'U' } }),
      {},
    ],
    ['of Yammer', json({ access_token: { token: 'a', expires_at: null } }), {}],
  ])('%s', (_, text, more) => {
    expect(readTokenAnswer(200, text)).toEqual({ status: 200, body: { ...token, ...more } })
  })
  test('counts with 201 as well', () => {
    expect(readTokenAnswer(201, json(token)).status).toBe(200)
  })
})

describe('an answer without one', () => {
  test.each([
    [400, json({ error: 'invalid_grant', error_description: 'x' }), 400, 'invalid_grant'],
    [401, json({ error: 'invalid_client' }), 401, 'invalid_client'],
    [200, json({ error: 'bad_verification_code' }), 400, 'bad_verification_code'],
    [200, json({ ok: false, error: 'invalid_code' }), 400, 'invalid_code'],
    [200, 'error=expired&error_description=x', 400, 'expired'],
    [400, json({ error: { type: 'OAuthException', code: 100 } }), 400, 'OAuthException'],
    [400, json({ error_code: 'KOE320' }), 400, 'KOE320'],
    [400, json({ message: 'No.' }), 400, 'No.'],
    [500, '<html>', 400, 'http_500'],
    [302, '', 400, 'http_302'],
    [200, '', 400, 'http_200'],
    [200, '[]', 400, 'http_200'],
    [200, 'null', 400, 'http_200'],
    [200, json({ access_token: '' }), 400, 'http_200'],
    [200, json({ access_token: { token: 5 } }), 400, 'http_200'],
    // A token that comes with an error status is none.
    [403, json(token), 403, 'http_403'],
  ])('%i %s', (status, text, expected, error) => {
    expect(readTokenAnswer(status, text)).toEqual({ status: expected, body: { error } })
  })
})

test('URLs and profiles may name texts and integers of an answer, and the owner in the token', () => {
  const answer = `{"access_token":"47.x.y","stripe_user_id":"acct","n":5,"o":{},"e":1e3,
    "user_id":12345678901234567891}`
  expect(tokenFields(answer)).toEqual({
    access_token: '47.x.y',
    stripe_user_id: 'acct',
    n: '5',
    user_id: '12345678901234567891',
    tokenOwner: '47',
  })
  expect(tokenFields('')).toEqual({ tokenOwner: '' })
})
