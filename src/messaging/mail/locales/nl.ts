import type { MailLocale } from './locale.ts'

export const nl: MailLocale = {
  hello: 'Hallo {{user}},',
  helloNobody: 'Hallo,',
  thanks: 'Bedankt,',
  signature: 'het team van {{project}}',
  fallback: 'Werkt de knop niet? Open dan dit adres:',
  phrase:
    'De beveiligingszin is {{b}}{{phrase}}{{/b}}. Ga alleen verder als die ook op je scherm staat.',
  agent: 'Aangevraagd met {{b}}{{agentClient}}{{/b}} op {{b}}{{agentOs}}{{/b}}.',
  mails: {
    verification: {
      subject: 'Bevestig je e-mailadres voor {{project}}',
      preview: 'Met één klik bevestig je dat dit adres van jou is.',
      heading: 'Bevestig je e-mailadres',
      body: ['Bevestig dat dit e-mailadres bij je account van {{b}}{{project}}{{/b}} hoort.'],
      button: 'Adres bevestigen',
      footer: [
        'De link werkt één uur. Heb je er niet om gevraagd? Dan kun je dit bericht negeren.',
      ],
    },
    magicSession: {
      subject: 'Inloggen bij {{project}}',
      preview: 'Hier is je link om in te loggen.',
      body: [
        'Met deze link log je in bij {{b}}{{project}}{{/b}}. Hij werkt één keer, één uur lang.',
      ],
      button: 'Inloggen',
      footer: [
        'Probeerde je niet in te loggen? Negeer dit bericht dan: zonder de link komt niemand binnen.',
      ],
    },
    recovery: {
      subject: 'Stel je wachtwoord voor {{project}} opnieuw in',
      preview: 'Kies een nieuw wachtwoord.',
      body: [
        'Er is gevraagd om een nieuw wachtwoord voor je account van {{b}}{{project}}{{/b}}. Met deze link kies je er een.',
      ],
      button: 'Nieuw wachtwoord kiezen',
      footer: [
        'De link werkt één uur. Heb je er niet om gevraagd? Negeer dit bericht dan: je wachtwoord blijft zoals het is.',
      ],
    },
    invitation: {
      subject: 'Uitnodiging voor het team {{team}} op {{project}}',
      preview: 'Een uitnodiging van {{owner}}.',
      heading: 'Je bent uitgenodigd',
      body: [
        '{{b}}{{owner}}{{/b}} nodigt je uit voor het team {{b}}{{team}}{{/b}} op {{project}}.',
      ],
      button: 'Uitnodiging aannemen',
      footer: ['Wil je niet meedoen? Dan kun je dit bericht negeren.'],
    },
    mfaChallenge: {
      subject: 'Je bevestigingscode voor {{project}}',
      preview: 'Bevestig dat jij het bent.',
      heading: 'Bevestig dat jij het bent',
      body: ['Vul deze code in bij {{b}}{{project}}{{/b}} om te laten zien dat jij het echt bent.'],
      footer: [
        'De code werkt één uur. Geef hem aan niemand door. Heb je er niet om gevraagd? Dan weet iemand misschien je wachtwoord: wijzig het.',
      ],
    },
    sessionAlert: {
      subject: 'Nieuwe aanmelding bij je account van {{project}}',
      preview: 'Was jij dit?',
      body: ['Iemand heeft ingelogd op je account van {{b}}{{project}}{{/b}}.'],
      details: [
        'Apparaat: {{b}}{{device}}{{/b}}',
        'IP-adres: {{b}}{{ipAddress}}{{/b}}',
        'Land: {{b}}{{country}}{{/b}}',
        'Tijd: {{b}}{{date}} {{year}}, {{time}} UTC{{/b}}',
      ],
      footer: [
        'Was jij het, dan hoef je niets te doen. Zo niet, wijzig dan je wachtwoord en beëindig de sessies die je niet kent.',
      ],
    },
    otpSession: {
      subject: 'Je inlogcode voor {{project}}',
      preview: 'Hier is je code om in te loggen.',
      heading: 'Je inlogcode',
      body: ['Vul deze code in om in te loggen bij {{b}}{{project}}{{/b}}.'],
      footer: [
        'De code werkt 15 minuten. Geef hem aan niemand door. Probeerde je niet in te loggen? Dan kun je dit bericht negeren.',
      ],
    },
  },
  codes: {
    verification: {
      subject: 'Je bevestigingscode voor {{project}}',
      preview: 'Hier is je code om dit adres te bevestigen.',
      heading: 'Bevestig je e-mailadres',
      body: [
        'Vul deze code in bij {{b}}{{project}}{{/b}} om te bevestigen dat dit e-mailadres van jou is.',
      ],
      footer: [
        'De code werkt 15 minuten. Geef hem aan niemand door. Heb je er niet om gevraagd? Dan kun je dit bericht negeren.',
      ],
    },
    recovery: {
      subject: 'Je code voor een nieuw wachtwoord bij {{project}}',
      preview: 'Hier is je code voor een nieuw wachtwoord.',
      heading: 'Stel je wachtwoord opnieuw in',
      body: ['Vul deze code in bij {{b}}{{project}}{{/b}} om een nieuw wachtwoord te kiezen.'],
      footer: [
        'De code werkt 15 minuten. Geef hem aan niemand door. Heb je er niet om gevraagd? Negeer dit bericht dan: je wachtwoord blijft zoals het is.',
      ],
    },
  },
  notice: {
    subject: 'Beveiligingsmelding voor je account van {{project}}',
    preview: 'Wat er veranderd is en waar het vandaan kwam.',
    body: ['Er is iets veranderd dat je account van {{b}}{{project}}{{/b}} beschermt:'],
  },
  reasons: {
    mfaOn: 'Inloggen in twee stappen is ingeschakeld.',
    mfaOff: 'Inloggen in twee stappen is uitgeschakeld.',
    authenticatorAdded: 'Er is een authenticatie-app toegevoegd.',
    authenticatorRemoved: 'De authenticatie-app is verwijderd.',
    recoveryCodesIssued: 'Er zijn nieuwe herstelcodes gemaakt; eerdere werken niet meer.',
    recoveryCodeUsed: 'Er is een herstelcode gebruikt.',
    wrongCodes:
      'Er zijn te veel onjuiste codes ingevuld. Maximaal een uur lang kunnen alleen apparaten die de tweede stap al eens hebben doorlopen codes invullen.',
    wrongRecoveryCodes:
      'Er zijn te veel onjuiste herstelcodes ingevuld. Maximaal een uur lang kunnen alleen apparaten die de tweede stap al eens hebben doorlopen deze invullen.',
    emailChanged: 'Het e-mailadres is gewijzigd.',
    phoneChanged: 'Het telefoonnummer is gewijzigd.',
    phoneConfirmed: 'Een telefoonnummer is bevestigd.',
    addressProven:
      'Bewezen is dat dit adres van jou is. Wat daarvoor zonder bewijs was ingesteld, is verwijderd.',
    passwordRemoved: 'Er is een wachtwoord verwijderd.',
    sessionsEnded: 'Er zijn sessies beëindigd.',
    factorsRemoved: 'Er zijn tweede factoren verwijderd.',
    identitiesRemoved: 'Er zijn koppelingen met inlogdiensten verwijderd.',
    phoneRemoved: 'Er is een niet-geverifieerd telefoonnummer verwijderd.',
    secretsVoided: 'Eerder verstuurde links en codes werken niet meer.',
  },
}
