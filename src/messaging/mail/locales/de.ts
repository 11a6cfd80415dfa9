import type { MailLocale } from './locale.ts'

export const de: MailLocale = {
  hello: 'Hallo {{user}},',
  helloNobody: 'Hallo,',
  thanks: 'Vielen Dank',
  signature: 'Das Team von {{project}}',
  fallback: 'Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:',
  phrase:
    'Die Sicherheitsphrase lautet {{b}}{{phrase}}{{/b}}. Fahren Sie nur fort, wenn sie auch auf Ihrem Bildschirm steht.',
  agent: 'Angefordert mit {{b}}{{agentClient}}{{/b}} unter {{b}}{{agentOs}}{{/b}}.',
  mails: {
    verification: {
      subject: 'Bestätigen Sie Ihre E-Mail-Adresse für {{project}}',
      preview: 'Ein Klick bestätigt, dass diese Adresse Ihnen gehört.',
      heading: 'E-Mail-Adresse bestätigen',
      body: [
        'Bitte bestätigen Sie, dass diese E-Mail-Adresse zu Ihrem Konto bei {{b}}{{project}}{{/b}} gehört.',
      ],
      button: 'Adresse bestätigen',
      footer: [
        'Der Link gilt eine Stunde. Falls Sie ihn nicht angefordert haben, ignorieren Sie diese Nachricht.',
      ],
    },
    magicSession: {
      subject: 'Anmeldung bei {{project}}',
      preview: 'Hier ist Ihr Link zum Anmelden.',
      body: [
        'Mit diesem Link melden Sie sich bei {{b}}{{project}}{{/b}} an. Er gilt einmal und eine Stunde lang.',
      ],
      button: 'Anmelden',
      footer: [
        'Falls Sie sich nicht anmelden wollten, ignorieren Sie diese Nachricht: Ohne den Link kommt niemand hinein.',
      ],
    },
    recovery: {
      subject: 'Neues Passwort für {{project}}',
      preview: 'Wählen Sie ein neues Passwort.',
      body: [
        'Für Ihr Konto bei {{b}}{{project}}{{/b}} wurde ein neues Passwort angefordert. Über diesen Link können Sie eines wählen.',
      ],
      button: 'Neues Passwort wählen',
      footer: [
        'Der Link gilt eine Stunde. Falls Sie ihn nicht angefordert haben, ignorieren Sie diese Nachricht: Ihr Passwort bleibt, wie es ist.',
      ],
    },
    invitation: {
      subject: 'Einladung in das Team {{team}} bei {{project}}',
      preview: 'Eine Einladung von {{owner}}.',
      heading: 'Sie sind eingeladen',
      body: ['{{b}}{{owner}}{{/b}} lädt Sie in das Team {{b}}{{team}}{{/b}} bei {{project}} ein.'],
      button: 'Einladung annehmen',
      footer: ['Falls Sie nicht beitreten möchten, ignorieren Sie diese Nachricht.'],
    },
    mfaChallenge: {
      subject: 'Ihr Bestätigungscode für {{project}}',
      preview: 'Bestätigen Sie, dass Sie es sind.',
      heading: 'Sind Sie es wirklich?',
      body: [
        'Geben Sie diesen Code bei {{b}}{{project}}{{/b}} ein, um zu zeigen, dass Sie es wirklich sind.',
      ],
      footer: [
        'Der Code gilt eine Stunde. Geben Sie ihn niemals weiter. Falls Sie ihn nicht angefordert haben, kennt vielleicht jemand Ihr Passwort: Ändern Sie es.',
      ],
    },
    sessionAlert: {
      subject: 'Neue Anmeldung bei Ihrem Konto von {{project}}',
      preview: 'Waren Sie das?',
      body: ['Jemand hat sich mit Ihrem Konto bei {{b}}{{project}}{{/b}} angemeldet.'],
      details: [
        'Gerät: {{b}}{{device}}{{/b}}',
        'IP-Adresse: {{b}}{{ipAddress}}{{/b}}',
        'Land: {{b}}{{country}}{{/b}}',
        'Zeit: {{b}}{{date}} {{year}}, {{time}} UTC{{/b}}',
      ],
      footer: [
        'Waren Sie es selbst, ist nichts zu tun. Wenn nicht, ändern Sie Ihr Passwort und beenden Sie die Sitzungen, die Sie nicht kennen.',
      ],
    },
    otpSession: {
      subject: 'Ihr Anmeldecode für {{project}}',
      preview: 'Hier ist Ihr Code zum Anmelden.',
      heading: 'Ihr Anmeldecode',
      body: ['Geben Sie diesen Code ein, um sich bei {{b}}{{project}}{{/b}} anzumelden.'],
      footer: [
        'Der Code gilt 15 Minuten. Geben Sie ihn niemals weiter. Falls Sie sich nicht anmelden wollten, ignorieren Sie diese Nachricht.',
      ],
    },
  },
  codes: {
    verification: {
      subject: 'Ihr Bestätigungscode für {{project}}',
      preview: 'Hier ist Ihr Code, um diese Adresse zu bestätigen.',
      heading: 'E-Mail-Adresse bestätigen',
      body: [
        'Geben Sie diesen Code bei {{b}}{{project}}{{/b}} ein, um zu bestätigen, dass diese E-Mail-Adresse Ihnen gehört.',
      ],
      footer: [
        'Der Code gilt 15 Minuten. Geben Sie ihn niemals weiter. Falls Sie ihn nicht angefordert haben, ignorieren Sie diese Nachricht.',
      ],
    },
    recovery: {
      subject: 'Ihr Code für ein neues Passwort bei {{project}}',
      preview: 'Hier ist Ihr Code für ein neues Passwort.',
      heading: 'Neues Passwort wählen',
      body: [
        'Geben Sie diesen Code bei {{b}}{{project}}{{/b}} ein, um ein neues Passwort zu wählen.',
      ],
      footer: [
        'Der Code gilt 15 Minuten. Geben Sie ihn niemals weiter. Falls Sie ihn nicht angefordert haben, ignorieren Sie diese Nachricht: Ihr Passwort bleibt, wie es ist.',
      ],
    },
  },
  notice: {
    subject: 'Sicherheitshinweis zu Ihrem Konto von {{project}}',
    preview: 'Was sich geändert hat und woher es kam.',
    body: ['Beim Schutz Ihres Kontos von {{b}}{{project}}{{/b}} hat sich etwas geändert:'],
  },
  reasons: {
    mfaOn: 'Die Anmeldung in zwei Schritten wurde eingeschaltet.',
    mfaOff: 'Die Anmeldung in zwei Schritten wurde ausgeschaltet.',
    authenticatorAdded: 'Eine Authentifizierungs-App wurde hinzugefügt.',
    authenticatorRemoved: 'Die Authentifizierungs-App wurde entfernt.',
    recoveryCodesIssued: 'Neue Wiederherstellungscodes wurden erstellt; frühere gelten nicht mehr.',
    recoveryCodeUsed: 'Ein Wiederherstellungscode wurde verwendet.',
    wrongCodes:
      'Es wurden zu viele falsche Codes eingegeben. Bis zu eine Stunde lang können nur Geräte Codes eingeben, die den zweiten Schritt schon einmal bestanden haben.',
    wrongRecoveryCodes:
      'Es wurden zu viele falsche Wiederherstellungscodes eingegeben. Bis zu eine Stunde lang können nur Geräte welche eingeben, die den zweiten Schritt schon einmal bestanden haben.',
    emailChanged: 'Die E-Mail-Adresse wurde geändert.',
    phoneChanged: 'Die Telefonnummer wurde geändert.',
    phoneConfirmed: 'Eine Telefonnummer wurde bestätigt.',
    addressProven:
      'Diese Adresse wurde als Ihre bestätigt. Was vorher ohne Nachweis eingerichtet worden war, wurde entfernt.',
    passwordRemoved: 'Ein Passwort wurde entfernt.',
    sessionsEnded: 'Sitzungen wurden beendet.',
    factorsRemoved: 'Zweite Faktoren wurden entfernt.',
    identitiesRemoved: 'Verknüpfungen mit Anmeldediensten wurden entfernt.',
    phoneRemoved: 'Eine nicht bestätigte Telefonnummer wurde entfernt.',
    secretsVoided: 'Früher gesendete Links und Codes gelten nicht mehr.',
  },
}
