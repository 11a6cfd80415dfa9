import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { email, emailFacts, normalEmail } from '#/lib/contact/email'

const long = (length: number) => 'a'.repeat(length)

describe('email', () => {
  test.each([
    ['user@example.com', 'user@example.com'],
    [' User.Name+Tag@Example.COM\n', 'user.name+tag@example.com'],
    ["!#$%&'*+/=?^_`{|}~-@example.com", "!#$%&'*+/=?^_`{|}~-@example.com"],
    ['1@2.co', '1@2.co'],
    ['a-@b.co', 'a-@b.co'],
    ['a@xn--bcher-kva.example', 'a@xn--bcher-kva.example'],
    ['a@123.example', 'a@123.example'],
    ['a@b.example1', 'a@b.example1'],
    ['a@[127.0.0.1]', 'a@[127.0.0.1]'],
    ['a@[IPv6:::1]', 'a@[ipv6:::1]'],
    ['MarkBrown@Mozilla.ORG', 'markbrown@mozilla.org'],
    ['info@BÜCHER.example', 'info@xn--bcher-kva.example'],
    ['info@bu\u0308cher.example', 'info@xn--bcher-kva.example'],
    ['a@faß.example', 'a@xn--fa-hia.example'],
    ['a@例え.テスト', 'a@xn--r8jz45g.xn--zckzah'],
    ['a@ex\u00adample\u3002com', 'a@example.com'],
    ['Ä@b.com', 'Ä@b.com'],
    ['a\u0308@b.com', 'ä@b.com'],
    ['\u212aelvin@b.com', '\u212aelvin@b.com'],
    ['пушкин@b.com', 'пушкин@b.com'],
    [`${long(64)}@example.com`, `${long(64)}@example.com`],
    [`a@${long(63)}.com`, `a@${long(63)}.com`],
  ])('accepts %j', (given, stored) => {
    expect(email.parse(given)).toBe(stored)
  })

  test.each([
    ...['', ' ', '@', 'user', 'user@', '@example.com', 'user@example', 'user@localhost'],
    ...['a@b@example.com', 'a@@example.com', 'a@example..com', 'a@.example.com', 'a@example.com.'],
    ...['.a@example.com', 'a.@example.com', 'a..b@example.com', 'a b@example.com', '"a"@b.com'],
    ...['a@-b.com', 'a@b-.com', 'a@b_c.com', 'a@1.2.3.4', 'a@b.1', 'a@[1.2.3]', 'a@[1.2.3.256]'],
    ...['a@[::1]', 'a@[ipv6:1.2.3.4]', 'a@[]', 'a@[127.0.0.1', 'a@１２７.0.0.1', 'a@bücher', 'ä'],
    ...[
      'a\u0000@b.com',
      'a@b.com\u0000',
      'a@b.com\nBcc: c@d.com',
      'A <a@b.com>',
      'a@b.com,c@d.com',
    ],
    ...[`${'ä'.repeat(33)}@example.com`, 'a\u2028b@b.com', 'a\ufeff@b.com', 'a\u202eb@b.com'],
    ...[`${long(65)}@example.com`, `a@${long(64)}.com`],
    `a@${`${long(60)}.`.repeat(6)}com`,
  ])('refuses %j', (given) => {
    expect(email.safeParse(given).success).toBe(false)
  })

  test.each([null, undefined, 1, true, {}, [], ['a@b.com']])('refuses %j', (given) => {
    expect(email.safeParse(given).success).toBe(false)
  })

  test('shows as an e-mail string on the wire', () => {
    expect(z.globalRegistry.get(email)?.wire).toEqual({ type: 'string', format: 'email' })
  })

  test('refuses endless text in bounded time', () => {
    const parts = ['a', '.', 'a.', '@', 'a@', '-', 'a-', '[', 'a@[', ' ', '!', '😀', 'a@a.']
    const started = performance.now()
    for (const part of parts) {
      const text = part.repeat(1_000_000 / part.length)
      expect(email.safeParse(text).success).toBe(false)
      expect(email.safeParse(`a@${text}`).success).toBe(false)
    }
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('normalEmail', () => {
  test('is its own normal form', () => {
    for (const text of [
      '\u212a@B.com',
      'A@B.com',
      'a\u0308@Bücher.example',
      'no address',
      '@',
      'İ@İ.example',
    ])
      expect(normalEmail(normalEmail(text))).toBe(normalEmail(text))
  })
  test('keeps apart what merely looks alike', () => {
    const alike = ['k@b.com', '\u212a@b.com', '\u043a@b.com', '\uff4b@b.com', 'ı@b.com', 'i@b.com']
    expect(new Set(alike.map(normalEmail)).size).toBe(alike.length)
  })
  test('leaves every address as it is that was stored before', () => {
    for (const text of [
      "a!#$%&'*+/=?^_`{|}~-z@example.com",
      'a.b@xn--bcher-kva.example',
      'a@[ipv6:::1]',
    ])
      expect(normalEmail(text)).toBe(text)
  })
})

const canonical = (address: string) => emailFacts(address).emailCanonical

describe('emailFacts', () => {
  test.each([
    ['first.last+shop@gmail.com', 'firstlast@gmail.com'],
    ['first.last@googlemail.com', 'firstlast@gmail.com'],
    ['a+b+c@gmail.com', 'a@gmail.com'],
    ['+a@gmail.com', '+a@gmail.com'],
    ['first.last+shop@outlook.com', 'first.last@outlook.com'],
    ['a+b@outlook.fr', 'a@outlook.com'],
    ['a+b@outlook.com.br', 'a@outlook.com'],
    ['a+b@hotmail.co.uk', 'a@outlook.com'],
    ['a@hotmail.de', 'a@outlook.com'],
    ['a@live.nl', 'a@outlook.com'],
    ['a@live.com.mx', 'a@outlook.com'],
    ['a@msn.com', 'a@outlook.com'],
    ['a@passport.com', 'a@outlook.com'],
    ['+a@live.com', '+a@outlook.com'],
    ['a-b-c@yahoo.com', 'a-b@yahoo.com'],
    ['a-b@yahoo.co.uk', 'a@yahoo.com'],
    ['a@yahoo.de', 'a@yahoo.com'],
    ['a-b@ymail.com', 'a@yahoo.com'],
    ['a-b@rocketmail.com', 'a@yahoo.com'],
    ['-a@yahoo.com', '-a@yahoo.com'],
    ['a+b@yahoo.com', 'a+b@yahoo.com'],
    ['a-b@yahoo.co.jp', 'a-b@yahoo.co.jp'],
    ['a+b@me.com', 'a@icloud.com'],
    ['a.b@mac.com', 'a.b@icloud.com'],
    ['a+b@icloud.com', 'a@icloud.com'],
    ['a.b+c@proton.me', 'a.b+c@protonmail.com'],
    ['a@pm.me', 'a@protonmail.com'],
    ['a+b@fastmail.fm', 'a+b@fastmail.com'],
    ['a@walla.com', 'a@walla.co.il'],
    ['a.b+c@example.com', 'a.b+c@example.com'],
    ['a.b+c@mail.gmail.com', 'a.b+c@mail.gmail.com'],
    ['a.b+c@notgmail.com', 'a.b+c@notgmail.com'],
    ['a+b@outlook.example', 'a+b@outlook.example'],
    ['a+b@[127.0.0.1]', 'a+b@[127.0.0.1]'],
  ])('gives %s the canonical form %s', (address, expected) => {
    expect(canonical(address)).toBe(expected)
    expect(emailFacts(address).emailIsCanonical).toBe(address === expected)
  })

  test.each([
    'first.last+shop@gmail.com',
    'a+b@live.nl',
    'a-b@ymail.com',
    'a+b@mac.com',
    'a@pm.me',
  ])('gives the canonical form of %s none other than itself', (address) => {
    expect(emailFacts(canonical(address))).toMatchObject({
      emailCanonical: canonical(address),
      emailIsCanonical: true,
    })
  })

  const kinds = {
    free: { emailIsFree: true, emailIsDisposable: false, emailIsCorporate: false },
    disposable: { emailIsFree: false, emailIsDisposable: true, emailIsCorporate: false },
    corporate: { emailIsFree: false, emailIsDisposable: false, emailIsCorporate: true },
  }
  const domains: Record<keyof typeof kinds, string> = {
    free: 'gmail.com googlemail.com outlook.com outlook.sk hotmail.fr live.se msn.com passport.com yahoo.com yahoo.in yahoo.co.jp ymail.com icloud.com me.com mac.com proton.me protonmail.com pm.me fastmail.com fastmail.fm walla.co.il walla.com aol.com gmx.de web.de mail.ru yandex.ru qq.com 163.com naver.com zoho.com tutanota.com tuta.com t-online.de orange.fr libero.it seznam.cz wp.pl rediffmail.com comcast.net duck.com',
    disposable:
      'mailinator.com guerrillamail.com 10minutemail.com yopmail.com temp-mail.org trashmail.com sharklasers.com maildrop.cc getnada.com moakt.com mailnesia.com dispostable.com throwawaymail.com tempr.email 1secmail.com mailcatch.com',
    corporate:
      'example.com example.org microsoft.com google.com appwrite.io cloudflare.com stanford.edu sub.gmail.com sub.mailinator.com mailinator.example constructor __proto__',
  }
  test.each(
    Object.entries(domains).flatMap(([kind, list]) =>
      list.split(' ').map((domain) => [domain, kind as keyof typeof kinds] as const),
    ),
  )('calls %s %s', (domain, kind) => {
    expect(emailFacts(`someone@${domain}`)).toMatchObject(kinds[kind])
  })
})
