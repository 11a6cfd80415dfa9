import type { MailLocale } from './locale.ts'

export const pl: MailLocale = {
  hello: 'Cześć {{user}},',
  helloNobody: 'Cześć,',
  thanks: 'Dziękujemy,',
  signature: 'zespół {{project}}',
  fallback: 'Jeśli przycisk nie działa, otwórz ten adres:',
  phrase:
    'Hasło bezpieczeństwa to {{b}}{{phrase}}{{/b}}. Kontynuuj tylko wtedy, gdy widzisz je także na ekranie.',
  agent: 'Program, z którego wysłano prośbę: {{b}}{{agentClient}}{{/b}}, {{b}}{{agentOs}}{{/b}}.',
  mails: {
    verification: {
      subject: 'Potwierdź swój adres e-mail w {{project}}',
      preview: 'Jedno kliknięcie potwierdzi, że ten adres należy do Ciebie.',
      heading: 'Potwierdź swój adres e-mail',
      body: ['Potwierdź, że ten adres e-mail należy do Twojego konta w {{b}}{{project}}{{/b}}.'],
      button: 'Potwierdź adres',
      footer: [
        'Link działa przez godzinę. Jeśli to nie Ty o niego prosisz, zignoruj tę wiadomość.',
      ],
    },
    magicSession: {
      subject: 'Zaloguj się do {{project}}',
      preview: 'Oto Twój link do logowania.',
      body: ['Ten link zaloguje Cię do {{b}}{{project}}{{/b}}. Działa tylko raz, przez godzinę.'],
      button: 'Zaloguj się',
      footer: [
        'Jeśli to nie Ty próbujesz się zalogować, zignoruj tę wiadomość: bez linku nikt nie wejdzie.',
      ],
    },
    recovery: {
      subject: 'Zresetuj hasło do {{project}}',
      preview: 'Wybierz nowe hasło.',
      body: [
        'Otrzymaliśmy prośbę o zresetowanie hasła do Twojego konta w {{b}}{{project}}{{/b}}. Ten link pozwoli Ci wybrać nowe.',
      ],
      button: 'Wybierz nowe hasło',
      footer: [
        'Link działa przez godzinę. Jeśli to nie Ty o niego prosisz, zignoruj tę wiadomość: hasło pozostanie bez zmian.',
      ],
    },
    invitation: {
      subject: 'Zaproszenie do zespołu {{team}} w {{project}}',
      preview: 'Zaprasza Cię {{owner}}.',
      heading: 'Masz zaproszenie',
      body: ['{{b}}{{owner}}{{/b}} zaprasza Cię do zespołu {{b}}{{team}}{{/b}} w {{project}}.'],
      button: 'Przyjmij zaproszenie',
      footer: ['Jeśli nie chcesz dołączyć, zignoruj tę wiadomość.'],
    },
    mfaChallenge: {
      subject: 'Twój kod potwierdzający do {{project}}',
      preview: 'Potwierdź, że to Ty.',
      heading: 'Potwierdź, że to Ty',
      body: ['Wpisz ten kod w {{b}}{{project}}{{/b}}, aby potwierdzić, że to naprawdę Ty.'],
      footer: [
        'Kod działa przez godzinę. Nikomu go nie podawaj. Jeśli to nie Ty o niego prosisz, ktoś może znać Twoje hasło: zmień je.',
      ],
    },
    sessionAlert: {
      subject: 'Nowe logowanie na Twoje konto w {{project}}',
      preview: 'Czy to Ty?',
      body: ['Ktoś zalogował się na Twoje konto w {{b}}{{project}}{{/b}}.'],
      details: [
        'Urządzenie: {{b}}{{device}}{{/b}}',
        'Adres IP: {{b}}{{ipAddress}}{{/b}}',
        'Kraj: {{b}}{{country}}{{/b}}',
        'Czas: {{b}}{{date}} {{year}}, {{time}} UTC{{/b}}',
      ],
      footer: [
        'Jeśli to Ty, nie musisz nic robić. Jeśli nie, zmień hasło i zakończ sesje, których nie rozpoznajesz.',
      ],
    },
    otpSession: {
      subject: 'Twój kod logowania do {{project}}',
      preview: 'Oto Twój kod do logowania.',
      heading: 'Twój kod logowania',
      body: ['Wpisz ten kod, aby zalogować się do {{b}}{{project}}{{/b}}.'],
      footer: [
        'Kod działa przez 15 minut. Nikomu go nie podawaj. Jeśli to nie Ty próbujesz się zalogować, zignoruj tę wiadomość.',
      ],
    },
  },
  codes: {
    verification: {
      subject: 'Twój kod potwierdzenia w {{project}}',
      preview: 'Oto Twój kod do potwierdzenia tego adresu.',
      heading: 'Potwierdź swój adres e-mail',
      body: [
        'Wpisz ten kod w {{b}}{{project}}{{/b}}, aby potwierdzić, że ten adres e-mail należy do Ciebie.',
      ],
      footer: [
        'Kod działa przez 15 minut. Nikomu go nie podawaj. Jeśli to nie Ty o niego prosisz, zignoruj tę wiadomość.',
      ],
    },
    recovery: {
      subject: 'Twój kod do nowego hasła w {{project}}',
      preview: 'Oto Twój kod do wybrania nowego hasła.',
      heading: 'Zresetuj hasło',
      body: ['Wpisz ten kod w {{b}}{{project}}{{/b}}, aby wybrać nowe hasło.'],
      footer: [
        'Kod działa przez 15 minut. Nikomu go nie podawaj. Jeśli to nie Ty o niego prosisz, zignoruj tę wiadomość: hasło pozostanie bez zmian.',
      ],
    },
  },
  notice: {
    subject: 'Powiadomienie o bezpieczeństwie konta w {{project}}',
    preview: 'Co się zmieniło i skąd to pochodzi.',
    body: ['Zmieniło się coś, co chroni Twoje konto w {{b}}{{project}}{{/b}}:'],
  },
  reasons: {
    mfaOn: 'Włączono logowanie dwuetapowe.',
    mfaOff: 'Wyłączono logowanie dwuetapowe.',
    authenticatorAdded: 'Dodano aplikację uwierzytelniającą.',
    authenticatorRemoved: 'Usunięto aplikację uwierzytelniającą.',
    recoveryCodesIssued: 'Utworzono nowe kody odzyskiwania; wcześniejsze już nie działają.',
    recoveryCodeUsed: 'Użyto kodu odzyskiwania.',
    wrongCodes:
      'Wpisano zbyt wiele błędnych kodów. Przez najwyżej godzinę kody mogą wpisywać tylko urządzenia, które już wcześniej przeszły drugi etap.',
    wrongRecoveryCodes:
      'Wpisano zbyt wiele błędnych kodów odzyskiwania. Przez najwyżej godzinę mogą je wpisywać tylko urządzenia, które już wcześniej przeszły drugi etap.',
    emailChanged: 'Zmieniono adres e-mail.',
    phoneChanged: 'Zmieniono numer telefonu.',
    phoneConfirmed: 'Potwierdzono numer telefonu.',
    addressProven:
      'Potwierdzono, że ten adres należy do Ciebie. To, co wcześniej ustawiono bez potwierdzenia, zostało usunięte.',
    passwordRemoved: 'Usunięto hasło.',
    sessionsEnded: 'Zakończono sesje.',
    factorsRemoved: 'Usunięto drugie składniki logowania.',
    identitiesRemoved: 'Usunięto powiązania z dostawcami logowania.',
    phoneRemoved: 'Usunięto niepotwierdzony numer telefonu.',
    secretsVoided: 'Wysłane wcześniej linki i kody już nie działają.',
  },
}
