import type { MailLocale } from './locale.ts'

export const ptBr: MailLocale = {
  hello: 'Olá, {{user}},',
  helloNobody: 'Olá,',
  thanks: 'Obrigado,',
  signature: 'equipe {{project}}',
  fallback: 'Se o botão não funcionar, abra este endereço:',
  phrase:
    'A frase de segurança é {{b}}{{phrase}}{{/b}}. Continue apenas se for a mesma que aparece na sua tela.',
  agent: 'Solicitado com {{b}}{{agentClient}}{{/b}} no {{b}}{{agentOs}}{{/b}}.',
  mails: {
    verification: {
      subject: 'Confirme seu e-mail em {{project}}',
      preview: 'Um clique confirma que este endereço é seu.',
      heading: 'Confirme seu e-mail',
      body: ['Confirme que este endereço de e-mail é o da sua conta em {{b}}{{project}}{{/b}}.'],
      button: 'Confirmar endereço',
      footer: ['O link vale por uma hora. Se você não o pediu, ignore esta mensagem.'],
    },
    magicSession: {
      subject: 'Entre em {{project}}',
      preview: 'Aqui está o seu link para entrar.',
      body: [
        'Use este link para entrar em {{b}}{{project}}{{/b}}. Ele funciona uma única vez, por uma hora.',
      ],
      button: 'Entrar',
      footer: ['Se você não tentou entrar, ignore esta mensagem: sem o link ninguém entra.'],
    },
    recovery: {
      subject: 'Redefina sua senha em {{project}}',
      preview: 'Escolha uma nova senha.',
      body: [
        'Recebemos um pedido para redefinir a senha da sua conta em {{b}}{{project}}{{/b}}. Este link permite escolher uma nova.',
      ],
      button: 'Escolher nova senha',
      footer: [
        'O link vale por uma hora. Se você não o pediu, ignore esta mensagem: sua senha continua a mesma.',
      ],
    },
    invitation: {
      subject: 'Convite para a equipe {{team}} em {{project}}',
      preview: 'Um convite de {{owner}}.',
      heading: 'Você recebeu um convite',
      body: [
        '{{b}}{{owner}}{{/b}} convida você a entrar na equipe {{b}}{{team}}{{/b}} em {{project}}.',
      ],
      button: 'Aceitar convite',
      footer: ['Se você não quer participar, ignore esta mensagem.'],
    },
    mfaChallenge: {
      subject: 'Seu código de confirmação em {{project}}',
      preview: 'Confirme que é você.',
      heading: 'Confirme que é você',
      body: ['Digite este código em {{b}}{{project}}{{/b}} para mostrar que é você mesmo.'],
      footer: [
        'O código vale por uma hora. Não o passe a ninguém. Se você não o pediu, alguém pode saber sua senha: troque-a.',
      ],
    },
    sessionAlert: {
      subject: 'Novo acesso à sua conta em {{project}}',
      preview: 'Foi você?',
      body: ['Alguém entrou na sua conta em {{b}}{{project}}{{/b}}.'],
      details: [
        'Dispositivo: {{b}}{{device}}{{/b}}',
        'Endereço IP: {{b}}{{ipAddress}}{{/b}}',
        'País: {{b}}{{country}}{{/b}}',
        'Horário: {{b}}{{date}} de {{year}}, {{time}} UTC{{/b}}',
      ],
      footer: [
        'Se foi você, não é preciso fazer nada. Se não foi, troque sua senha e encerre as sessões que não reconhece.',
      ],
    },
    otpSession: {
      subject: 'Seu código de acesso a {{project}}',
      preview: 'Aqui está o seu código para entrar.',
      heading: 'Seu código de acesso',
      body: ['Digite este código para entrar em {{b}}{{project}}{{/b}}.'],
      footer: [
        'O código vale por 15 minutos. Não o passe a ninguém. Se você não tentou entrar, ignore esta mensagem.',
      ],
    },
  },
  codes: {
    verification: {
      subject: 'Seu código de confirmação em {{project}}',
      preview: 'Aqui está o seu código para confirmar este endereço.',
      heading: 'Confirme seu e-mail',
      body: [
        'Digite este código em {{b}}{{project}}{{/b}} para confirmar que este endereço de e-mail é seu.',
      ],
      footer: [
        'O código vale por 15 minutos. Não o passe a ninguém. Se você não o pediu, ignore esta mensagem.',
      ],
    },
    recovery: {
      subject: 'Seu código para uma nova senha em {{project}}',
      preview: 'Aqui está o seu código para escolher uma nova senha.',
      heading: 'Redefina sua senha',
      body: ['Digite este código em {{b}}{{project}}{{/b}} para escolher uma nova senha.'],
      footer: [
        'O código vale por 15 minutos. Não o passe a ninguém. Se você não o pediu, ignore esta mensagem: sua senha continua a mesma.',
      ],
    },
  },
  notice: {
    subject: 'Aviso de segurança da sua conta em {{project}}',
    preview: 'O que mudou e de onde veio.',
    body: ['Mudou algo que protege a sua conta em {{b}}{{project}}{{/b}}:'],
  },
  reasons: {
    mfaOn: 'O acesso em duas etapas foi ativado.',
    mfaOff: 'O acesso em duas etapas foi desativado.',
    authenticatorAdded: 'Um aplicativo autenticador foi adicionado.',
    authenticatorRemoved: 'O aplicativo autenticador foi removido.',
    recoveryCodesIssued:
      'Novos códigos de recuperação foram criados; os anteriores não valem mais.',
    recoveryCodeUsed: 'Um código de recuperação foi usado.',
    wrongCodes:
      'Foram digitados códigos errados demais. Por até uma hora, só dispositivos que já passaram pela segunda etapa podem digitar códigos.',
    wrongRecoveryCodes:
      'Foram digitados códigos de recuperação errados demais. Por até uma hora, só dispositivos que já passaram pela segunda etapa podem digitá-los.',
    emailChanged: 'O endereço de e-mail foi alterado.',
    phoneChanged: 'O número de telefone foi alterado.',
    phoneConfirmed: 'Um número de telefone foi confirmado.',
    addressProven:
      'Ficou comprovado que este endereço é seu. O que havia sido configurado antes sem comprovação foi removido.',
    passwordRemoved: 'Uma senha foi removida.',
    sessionsEnded: 'Sessões foram encerradas.',
    factorsRemoved: 'Segundos fatores foram removidos.',
    identitiesRemoved: 'Vínculos com provedores de acesso foram removidos.',
    phoneRemoved: 'Um número de telefone não verificado foi removido.',
    secretsVoided: 'Links e códigos enviados antes não valem mais.',
  },
}
