import type { MailLocale } from './locale.ts'

export const it: MailLocale = {
  hello: 'Ciao {{user}},',
  helloNobody: 'Ciao,',
  thanks: 'Grazie,',
  signature: 'il team di {{project}}',
  fallback: 'Se il pulsante non funziona, apri questo indirizzo:',
  phrase:
    'La frase di sicurezza è {{b}}{{phrase}}{{/b}}. Prosegui solo se è quella che vedi sullo schermo.',
  agent: 'Richiesta fatta con {{b}}{{agentClient}}{{/b}} su {{b}}{{agentOs}}{{/b}}.',
  mails: {
    verification: {
      subject: 'Verifica il tuo indirizzo e-mail per {{project}}',
      preview: 'Basta un clic per confermare che questo indirizzo è tuo.',
      heading: 'Verifica il tuo indirizzo e-mail',
      body: [
        'Conferma che questo indirizzo e-mail appartiene al tuo account {{b}}{{project}}{{/b}}.',
      ],
      button: 'Verifica indirizzo',
      footer: ['Il link vale per un’ora. Se non l’hai chiesto, ignora questo messaggio.'],
    },
    magicSession: {
      subject: 'Accedi a {{project}}',
      preview: 'Ecco il tuo link per accedere.',
      body: [
        'Con questo link accedi a {{b}}{{project}}{{/b}}. Funziona una sola volta, per un’ora.',
      ],
      button: 'Accedi',
      footer: [
        'Se non hai provato ad accedere, ignora questo messaggio: senza il link non entra nessuno.',
      ],
    },
    recovery: {
      subject: 'Reimposta la password di {{project}}',
      preview: 'Scegli una nuova password.',
      body: [
        'Ci è stato chiesto di reimpostare la password del tuo account {{b}}{{project}}{{/b}}. Con questo link puoi sceglierne una nuova.',
      ],
      button: 'Scegli una nuova password',
      footer: [
        'Il link vale per un’ora. Se non l’hai chiesto, ignora questo messaggio: la tua password resta quella di prima.',
      ],
    },
    invitation: {
      subject: 'Invito al team {{team}} su {{project}}',
      preview: 'Un invito da {{owner}}.',
      heading: 'Hai ricevuto un invito',
      body: [
        '{{b}}{{owner}}{{/b}} ti invita a entrare nel team {{b}}{{team}}{{/b}} su {{project}}.',
      ],
      button: 'Accetta l’invito',
      footer: ['Se non vuoi partecipare, ignora questo messaggio.'],
    },
    mfaChallenge: {
      subject: 'Il tuo codice di conferma per {{project}}',
      preview: 'Conferma che sei tu.',
      heading: 'Conferma che sei tu',
      body: ['Inserisci questo codice in {{b}}{{project}}{{/b}} per dimostrare che sei tu.'],
      footer: [
        'Il codice vale per un’ora. Non darlo a nessuno. Se non l’hai chiesto, forse qualcuno conosce la tua password: cambiala.',
      ],
    },
    sessionAlert: {
      subject: 'Nuovo accesso al tuo account {{project}}',
      preview: 'Eri tu?',
      body: ['Qualcuno ha effettuato l’accesso al tuo account {{b}}{{project}}{{/b}}.'],
      details: [
        'Dispositivo: {{b}}{{device}}{{/b}}',
        'Indirizzo IP: {{b}}{{ipAddress}}{{/b}}',
        'Paese: {{b}}{{country}}{{/b}}',
        'Ora: {{b}}{{date}} {{year}}, {{time}} UTC{{/b}}',
      ],
      footer: [
        'Se eri tu, non c’è nulla da fare. Altrimenti cambia la password e chiudi le sessioni che non riconosci.',
      ],
    },
    otpSession: {
      subject: 'Il tuo codice di accesso a {{project}}',
      preview: 'Ecco il tuo codice per accedere.',
      heading: 'Il tuo codice di accesso',
      body: ['Inserisci questo codice per accedere a {{b}}{{project}}{{/b}}.'],
      footer: [
        'Il codice vale per 15 minuti. Non darlo a nessuno. Se non hai provato ad accedere, ignora questo messaggio.',
      ],
    },
  },
  codes: {
    verification: {
      subject: 'Il tuo codice di verifica per {{project}}',
      preview: 'Ecco il tuo codice per verificare questo indirizzo.',
      heading: 'Verifica il tuo indirizzo e-mail',
      body: [
        'Inserisci questo codice in {{b}}{{project}}{{/b}} per confermare che questo indirizzo e-mail è tuo.',
      ],
      footer: [
        'Il codice vale per 15 minuti. Non darlo a nessuno. Se non l’hai chiesto, ignora questo messaggio.',
      ],
    },
    recovery: {
      subject: 'Il tuo codice per una nuova password di {{project}}',
      preview: 'Ecco il tuo codice per scegliere una nuova password.',
      heading: 'Reimposta la password',
      body: ['Inserisci questo codice in {{b}}{{project}}{{/b}} per scegliere una nuova password.'],
      footer: [
        'Il codice vale per 15 minuti. Non darlo a nessuno. Se non l’hai chiesto, ignora questo messaggio: la tua password resta quella di prima.',
      ],
    },
  },
  notice: {
    subject: 'Avviso di sicurezza per il tuo account {{project}}',
    preview: 'Che cosa è cambiato e da dove.',
    body: ['È cambiato qualcosa che protegge il tuo account {{b}}{{project}}{{/b}}:'],
  },
  reasons: {
    mfaOn: 'L’accesso in due passaggi è stato attivato.',
    mfaOff: 'L’accesso in due passaggi è stato disattivato.',
    authenticatorAdded: 'È stata aggiunta un’app di autenticazione.',
    authenticatorRemoved: 'L’app di autenticazione è stata rimossa.',
    recoveryCodesIssued:
      'Sono stati creati nuovi codici di recupero; i precedenti non valgono più.',
    recoveryCodeUsed: 'È stato usato un codice di recupero.',
    wrongCodes:
      'Sono stati inseriti troppi codici errati. Per un’ora al massimo, solo i dispositivi che hanno già superato il secondo passaggio possono inserire codici.',
    wrongRecoveryCodes:
      'Sono stati inseriti troppi codici di recupero errati. Per un’ora al massimo, solo i dispositivi che hanno già superato il secondo passaggio possono inserirli.',
    emailChanged: 'L’indirizzo e-mail è stato cambiato.',
    phoneChanged: 'Il numero di telefono è stato cambiato.',
    phoneConfirmed: 'È stato confermato un numero di telefono.',
    addressProven:
      'È stato dimostrato che questo indirizzo è tuo. Ciò che era stato impostato prima senza prova è stato rimosso.',
    passwordRemoved: 'È stata rimossa una password.',
    sessionsEnded: 'Sono state chiuse delle sessioni.',
    factorsRemoved: 'Sono stati rimossi dei secondi fattori.',
    identitiesRemoved: 'Sono stati rimossi dei collegamenti a provider di accesso.',
    phoneRemoved: 'È stato rimosso un numero di telefono non verificato.',
    secretsVoided: 'I link e i codici inviati in precedenza non valgono più.',
  },
}
