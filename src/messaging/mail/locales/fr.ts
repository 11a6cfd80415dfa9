import type { MailLocale } from './locale.ts'

export const fr: MailLocale = {
  hello: 'Bonjour {{user}},',
  helloNobody: 'Bonjour,',
  thanks: 'Merci,',
  signature: 'l’équipe {{project}}',
  fallback: 'Si le bouton ne fonctionne pas, ouvrez cette adresse :',
  phrase:
    'La phrase de sécurité est {{b}}{{phrase}}{{/b}}. Ne continuez que si c’est celle affichée sur votre écran.',
  agent: 'Demande faite avec {{b}}{{agentClient}}{{/b}} sous {{b}}{{agentOs}}{{/b}}.',
  mails: {
    verification: {
      subject: 'Confirmez votre adresse e-mail pour {{project}}',
      preview: 'Un clic confirme que cette adresse est bien la vôtre.',
      heading: 'Confirmez votre adresse e-mail',
      body: [
        'Merci de confirmer que cette adresse e-mail est celle de votre compte {{b}}{{project}}{{/b}}.',
      ],
      button: 'Confirmer l’adresse',
      footer: ['Le lien est valable une heure. Si vous ne l’avez pas demandé, ignorez ce message.'],
    },
    magicSession: {
      subject: 'Connexion à {{project}}',
      preview: 'Voici votre lien de connexion.',
      body: [
        'Ce lien vous connecte à {{b}}{{project}}{{/b}}. Il ne sert qu’une fois et reste valable une heure.',
      ],
      button: 'Se connecter',
      footer: [
        'Si vous n’avez pas essayé de vous connecter, ignorez ce message : sans le lien, personne n’entre.',
      ],
    },
    recovery: {
      subject: 'Réinitialisez votre mot de passe pour {{project}}',
      preview: 'Choisissez un nouveau mot de passe.',
      body: [
        'On nous a demandé de réinitialiser le mot de passe de votre compte {{b}}{{project}}{{/b}}. Ce lien vous permet d’en choisir un nouveau.',
      ],
      button: 'Choisir un mot de passe',
      footer: [
        'Le lien est valable une heure. Si vous ne l’avez pas demandé, ignorez ce message : votre mot de passe ne change pas.',
      ],
    },
    invitation: {
      subject: 'Invitation dans l’équipe {{team}} sur {{project}}',
      preview: 'Une invitation de {{owner}}.',
      heading: 'Vous êtes invité',
      body: [
        '{{b}}{{owner}}{{/b}} vous invite à rejoindre l’équipe {{b}}{{team}}{{/b}} sur {{project}}.',
      ],
      button: 'Accepter l’invitation',
      footer: ['Si vous ne souhaitez pas la rejoindre, ignorez ce message.'],
    },
    mfaChallenge: {
      subject: 'Votre code de confirmation pour {{project}}',
      preview: 'Confirmez qu’il s’agit bien de vous.',
      heading: 'Confirmez qu’il s’agit de vous',
      body: [
        'Saisissez ce code dans {{b}}{{project}}{{/b}} pour montrer qu’il s’agit bien de vous.',
      ],
      footer: [
        'Le code est valable une heure. Ne le communiquez à personne. Si vous ne l’avez pas demandé, quelqu’un connaît peut-être votre mot de passe : changez-le.',
      ],
    },
    sessionAlert: {
      subject: 'Nouvelle connexion à votre compte {{project}}',
      preview: 'Était-ce vous ?',
      body: ['Quelqu’un s’est connecté à votre compte {{b}}{{project}}{{/b}}.'],
      details: [
        'Appareil : {{b}}{{device}}{{/b}}',
        'Adresse IP : {{b}}{{ipAddress}}{{/b}}',
        'Pays : {{b}}{{country}}{{/b}}',
        'Date : {{b}}{{date}} {{year}}, {{time}} UTC{{/b}}',
      ],
      footer: [
        'Si c’était vous, il n’y a rien à faire. Sinon, changez votre mot de passe et fermez les sessions que vous ne reconnaissez pas.',
      ],
    },
    otpSession: {
      subject: 'Votre code de connexion pour {{project}}',
      preview: 'Voici votre code de connexion.',
      heading: 'Votre code de connexion',
      body: ['Saisissez ce code pour vous connecter à {{b}}{{project}}{{/b}}.'],
      footer: [
        'Le code est valable 15 minutes. Ne le communiquez à personne. Si vous n’avez pas essayé de vous connecter, ignorez ce message.',
      ],
    },
  },
  codes: {
    verification: {
      subject: 'Votre code de confirmation pour {{project}}',
      preview: 'Voici votre code pour confirmer cette adresse.',
      heading: 'Confirmez votre adresse e-mail',
      body: [
        'Saisissez ce code dans {{b}}{{project}}{{/b}} pour confirmer que cette adresse e-mail est la vôtre.',
      ],
      footer: [
        'Le code est valable 15 minutes. Ne le communiquez à personne. Si vous ne l’avez pas demandé, ignorez ce message.',
      ],
    },
    recovery: {
      subject: 'Votre code pour un nouveau mot de passe sur {{project}}',
      preview: 'Voici votre code pour choisir un nouveau mot de passe.',
      heading: 'Réinitialisez votre mot de passe',
      body: ['Saisissez ce code dans {{b}}{{project}}{{/b}} pour choisir un nouveau mot de passe.'],
      footer: [
        'Le code est valable 15 minutes. Ne le communiquez à personne. Si vous ne l’avez pas demandé, ignorez ce message : votre mot de passe ne change pas.',
      ],
    },
  },
  notice: {
    subject: 'Alerte de sécurité pour votre compte {{project}}',
    preview: 'Ce qui a changé, et d’où cela vient.',
    body: ['Un élément qui protège votre compte {{b}}{{project}}{{/b}} a changé :'],
  },
  reasons: {
    mfaOn: 'La connexion en deux étapes a été activée.',
    mfaOff: 'La connexion en deux étapes a été désactivée.',
    authenticatorAdded: 'Une application d’authentification a été ajoutée.',
    authenticatorRemoved: 'L’application d’authentification a été retirée.',
    recoveryCodesIssued:
      'De nouveaux codes de secours ont été créés ; les anciens ne sont plus valables.',
    recoveryCodeUsed: 'Un code de secours a été utilisé.',
    wrongCodes:
      'Trop de codes erronés ont été saisis. Pendant une heure au plus, seuls les appareils ayant déjà passé la deuxième étape peuvent saisir des codes.',
    wrongRecoveryCodes:
      'Trop de codes de secours erronés ont été saisis. Pendant une heure au plus, seuls les appareils ayant déjà passé la deuxième étape peuvent en saisir.',
    emailChanged: 'L’adresse e-mail a été modifiée.',
    phoneChanged: 'Le numéro de téléphone a été modifié.',
    phoneConfirmed: 'Un numéro de téléphone a été confirmé.',
    addressProven:
      'Il a été prouvé que cette adresse est la vôtre. Ce qui avait été configuré auparavant sans preuve a été retiré.',
    passwordRemoved: 'Un mot de passe a été retiré.',
    sessionsEnded: 'Des sessions ont été fermées.',
    factorsRemoved: 'Des seconds facteurs ont été retirés.',
    identitiesRemoved: 'Des liens avec des fournisseurs de connexion ont été retirés.',
    phoneRemoved: 'Un numéro de téléphone non vérifié a été retiré.',
    secretsVoided: 'Les liens et codes envoyés auparavant ne sont plus valables.',
  },
}
