import type { MailLocale } from './locale.ts'

export const en: MailLocale = {
  hello: 'Hello {{user}},',
  helloNobody: 'Hello,',
  thanks: 'Thanks,',
  signature: 'the {{project}} team',
  fallback: 'If the button does not work, open this address:',
  phrase:
    'The security phrase is {{b}}{{phrase}}{{/b}}. Go on only if it is the one on your screen.',
  agent: 'This was asked for with {{b}}{{agentClient}}{{/b}} on {{b}}{{agentOs}}{{/b}}.',
  mails: {
    verification: {
      subject: 'Verify your e-mail address for {{project}}',
      preview: 'One click confirms that this address is yours.',
      heading: 'Verify your e-mail address',
      body: [
        'Please confirm that this e-mail address belongs to your {{b}}{{project}}{{/b}} account.',
      ],
      button: 'Verify address',
      footer: ['The link works for one hour. If you did not ask for it, ignore this message.'],
    },
    magicSession: {
      subject: 'Sign in to {{project}}',
      preview: 'Here is your link to sign in.',
      body: ['Use this link to sign in to {{b}}{{project}}{{/b}}. It works once, for one hour.'],
      button: 'Sign in',
      footer: [
        'If you did not try to sign in, ignore this message: without the link nobody gets in.',
      ],
    },
    recovery: {
      subject: 'Reset your password for {{project}}',
      preview: 'Choose a new password.',
      body: [
        'We were asked to reset the password of your {{b}}{{project}}{{/b}} account. This link lets you choose a new one.',
      ],
      button: 'Choose a new password',
      footer: [
        'The link works for one hour. If you did not ask for it, ignore this message: your password stays as it is.',
      ],
    },
    invitation: {
      subject: 'Invitation to the team {{team}} on {{project}}',
      preview: 'An invitation from {{owner}}.',
      heading: 'You are invited',
      body: [
        '{{b}}{{owner}}{{/b}} invites you to join the team {{b}}{{team}}{{/b}} on {{project}}.',
      ],
      button: 'Accept invitation',
      footer: ['If you do not want to join, ignore this message.'],
    },
    mfaChallenge: {
      subject: 'Your confirmation code for {{project}}',
      preview: 'Confirm that it is you.',
      heading: 'Confirm that it is you',
      body: ['Enter this code in {{b}}{{project}}{{/b}} to show that it is really you.'],
      footer: [
        'The code works for one hour. Never pass it on. If you did not ask for it, somebody may know your password: change it.',
      ],
    },
    sessionAlert: {
      subject: 'New sign-in to your {{project}} account',
      preview: 'Was this you?',
      body: ['Somebody has signed in to your {{b}}{{project}}{{/b}} account.'],
      details: [
        'Device: {{b}}{{device}}{{/b}}',
        'IP address: {{b}}{{ipAddress}}{{/b}}',
        'Country: {{b}}{{country}}{{/b}}',
        'Time: {{b}}{{date}}, {{year}}, {{time}} UTC{{/b}}',
      ],
      footer: [
        'If this was you, there is nothing to do. If not, change your password and end the sessions that you do not know.',
      ],
    },
    otpSession: {
      subject: 'Your sign-in code for {{project}}',
      preview: 'Here is your code to sign in.',
      heading: 'Your sign-in code',
      body: ['Enter this code to sign in to {{b}}{{project}}{{/b}}.'],
      footer: [
        'The code works for 15 minutes. Never pass it on. If you did not try to sign in, ignore this message.',
      ],
    },
  },
  codes: {
    verification: {
      subject: 'Your verification code for {{project}}',
      preview: 'Here is your code to verify this address.',
      heading: 'Verify your e-mail address',
      body: [
        'Enter this code in {{b}}{{project}}{{/b}} to confirm that this e-mail address is yours.',
      ],
      footer: [
        'The code works for 15 minutes. Never pass it on. If you did not ask for it, ignore this message.',
      ],
    },
    recovery: {
      subject: 'Your code for a new password on {{project}}',
      preview: 'Here is your code to choose a new password.',
      heading: 'Reset your password',
      body: ['Enter this code in {{b}}{{project}}{{/b}} to choose a new password.'],
      footer: [
        'The code works for 15 minutes. Never pass it on. If you did not ask for it, ignore this message: your password stays as it is.',
      ],
    },
  },
  notice: {
    subject: 'Security notice for your {{project}} account',
    preview: 'What has changed, and where it came from.',
    body: ['Something has changed that protects your {{b}}{{project}}{{/b}} account:'],
  },
  reasons: {
    mfaOn: 'Two-step sign-in was turned on.',
    mfaOff: 'Two-step sign-in was turned off.',
    authenticatorAdded: 'An authenticator app was added.',
    authenticatorRemoved: 'The authenticator app was removed.',
    recoveryCodesIssued: 'New recovery codes were made; earlier ones no longer work.',
    recoveryCodeUsed: 'A recovery code was used.',
    wrongCodes:
      'Too many wrong codes were entered. For up to an hour, only devices that have passed the second step before may enter codes.',
    wrongRecoveryCodes:
      'Too many wrong recovery codes were entered. For up to an hour, only devices that have passed the second step before may enter them.',
    emailChanged: 'The e-mail address was changed.',
    phoneChanged: 'The phone number was changed.',
    phoneConfirmed: 'A phone number was confirmed.',
    addressProven:
      'This address was proven to be yours. What had been set up before without proof was removed.',
    passwordRemoved: 'A password was removed.',
    sessionsEnded: 'Sessions were ended.',
    factorsRemoved: 'Second factors were removed.',
    identitiesRemoved: 'Links to sign-in providers were removed.',
    phoneRemoved: 'An unverified phone number was removed.',
    secretsVoided: 'Links and codes that were sent earlier no longer work.',
  },
}
