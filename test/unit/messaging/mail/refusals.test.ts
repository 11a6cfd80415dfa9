import { expect, test } from 'vitest'
import { AddressRefused, CarrierBusy } from '#/messaging/mail/carrier'
import { readFailure } from '#/messaging/mail/smtp'

const failure = (command: string, response: string) => ({
  command,
  response,
  responseCode: Number(response.slice(0, 3)),
})

test.each([
  ['RCPT TO', '550 5.1.1 No such mailbox'],
  ['RCPT TO', '550-5.1.2 Bad destination'],
  ['RCPT TO', '556 5.1.10 Recipient address has null MX'],
  ['RCPT TO', '550 5.2.1 Mailbox disabled'],
  ['RCPT TO', '550 No such user here'],
  ['RCPT TO', '553 Mailbox name not allowed'],
  ['DATA', '550 5.1.1 No such mailbox'],
])('after %s, %s is about the address', (command, response) => {
  expect(readFailure(failure(command, response))).toBeInstanceOf(AddressRefused)
})

test.each([
  ['RCPT TO', '550 5.1.8 <from@acme.example>: Sender address rejected: Domain not found'],
  ['RCPT TO', '553 5.1.7 Bad sender'],
  ['RCPT TO', '550 5.7.1 Relaying denied'],
  ['RCPT TO', '552 5.2.2 Mailbox full'],
  ['RCPT TO', '550 5.4.1 All recipient addresses rejected: access denied'],
  ['RCPT TO', '550 Relaying denied'],
  ['RCPT TO', '550 Authentication required'],
  ['RCPT TO', '530 Authentication required'],
  ['RCPT TO', '554 Relay access denied'],
  ['DATA', '550 No such user here'],
  ['DATA', '554 5.6.0 Bad message'],
  ['MAIL FROM', '550 5.1.1 No such mailbox'],
])('after %s, %s is a failure of the carrier', (command, response) => {
  const cause = failure(command, response)
  expect(readFailure(cause)).toBe(cause)
})

test('an answer of 4xx asks to try later', () => {
  expect(readFailure(failure('RCPT TO', '451 4.7.1 Try again later'))).toBeInstanceOf(CarrierBusy)
})
